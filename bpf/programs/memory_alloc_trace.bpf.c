/*
 * Memory that was allocated in the window and is still held at its end: blocks of a process's allocator by the stack that
 * asked for them, and pages of the kernel by stack, process and order.
 *
 * Why not generated from a recipe: what is held is state that outlives both events and has two kinds of end (freed, or moved
 * by realloc, which can fail and leave things as they were); functions call one another inside the allocator; and stacks of
 * code without frame pointers take copies.
 */
#include "core.bpf.h"
#include "user_stack.bpf.h"
#include "analyzer.bpf.h"

LICENSE_GPL;

#define TASK_COMM_LEN 16
#define ORDERS 20
/* A page that was taken with others and is given back alone: so many orders above it are looked at for the first of them. */
#define SPLIT_ORDERS 3

/* Bytes of the kernel's struct page, which lie in one array and are aligned to it (CONFIG_SPARSEMEM_VMEMMAP). */
#define PAGE_STRUCT_BYTES 64ULL

struct pt_regs___args_x86 {
	unsigned long di;
	unsigned long si;
	unsigned long dx;
	unsigned long ax;
} KERNEL;
enum { MALLOC = 1, REALLOC, POSIX_MEMALIGN };

/* Who holds memory. Of the kernel's pages only `chain` of the place is set: their stack. */
struct owner {
	struct place place;
	__u32 pid;
	/* Of pages, + 1; 0: a block. */
	__u32 order;
};

struct block_key {
	__u64 address;
	__u64 pid;
};

struct block {
	__u64 size;
	__u64 since;
	struct owner owner;
};

/* A call of the allocator that has not returned. */
struct call {
	__u64 sp;
	/* Where it returns to. */
	__u64 to;
	__u64 size;
	/* posix_memalign: where it writes the address. */
	__u64 out;
	/* realloc: the address that it was given. */
	__u64 old;
	struct block old_block;
	struct owner owner;
	__u32 kind;
	__u32 depth;
};

struct sum {
	__u64 allocated;
	__u64 allocated_bytes;
	__u64 freed;
	__u64 freed_bytes;
	char comm[TASK_COMM_LEN];
};

struct order {
	__u64 allocated;
	__u64 freed;
	/* Part of `freed` that was taken before the window, or by others than are looked at. */
	__u64 freed_unknown;
};

/* 1 while it counts. */
struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, 1);
	__type(key, __u32);
	__type(value, __u32);
} counting SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, 16384);
	__type(key, __u64);
	__type(value, struct call);
} calls SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, 262144);
	__type(key, struct block_key);
	__type(value, struct block);
} blocks SEC(".maps");

/* Of pages that are held: by the address of the first one's struct page. */
struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, 262144);
	__type(key, __u64);
	__type(value, struct block);
} pages SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, 16384);
	__type(key, struct owner);
	__type(value, struct sum);
} sums SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, ORDERS);
	__type(key, __u32);
	__type(value, struct order);
} orders SEC(".maps");

enum { BLOCKS_FULL, PAGES_FULL, SUMS_FULL, CALLS_FULL, FREED_UNKNOWN, REPLACED, ENDS, STALE, FAILED, N_COUNTERS };
/* Threads of a process count here at once: atomic, one value for all CPUs. */
struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, N_COUNTERS);
	__type(key, __u32);
	__type(value, __u64);
} counters SEC(".maps");

static __always_inline void count(__u32 which)
{
	__u64 *n = bpf_map_lookup_elem(&counters, &which);

	if (n)
		__sync_fetch_and_add(n, 1);
}

static __always_inline bool is_counting(void)
{
	__u32 first = 0;
	__u32 *on = bpf_map_lookup_elem(&counting, &first);

	return on && *on;
}

static __always_inline __u64 argument(void *regs, int i)
{
	struct pt_regs___args_x86 *x86 = regs;
	struct pt_regs___arm64 *arm = regs;

	if (!bpf_core_field_exists(x86->di))
		return i == 0 ? BPF_CORE_READ(arm, regs[0]) : i == 1 ? BPF_CORE_READ(arm, regs[1]) : BPF_CORE_READ(arm, regs[2]);
	return i == 0 ? BPF_CORE_READ(x86, di) : i == 1 ? BPF_CORE_READ(x86, si) : BPF_CORE_READ(x86, dx);
}

static __always_inline __u64 result(void *regs)
{
	struct pt_regs___args_x86 *x86 = regs;
	struct pt_regs___arm64 *arm = regs;

	return bpf_core_field_exists(x86->di) ? BPF_CORE_READ(x86, ax) : BPF_CORE_READ(arm, regs[0]);
}

static __always_inline struct sum *sum_of(const struct owner *owner)
{
	struct sum *s = bpf_map_lookup_elem(&sums, owner);

	if (!s) {
		struct sum fresh = {};

		bpf_get_current_comm(fresh.comm, TASK_COMM_LEN);
		bpf_map_update_elem(&sums, owner, &fresh, BPF_NOEXIST);
		s = bpf_map_lookup_elem(&sums, owner);
		if (!s)
			count(SUMS_FULL);
	}
	return s;
}

/* @param whole not only a part of what was taken together; an addition of 0 would become an instruction of 5.12 */
static __always_inline void add_freed(const struct owner *owner, bool whole, __u64 bytes)
{
	struct sum *s = bpf_map_lookup_elem(&sums, owner);

	if (!s)
		return;
	if (whole)
		__sync_fetch_and_add(&s->freed, 1);
	__sync_fetch_and_add(&s->freed_bytes, bytes);
}

/* A block, or pages, that somebody has now. */
static __always_inline bool hold(void *map, const void *key, struct block *fresh, __u32 full)
{
	struct block *before = bpf_map_lookup_elem(map, key);
	struct sum *s = sum_of(&fresh->owner);

	if (!s)
		return false;
	if (before) {
		/* Its end was not seen. */
		count(REPLACED);
		add_freed(&before->owner, true, before->size);
	}
	if (bpf_map_update_elem(map, key, fresh, BPF_ANY)) {
		count(full);
		return false;
	}
	__sync_fetch_and_add(&s->allocated, 1);
	__sync_fetch_and_add(&s->allocated_bytes, fresh->size);
	return true;
}

/* A function of the allocator begins. */
static __always_inline int enter(void *ctx, __u32 kind, __u64 size, __u64 old, __u64 out)
{
	__u64 id = bpf_get_current_pid_tgid(), now = bpf_ktime_get_ns(), sp = sp_of(ctx);
	struct call call = { .sp = sp, .to = return_of(ctx, sp), .size = size, .out = out, .kind = kind, .old = old };
	__u32 pid, tid;
	struct call *outer;

	if (!is_counting() || !wanted_current(&pid, &tid))
		return 0;
	outer = bpf_map_lookup_elem(&calls, &id);
	if (outer) {
		/* One calls another, or goes on as another: then its return address is already the kernel's for the first. */
		if (sp < outer->sp || (sp == outer->sp && call.to != outer->to)) {
			outer->depth++;
			return 0;
		}
		/* It has returned and we were not told. */
		count(STALE);
	}
	take_place(ctx, ctx, true, tid, pid, now, &call.owner.place);
	call.owner.pid = pid;
	if (old) {
		struct block_key key = { .address = old, .pid = pid };
		struct block *held = bpf_map_lookup_elem(&blocks, &key);

		/* Now: once it is freed another thread may be given the same address before we hear of it. */
		if (held) {
			call.old_block = *held;
			bpf_map_delete_elem(&blocks, &key);
		}
	}
	if (bpf_map_update_elem(&calls, &id, &call, BPF_ANY))
		count(CALLS_FULL);
	return 0;
}

SEC("uprobe")
int malloc_enter(void *ctx)
{
	return enter(ctx, MALLOC, argument(ctx, 0), 0, 0);
}

SEC("uprobe")
int calloc_enter(void *ctx)
{
	return enter(ctx, MALLOC, argument(ctx, 0) * argument(ctx, 1), 0, 0);
}

SEC("uprobe")
int realloc_enter(void *ctx)
{
	return enter(ctx, REALLOC, argument(ctx, 1), argument(ctx, 0), 0);
}

SEC("uprobe")
int reallocarray_enter(void *ctx)
{
	return enter(ctx, REALLOC, argument(ctx, 1) * argument(ctx, 2), argument(ctx, 0), 0);
}

SEC("uprobe")
int memalign_enter(void *ctx)
{
	return enter(ctx, MALLOC, argument(ctx, 1), 0, 0);
}

SEC("uprobe")
int posix_memalign_enter(void *ctx)
{
	return enter(ctx, POSIX_MEMALIGN, argument(ctx, 2), 0, argument(ctx, 0));
}

SEC("uretprobe")
int leave(void *ctx)
{
	__u64 id = bpf_get_current_pid_tgid(), given = result(ctx);
	struct call *call = bpf_map_lookup_elem(&calls, &id);
	struct block_key key = {};
	struct block fresh = {};

	if (!is_counting())
		return 0;
	if (!call) {
		count(ENDS);
		return 0;
	}
	if (call->depth) {
		call->depth--;
		return 0;
	}
	key.pid = call->owner.pid;
	if (call->kind == POSIX_MEMALIGN && (given || bpf_probe_read_user(&given, sizeof(given), (void *)call->out)))
		given = 0;
	if (given || !call->size) {
		if (call->old_block.since)
			add_freed(&call->old_block.owner, true, call->old_block.size);
		else if (call->old)
			count(FREED_UNKNOWN);
	}
	if (given) {
		key.address = given;
		fresh.size = call->size;
		fresh.since = bpf_ktime_get_ns();
		fresh.owner = call->owner;
		hold(&blocks, &key, &fresh, BLOCKS_FULL);
	} else if (call->size) {
		count(FAILED);
		if (call->old_block.since) {
			key.address = call->old;
			fresh = call->old_block;
			if (bpf_map_update_elem(&blocks, &key, &fresh, BPF_NOEXIST))
				count(BLOCKS_FULL);
		}
	}
	bpf_map_delete_elem(&calls, &id);
	return 0;
}

SEC("uprobe")
int free_enter(void *ctx)
{
	__u64 id = bpf_get_current_pid_tgid();
	struct block_key key = { .address = argument(ctx, 0) };
	struct block *held;
	struct call *outer;
	__u32 pid, tid;

	if (!key.address || !is_counting() || !wanted_current(&pid, &tid))
		return 0;
	outer = bpf_map_lookup_elem(&calls, &id);
	/* realloc frees what it was given itself. */
	if (outer && sp_of(ctx) <= outer->sp)
		return 0;
	key.pid = pid;
	held = bpf_map_lookup_elem(&blocks, &key);
	if (!held) {
		count(FREED_UNKNOWN);
		return 0;
	}
	add_freed(&held->owner, true, held->size);
	bpf_map_delete_elem(&blocks, &key);
	return 0;
}

static __always_inline struct order *order_of(__u32 n)
{
	return bpf_map_lookup_elem(&orders, &n);
}

SEC("raw_tp/mm_page_alloc")
int page_alloc(__u64 *ctx)
{
	__u64 page = ctx[0];
	__u32 order = ctx[1], pid, tid;
	struct block fresh = {};
	struct order *o;

	if (!page || !is_counting())
		return 0;
	if (!current_ids(&pid, &tid) || (only_pid && pid != only_pid))
		return 0;
	/* Those of the machine are counted with our own, as the kernel counts them. */
	o = order_of(order);
	if (o)
		__sync_fetch_and_add(&o->allocated, 1);
	if (pid == own_pid)
		return 0;
	fresh.size = 1ULL << (order & 31);
	fresh.since = bpf_ktime_get_ns();
	fresh.owner.pid = pid;
	fresh.owner.order = order + 1;
	fresh.owner.place.chain = take_kernel(ctx);
	hold(&pages, &page, &fresh, PAGES_FULL);
	return 0;
}

SEC("raw_tp/mm_page_free")
int page_free(__u64 *ctx)
{
	__u64 page = ctx[0], size;
	__u32 order = ctx[1], pid, tid;
	struct block *held;
	struct order *o;

	if (!is_counting())
		return 0;
	size = 1ULL << (order & 31);
	held = bpf_map_lookup_elem(&pages, &page);
	if (!held) {
#pragma unroll
		for (int up = 1; up <= SPLIT_ORDERS; up++) {
			__u64 first = page & ~((PAGE_STRUCT_BYTES << (order + up)) - 1);

			if (!held && first != page) {
				held = bpf_map_lookup_elem(&pages, &first);
				if (held && held->owner.order < order + up + 1)
					held = NULL;
				if (held)
					page = first;
			}
		}
	}
	if (!held) {
		/* Without a process all pages are looked at; with one, who frees is no reason to count. */
		if (only_pid && (!current_ids(&pid, &tid) || pid != only_pid))
			return 0;
		o = order_of(order);
		if (o) {
			__sync_fetch_and_add(&o->freed, 1);
			__sync_fetch_and_add(&o->freed_unknown, 1);
		}
		return 0;
	}
	o = order_of(order);
	if (o)
		__sync_fetch_and_add(&o->freed, 1);
	if (size < held->size) {
		__u64 less = -size;

		/* A part of what was taken together. Hidden from the compiler: a subtraction would take an instruction of 5.12. */
		asm volatile("" : "+r"(less));
		__sync_fetch_and_add(&held->size, less);
		add_freed(&held->owner, false, size);
		return 0;
	}
	add_freed(&held->owner, true, held->size);
	bpf_map_delete_elem(&pages, &page);
	return 0;
}
