/*
 * Waits for locks of the kernel: by call site, process and lock, with their time.
 *
 * Why not generated from a recipe: a wait for a mutex begins several times before it ends; a thread can wait for a spinlock in
 * an interrupt while it waits for another lock; what a lock is, is found by comparing its address with those in the current
 * task's structs, and by asking the kernel's allocator.
 */
#include "core.bpf.h"
#include "buckets.bpf.h"
#include "user_stack.bpf.h"
#include "analyzer.bpf.h"
#include "leader_comm.bpf.h"

LICENSE_GPL;

#define NAME_LEN 32

/* include/trace/events/lock.h */
enum { LCB_F_SPIN = 1, LCB_F_READ = 2, LCB_F_WRITE = 4, LCB_F_RT = 8, LCB_F_PERCPU = 16, LCB_F_MUTEX = 32 };
/* lock.what */
enum { UNKNOWN_LOCK, MMAP_LOCK, SIGNAL_LOCK, SLAB_LOCK };

/* Of members that are structs only the place is asked for. */
struct any {
	char byte;
};
struct sighand_struct {
	struct any siglock;
} KERNEL;
struct mm_struct___lock {
	struct any mmap_lock;
} KERNEL;
struct task_struct___lock {
	struct mm_struct___lock *mm;
	struct sighand_struct *sighand;
} KERNEL;

struct kmem_cache {
	const char *name;
} KERNEL;
/* Since 6.13. */
extern struct kmem_cache *bpf_get_kmem_cache(__u64 address) __ksym __weak;

struct wait_key {
	__u64 lock;
	__u32 tid;
	/* Of those that have no number of their own: the idle tasks. */
	__u32 cpu;
};

struct wait {
	__u64 since;
	__u64 stack;
	__u32 flags;
	__u32 pid;
};

/* Sums are by CPU: nobody else writes them but what interrupts. */
struct site_key {
	__u64 stack;
	__u32 pid;
	__u16 flags;
	__u16 cpu;
};

struct lock_key {
	__u64 lock;
	__u32 flags;
	__u32 cpu;
};

struct sum {
	__u64 count;
	__u64 total_ns;
	__u64 max_ns;
	/* Waits that ended without the lock: by a signal, or after a time. */
	__u64 failed;
	/* Of a lock: what it is. */
	__u32 what;
	__u32 pad;
	/* Of a site: when a wait last ended. */
	__u64 last;
	/* Of a site its process's, as it was then; of a lock its slab's. */
	char name[NAME_LEN];
};

struct bucket_key {
	__u64 stack;
	__u32 pid;
	__u16 flags;
	__u16 cpu;
	__u32 bucket;
	__u32 pad;
};

struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, 16384);
	__type(key, struct wait_key);
	__type(value, struct wait);
} waits SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, 16384);
	__type(key, struct site_key);
	__type(value, struct sum);
} sites SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, 16384);
	__type(key, struct lock_key);
	__type(value, struct sum);
} locks SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, 65536);
	__type(key, struct bucket_key);
	__type(value, __u64);
} buckets SEC(".maps");

enum { WAITS_FULL, SITES_FULL, LOCKS_FULL, BUCKETS_FULL, BEGINS, AGAIN, ENDS, N_COUNTERS };
COUNTERS(N_COUNTERS);

static __always_inline void key_of(struct wait_key *key, __u64 lock)
{
	key->lock = lock;
	key->tid = bpf_get_current_pid_tgid();
	key->cpu = key->tid ? 0 : bpf_get_smp_processor_id() + 1;
}

static __always_inline int begin(void *ctx, __u64 lock, __u32 flags)
{
	struct wait_key key = {};
	struct wait wait = { .since = bpf_ktime_get_ns() };
	__u32 tid;

	if (!wanted_current(&wait.pid, &tid))
		return 0;
	count(BEGINS);
	key_of(&key, lock);
	/* A mutex is waited for by spinning, by sleeping, by spinning again: it is one wait. */
	if (bpf_map_lookup_elem(&waits, &key)) {
		count(AGAIN);
		return 0;
	}
	wait.flags = flags & LCB_F_MUTEX ? LCB_F_MUTEX : flags;
	wait.stack = take_kernel(ctx);
	if (bpf_map_update_elem(&waits, &key, &wait, BPF_ANY))
		count(WAITS_FULL);
	return 0;
}

/* What a lock is, as far as the current task's structs tell. */
static __always_inline __u32 known_lock(__u64 lock)
{
	struct task_struct___lock *task = (void *)bpf_get_current_task();
	void *mm = BPF_CORE_READ(task, mm), *sighand = BPF_CORE_READ(task, sighand);

	if (mm && lock == (__u64)mm + bpf_core_field_offset(struct mm_struct___lock, mmap_lock))
		return MMAP_LOCK;
	if (sighand && lock == (__u64)sighand + bpf_core_field_offset(struct sighand_struct, siglock))
		return SIGNAL_LOCK;
	return UNKNOWN_LOCK;
}

static __always_inline void add(struct sum *s, __u64 ns, bool failed)
{
	__sync_fetch_and_add(&s->count, 1);
	__sync_fetch_and_add(&s->total_ns, ns);
	if (failed)
		__sync_fetch_and_add(&s->failed, 1);
	if (ns > s->max_ns)
		s->max_ns = ns;
}

static __always_inline void add_site(struct wait *wait, __u64 now, __u64 ns, bool failed, __u32 cpu)
{
	struct site_key key = { .stack = wait->stack, .pid = wait->pid, .flags = wait->flags, .cpu = cpu };
	struct bucket_key bucket = {
		.stack = wait->stack,
		.pid = wait->pid,
		.flags = wait->flags,
		.bucket = bucket_of(ns),
		.cpu = cpu,
	};
	struct sum *s = bpf_map_lookup_elem(&sites, &key);
	__u64 none = 0, *n;

	if (!s) {
		struct sum fresh = {};

		bpf_map_update_elem(&sites, &key, &fresh, BPF_NOEXIST);
		s = bpf_map_lookup_elem(&sites, &key);
		if (!s) {
			count(SITES_FULL);
			return;
		}
	}
	add(s, ns, failed);
	s->last = now;
	leader_comm(s->name);
	n = bpf_map_lookup_elem(&buckets, &bucket);
	if (!n) {
		bpf_map_update_elem(&buckets, &bucket, &none, BPF_NOEXIST);
		n = bpf_map_lookup_elem(&buckets, &bucket);
	}
	if (n)
		__sync_fetch_and_add(n, 1);
	else
		count(BUCKETS_FULL);
}

static __always_inline int end(__u64 lock, int ret, bool slabs)
{
	struct wait_key key = {};
	struct lock_key held = { .lock = lock, .cpu = bpf_get_smp_processor_id() };
	__u64 now = bpf_ktime_get_ns(), ns;
	struct wait *found, wait;
	struct sum *s;

	key_of(&key, lock);
	found = bpf_map_lookup_elem(&waits, &key);
	if (!found) {
		__u32 pid, tid;

		if (wanted_current(&pid, &tid))
			count(ENDS);
		return 0;
	}
	wait = *found;
	bpf_map_delete_elem(&waits, &key);
	ns = now - wait.since;
	add_site(&wait, now, ns, ret != 0, held.cpu);
	held.flags = wait.flags;
	s = bpf_map_lookup_elem(&locks, &held);
	if (!s) {
		struct sum fresh = { .what = known_lock(lock) };

		if (slabs && !fresh.what && bpf_get_kmem_cache) {
			struct kmem_cache *slab = bpf_get_kmem_cache(lock);

			if (slab && bpf_probe_read_kernel_str(fresh.name, NAME_LEN, BPF_CORE_READ(slab, name)) > 0)
				fresh.what = SLAB_LOCK;
		}
		bpf_map_update_elem(&locks, &held, &fresh, BPF_NOEXIST);
		s = bpf_map_lookup_elem(&locks, &held);
		if (!s) {
			count(LOCKS_FULL);
			return 0;
		}
	}
	add(s, ns, ret != 0);
	return 0;
}

/* Since 6.13 the kernel tells from which slab an address is. */
SEC("tp_btf/contention_begin")
int begin_slab(__u64 *ctx)
{
	return begin(ctx, ctx[0], ctx[1]);
}

SEC("tp_btf/contention_end")
int end_slab(__u64 *ctx)
{
	return end(ctx[0], ctx[1], true);
}

SEC("raw_tp/contention_begin")
int begin_raw(__u64 *ctx)
{
	return begin(ctx, ctx[0], ctx[1]);
}

SEC("raw_tp/contention_end")
int end_raw(__u64 *ctx)
{
	return end(ctx[0], ctx[1], false);
}

/*
 * Before 5.19: where waiting for a mutex or semaphore begins and ends. Not for spinlocks: our maps have some themselves, and
 * before 5.12 nothing keeps a trampoline's program from being called again within itself.
 */
#define SLOW_PATH(name, function, flags)                        \
	SEC("fentry/" #function)                                \
	int begin_##name(__u64 *ctx)                            \
	{                                                       \
		return begin(ctx, ctx[0], flags);               \
	}                                                       \
	SEC("fexit/" #function)                                 \
	int end_##name(__u64 *ctx)                              \
	{                                                       \
		return end(ctx[0], 0, false);                   \
	}
SLOW_PATH(mutex, __mutex_lock_slowpath, LCB_F_MUTEX)
SLOW_PATH(mutex_killable, __mutex_lock_killable_slowpath, LCB_F_MUTEX)
SLOW_PATH(mutex_interruptible, __mutex_lock_interruptible_slowpath, LCB_F_MUTEX)
SLOW_PATH(read, rwsem_down_read_slowpath, LCB_F_READ)
SLOW_PATH(write, rwsem_down_write_slowpath, LCB_F_WRITE)
