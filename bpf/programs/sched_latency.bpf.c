/*
 * Run-queue delay by process or thread and by CPU, and who ran meanwhile.
 *
 * Why not generated from a recipe: a wait begins in one of two ways (woken up, or preempted while it could go on), and one
 * sched_switch ends the wait of the task that comes and may begin that of the task that goes; a `span` has one kind of
 * start, and an event is its start or its end. Who ran instead takes a history of each CPU and a loop over it: every
 * nanosecond of a wait is charged to the task that had the CPU in it, not only to the last one. And the fields that this
 * rests on were renamed or moved between kernels.
 */
#include "core.bpf.h"
#include "analyzer.bpf.h"
#include "buckets.bpf.h"
#include "task_ids.bpf.h"

LICENSE_GPL;

#define TASK_COMM_LEN 16
/* Slices of each CPU that are remembered. A wait that spans more has its oldest part charged to nobody. */
#define SLICES 128

/* Adds up processes, not threads. */
const volatile bool by_process = false;

struct thread_info {
	__u32 cpu;
} KERNEL;

struct task_struct {
	struct thread_info thread_info;
	unsigned int __state;
	int on_cpu;
	int pid;
	int tgid;
	struct task_struct *group_leader;
	struct pid *thread_pid;
	char comm[TASK_COMM_LEN];
} KERNEL;

/* Until 5.13 `__state` was `state`, and a long; until 5.15 `cpu` lay in the task itself. */
struct task_struct___before_5_14 {
	volatile long state;
} KERNEL;
struct task_struct___before_5_16 {
	unsigned int cpu;
} KERNEL;

/* How a wait began. A task that loses the CPU on its way to sleep waits, and may be woken up meanwhile. */
enum { WOKEN, PREEMPTED, PREEMPTED_GOING };

struct wait {
	__u64 since;
	/* Up to here it is charged; later than `since` only for a task that was moved to another queue. */
	__u64 charged;
	__u64 unknown_ns;
	__u32 cpu;
	__u32 how;
};

/* Keys hold the kernel's own numbers; those of Sonde's namespace stand in the values. */
struct task_key {
	__u32 id;
	/* Each CPU has entries of its own, so that sums and the maximum need no atomics; the reader puts them together. */
	__u32 cpu;
};

struct task_delay {
	__u64 waits;
	__u64 total_ns;
	__u64 max_ns;
	__u64 preemptions;
	__u64 preempted_ns;
	/* Part of total_ns that is charged to nobody: before what `slices` remembers. */
	__u64 unknown_ns;
	__u32 pid;
	__u32 tid;
	char comm[TASK_COMM_LEN];
	/* When the last one ended: the name is the one of then. */
	__u64 last;
};

struct pair_key {
	__u32 waiter;
	__u32 runner;
};

struct pair_time {
	__u64 ns;
	__u32 number;
	__u32 pad;
	char runner[TASK_COMM_LEN];
	/* When the latest slice began: the name is the one of then. */
	__u64 last;
};

/* Or OF_CPU with the number of a CPU, or OF_KIND with whether it was preempted. */
struct bucket_key {
	__u32 id;
	__u32 bucket;
};
#define OF_CPU 0x80000000U
#define OF_KIND 0xc0000000U

struct kind_delay {
	__u64 waits;
	__u64 total_ns;
	__u64 max_ns;
};

struct cpu_delay {
	/* Time on this CPU's queue: added to by all CPUs, since tasks that wait are moved. The rest by this one only. */
	__u64 queued_ns;
	__u64 waits;
	__u64 max_ns;
	/* Waits that ended here after a wakeup, and after another task took the CPU. */
	struct kind_delay kinds[2];
};

struct slice {
	__u64 since;
	__u32 id;
	__u32 tid;
	/* `id` in Sonde's namespace; 0 when it has none. */
	__u32 number;
	__u32 pad;
	char comm[TASK_COMM_LEN];
};

struct cpu_log {
	/* Slices that ended. The one that goes on has this number, too. */
	__u64 n;
	struct slice slices[SLICES];
};

struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, 16384);
	__type(key, __u32);
	__type(value, struct wait);
} waiting SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, 16384);
	__type(key, struct task_key);
	__type(value, struct task_delay);
} tasks SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, 16384);
	__type(key, struct pair_key);
	__type(value, struct pair_time);
} pairs SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, 65536);
	__type(key, struct bucket_key);
	__type(value, __u64);
} buckets SEC(".maps");

/* By CPU, not per CPU: a task is moved from a queue by another CPU, which then reads this one's. */
struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, 1);
	__type(key, __u32);
	__type(value, struct cpu_log);
} cpus SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, 1);
	__type(key, __u32);
	__type(value, struct cpu_delay);
} queues SEC(".maps");

enum { WAITING_FULL, TASKS_FULL, PAIRS_FULL, BUCKETS_FULL, UNMATCHED_ENDS, MISSED_SWITCHES, N_COUNTERS };
COUNTERS(N_COUNTERS);

/* `typed` is a constant in each program: the type information of tp_btf allows plain loads, raw_tp takes a helper. */
#define READ(typed, p, member) ((typed) ? (p)->member : BPF_CORE_READ(p, member))

static __always_inline bool is_running(struct task_struct *p)
{
	/*
	 * An int, and in 7.3 a byte beside others: this macro reads as many bytes as there are. Kernels built for one CPU
	 * lack it; there a running task gets no second wakeup that matters.
	 */
	return bpf_core_field_exists(p->on_cpu) && BPF_CORE_READ_BITFIELD_PROBED(p, on_cpu);
}

static __always_inline long state_of(bool typed, struct task_struct *p)
{
	if (bpf_core_field_exists(p->__state))
		return READ(typed, p, __state);
	return BPF_CORE_READ((struct task_struct___before_5_14 *)p, state);
}

static __always_inline __u32 cpu_of(bool typed, struct task_struct *p)
{
	struct task_struct___before_5_16 *old = (void *)p;

	if (bpf_core_field_exists(old->cpu))
		return BPF_CORE_READ(old, cpu);
	return READ(typed, p, thread_info.cpu);
}

static __always_inline void name_of(struct task_struct *p, char *comm)
{
	if (by_process)
		p = BPF_CORE_READ(p, group_leader);
	bpf_probe_read_kernel_str(comm, TASK_COMM_LEN, &p->comm);
}

/* Its number in Sonde's pid namespace; 0 when it has none. */
static __always_inline __u32 number_of(bool typed, struct task_struct *p, bool of_process)
{
	if (!ns_ino)
		return of_process ? READ(typed, p, tgid) : READ(typed, p, pid);
	if (of_process)
		p = BPF_CORE_READ(p, group_leader);
	return number_in_namespace((__u64)BPF_CORE_READ(p, thread_pid));
}

static __always_inline bool is_wanted(bool typed, struct task_struct *p)
{
	__u32 pid = number_of(typed, p, true);

	return pid && wanted_pid(pid);
}

static __always_inline void begin_wait(bool typed, struct task_struct *p, __u32 cpu, __u64 now, __u32 how)
{
	__u32 tid = READ(typed, p, pid);
	struct wait w = { .since = now, .charged = now, .cpu = cpu, .how = how };
	struct wait *known;

	if (!tid || !is_wanted(typed, p))
		return;
	known = bpf_map_lookup_elem(&waiting, &tid);
	if (known) {
		/* Preempted on its way to sleep and then woken up, a task waits on: the first start counts. */
		if (known->how == PREEMPTED_GOING)
			return;
		/* None else can wait already: it got the CPU and left it, and the kernel told of neither. */
		count(MISSED_SWITCHES);
	}
	if (bpf_map_update_elem(&waiting, &tid, &w, BPF_ANY))
		count(WAITING_FULL);
}

static __always_inline int on_wakeup(bool typed, struct task_struct *p)
{
	/* Woken up before it could go to sleep: it keeps the CPU and does not wait. */
	if (!is_running(p))
		begin_wait(typed, p, cpu_of(typed, p), bpf_ktime_get_ns(), WOKEN);
	return 0;
}

static __always_inline void charge(__u32 waiter, struct slice *s, __u64 ns)
{
	struct pair_key key = { .waiter = waiter, .runner = s->id };
	struct pair_time *t = bpf_map_lookup_elem(&pairs, &key);

	if (!t) {
		struct pair_time fresh = { .number = s->number };

		bpf_map_update_elem(&pairs, &key, &fresh, BPF_NOEXIST);
		t = bpf_map_lookup_elem(&pairs, &key);
		if (!t) {
			count(PAIRS_FULL);
			return;
		}
	}
	__sync_fetch_and_add(&t->ns, ns);
	/* Slices are gone over backwards, and by several CPUs. */
	if (s->since >= t->last) {
		t->last = s->since;
		__builtin_memcpy(t->runner, s->comm, TASK_COMM_LEN);
	}
}

/*
 * Charges what the `back`-th last slice of a CPU has of a wait. Answers its beginning, where the one before it ends. Not
 * inline, not static: the verifier looks at it once and not in every turn of the loop, where the paths would multiply.
 */
__noinline __u64 charge_slice(__u32 waiter, __u64 from, __u64 until, __u32 back, __u32 cpu)
{
	struct cpu_log *log = bpf_map_lookup_elem(&cpus, &cpu);
	struct slice *s;
	__u64 begin;

	if (!log || back > log->n)
		return until;
	s = &log->slices[(log->n - back) & (SLICES - 1)];
	begin = s->since > from ? s->since : from;
	if (until > begin)
		charge(waiter, s, until - begin);
	return until > begin ? begin : until;
}

/* Goes back over what ran on a wait's CPU since it was charged last, which makes it charged until `now`. */
static __always_inline void charge_runners(__u32 waiter, struct wait *w, __u64 now)
{
	__u64 until = now;
	struct cpu_delay *queue = bpf_map_lookup_elem(&queues, &w->cpu);

	if (queue)
		__sync_fetch_and_add(&queue->queued_ns, now - w->charged);
#pragma clang loop unroll(disable)
	for (int i = 0; i < SLICES && until > w->charged; i++)
		until = charge_slice(waiter, w->charged, until, i, w->cpu);
	if (until > w->charged)
		w->unknown_ns += until - w->charged;
	w->charged = now;
}

static __always_inline void count_bucket(__u32 id, __u32 bucket)
{
	struct bucket_key key = { .id = id, .bucket = bucket };
	__u64 *n = bpf_map_lookup_elem(&buckets, &key), none = 0;

	if (!n) {
		bpf_map_update_elem(&buckets, &key, &none, BPF_NOEXIST);
		n = bpf_map_lookup_elem(&buckets, &key);
		if (!n) {
			count(BUCKETS_FULL);
			return;
		}
	}
	__sync_fetch_and_add(n, 1);
}

static __always_inline void count_wait(bool typed, struct task_struct *p, __u32 id, __u32 cpu, const struct wait *w,
				       __u64 ns)
{
	struct task_key key = { .id = id, .cpu = cpu };
	__u32 bucket = bucket_of(ns);
	struct task_delay *d = bpf_map_lookup_elem(&tasks, &key);
	struct cpu_delay *queue = bpf_map_lookup_elem(&queues, &cpu);

	if (queue) {
		queue->waits++;
		struct kind_delay *kind = &queue->kinds[w->how == WOKEN ? 0 : 1];

		if (ns > queue->max_ns)
			queue->max_ns = ns;
		kind->waits++;
		kind->total_ns += ns;
		if (ns > kind->max_ns)
			kind->max_ns = ns;
		count_bucket(OF_CPU | cpu, bucket);
		count_bucket(OF_KIND | (w->how == WOKEN ? 0 : 1), bucket);
	}
	if (!d) {
		struct task_delay fresh = {};

		fresh.pid = number_of(typed, p, true);
		fresh.tid = number_of(typed, p, false);

		bpf_map_update_elem(&tasks, &key, &fresh, BPF_NOEXIST);
		d = bpf_map_lookup_elem(&tasks, &key);
		if (!d) {
			count(TASKS_FULL);
			return;
		}
	}
	/* Every time: a task that was just forked has its parent's name until it runs something else. */
	name_of(p, d->comm);
	d->last = w->since + ns;
	d->waits++;
	d->total_ns += ns;
	d->unknown_ns += w->unknown_ns;
	if (ns > d->max_ns)
		d->max_ns = ns;
	if (w->how != WOKEN) {
		d->preemptions++;
		d->preempted_ns += ns;
	}
	count_bucket(id, bucket);
}

static __always_inline int on_migrate(bool typed, struct task_struct *p, __u32 to)
{
	__u32 tid = READ(typed, p, pid);
	struct wait *w = bpf_map_lookup_elem(&waiting, &tid);

	if (w) {
		charge_runners(by_process ? READ(typed, p, tgid) : tid, w, bpf_ktime_get_ns());
		w->cpu = to;
	}
	return 0;
}

static __always_inline void begin_slice(bool typed, struct slice *s, struct task_struct *p, __u64 since)
{
	s->since = since;
	s->tid = READ(typed, p, pid);
	s->id = by_process ? READ(typed, p, tgid) : s->tid;
	s->number = number_of(typed, p, by_process);
	name_of(p, s->comm);
}

static __always_inline int on_switch(bool typed, bool preempt, struct task_struct *prev, struct task_struct *next)
{
	__u32 cpu = bpf_get_smp_processor_id();
	__u64 now = bpf_ktime_get_ns();
	struct cpu_log *log = bpf_map_lookup_elem(&cpus, &cpu);
	struct wait *found, w;
	__u32 tid, id, gone;
	bool runnable;

	if (!log)
		return 0;
	/* The first switch that is seen here: who goes has been there all the time. */
	if (!log->n)
		begin_slice(typed, &log->slices[0], prev, 0);

	/*
	 * Who goes is not who came last: the kernel told nothing of the switch between. That happens, to all programs at once,
	 * while other tracers attach. The wait that ended there must not go on until the next one does.
	 */
	gone = READ(typed, prev, pid);
	if (log->slices[log->n & (SLICES - 1)].tid != gone) {
		count(MISSED_SWITCHES);
		bpf_map_delete_elem(&waiting, &gone);
	}

	tid = READ(typed, next, pid);
	if (tid && is_wanted(typed, next)) {
		found = bpf_map_lookup_elem(&waiting, &tid);
		if (found) {
			w = *found;
			bpf_map_delete_elem(&waiting, &tid);
			id = by_process ? READ(typed, next, tgid) : tid;
			charge_runners(id, &w, now);
			count_wait(typed, next, id, cpu, &w, now - w.since);
		} else {
			count(UNMATCHED_ENDS);
		}
	}

	/* Preempted tasks stay on the queue whatever their state says (kernel/sched/core.c, __schedule). */
	runnable = state_of(typed, prev) == 0;
	if (preempt || runnable)
		begin_wait(typed, prev, cpu, now, runnable ? PREEMPTED : PREEMPTED_GOING);

	log->n++;
	begin_slice(typed, &log->slices[log->n & (SLICES - 1)], next, now);
	return 0;
}

SEC("tp_btf/sched_wakeup")
int wakeup_typed(__u64 *ctx)
{
	return on_wakeup(true, (void *)ctx[0]);
}

SEC("tp_btf/sched_wakeup_new")
int wakeup_new_typed(__u64 *ctx)
{
	return on_wakeup(true, (void *)ctx[0]);
}

SEC("tp_btf/sched_migrate_task")
int migrate_typed(__u64 *ctx)
{
	return on_migrate(true, (void *)ctx[0], ctx[1]);
}

SEC("tp_btf/sched_switch")
int switch_typed(__u64 *ctx)
{
	return on_switch(true, ctx[0], (void *)ctx[1], (void *)ctx[2]);
}

SEC("raw_tp/sched_wakeup")
int wakeup_raw(__u64 *ctx)
{
	return on_wakeup(false, (void *)ctx[0]);
}

SEC("raw_tp/sched_wakeup_new")
int wakeup_new_raw(__u64 *ctx)
{
	return on_wakeup(false, (void *)ctx[0]);
}

SEC("raw_tp/sched_migrate_task")
int migrate_raw(__u64 *ctx)
{
	return on_migrate(false, (void *)ctx[0], ctx[1]);
}

SEC("raw_tp/sched_switch")
int switch_raw(__u64 *ctx)
{
	return on_switch(false, ctx[0], (void *)ctx[1], (void *)ctx[2]);
}
