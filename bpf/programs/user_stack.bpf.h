/*
 * Stacks: a chain of frame pointers, kept by a hash of our own so that none is lost to a collision; and of user code also
 * registers with a copy of the stack, taken once for each place and unwound by tables in user space (bpf/user_stacks), for
 * most of it has no frame pointers. Include it behind "core.bpf.h"; an analyzer calls take_place() and take_kernel().
 */
#pragma once

/* sysctl kernel.perf_event_max_stack, as it is everywhere. */
#define FRAMES 127
#define COPY_STEP 512
#define COPY_STEPS 64
#define FINE_STEP 64
#define REGS_BYTES 272

/* Bytes of a copy of the user's stack, a multiple of COPY_STEP up to 32 KiB; 0 is none. */
const volatile __u32 copy_bytes = 0;
/* Of a record in `copies`: its head and copy_bytes. */
const volatile __u32 record_bytes = 320;
/* On each CPU. */
const volatile __u32 copies_per_second = 500;
/* Where the kernel has no bpf_task_pt_regs (before 5.15): the size of a kernel stack, and of the registers at its top. */
const volatile __u32 thread_size = 16384;
const volatile __u32 regs_size = 168;
/* Where the code of the one process that is looked at lies; 0: not known. */
const volatile __u64 code_from = 0;
const volatile __u64 code_to = 0;

/* include/uapi/linux/bpf.h */
enum { BPF_F_USER_STACK = 1 << 8, BPF_RB_NO_WAKEUP = 1 };
enum { PF_KTHREAD = 0x00200000 };
enum { COPIED = 1, WANTED };

struct mm_struct {
	unsigned long start_code;
	unsigned long end_code;
	unsigned long mmap_base;
} KERNEL;

/* Of task_struct what stacks take; its user declares the rest under another suffix or this name. */
struct task_struct___stack {
	unsigned int flags;
	void *stack;
	struct mm_struct *mm;
} KERNEL;
struct pt_regs___x86 {
	unsigned long ip;
	unsigned long sp;
	unsigned long cs;
	unsigned long orig_ax;
} KERNEL;
struct pt_regs___arm64 {
	__u64 regs[31];
	__u64 sp;
	__u64 pc;
	__u64 pstate;
	__s32 syscallno;
} KERNEL;

enum bpf_func_id___has {
	BPF_FUNC_task_pt_regs___has = 175,
};
#define HAS_TASK_PT_REGS bpf_core_enum_value_exists(enum bpf_func_id___has, BPF_FUNC_task_pt_regs___has)
/* Its declaration in libbpf's header names a type that is not here. */
static void *(*const task_pt_regs)(void *task) = (void *)175;
static void *(*const current_task)(void) = (void *)158; /* bpf_get_current_task_btf */

/* A chain of return addresses, leaf first. */
struct stack {
	__u64 n;
	__u64 ips[FRAMES];
};

/* Where in user code a thread was: by that a copy is found again. All zero: nowhere, it is the kernel's own. */
struct place {
	__u64 sp;
	/* Number of the frame-pointer stack in `stacks`; 0 is none. */
	__u64 chain;
	__u32 tid;
	/* Of return addresses on the stack, so that two callers of one function without frame pointers are two places. */
	__u32 mark;
};

struct copy {
	struct place place;
	__u32 tgid;
	__u32 bytes;
	__u64 ip;
	__u64 pad;
	__u8 regs[REGS_BYTES];
	__u8 stack[];
};

struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, 16384);
	__type(key, __u64);
	__type(value, struct stack);
} stacks SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, 16384);
	__type(key, struct place);
	__type(value, __u32);
} copied SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_RINGBUF);
	__uint(max_entries, 1 << 22);
} copies SEC(".maps");

/*
 * Programs on tracepoints are interrupted by others, and those on user code can lose the CPU to another thread that runs
 * the same one: each takes a place that nobody holds.
 */
#define SCRATCHES 4
struct scratch {
	__u64 held;
	/* A stack can also begin here, so that a frame is put in behind the first without moving the others. */
	__u64 room;
	struct stack s;
};
struct {
	__uint(type, BPF_MAP_TYPE_PERCPU_ARRAY);
	__uint(max_entries, SCRATCHES);
	__type(key, __u32);
	__type(value, struct scratch);
} scratch SEC(".maps");

struct allowance {
	__u64 second;
	__u64 used;
};
struct {
	__uint(type, BPF_MAP_TYPE_PERCPU_ARRAY);
	__uint(max_entries, 1);
	__type(key, __u32);
	__type(value, struct allowance);
} allowances SEC(".maps");

/* Their order is that of user_copies.ts. */
enum { STACKS_FULL, COPIES_FULL, COPIES_HELD, CUT_STACKS, SCRATCH_HELD, N_STACK_COUNTERS };
struct {
	__uint(type, BPF_MAP_TYPE_PERCPU_ARRAY);
	__uint(max_entries, N_STACK_COUNTERS);
	__type(key, __u32);
	__type(value, __u64);
} stack_counters SEC(".maps");

static __always_inline void count_stack(__u32 which)
{
	__u64 *n = bpf_map_lookup_elem(&stack_counters, &which);

	if (n)
		(*n)++;
}

/*
 * Takes a place of `scratch` that nobody holds on this CPU; NULL: there is none. Between looking and taking another could
 * come: then a chain is mixed of two, which a copy's unwound stack does not depend on.
 */
static __always_inline struct scratch *hold_scratch(__u32 *which)
{
#pragma unroll
	for (int i = 0; i < SCRATCHES; i++) {
		__u32 at = i;
		struct scratch *mine = bpf_map_lookup_elem(&scratch, &at);

		if (mine && !mine->held) {
			mine->held = 1;
			*which = at;
			return mine;
		}
	}
	count_stack(SCRATCH_HELD);
	return NULL;
}

static __always_inline void free_scratch(struct scratch *mine)
{
	mine->held = 0;
}

/* Not inline, not static: the verifier looks at the loop once. */
__noinline __u64 hash_scratch(__u32 which, __u32 words, bool from_room)
{
	struct scratch *mine = bpf_map_lookup_elem(&scratch, &which);
	__u64 h = 0x9e3779b97f4a7c15ULL;

	if (!mine)
		return 0;
	for (__u32 i = 0; i < FRAMES && i < words; i++) {
		h = (h ^ (from_room ? (&mine->s.n)[i] : mine->s.ips[i])) * 0xff51afd7ed558ccdULL;
		h ^= h >> 32;
	}
	return h ? h : 1;
}

/* Keeps the first `words` of `s`, which lies in that place of `scratch`. Answers its number, 0 for none. */
static __always_inline __u64 keep_words(struct stack *s, __u32 which, __u32 words, bool from_room)
{
	__u64 id = hash_scratch(which, words, from_room);

	if (bpf_map_lookup_elem(&stacks, &id))
		return id;
	s->n = words;
	if (bpf_map_update_elem(&stacks, &id, s, BPF_ANY)) {
		count_stack(STACKS_FULL);
		return 0;
	}
	return id;
}

static __always_inline __u32 words_of(long bytes)
{
	__u32 words = bytes > 0 ? (__u32)bytes / 8 : 0;

	if (words >= FRAMES)
		count_stack(CUT_STACKS);
	return words;
}

/* The kernel's stack, kept. Answers its number, 0 for none. */
static __always_inline __u64 take_kernel(void *ctx)
{
	__u32 which;
	struct scratch *mine = hold_scratch(&which);
	__u64 id = 0;
	__u32 words;

	if (!mine)
		return 0;
	words = words_of(bpf_get_stack(ctx, mine->s.ips, sizeof(mine->s.ips), 0));
	if (words)
		id = keep_words(&mine->s, which, words, false);
	free_scratch(mine);
	return id;
}

/* The user's registers of a task. `typed` is a constant in each program: of tp_btf, whose pointers the verifier knows. */
static __always_inline void *regs_of(bool typed, void *task)
{
	if (typed && HAS_TASK_PT_REGS)
		return task_pt_regs(task);
	return BPF_CORE_READ((struct task_struct___stack *)task, stack) + thread_size - regs_size;
}

/* Those of the current task. */
static __always_inline void *current_regs(bool typed)
{
	if (typed && HAS_TASK_PT_REGS)
		return task_pt_regs(current_task());
	return regs_of(false, (void *)bpf_get_current_task());
}

static __always_inline __u64 sp_of(void *regs)
{
	struct pt_regs___x86 *x86 = regs;
	struct pt_regs___arm64 *arm = regs;

	return bpf_core_field_exists(x86->ip) ? BPF_CORE_READ(x86, sp) : BPF_CORE_READ(arm, sp);
}

static __always_inline __u64 ip_of(void *regs)
{
	struct pt_regs___x86 *x86 = regs;
	struct pt_regs___arm64 *arm = regs;

	return bpf_core_field_exists(x86->ip) ? BPF_CORE_READ(x86, ip) : BPF_CORE_READ(arm, pc);
}

/* At the first instruction of a function: where it returns to. */
static __always_inline __u64 return_of(void *regs, __u64 sp)
{
	struct pt_regs___x86 *x86 = regs;
	struct pt_regs___arm64 *arm = regs;
	__u64 to = 0;

	if (!bpf_core_field_exists(x86->ip))
		return BPF_CORE_READ(arm, regs[30]);
	bpf_probe_read_user(&to, sizeof(to), (void *)sp);
	return to;
}

static __always_inline bool may_copy(__u64 now, __u32 limit)
{
	__u32 first = 0;
	struct allowance *a = bpf_map_lookup_elem(&allowances, &first);
	__u64 second = now >> 30;

	if (!a)
		return false;
	if (a->second != second) {
		a->second = second;
		a->used = 0;
	}
	return a->used++ < limit;
}

/*
 * Reads as much of the current thread's stack as is there: what is not in memory cannot be read here. Not inline, not
 * static: looked at once. Answers bytes.
 */
static __noinline __u32 read_stack(struct copy *c, __u64 sp)
{
	__u32 at = 0, fine;

	for (int i = 0; i < COPY_STEPS; i++) {
		at = i * COPY_STEP;
		if (at + COPY_STEP > copy_bytes)
			return at;
		if (bpf_probe_read_user(c->stack + at, COPY_STEP, (void *)(sp + at)))
			break;
	}
	for (int i = 0; i < COPY_STEP / FINE_STEP - 1; i++) {
		fine = at + i * FINE_STEP;
		if (fine + FINE_STEP > copy_bytes)
			return fine;
		if (bpf_probe_read_user(c->stack + fine, FINE_STEP, (void *)(sp + fine)))
			return fine;
	}
	return at;
}

/*
 * Copies registers, and of the current thread the stack, once for each place.
 *
 * @param blocks the thread cannot go on: more of these are copied than of those that lose the CPU, which may be anywhere
 */
static __always_inline void copy_user(void *regs, const struct place *at, __u32 tgid, __u64 now, bool current, bool blocks)
{
	__u32 *known = bpf_map_lookup_elem(&copied, at);
	__u32 done = COPIED, limit;
	struct copy *c;

	if (known && *known == COPIED)
		return;
	/* Where it is known that a thread waits long there is ten times the allowance. */
	limit = known ? copies_per_second * 10 : blocks ? copies_per_second : copies_per_second / 5;
	if (current && !may_copy(now, limit)) {
		if (blocks)
			count_stack(COPIES_HELD);
		return;
	}
	/* The stack of another thread cannot be read here: user space does that. */
	c = current ? bpf_ringbuf_reserve(&copies, record_bytes, 0) : bpf_ringbuf_reserve(&copies, sizeof(*c), 0);
	if (!c) {
		count_stack(COPIES_FULL);
		return;
	}
	c->place = *at;
	c->tgid = tgid;
	c->ip = ip_of(regs);
	c->pad = 0;
	/* A whole frame: what lies behind smaller ones is the kernel's stack still, or cannot be read. */
	if (bpf_probe_read_kernel(c->regs, regs_size & 511, regs)) {
		bpf_ringbuf_discard(c, 0);
		return;
	}
	c->bytes = current ? read_stack(c, at->sp) : 0;
	/* We look every 100 ms. */
	bpf_ringbuf_submit(c, BPF_RB_NO_WAKEUP);
	bpf_map_update_elem(&copied, at, &done, BPF_ANY);
}

/* A copy of this place is worth ten times the allowance. */
static __always_inline void want_copy(const struct place *at)
{
	__u32 wanted = WANTED;

	bpf_map_update_elem(&copied, at, &wanted, BPF_NOEXIST);
}

#define MARK_WORDS 120
/* How far below mmap_base libraries are looked for where it is not known where they lie. */
#define LIBRARIES (64ULL << 20)

/* Hashes what looks like a return address among the first words of `scratch`. Not inline, not static: likewise. */
__noinline __u32 mark_scratch(__u32 which, __u32 words, __u64 from, __u64 to)
{
	struct task_struct___stack *task = (void *)bpf_get_current_task();
	struct scratch *mine = bpf_map_lookup_elem(&scratch, &which);
	struct mm_struct *mm = BPF_CORE_READ(task, mm);
	__u64 h = 0x9e3779b97f4a7c15ULL, program, program_end;

	if (!mine)
		return 0;
	program = BPF_CORE_READ(mm, start_code);
	program_end = BPF_CORE_READ(mm, end_code);
	if (!to) {
		to = BPF_CORE_READ(mm, mmap_base);
		from = to - LIBRARIES;
	}
	for (__u32 i = 0; i < MARK_WORDS && i < words; i++) {
		__u64 v = mine->s.ips[i];

		if ((v >= from && v < to) || (v >= program && v < program_end)) {
			h = (h ^ v) * 0xff51afd7ed558ccdULL;
			h ^= h >> 32;
		}
	}
	return h >> 16;
}

/* Of what lies on the stack: it tells places apart, and need not be right. */
static __always_inline __u32 mark_of(struct scratch *mine, __u32 which, __u64 sp)
{
	__u32 words = MARK_WORDS;

	if (bpf_probe_read_user(mine->s.ips, MARK_WORDS * 8, (void *)sp)) {
		/* The end of the stack is near. */
		words = 16;
		if (bpf_probe_read_user(mine->s.ips, 16 * 8, (void *)sp))
			return 0;
	}
	return mark_scratch(which, words, code_from, code_to);
}

/*
 * Where in user code the current thread is; a copy is made when there is none of this place.
 *
 * @param regs the user's registers: of a uprobe its context, else current_regs(typed)
 * @param entry at the first instruction of a function, where the chain of frame pointers lacks the caller
 * @param tid and tgid, in Sonde's own pid namespace
 */
static __always_inline void take_place(void *ctx, void *regs, bool entry, __u32 tid, __u32 tgid, __u64 now, struct place *at)
{
	__u32 which, words;
	struct scratch *mine = hold_scratch(&which);
	__u64 sp = sp_of(regs);

	at->sp = sp;
	at->chain = 0;
	at->tid = tid;
	at->mark = 0;
	if (mine) {
		__u64 to = entry ? return_of(regs, sp) : 0;

		words = words_of(bpf_get_stack(ctx, mine->s.ips, sizeof(mine->s.ips), BPF_F_USER_STACK));
		/* Since 6.12 the kernel puts it in itself where the function begins with a push. */
		if (words && words < FRAMES && to && mine->s.ips[1] != to) {
			mine->s.n = mine->s.ips[0];
			mine->s.ips[0] = to;
			at->chain = keep_words((struct stack *)&mine->room, which, words + 1, true);
		} else if (words) {
			at->chain = keep_words(&mine->s, which, words, false);
		}
		if (copy_bytes)
			at->mark = mark_of(mine, which, sp);
		free_scratch(mine);
	}
	if (copy_bytes)
		copy_user(regs, at, tgid, now, true, true);
}
