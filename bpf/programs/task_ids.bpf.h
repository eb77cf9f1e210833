/*
 * The numbers of any task in Sonde's pid namespace; "analyzer.bpf.h" tells those of the current one. Include it behind
 * that.
 */
#pragma once

struct ns_common {
	unsigned int inum;
} KERNEL;
struct pid_namespace {
	struct ns_common ns;
} KERNEL;
struct upid {
	int nr;
	struct pid_namespace *ns;
} KERNEL;
/* The array at its end has one element or none, by version: only its place is asked for. */
struct pid {
	unsigned int level;
	struct upid numbers[1];
} KERNEL;

/* include/linux/pid_namespace.h */
#define MAX_PID_NS_LEVEL 32

/* Not inline, not static: the verifier looks at the loop once. @returns 0 when it has no number there. */
__noinline __u32 number_in_namespace(__u64 pid)
{
	struct pid *p = (void *)pid;
	__u32 level = BPF_CORE_READ(p, level);
	__u64 at = pid + bpf_core_field_offset(struct pid, numbers);

	for (__u32 i = 0; i <= MAX_PID_NS_LEVEL && i <= level; i++) {
		struct upid *u = (void *)(at + i * bpf_core_type_size(struct upid));

		if (BPF_CORE_READ(u, ns, ns.inum) == (__u32)ns_ino)
			return BPF_CORE_READ(u, nr);
	}
	return 0;
}
