/*
 * Waits in futex(2) and its kin, and wakes, by lock, thread, operation and user stack.
 *
 * Why not generated from a recipe: several system calls with different arguments make one wait; the number of threads that
 * wait at once is state between events; the owner that glibc keeps in a mutex is read at the beginning; and what still waits
 * at the end, or has waited since before, is told too.
 */
#include "core.bpf.h"
#include "analyzer.bpf.h"
#include "buckets.bpf.h"
#include "user_stack.bpf.h"

LICENSE_GPL;

#define TASK_COMM_LEN 16

/* Numbers of the calls that are not the same everywhere. */
const volatile __u32 nr_futex = 202;
const volatile __u32 nr_restart = 219;
/* Of the 32-bit tables of x86 and arm: futex and futex_time64. The newer ones have one number everywhere. */
enum { NR_COMPAT_FUTEX = 240, NR_TIME64_FUTEX = 422 };
enum { NR_WAITV = 449, NR_WAKE = 454, NR_WAIT, NR_REQUEUE };

/* include/uapi/linux/futex.h; from OP_WAITV on our own numbers, for the calls of their own. */
enum op {
	FUTEX_WAIT = 0,
	FUTEX_WAKE = 1,
	FUTEX_REQUEUE = 3,
	FUTEX_CMP_REQUEUE = 4,
	FUTEX_WAKE_OP = 5,
	FUTEX_LOCK_PI = 6,
	FUTEX_UNLOCK_PI = 7,
	FUTEX_WAIT_BITSET = 9,
	FUTEX_WAKE_BITSET = 10,
	FUTEX_WAIT_REQUEUE_PI = 11,
	FUTEX_CMP_REQUEUE_PI = 12,
	FUTEX_LOCK_PI2 = 13,
	OP_WAITV = 64,
	OP_WAIT,
	OP_WAKE,
	OP_REQUEUE,
};
enum { FUTEX_PRIVATE_FLAG = 128, FUTEX_CMD_MASK = ~(128 | 256) };
/* glibc's low-level locks (sysdeps/nptl/lowlevellock.h): taken, and somebody waits. */
enum { LOCK_CONTENDED = 2 };
/* The kernel's own for PI and robust locks (include/uapi/linux/futex.h), and those of musl: who has it is in the word. */
#define FUTEX_WAITERS 0x80000000U
#define FUTEX_TID_MASK 0x3fffffffU
/* pthread_mutex_t of glibc (sysdeps/nptl/bits/struct_mutex.h): __lock, __count, __owner. */
#define OWNER_OFFSET 8

/* include/uapi/asm-generic/errno-base.h, errno.h, include/linux/errno.h */
enum { EINTR = 4, EAGAIN = 11, ETIMEDOUT = 110, ERESTARTSYS = 512, ERESTART_RESTARTBLOCK = 516 };

struct pt_regs___call {
	unsigned long di;
	unsigned long si;
	unsigned long dx;
	unsigned long r10;
	unsigned long r8;
} KERNEL;

struct thread_info___x86 {
	__u32 status;
} KERNEL;
struct thread_info___arm64 {
	unsigned long flags;
	__u64 ttbr0;
	__u64 preempt_count;
} KERNEL;
struct task_struct___x86 {
	struct thread_info___x86 thread_info;
} KERNEL;
struct task_struct___arm64 {
	struct thread_info___arm64 thread_info;
} KERNEL;
/* What restart_syscall(2) goes on with; of a sleep or a poll other values lie there. */
struct restart_block {
	struct {
		__u32 *uaddr;
	} futex;
} KERNEL;
struct task_struct___restart {
	struct restart_block restart_block;
} KERNEL;
/* arch/x86/include/asm/thread_info.h TS_COMPAT; arch/arm64/include/asm/thread_info.h TIF_32BIT */
enum { TS_COMPAT = 2, TIF_32BIT = 22 };

/* include/uapi/linux/futex.h, struct futex_waitv */
struct waiter {
	__u64 val;
	__u64 uaddr;
	__u32 flags;
	__u32 reserved;
};

/* A call that a thread is in. User space writes those that were there before: seed_calls of the wrapper. */
struct call {
	__u64 since;
	__u64 uaddr;
	/* Of waitv: its waiters in user memory. */
	__u64 waiters;
	/* Of a wait, with its thread. */
	struct place place;
	__u32 owner;
	/* How many it may wake. */
	__u32 nr_wake;
	__u8 op;
	__u8 shared;
	/* It is in locks.now. */
	__u8 counted;
	__u8 before;
	__u32 pid;
};

struct sum_key {
	__u64 uaddr;
	struct place place;
	__u32 pid;
	__u8 op;
	__u8 shared;
	__u16 pad;
};

/* Of one thread, which is in one call at a time: nothing has to be atomic. */
struct sum {
	__u64 calls;
	/* Waits that a wake ended; of wakes: threads that were woken. */
	__u64 woken;
	__u64 timeouts;
	/* The value was another one already: it did not sleep. Of wakes: nobody waited. */
	__u64 missed;
	__u64 interrupted;
	__u64 errors;
	/* Of wakes: threads that wait on at another address. */
	__u64 requeued;
	__u64 wait_ns;
	__u64 max_ns;
	char comm[TASK_COMM_LEN];
};

struct lock_key {
	__u64 uaddr;
	__u32 pid;
	/* Of a holder: its number. Of a bucket: its number. Of a lock: 0. */
	__u32 what;
};

struct lock {
	__s32 now;
	__s32 most;
};

struct holder {
	__u64 waits;
	__u64 wait_ns;
};

struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, 16384);
	__type(key, __u32);
	__type(value, struct call);
} calls SEC(".maps");

/*
 * Waits with a timeout that a signal interrupted: restart_syscall(2) goes on with them, but for those whose signal had a
 * handler: they fail with EINTR, of which the kernel does not tell. The thread's next call or its end takes those away.
 */
struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, 16384);
	__type(key, __u32);
	__type(value, struct call);
} paused SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, 16384);
	__type(key, struct sum_key);
	__type(value, struct sum);
} sums SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, 16384);
	__type(key, struct lock_key);
	__type(value, struct lock);
} locks SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, 16384);
	__type(key, struct lock_key);
	__type(value, struct holder);
} holders SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, 65536);
	__type(key, struct lock_key);
	__type(value, __u64);
} buckets SEC(".maps");

enum { CALLS_FULL, SUMS_FULL, LOCKS_FULL, HOLDERS_FULL, BUCKETS_FULL, COMPAT_CALLS, N_COUNTERS };
COUNTERS(N_COUNTERS);

/* Argument 0 to 4 of a system call. */
static __always_inline __u64 argument(void *regs, int i)
{
	struct pt_regs___call *x86 = regs;
	struct pt_regs___arm64 *arm = regs;

	if (!bpf_core_field_exists(x86->r10))
		return BPF_CORE_READ(arm, regs[i]);
	switch (i) {
	case 0:
		return BPF_CORE_READ(x86, di);
	case 1:
		return BPF_CORE_READ(x86, si);
	case 2:
		return BPF_CORE_READ(x86, dx);
	case 3:
		return BPF_CORE_READ(x86, r10);
	default:
		return BPF_CORE_READ(x86, r8);
	}
}

/* Whether the current system call is of the 32-bit table, which has other numbers. */
static __always_inline bool is_compat(void)
{
	struct task_struct___x86 *x86 = (void *)bpf_get_current_task();
	struct task_struct___arm64 *arm = (void *)x86;

	if (bpf_core_field_exists(x86->thread_info.status))
		return BPF_CORE_READ(x86, thread_info.status) & TS_COMPAT;
	if (bpf_core_field_exists(arm->thread_info.ttbr0))
		return BPF_CORE_READ(arm, thread_info.flags) >> TIF_32BIT & 1;
	return false;
}

static __always_inline bool is_futex(__u32 nr)
{
	return nr == nr_futex || nr == NR_WAITV || nr - NR_WAKE <= NR_REQUEUE - NR_WAKE;
}

/* The system call that ends. */
static __always_inline __u32 number_of(void *regs)
{
	struct pt_regs___x86 *x86 = regs;
	struct pt_regs___arm64 *arm = regs;

	return bpf_core_field_exists(x86->orig_ax) ? (__u32)BPF_CORE_READ(x86, orig_ax) : (__u32)BPF_CORE_READ(arm, syscallno);
}

static __always_inline bool is_wait(__u8 op)
{
	return op == FUTEX_WAIT || op == FUTEX_WAIT_BITSET || op == FUTEX_LOCK_PI || op == FUTEX_LOCK_PI2 ||
	       op == FUTEX_WAIT_REQUEUE_PI || op == OP_WAITV || op == OP_WAIT;
}

static __always_inline bool is_wake(__u8 op)
{
	return op == FUTEX_WAKE || op == FUTEX_WAKE_BITSET || op == FUTEX_WAKE_OP || op == FUTEX_REQUEUE ||
	       op == FUTEX_CMP_REQUEUE || op == FUTEX_CMP_REQUEUE_PI || op == FUTEX_UNLOCK_PI || op == OP_WAKE ||
	       op == OP_REQUEUE;
}

/* One more thread waits at an address, or one less. */
static __always_inline bool count_waiter(struct call *c, __s32 by)
{
	struct lock_key key = { .uaddr = c->uaddr, .pid = c->pid };
	struct lock *l = bpf_map_lookup_elem(&locks, &key);

	if (!l) {
		struct lock fresh = {};

		bpf_map_update_elem(&locks, &key, &fresh, BPF_NOEXIST);
		l = bpf_map_lookup_elem(&locks, &key);
		if (!l) {
			count(LOCKS_FULL);
			return false;
		}
	}
	__sync_fetch_and_add(&l->now, by);
	if (l->now > l->most)
		l->most = l->now;
	return true;
}

/*
 * Who has the lock that is waited for, as far as its word or what lies behind it tells; else 0. A hint: but for PI locks
 * programs may keep anything there. The wrapper looks whether it is a thread of the process.
 */
static __always_inline __u32 owner_of(struct call *c, __u32 expected)
{
	bool pi = c->op == FUTEX_LOCK_PI || c->op == FUTEX_LOCK_PI2;
	__u32 word = 0;

	if (pi || (expected == LOCK_CONTENDED && (c->op == FUTEX_WAIT || c->op == FUTEX_WAIT_BITSET))) {
		if (bpf_probe_read_user(&word, sizeof(word), (void *)(c->uaddr + (pi ? 0 : OWNER_OFFSET))))
			return 0;
		return word & FUTEX_TID_MASK;
	}
	return expected & FUTEX_WAITERS ? expected & FUTEX_TID_MASK : 0;
}

static __always_inline void begin_call(__u64 *ctx, __u32 task, struct call *c, __u32 expected)
{
	if (is_wait(c->op)) {
		take_place(ctx, (void *)ctx[0], false, c->place.tid, c->pid, bpf_ktime_get_ns(), &c->place);
		c->owner = owner_of(c, expected);
		c->counted = count_waiter(c, 1);
	}
	c->since = bpf_ktime_get_ns();
	if (bpf_map_update_elem(&calls, &task, c, BPF_ANY)) {
		count(CALLS_FULL);
		if (c->counted)
			count_waiter(c, -1);
	}
}

static __always_inline void resume(__u64 *ctx, __u32 task)
{
	struct task_struct___restart *current = (void *)bpf_get_current_task();
	struct call *known = bpf_map_lookup_elem(&paused, &task), c;

	if (!known)
		return;
	c = *known;
	bpf_map_delete_elem(&paused, &task);
	/* The wait was given up, and a sleep goes on. */
	if ((__u64)BPF_CORE_READ(current, restart_block.futex.uaddr) != c.uaddr)
		return;
	c.before = 0;
	begin_call(ctx, task, &c, 0);
}

SEC("raw_tp/sys_enter")
int enter(__u64 *ctx)
{
	void *regs = (void *)ctx[0];
	__u32 nr = ctx[1], task, first, flags;
	struct call c = {};
	struct waiter w = {};

	if (nr != nr_restart && nr != NR_COMPAT_FUTEX && nr != NR_TIME64_FUTEX && !is_futex(nr))
		return 0;
	if (!wanted_current(&c.pid, &c.place.tid))
		return 0;
	if (is_compat()) {
		if (nr == NR_COMPAT_FUTEX || nr >= NR_TIME64_FUTEX)
			count(COMPAT_CALLS);
		return 0;
	}
	if (nr == NR_COMPAT_FUTEX || nr == NR_TIME64_FUTEX)
		return 0;
	task = bpf_get_current_pid_tgid();
	if (nr == nr_restart) {
		resume(ctx, task);
		return 0;
	}
	bpf_map_delete_elem(&paused, &task);
	c.uaddr = argument(regs, 0);
	switch (nr) {
	case NR_WAITV:
	case NR_REQUEUE:
		c.op = nr == NR_WAITV ? OP_WAITV : OP_REQUEUE;
		c.waiters = c.uaddr;
		c.nr_wake = argument(regs, 2);
		if (bpf_probe_read_user(&w, sizeof(w), (void *)c.uaddr))
			return 0; /* EFAULT, or what is not in memory yet */
		c.uaddr = w.uaddr;
		flags = w.flags;
		first = w.val;
		break;
	case NR_WAIT:
		c.op = OP_WAIT;
		first = argument(regs, 1);
		flags = argument(regs, 3);
		break;
	case NR_WAKE:
		c.op = OP_WAKE;
		first = 0;
		flags = argument(regs, 3);
		break;
	default:
		flags = argument(regs, 1);
		first = argument(regs, 2);
		c.op = flags & FUTEX_CMD_MASK & 63;
		c.nr_wake = first;
	}
	c.shared = !(flags & FUTEX_PRIVATE_FLAG);
	if (is_wait(c.op) || is_wake(c.op))
		begin_call(ctx, task, &c, first);
	return 0;
}

static __always_inline void count_bucket(struct call *c, __u64 ns)
{
	struct lock_key key = { .uaddr = c->uaddr, .pid = c->pid, .what = bucket_of(ns) };
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

static __always_inline void count_holder(struct call *c, __u64 ns)
{
	struct lock_key key = { .uaddr = c->uaddr, .pid = c->pid, .what = c->owner };
	struct holder *h = bpf_map_lookup_elem(&holders, &key);

	if (!h) {
		struct holder fresh = {};

		bpf_map_update_elem(&holders, &key, &fresh, BPF_NOEXIST);
		h = bpf_map_lookup_elem(&holders, &key);
		if (!h) {
			count(HOLDERS_FULL);
			return;
		}
	}
	__sync_fetch_and_add(&h->waits, 1);
	__sync_fetch_and_add(&h->wait_ns, ns);
}

static __always_inline void count_wait(struct sum *s, struct call *c, __s64 ret, __u64 ns)
{
	if (ret == -EAGAIN) {
		s->missed++;
		return;
	}
	if (ret >= 0)
		s->woken++;
	else if (ret == -ETIMEDOUT)
		s->timeouts++;
	else if (ret == -EINTR || (ret <= -ERESTARTSYS && ret >= -ERESTART_RESTARTBLOCK))
		s->interrupted++;
	else {
		s->errors++;
		return;
	}
	s->wait_ns += ns;
	if (ns > s->max_ns)
		s->max_ns = ns;
	count_bucket(c, ns);
	if (c->owner)
		count_holder(c, ns);
}

static __always_inline void count_wake(struct sum *s, struct call *c, __s64 ret)
{
	bool moves = c->op == FUTEX_REQUEUE || c->op == FUTEX_CMP_REQUEUE || c->op == FUTEX_CMP_REQUEUE_PI ||
		     c->op == OP_REQUEUE;

	if (ret == -EAGAIN)
		s->missed++;
	else if (ret < 0)
		s->errors++;
	else if (c->op == FUTEX_UNLOCK_PI)
		s->woken++; /* it is called for that, and answers 0 */
	else if (!ret)
		s->missed++;
	else if (moves && ret > c->nr_wake) {
		/* futex_requeue() of kernel/futex/requeue.c counts both, the woken ones first. */
		s->woken += c->nr_wake;
		s->requeued += ret - c->nr_wake;
	} else
		s->woken += ret;
}

SEC("raw_tp/sys_exit")
int leave(__u64 *ctx)
{
	__u32 task = bpf_get_current_pid_tgid();
	struct call *known = bpf_map_lookup_elem(&calls, &task), c;
	__s64 ret = ctx[1];
	__u32 nr;
	struct sum *s;
	__u64 ns;

	if (!known)
		return 0;
	c = *known;
	bpf_map_delete_elem(&calls, &task);
	ns = bpf_ktime_get_ns() - c.since;
	if (c.counted)
		count_waiter(&c, -1);
	/* One that user space entered had left the call already. */
	nr = number_of((void *)ctx[0]);
	if (!is_futex(nr) && nr != nr_restart)
		return 0;
	if (is_wait(c.op)) {
		if (ret == -ERESTART_RESTARTBLOCK && bpf_map_update_elem(&paused, &task, &c, BPF_ANY))
			count(CALLS_FULL);
		/* Which of several it was that ended the wait. */
		if (c.op == OP_WAITV && ret > 0)
			bpf_probe_read_user(&c.uaddr, sizeof(c.uaddr),
					    (void *)(c.waiters + ret * sizeof(struct waiter) + sizeof(__u64)));
	} else {
		take_place(ctx, (void *)ctx[0], false, c.place.tid, c.pid, bpf_ktime_get_ns(), &c.place);
	}

	struct sum_key key = { .uaddr = c.uaddr, .place = c.place, .pid = c.pid, .op = c.op, .shared = c.shared };

	s = bpf_map_lookup_elem(&sums, &key);
	if (!s) {
		struct sum fresh = {};

		bpf_map_update_elem(&sums, &key, &fresh, BPF_NOEXIST);
		s = bpf_map_lookup_elem(&sums, &key);
		if (!s) {
			count(SUMS_FULL);
			return 0;
		}
	}
	s->calls++;
	bpf_get_current_comm(s->comm, sizeof(s->comm));
	if (is_wait(c.op))
		count_wait(s, &c, ret, ns);
	else
		count_wake(s, &c, ret);
	return 0;
}

/* A thread that was killed in a wait does not go on with it; its number may come again. */
SEC("raw_tp/sched_process_exit")
int thread_ends(__u64 *ctx)
{
	__u32 task = bpf_get_current_pid_tgid();

	bpf_map_delete_elem(&paused, &task);
	return 0;
}
