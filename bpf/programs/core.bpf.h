/*
 * What every program here starts from: the few names that a program needs of the kernel's headers, written out, so that
 * an object is made from these files and libbpf's alone, not from the headers of whatever machine compiles it.
 */
#pragma once

typedef unsigned char __u8;
typedef unsigned short __u16;
typedef unsigned int __u32;
typedef unsigned long long __u64;
typedef signed char __s8;
typedef short __s16;
typedef int __s32;
typedef long long __s64;
typedef __u16 __be16;
typedef __u32 __be32;
typedef __u16 __sum16;
typedef __u32 __wsum;
typedef _Bool bool;
#define true 1
#define false 0

/* include/uapi/linux/bpf.h */
enum {
	BPF_ANY = 0,
	BPF_NOEXIST = 1,
};
enum {
	BPF_MAP_TYPE_HASH = 1,
	BPF_MAP_TYPE_ARRAY = 2,
	BPF_MAP_TYPE_PERCPU_ARRAY = 6,
	BPF_MAP_TYPE_LRU_HASH = 9,
	BPF_MAP_TYPE_RINGBUF = 27,
};

#include <bpf/bpf_helpers.h>
#include <bpf/bpf_core_read.h>
#include <bpf/bpf_tracing.h>

/* Structs of the kernel hold only the members that are read, under the kernel's names: libbpf finds their places. */
#define KERNEL __attribute__((preserve_access_index))

/* Fits every test of the verifier and of the kernel's rights to helpers; Sonde loads all its programs so. */
#define LICENSE_GPL char LICENSE[] SEC("license") = "GPL"

/* Counters that every program may have, a value a CPU: nothing has to be atomic. */
#define COUNTERS(n)                                          \
	struct {                                             \
		__uint(type, BPF_MAP_TYPE_PERCPU_ARRAY);     \
		__uint(max_entries, n);                      \
		__type(key, __u32);                          \
		__type(value, __u64);                        \
	} counters SEC(".maps");                             \
	static __always_inline void count(__u32 which)       \
	{                                                    \
		__u64 *n_ = bpf_map_lookup_elem(&counters, &which); \
		if (n_)                                      \
			(*n_)++;                             \
	}
