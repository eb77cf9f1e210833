/*
 * Time off the CPU of each thread: why it left, on which stack, who woke it up, how long it then waited for a CPU. Added up
 * in the kernel by thread, stack, reason and waker.
 *
 * Why not generated from a recipe: a `span` has one start and one end, and this has a beginning, a middle (the waking, with
 * stacks of the waker) and an end; both threads of a switch are looked at; stacks are kept by a hash of our own, so that
 * none is lost to a collision; registers and a piece of the user's stack are copied for unwinding by tables; and what
 * blocked before the window is found by an iterator over tasks.
 */
#include "core.bpf.h"
#include "user_stack.bpf.h"

LICENSE_GPL;

#define TASK_COMM_LEN 16
#define BUCKETS 48

/* All threads, not only those of `targets`. */
const volatile bool all = false;
const volatile bool kernel_threads = false;
/* Shorter times are added up for the thread only. */
const volatile __u64 min_ns = 0;
/*
 * Where interrupts and softirqs enter the kernel's code. A stack tells by them in which context a thread is woken up, on
 * every kernel; the preempt count does not, which kernels without CONFIG_KALLSYMS_ALL keep from programs. And what lies
 * below them is whatever was interrupted: it is cut off.
 */
const volatile __u64 interrupt_from = 0;
const volatile __u64 interrupt_to = 0;
const volatile __u64 softirq_from = 0;
const volatile __u64 softirq_to = 0;

/* include/linux/sched.h. Kept are the bits that tell why, TASK_NOLOAD and TASK_RTLOCK_WAIT among them. */
enum { TASK_DEAD = 0x80, TASK_WAKING = 0x200, STATE_BITS = 0x15ff };
/* Bits of off.flags. */
enum { IO_WAIT = 1, RUNNABLE = 2, SINCE_START = 4, PREEMPTED = 8 };
/* off.context: in which the waker ran. */
enum { NOBODY, A_TASK, A_SOFTIRQ, AN_INTERRUPT };
enum { NO_SYSCALL = -1, COMPAT_SYSCALL = -2 };
/* thread.on of what runs when the window begins: on some CPU. */
enum { ON_SOME_CPU = 0x7fffffff };

struct task_struct {
	unsigned int __state;
	unsigned int flags;
	int on_cpu;
	int pid;
	int tgid;
	unsigned int in_iowait : 1;
	char comm[TASK_COMM_LEN];
} KERNEL;

/* Until 5.13 `__state` was `state`, and a long. */
struct task_struct___before_5_14 {
	volatile long state;
} KERNEL;
struct bpf_iter__task {
	void *meta;
	struct task_struct *task;
} KERNEL;

struct window {
	/* Outside of it nothing is counted; 0 is "not yet". */
	__u64 start;
	__u64 end;
};

/* A thread that is off the CPU now. */
struct off {
	__u64 since;
	__u64 woken;
	__u64 kstack;
	__u64 ustack;
	__u64 sp;
	__u64 waker_kstack;
	__u64 waker_ustack;
	__u64 waker_sp;
	__u32 tgid;
	__s32 syscall;
	__u32 waker;
	__u32 waker_tgid;
	__u16 state;
	__u8 flags;
	__u8 context;
	__u32 pad;
	char waker_comm[TASK_COMM_LEN];
};

struct sum_key {
	__u64 kstack;
	__u64 ustack;
	__u64 sp;
	__u64 waker_kstack;
	__u64 waker_ustack;
	__u64 waker_sp;
	__u32 tid;
	__u32 waker;
	__s32 syscall;
	__u16 state;
	__u8 flags;
	__u8 context;
};

/* Of one thread: a thread is switched to once at a time, so nothing here has to be atomic. */
struct sum {
	__u64 count;
	__u64 total_ns;
	/* Part of total_ns in which it could have run. */
	__u64 queued_ns;
	__u64 max_ns;
	__u32 tgid;
	__u32 waker_tgid;
	char comm[TASK_COMM_LEN];
	char waker_comm[TASK_COMM_LEN];
	/* By the exponent of the duration in ns. */
	__u32 buckets[BUCKETS];
};

struct thread {
	/* Since when it is known: the window's start, or its own. */
	__u64 from;
	/* When it got the CPU last. */
	__u64 on_since;
	/* When it ended; 0 when it has not. */
	__u64 gone;
	__u64 on_ns;
	__u64 off_ns;
	__u64 queued_ns;
	/* Part of off_ns in times shorter than the minimum. */
	__u64 short_ns;
	__u64 shorts;
	__u32 tgid;
	/* The number of its CPU + 1; 0 when it has none. */
	__u32 on;
	char comm[TASK_COMM_LEN];
};

struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, 1);
	__type(key, __u32);
	__type(value, struct window);
} window SEC(".maps");

/* Processes that are watched. Children are added when they are made. */
struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, 16384);
	__type(key, __u32);
	__type(value, __u32);
} targets SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, 16384);
	__type(key, __u32);
	__type(value, struct off);
} off SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, 16384);
	__type(key, __u32);
	__type(value, struct thread);
} threads SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, 16384);
	__type(key, struct sum_key);
	__type(value, struct sum);
} sums SEC(".maps");

/*
 * The events are told with interrupts off; the iterator over tasks can be interrupted, by them among others, and has a place
 * of its own.
 */
enum { EVENT_SCRATCH, ITERATOR_SCRATCH };

/* Never written: what a sum starts from, which the 512 bytes of a program's stack cannot hold. */
struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, 1);
	__type(key, __u32);
	__type(value, struct sum);
} zero SEC(".maps");

/* Who came to this CPU last; 0 is nobody yet, and the idle task. */
struct {
	__uint(type, BPF_MAP_TYPE_PERCPU_ARRAY);
	__uint(max_entries, 1);
	__type(key, __u32);
	__type(value, __u32);
} runs SEC(".maps");

enum { OFF_FULL, THREADS_FULL, SUMS_FULL, SUMS_LOST_NS, TARGETS_FULL, MISSED_SWITCHES, N_COUNTERS };
COUNTERS(N_COUNTERS);

static __always_inline void count_by(__u32 which, __u64 by)
{
	__u64 *n = bpf_map_lookup_elem(&counters, &which);

	if (n)
		*n += by;
}

/* `typed` is a constant in each program: the type information of tp_btf allows plain loads, raw_tp takes a helper. */
#define READ(typed, p, member) ((typed) ? (p)->member : BPF_CORE_READ(p, member))

static __always_inline struct window *opened(__u64 now)
{
	__u32 first = 0;
	struct window *w = bpf_map_lookup_elem(&window, &first);

	return w && w->start && now >= w->start && (!w->end || now < w->end) ? w : NULL;
}

static __always_inline bool is_wanted(bool typed, struct task_struct *p, __u32 tgid)
{
	if (!tgid || (!kernel_threads && READ(typed, p, flags) & PF_KTHREAD))
		return false;
	return all || bpf_map_lookup_elem(&targets, &tgid);
}

static __always_inline __u32 state_of(bool typed, struct task_struct *p)
{
	if (bpf_core_field_exists(p->__state))
		return READ(typed, p, __state);
	return BPF_CORE_READ((struct task_struct___before_5_14 *)p, state);
}

static __always_inline bool is_running(struct task_struct *p)
{
	return bpf_core_field_exists(p->on_cpu) && BPF_CORE_READ_BITFIELD_PROBED(p, on_cpu);
}

/* Frames of an interrupt or softirq on top of what it interrupted, and the context above the 16th bit. Not
 * inline, not static: the verifier looks at the loop once. */
__noinline __u32 interrupt_frames(__u32 words)
{
	__u32 which = EVENT_SCRATCH;
	struct scratch *mine = bpf_map_lookup_elem(&scratch, &which);
	struct stack *s;

	if (!mine)
		return 0;
	s = &mine->s;
	for (__u32 i = 0; i < FRAMES && i < words; i++) {
		if (s->ips[i] >= softirq_from && s->ips[i] < softirq_to)
			return A_SOFTIRQ << 16 | (i + 1);
		if (s->ips[i] >= interrupt_from && s->ips[i] < interrupt_to)
			return AN_INTERRUPT << 16 | (i + 1);
	}
	return A_TASK << 16 | words;
}

/* Keeps `s`, which is that place of `scratch`. Answers its number, 0 for none. */
static __always_inline __u64 keep_stack(struct stack *s, __u32 which, long bytes, __u8 *context)
{
	__u32 words = words_of(bytes);

	if (!words)
		return 0;
	if (context) {
		__u32 cut = interrupt_frames(words);

		*context = cut >> 16;
		words = cut & 0xffff;
	}
	return keep_words(s, which, words, false);
}

static __always_inline __u64 take_stack(void *ctx, __u64 flags, __u8 *context)
{
	__u32 which = EVENT_SCRATCH;
	struct scratch *mine = bpf_map_lookup_elem(&scratch, &which);

	return mine ? keep_stack(&mine->s, which, bpf_get_stack(ctx, mine->s.ips, sizeof(mine->s.ips), flags), context) : 0;
}

static __always_inline __s32 syscall_of(void *regs)
{
	struct pt_regs___x86 *x86 = regs;
	struct pt_regs___arm64 *arm = regs;

	if (bpf_core_field_exists(x86->orig_ax)) {
		__s64 nr = BPF_CORE_READ(x86, orig_ax);

		/* __USER32_CS: numbers of another table */
		if (nr >= 0 && BPF_CORE_READ(x86, cs) == 0x23)
			return COMPAT_SYSCALL;
		return nr < 0 ? NO_SYSCALL : nr;
	}
	if (bpf_core_field_exists(arm->syscallno)) {
		__s32 nr = BPF_CORE_READ(arm, syscallno);

		return nr < 0 ? NO_SYSCALL : nr;
	}
	return NO_SYSCALL;
}

static __always_inline struct thread *thread_of(bool typed, struct task_struct *p, __u32 tid, __u32 tgid, __u64 from, __u32 on)
{
	struct thread *t = bpf_map_lookup_elem(&threads, &tid);

	if (!t) {
		struct thread fresh = { .from = from, .on_since = from, .tgid = tgid, .on = on };

		bpf_map_update_elem(&threads, &tid, &fresh, BPF_NOEXIST);
		t = bpf_map_lookup_elem(&threads, &tid);
		if (!t)
			count(THREADS_FULL);
	}
	return t;
}

static __always_inline __u32 exponent(__u64 v)
{
	__u32 e = 0;

#pragma unroll
	for (int step = 32; step > 0; step >>= 1) {
		if (v >> step) {
			v >>= step;
			e += step;
		}
	}
	return e < BUCKETS ? e : BUCKETS - 1;
}

static __always_inline void add_up(struct task_struct *p, __u32 tid, struct off *o, __u64 ns, __u64 queued)
{
	struct sum_key key = {
		.kstack = o->kstack,
		.ustack = o->ustack,
		.sp = o->sp,
		.waker_kstack = o->waker_kstack,
		.waker_ustack = o->waker_ustack,
		.waker_sp = o->waker_sp,
		.tid = tid,
		.waker = o->waker,
		.syscall = o->syscall,
		.state = o->state,
		.flags = o->flags,
		.context = o->context,
	};
	struct sum *s = bpf_map_lookup_elem(&sums, &key);
	__u32 first = 0;

	if (!s) {
		struct sum *fresh = bpf_map_lookup_elem(&zero, &first);

		if (fresh)
			bpf_map_update_elem(&sums, &key, fresh, BPF_NOEXIST);
		s = bpf_map_lookup_elem(&sums, &key);
		if (!s) {
			count(SUMS_FULL);
			count_by(SUMS_LOST_NS, ns);
			return;
		}
		s->tgid = o->tgid;
		s->waker_tgid = o->waker_tgid;
		__builtin_memcpy(s->waker_comm, o->waker_comm, TASK_COMM_LEN);
	}
	s->count++;
	s->total_ns += ns;
	s->queued_ns += queued;
	if (ns > s->max_ns)
		s->max_ns = ns;
	s->buckets[exponent(ns)]++;
	bpf_probe_read_kernel_str(s->comm, TASK_COMM_LEN, &p->comm);
	if (copy_bytes && o->sp) {
		struct place at = { .sp = o->sp, .chain = o->ustack, .tid = tid };

		want_copy(&at);
	}
}

/* Ends what a thread waited for. */
static __always_inline void end_wait(struct task_struct *p, struct thread *t, __u32 tid, struct off *o, __u64 now)
{
	__u64 ns = now - o->since, queued = 0;

	if (o->flags & RUNNABLE)
		queued = ns;
	else if (o->woken)
		queued = now - o->woken;
	t->off_ns += ns;
	t->queued_ns += queued;
	if (ns < min_ns) {
		t->short_ns += ns;
		t->shorts++;
	} else {
		add_up(p, tid, o, ns, queued);
	}
}

static __always_inline void leave(bool typed, void *ctx, bool preempt, struct task_struct *p, struct window *w, __u64 now)
{
	__u32 tid = READ(typed, p, pid), tgid = READ(typed, p, tgid), state;
	struct off o = { .since = now, .tgid = tgid, .syscall = NO_SYSCALL };
	struct thread *t;
	void *regs;

	if (!tid || !is_wanted(typed, p, tgid))
		return;
	t = thread_of(typed, p, tid, tgid, w->start, ON_SOME_CPU);
	if (!t)
		return;
	if (t->on) {
		t->on_ns += now - t->on_since;
		t->on = 0;
	} else {
		/*
		 * It goes, and did not come: the kernel told nothing of that switch. It happens, to all programs at once, while other
		 * tracers attach. The wait is taken to have lasted until now.
		 */
		struct off *before = bpf_map_lookup_elem(&off, &tid);

		count(MISSED_SWITCHES);
		if (before)
			end_wait(p, t, tid, before, now);
	}
	bpf_probe_read_kernel_str(t->comm, TASK_COMM_LEN, &p->comm);
	state = state_of(typed, p);
	if (state & TASK_DEAD && !preempt) {
		t->gone = now;
		bpf_map_delete_elem(&off, &tid);
		return;
	}
	if (preempt || !state) {
		o.flags = preempt ? RUNNABLE | PREEMPTED : RUNNABLE;
		state = 0;
	} else if (state & TASK_WAKING) {
		/* Somebody wakes it up while it leaves: the event of that is over. */
		o.woken = now;
		state = 1;
	}
	o.state = state & STATE_BITS;
	if (BPF_CORE_READ_BITFIELD_PROBED(p, in_iowait) && !(o.flags & RUNNABLE))
		o.flags |= IO_WAIT;
	o.kstack = take_stack(ctx, 0, NULL);
	if (!(READ(typed, p, flags) & PF_KTHREAD)) {
		regs = regs_of(typed, p);
		o.syscall = syscall_of(regs);
		o.ustack = take_stack(ctx, BPF_F_USER_STACK, NULL);
		if (copy_bytes) {
			struct place at = { .sp = sp_of(regs), .chain = o.ustack, .tid = tid };

			o.sp = at.sp;
			copy_user(regs, &at, tgid, now, true, !(o.flags & RUNNABLE));
		}
	}
	if (bpf_map_update_elem(&off, &tid, &o, BPF_ANY))
		count(OFF_FULL);
}

static __always_inline void arrive(bool typed, struct task_struct *p, struct window *w, __u64 now)
{
	__u32 tid = READ(typed, p, pid), tgid = READ(typed, p, tgid);
	struct thread *t;
	struct off *o;

	if (!tid || !is_wanted(typed, p, tgid))
		return;
	t = thread_of(typed, p, tid, tgid, w->start, 0);
	if (!t)
		return;
	/* It went before the window began, and came before it was looked for. */
	if (t->from == w->start && !t->on && t->on_since == w->start && !bpf_map_lookup_elem(&off, &tid)) {
		t->off_ns += now - w->start;
		t->short_ns += now - w->start;
		t->shorts++;
	}
	if (t->on) {
		/* It comes, and did not go: likewise. It is taken to have run on. */
		count(MISSED_SWITCHES);
		t->on_ns += now - t->on_since;
	}
	t->on = bpf_get_smp_processor_id() + 1;
	t->on_since = now;
	o = bpf_map_lookup_elem(&off, &tid);
	if (!o)
		return;
	end_wait(p, t, tid, o, now);
	bpf_map_delete_elem(&off, &tid);
}

/*
 * Who goes is not who came last: the kernel told nothing of the switch between. What came last has gone since; when, and why, is
 * not known, but it must not seem to run until it comes again.
 */
static __always_inline void check_last(__u32 gone, __u32 next, __u64 now)
{
	__u32 first = 0, last;
	__u32 *run = bpf_map_lookup_elem(&runs, &first);
	struct off o = { .since = now, .syscall = NO_SYSCALL, .state = 1 };
	struct thread *t;

	if (!run)
		return;
	last = *run;
	*run = next;
	if (!last || last == gone)
		return;
	t = bpf_map_lookup_elem(&threads, &last);
	if (!t || t->on != bpf_get_smp_processor_id() + 1)
		return;
	count(MISSED_SWITCHES);
	t->on_ns += now - t->on_since;
	t->on = 0;
	o.tgid = t->tgid;
	if (bpf_map_update_elem(&off, &last, &o, BPF_ANY))
		count(OFF_FULL);
}

static __always_inline int on_switch(bool typed, void *ctx, bool preempt, struct task_struct *prev, struct task_struct *next)
{
	__u64 now = bpf_ktime_get_ns();
	struct window *w = opened(now);

	if (!w)
		return 0;
	check_last(READ(typed, prev, pid), READ(typed, next, pid), now);
	leave(typed, ctx, preempt, prev, w, now);
	arrive(typed, next, w, now);
	return 0;
}

static __always_inline int on_waking(bool typed, void *ctx, struct task_struct *p)
{
	__u32 tid = READ(typed, p, pid);
	struct off *o = bpf_map_lookup_elem(&off, &tid);
	__u64 now = bpf_ktime_get_ns(), me;

	if (!o || o->woken || o->flags & RUNNABLE || !opened(now))
		return 0;
	o->woken = now;
	/* If it becomes long enough to be shown it is for want of a CPU: no waker did that. */
	if (now - o->since < min_ns)
		return 0;
	o->waker_kstack = take_stack(ctx, 0, &o->context);
	me = bpf_get_current_pid_tgid();
	if (!(__u32)me && o->context <= A_TASK)
		o->context = AN_INTERRUPT;
	if (o->context > A_TASK)
		return 0;
	o->context = A_TASK;
	o->waker = me;
	o->waker_tgid = me >> 32;
	bpf_get_current_comm(o->waker_comm, TASK_COMM_LEN);
	o->waker_ustack = take_stack(ctx, BPF_F_USER_STACK, NULL);
	if (copy_bytes) {
		struct task_struct *current = typed && HAS_TASK_PT_REGS ? current_task() : (void *)bpf_get_current_task();

		if (!(READ(false, current, flags) & PF_KTHREAD)) {
			void *regs = regs_of(typed, current);

			struct place at = { .sp = sp_of(regs), .chain = o->waker_ustack, .tid = me };

			o->waker_sp = at.sp;
			copy_user(regs, &at, me >> 32, now, true, true);
		}
	}
	return 0;
}

/* A thread that is made waits for a CPU from then on, and a child of a watched process is watched. */
static __always_inline int on_fork(bool typed, struct task_struct *parent, struct task_struct *child)
{
	__u32 from = READ(typed, parent, tgid), tgid = READ(typed, child, tgid), tid = READ(typed, child, pid);
	__u64 now = bpf_ktime_get_ns();
	struct off o = { .since = now, .tgid = tgid, .syscall = NO_SYSCALL, .flags = RUNNABLE };
	__u32 yes = 1;

	if (!opened(now))
		return 0;
	if (!all && from != tgid && bpf_map_lookup_elem(&targets, &from) && bpf_map_update_elem(&targets, &tgid, &yes, BPF_ANY))
		count(TARGETS_FULL);
	if (!is_wanted(typed, child, tgid))
		return 0;
	/* The number may have belonged to a thread that ended in the window. */
	if (thread_of(typed, child, tid, tgid, now, 0) && bpf_map_update_elem(&off, &tid, &o, BPF_ANY))
		count(OFF_FULL);
	return 0;
}

SEC("tp_btf/sched_switch")
int switch_typed(__u64 *ctx)
{
	return on_switch(true, ctx, ctx[0], (void *)ctx[1], (void *)ctx[2]);
}

SEC("tp_btf/sched_waking")
int waking_typed(__u64 *ctx)
{
	return on_waking(true, ctx, (void *)ctx[0]);
}

SEC("tp_btf/sched_process_fork")
int fork_typed(__u64 *ctx)
{
	return on_fork(true, (void *)ctx[0], (void *)ctx[1]);
}

SEC("raw_tp/sched_switch")
int switch_raw(__u64 *ctx)
{
	return on_switch(false, ctx, ctx[0], (void *)ctx[1], (void *)ctx[2]);
}

SEC("raw_tp/sched_waking")
int waking_raw(__u64 *ctx)
{
	return on_waking(false, ctx, (void *)ctx[0]);
}

SEC("raw_tp/sched_process_fork")
int fork_raw(__u64 *ctx)
{
	return on_fork(false, (void *)ctx[0], (void *)ctx[1]);
}

/* What is off the CPU, or on it, when the window begins. */
SEC("iter/task")
int at_start(struct bpf_iter__task *ctx)
{
	struct task_struct *p = ctx->task;
	__u64 now = bpf_ktime_get_ns();
	struct window *w = opened(now);
	struct off o = { .syscall = NO_SYSCALL, .flags = SINCE_START };
	__u32 which = ITERATOR_SCRATCH, tid, state;
	struct scratch *mine;
	void *regs;

	if (!p || !w)
		return 0;
	tid = p->pid;
	o.tgid = p->tgid;
	if (!tid || !is_wanted(true, p, o.tgid) || bpf_map_lookup_elem(&threads, &tid))
		return 0;
	state = state_of(true, p);
	if (state & TASK_DEAD)
		return 0;
	/* What is switched meanwhile has an entry by then, and keeps it. */
	if (is_running(p)) {
		thread_of(true, p, tid, o.tgid, w->start, ON_SOME_CPU);
		return 0;
	}
	o.since = w->start;
	o.state = state & STATE_BITS;
	if (!state)
		o.flags |= RUNNABLE;
	else if (BPF_CORE_READ_BITFIELD_PROBED(p, in_iowait))
		o.flags |= IO_WAIT;
	mine = bpf_map_lookup_elem(&scratch, &which);
	if (mine)
		o.kstack = keep_stack(&mine->s, which, bpf_get_task_stack(p, mine->s.ips, sizeof(mine->s.ips), 0), NULL);
	if (!(p->flags & PF_KTHREAD)) {
		regs = regs_of(true, p);
		o.syscall = syscall_of(regs);
		if (copy_bytes)
			o.sp = sp_of(regs);
	}
	if (!bpf_map_update_elem(&off, &tid, &o, BPF_NOEXIST)) {
		struct thread *t = thread_of(true, p, tid, o.tgid, w->start, 0);

		if (t)
			bpf_probe_read_kernel_str(t->comm, TASK_COMM_LEN, &p->comm);
		if (o.sp) {
			struct place at = { .sp = o.sp, .tid = tid };

			copy_user(regs, &at, o.tgid, now, false, true);
		}
	}
	return 0;
}
