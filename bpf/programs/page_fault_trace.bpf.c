/*
 * Page faults of every process: minor and major, how long they took, on which stack, and whether a file lies behind the page.
 *
 * Why not generated from a recipe: a fault begins at a tracepoint and ends at a software event of perf, which alone knows of
 * which kind it was; what is mapped at the address takes a walk to the mapping (bpf_find_vma) with a program called back; and
 * user stacks are copied, to be unwound by tables.
 */
#include "core.bpf.h"
#include "analyzer.bpf.h"
#include "buckets.bpf.h"
#include "user_stack.bpf.h"

LICENSE_GPL;

#define TASK_COMM_LEN 16
#define NAME_LEN 64
enum { MINOR, MAJOR };
/* sum_key.backing */
enum { UNKNOWN, ANONYMOUS, A_FILE };

struct dentry {
	struct {
		const unsigned char *name;
	} d_name;
} KERNEL;
struct path {
	struct dentry *dentry;
} KERNEL;
struct super_block {
	__u32 s_dev;
} KERNEL;
struct inode {
	unsigned long i_ino;
	struct super_block *i_sb;
} KERNEL;
struct file {
	struct path f_path;
	struct inode *f_inode;
} KERNEL;
struct vm_area_struct {
	struct file *vm_file;
} KERNEL;
struct task_struct {
	int pid;
	struct task_struct *group_leader;
	char comm[TASK_COMM_LEN];
} KERNEL;
/* Of include/uapi/linux/bpf_perf_event.h; what lies before it is the architecture's own. */
struct bpf_perf_event_data {
	__u64 addr;
} KERNEL;

/* bpf_find_vma, since 5.17 */
static long (*const find_vma)(void *task, __u64 addr, void *callback, void *ctx, __u64 flags) = (void *)180;

/* Faults that a thread is in. One in the kernel may come while one of the user's code is handled. */
struct fault {
	__u64 since;
	__u64 address;
};
struct faults {
	struct fault user;
	struct fault kernel;
};

struct sum_key {
	__u64 inode;
	__u32 dev;
	__u32 pid;
	/* Each CPU has entries of its own, so that nothing has to be atomic; the reader puts them together. */
	__u16 cpu;
	__u8 kind;
	__u8 backing;
	__u32 pad;
};

struct sum {
	__u64 faults;
	/* Part of `faults` whose begin was seen. */
	__u64 timed;
	__u64 total_ns;
	__u64 max_ns;
	/* When the last one ended: the name is the one of then. */
	__u64 last;
	char comm[TASK_COMM_LEN];
};

/* By stack, apart: there may be many more of these than there is room for, and the sums above must not suffer. */
struct place_key {
	struct place place;
	__u64 kstack;
	__u32 pid;
	__u16 cpu;
	__u8 kind;
	__u8 pad;
};

struct place_sum {
	__u64 faults;
	__u64 timed;
	__u64 total_ns;
};

struct bucket_key {
	__u32 pid;
	__u32 bucket;
	__u8 kind;
	__u8 backing;
	__u16 pad;
};

struct file_key {
	__u64 inode;
	__u32 dev;
	__u32 pad;
};

struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, 16384);
	__type(key, __u32);
	__type(value, struct faults);
} threads SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, 16384);
	__type(key, struct sum_key);
	__type(value, struct sum);
} sums SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, 16384);
	__type(key, struct place_key);
	__type(value, struct place_sum);
} places SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, 16384);
	__type(key, struct bucket_key);
	__type(value, __u64);
} buckets SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, 16384);
	__type(key, struct file_key);
	__type(value, char[NAME_LEN]);
} files SEC(".maps");

enum { THREADS_FULL, SUMS_FULL, PLACES_FULL, BUCKETS_FULL, FILES_FULL, N_COUNTERS };
COUNTERS(N_COUNTERS);

/* A thread begins to handle a fault. */
static __always_inline int on_begin(__u64 address, bool user)
{
	__u32 tid = bpf_get_current_pid_tgid(), pid, own_tid;
	struct faults *f, fresh = {};
	struct fault *which;

	if (!tid || !wanted_current(&pid, &own_tid))
		return 0;
	f = bpf_map_lookup_elem(&threads, &tid);
	if (!f) {
		bpf_map_update_elem(&threads, &tid, &fresh, BPF_NOEXIST);
		f = bpf_map_lookup_elem(&threads, &tid);
		if (!f) {
			count(THREADS_FULL);
			return 0;
		}
	}
	which = user ? &f->user : &f->kernel;
	which->address = address;
	which->since = bpf_ktime_get_ns();
	return 0;
}

static __always_inline __u64 time_of(struct fault *f, __u64 address, __u64 now)
{
	__u64 since = f->address == address ? f->since : 0;

	if (!since)
		return 0;
	f->since = 0;
	return now > since ? now - since : 1;
}

/* How long the fault at `address` took, ns. 0 is not known. */
static __always_inline __u64 end_fault(__u64 address, __u64 now)
{
	__u32 tid = bpf_get_current_pid_tgid();
	struct faults *f = bpf_map_lookup_elem(&threads, &tid);
	__u64 ns = f ? time_of(&f->user, address, now) : 0;

	return ns || !f ? ns : time_of(&f->kernel, address, now);
}

/* What lies at the address. */
static long on_vma(struct task_struct *task, struct vm_area_struct *vma, void *data)
{
	struct sum_key *key = data;
	struct file *file = vma->vm_file;
	struct file_key which = {};
	char name[NAME_LEN] = {};
	const unsigned char *text;

	if (!file) {
		key->backing = ANONYMOUS;
		return 0;
	}
	key->backing = A_FILE;
	which.inode = BPF_CORE_READ(file, f_inode, i_ino);
	which.dev = BPF_CORE_READ(file, f_inode, i_sb, s_dev);
	key->inode = which.inode;
	key->dev = which.dev;
	if (bpf_map_lookup_elem(&files, &which))
		return 0;
	text = BPF_CORE_READ(file, f_path.dentry, d_name.name);
	bpf_probe_read_kernel_str(name, sizeof(name), text);
	if (bpf_map_update_elem(&files, &which, name, BPF_ANY))
		count(FILES_FULL);
	return 0;
}

static __always_inline void count_bucket(const struct sum_key *key, __u64 ns)
{
	struct bucket_key b = { .pid = key->pid, .bucket = bucket_of(ns), .kind = key->kind, .backing = key->backing };
	__u64 *n = bpf_map_lookup_elem(&buckets, &b), none = 0;

	if (!n) {
		bpf_map_update_elem(&buckets, &b, &none, BPF_NOEXIST);
		n = bpf_map_lookup_elem(&buckets, &b);
		if (!n) {
			count(BUCKETS_FULL);
			return;
		}
	}
	__sync_fetch_and_add(n, 1);
}

static __always_inline void count_place(void *ctx, void *regs, const struct sum_key *of, __u32 tid, __u64 now, __u64 ns)
{
	struct place_key key = { .pid = of->pid, .cpu = of->cpu, .kind = of->kind };
	struct place_sum *p;

	key.kstack = take_kernel(ctx);
	take_place(ctx, regs, false, tid, of->pid, now, &key.place);
	p = bpf_map_lookup_elem(&places, &key);
	if (!p) {
		struct place_sum fresh = {};

		bpf_map_update_elem(&places, &key, &fresh, BPF_NOEXIST);
		p = bpf_map_lookup_elem(&places, &key);
		if (!p) {
			count(PLACES_FULL);
			return;
		}
	}
	p->faults++;
	p->timed += !!ns;
	p->total_ns += ns;
}

/* A fault has been handled. `full`: what is mapped at the address is asked for, which takes Linux 5.17. */
static __always_inline int on_fault(struct bpf_perf_event_data *ctx, __u8 kind, bool full)
{
	__u64 now = bpf_ktime_get_ns(), address = ctx->addr, ns;
	struct sum_key key = { .kind = kind, .cpu = bpf_get_smp_processor_id() };
	struct task_struct *p, *leader;
	struct sum *s;
	__u32 tid;

	if (!wanted_current(&key.pid, &tid))
		return 0;
	ns = end_fault(address, now);
	/* Fails while the mappings are being changed: the answer stays "unknown". */
	if (full)
		find_vma(current_task(), address, on_vma, &key, 0);
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
	s->faults++;
	s->last = now;
	p = full ? current_task() : (void *)bpf_get_current_task();
	leader = BPF_CORE_READ(p, group_leader);
	bpf_probe_read_kernel_str(s->comm, TASK_COMM_LEN, &leader->comm);
	count_place(ctx, regs_of(full, p), &key, tid, now, ns);
	if (!ns)
		return 0;
	s->timed++;
	s->total_ns += ns;
	if (ns > s->max_ns)
		s->max_ns = ns;
	count_bucket(&key, ns);
	return 0;
}

/* Attached by hand to the events PERF_COUNT_SW_PAGE_FAULTS_MIN and _MAJ of each CPU. */
SEC("perf_event") int minor_full(struct bpf_perf_event_data *ctx) { return on_fault(ctx, MINOR, true); }
SEC("perf_event") int major_full(struct bpf_perf_event_data *ctx) { return on_fault(ctx, MAJOR, true); }
SEC("perf_event") int minor_plain(struct bpf_perf_event_data *ctx) { return on_fault(ctx, MINOR, false); }
SEC("perf_event") int major_plain(struct bpf_perf_event_data *ctx) { return on_fault(ctx, MAJOR, false); }

/* Only some architectures have these two (x86, riscv): without them there are no times. */
SEC("raw_tp/page_fault_user") int begin_user(__u64 *ctx) { return on_begin(ctx[0], true); }
SEC("raw_tp/page_fault_kernel") int begin_kernel(__u64 *ctx) { return on_begin(ctx[0], false); }

SEC("raw_tp/sched_process_exit") int end(__u64 *ctx)
{
	__u32 tid = BPF_CORE_READ((struct task_struct *)ctx[0], pid);

	bpf_map_delete_elem(&threads, &tid);
	return 0;
}
