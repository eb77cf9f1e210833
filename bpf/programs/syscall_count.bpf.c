/*
 * System calls of every process: how many, how many failed with which error, how long they took.
 *
 * Why not generated from a recipe: a recipe's pair is ended by its end, and its start that finds none is thrown away. Here a
 * thread keeps one entry as long as it lives, which is two lookups a call where a pair takes an insertion and a deletion;
 * a call that a seccomp filter answers has an end and no start; a child's first return is an end of its parent's call; a
 * thread that calls exec takes over the number of another; and which processes are followed is learnt from forks.
 */
#include "core.bpf.h"
#include "analyzer.bpf.h"
#include "buckets.bpf.h"

LICENSE_GPL;

#define TASK_COMM_LEN 16

/* Not `only_pid` but the processes of `targets`, and those that they make from now on, and theirs. */
const volatile bool follow = false;
/* With `follow`: a target counts from its next exec on, which is this call. 0: from now on. */
const volatile __u32 execve_nr = 0;
/* Keeps durations, for quantiles. */
const volatile bool distributions = true;

/* arch/x86/include/asm/thread_info.h; arch/arm64/include/asm/thread_info.h; __X32_SYSCALL_BIT */
enum { TS_COMPAT = 2, TIF_32BIT = 22, X32_BIT = 0x40000000 };
/* Which table a call's number belongs to. */
enum { ABI_NATIVE, ABI_32_BIT, ABI_X32 };
/*
 * thread.state. FRESH: it has never run, and returns from its parent's call first. FOUND: it is not known whether it is in
 * a call.
 */
enum { IDLE, IN_CALL, FRESH, FOUND };
enum { MAX_ERRNO = 4095 };

struct thread_info___status {
	__u32 status;
} KERNEL;
struct thread_info {
	unsigned long flags;
} KERNEL;
struct task_struct {
	struct thread_info thread_info;
	int pid;
	int tgid;
	struct task_struct *group_leader;
	char comm[TASK_COMM_LEN];
} KERNEL;
struct pt_regs___x86 {
	unsigned long orig_ax;
} KERNEL;
struct pt_regs___arm64 {
	__s32 syscallno;
} KERNEL;

static struct task_struct *(*const current_task)(void) = (void *)158; /* bpf_get_current_task_btf, since 5.11 */

/* What a thread is doing. Its own programs write it, and its parent's before it runs. */
struct thread {
	__u64 since;
	/* Of `programs`; 0 is not known yet. */
	__u64 program;
	__s32 nr;
	__u16 abi;
	__u16 state;
};

/* One process between two execs. */
struct program {
	__u32 pid;
	char comm[TASK_COMM_LEN];
};

struct call_key {
	__u64 program;
	__s32 nr;
	__u16 abi;
	/* Each CPU has entries of its own, so that nothing has to be atomic; the reader puts them together. */
	__u16 cpu;
};

struct call {
	__u64 calls;
	__u64 errors;
	__u64 total_ns;
	__u64 max_ns;
	/* Part of `calls` that never began: a seccomp filter answered. They have no time. */
	__u64 denied;
};

struct part_key {
	__u64 program;
	__s32 nr;
	__u32 abi;
	/* An error number, or a bucket of durations. */
	__u32 which;
	__u32 pad;
};

struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, 16384);
	__type(key, __u32);
	__type(value, struct thread);
} threads SEC(".maps");

/* With `follow`: processes in Sonde's own pid namespace. */
struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, 16384);
	__type(key, __u32);
	__type(value, __u32);
} targets SEC(".maps");

/* What each process runs now: the key of `programs`. */
struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, 16384);
	__type(key, __u32);
	__type(value, __u64);
} processes SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, 16384);
	__type(key, __u64);
	__type(value, struct program);
} programs SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, 16384);
	__type(key, struct call_key);
	__type(value, struct call);
} calls SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, 16384);
	__type(key, struct part_key);
	__type(value, __u64);
} errors SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, 65536);
	__type(key, struct part_key);
	__type(value, __u64);
} buckets SEC(".maps");

enum { THREADS_FULL, PROGRAMS_FULL, CALLS_FULL, ERRORS_FULL, BUCKETS_FULL, UNMATCHED_ENDS, N_COUNTERS };
COUNTERS(N_COUNTERS);

/* `typed` is a constant in each program: the type information of tp_btf allows plain loads, raw_tp takes a helper. */
#define READ(typed, p, member) ((typed) ? (p)->member : BPF_CORE_READ(p, member))

static __always_inline struct task_struct *self(bool typed)
{
	return typed ? current_task() : (struct task_struct *)bpf_get_current_task();
}

/* Whether the current call is one of the 32-bit table: also of a 64-bit program that uses `int 0x80`. */
static __always_inline bool is_32_bit(bool typed, struct task_struct *p)
{
	struct thread_info___status *x86 = (void *)&p->thread_info;

	if (bpf_core_field_exists(x86->status)) {
		__u32 status = 0;

		bpf_core_read(&status, sizeof(status), &x86->status);
		return status & TS_COMPAT;
	}
	return READ(typed, p, thread_info.flags) >> TIF_32BIT & 1;
}

static __always_inline void set_call(bool typed, struct thread *t, long nr)
{
	t->nr = nr;
	t->abi = ABI_NATIVE;
	if (is_32_bit(typed, self(typed))) {
		t->abi = ABI_32_BIT;
	} else if (nr > 0 && nr & X32_BIT && bpf_core_field_exists(((struct pt_regs___x86 *)0)->orig_ax)) {
		t->abi = ABI_X32;
		t->nr = nr & ~X32_BIT;
	}
}

/* The program that the current process runs; the first thread that asks makes it. 0 when there is no room. */
static __always_inline __u64 current_program(bool typed)
{
	struct task_struct *p = self(typed), *leader;
	__u32 tgid = bpf_get_current_pid_tgid() >> 32, tid;
	__u64 id, *known = bpf_map_lookup_elem(&processes, &tgid);
	struct program fresh = {};

	if (known)
		return *known;
	current_ids(&fresh.pid, &tid);
	leader = READ(typed, p, group_leader);
	bpf_probe_read_kernel_str(fresh.comm, TASK_COMM_LEN, &leader->comm);
	/* Unique: a CPU makes no two in one nanosecond. Numbers of processes are used again. */
	id = bpf_ktime_get_ns() << 8 | (bpf_get_smp_processor_id() & 0xff);
	if (bpf_map_update_elem(&programs, &id, &fresh, BPF_NOEXIST)) {
		count(PROGRAMS_FULL);
		return 0;
	}
	/* Without room it is asked again at each call: the reader adds up what has one number and name. */
	bpf_map_update_elem(&processes, &tgid, &id, BPF_NOEXIST);
	known = bpf_map_lookup_elem(&processes, &tgid);
	return known ? *known : id;
}

static __always_inline bool is_target(void)
{
	__u32 pid, tid;

	return current_ids(&pid, &tid) && bpf_map_lookup_elem(&targets, &pid);
}

/* The current thread's entry, made when it is wanted; NULL when it is not, or when there is no room. */
static __always_inline struct thread *current_thread(void)
{
	/* So that a return that comes first, of a call from before the window, is not taken for one that was denied. */
	struct thread *t, found = { .state = FOUND };
	__u32 tid = bpf_get_current_pid_tgid(), pid, own_tid;

	/* A followed process is known by its threads' entries alone. */
	if (!follow && !wanted_current(&pid, &own_tid))
		return NULL;
	t = bpf_map_lookup_elem(&threads, &tid);
	if (t)
		return t;
	if (follow && (execve_nr || !is_target()))
		return NULL;
	if (bpf_map_update_elem(&threads, &tid, &found, BPF_ANY)) {
		count(THREADS_FULL);
		return NULL;
	}
	return bpf_map_lookup_elem(&threads, &tid);
}

static __always_inline int on_enter(bool typed, long nr)
{
	struct thread *t = current_thread();

	if (!t)
		return 0;
	if (!t->program)
		t->program = current_program(typed);
	set_call(typed, t, nr);
	t->state = IN_CALL;
	t->since = bpf_ktime_get_ns();
	return 0;
}

static __always_inline void count_part(void *map, const struct thread *t, __u32 which, __u32 full)
{
	struct part_key key = { .program = t->program, .nr = t->nr, .abi = t->abi, .which = which };
	__u64 *n = bpf_map_lookup_elem(map, &key), none = 0;

	if (!n) {
		bpf_map_update_elem(map, &key, &none, BPF_NOEXIST);
		n = bpf_map_lookup_elem(map, &key);
		if (!n) {
			count(full);
			return;
		}
	}
	__sync_fetch_and_add(n, 1);
}

static __always_inline void count_call(const struct thread *t, long ret, __u64 ns, bool denied)
{
	struct call_key key = {
		.program = t->program, .nr = t->nr, .abi = t->abi, .cpu = bpf_get_smp_processor_id()
	};
	struct call *c;

	if (!t->program)
		return; /* counted as PROGRAMS_FULL */
	c = bpf_map_lookup_elem(&calls, &key);
	if (!c) {
		struct call fresh = {};

		bpf_map_update_elem(&calls, &key, &fresh, BPF_NOEXIST);
		c = bpf_map_lookup_elem(&calls, &key);
		if (!c) {
			count(CALLS_FULL);
			return;
		}
	}
	c->calls++;
	c->total_ns += ns;
	if (ns > c->max_ns)
		c->max_ns = ns;
	if (denied)
		c->denied++;
	else if (distributions)
		count_part(&buckets, t, bucket_of(ns), BUCKETS_FULL);
	if (ret < 0 && ret >= -MAX_ERRNO) {
		c->errors++;
		count_part(&errors, t, -ret, ERRORS_FULL);
	}
}

/* The number of the call that returns, as its registers have it. -1 when it is none. */
static __always_inline long returning_call(struct pt_regs *regs)
{
	struct pt_regs___x86 *x86 = (void *)regs;
	struct pt_regs___arm64 *arm = (void *)regs;

	if (bpf_core_field_exists(x86->orig_ax))
		return BPF_CORE_READ(x86, orig_ax);
	if (bpf_core_field_exists(arm->syscallno))
		return BPF_CORE_READ(arm, syscallno);
	return -1;
}

static __always_inline int on_exit(bool typed, struct pt_regs *regs, long ret)
{
	__u64 now = bpf_ktime_get_ns();
	struct thread *t = current_thread();
	__u32 state;

	if (!t)
		return 0;
	state = t->state;
	t->state = IDLE;
	if (state == IN_CALL) {
		/* A program that was just started has no number yet: exec has ended what it ran before. */
		if (!t->program)
			t->program = current_program(typed);
		count_call(t, ret, now - t->since, false);
	} else if (state == FOUND) {
		count(UNMATCHED_ENDS);
	} else if (state == IDLE) {
		/* Filters and tracers answer before the tracepoint of the entry (kernel/entry: syscall_trace_enter). */
		long nr = returning_call(regs);

		if (nr < 0)
			return 0;
		if (!t->program)
			t->program = current_program(typed);
		set_call(typed, t, nr);
		count_call(t, ret, 0, true);
	}
	return 0;
}

static __always_inline int on_fork(bool typed, struct task_struct *parent, struct task_struct *child)
{
	__u32 tid = READ(typed, child, pid), pid, own_tid;
	__u32 parent_tid = READ(typed, parent, pid);
	bool is_thread = READ(typed, child, tgid) == READ(typed, parent, tgid);
	struct thread fresh = { .state = FRESH }, *t = bpf_map_lookup_elem(&threads, &parent_tid);

	if (!t && (follow ? execve_nr || !is_target() : !wanted_current(&pid, &own_tid)))
		return 0;
	if (only_pid && !is_thread)
		return 0;
	if (t && is_thread)
		fresh.program = t->program;
	if (bpf_map_update_elem(&threads, &tid, &fresh, BPF_ANY))
		count(THREADS_FULL);
	return 0;
}

/* `task` runs something else from now on. A thread that was not the first of its process has got the first one's number. */
static __always_inline int on_exec(bool typed, struct task_struct *p, __u32 old_tid)
{
	__u32 tid = READ(typed, p, pid);
	struct thread *t = bpf_map_lookup_elem(&threads, &old_tid), moved;

	bpf_map_delete_elem(&processes, &tid);
	if (!t && follow && execve_nr && is_target()) {
		struct thread first = { .since = bpf_ktime_get_ns(), .nr = execve_nr, .state = IN_CALL };

		if (bpf_map_update_elem(&threads, &tid, &first, BPF_ANY))
			count(THREADS_FULL);
	}
	if (!t)
		return 0;
	if (old_tid == tid) {
		t->program = 0;
		return 0;
	}
	moved = *t;
	moved.program = 0;
	bpf_map_delete_elem(&threads, &old_tid);
	if (bpf_map_update_elem(&threads, &tid, &moved, BPF_ANY))
		count(THREADS_FULL);
	return 0;
}

static __always_inline int on_end(bool typed, struct task_struct *p)
{
	__u32 tid = READ(typed, p, pid);

	bpf_map_delete_elem(&threads, &tid);
	if (tid == READ(typed, p, tgid))
		bpf_map_delete_elem(&processes, &tid);
	return 0;
}

#define BOTH(point, name, body_typed, body_raw)                       \
	SEC("tp_btf/" #point) int name##_typed(__u64 *ctx) { return body_typed; } \
	SEC("raw_tp/" #point) int name##_raw(__u64 *ctx) { return body_raw; }

BOTH(sys_enter, enter, on_enter(true, ctx[1]), on_enter(false, ctx[1]))
BOTH(sys_exit, leave, on_exit(true, (void *)ctx[0], ctx[1]), on_exit(false, (void *)ctx[0], ctx[1]))
BOTH(sched_process_fork, fork, on_fork(true, (void *)ctx[0], (void *)ctx[1]),
     on_fork(false, (void *)ctx[0], (void *)ctx[1]))
BOTH(sched_process_exec, exec, on_exec(true, (void *)ctx[0], ctx[1]), on_exec(false, (void *)ctx[0], ctx[1]))
BOTH(sched_process_exit, end, on_end(true, (void *)ctx[0]), on_end(false, (void *)ctx[0]))
