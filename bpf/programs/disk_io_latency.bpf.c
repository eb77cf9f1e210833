/*
 * Requests to disks: how long they wait in queues and how long the device takes, by device, process and operation.
 *
 * Why not generated from a recipe: a request has three moments (allocated, issued, completed), the last two of which may
 * come again (requeued, completed in parts), and a `span` has two; a request that flushes is never issued itself, but
 * waits for a flush of the device that serves several; and the fields that all rests on were moved between kernels.
 *
 * A request is allocated by the task that submits it, which is the process that reads, or waits for its writes; it may be
 * issued and completed by anybody. So the owner is taken at the allocation.
 */
#include "core.bpf.h"
#include "analyzer.bpf.h"
#include "buckets.bpf.h"

LICENSE_GPL;

#define TASK_COMM_LEN 16
/* include/linux/sched.h */
#define PF_KTHREAD 0x00200000
/* include/linux/blk_types.h: bits of cmd_flags that are the operation. */
#define OPERATION 0xff

enum { READ_OP = 0, WRITE_OP = 1, FLUSH_OP = 2 };

enum req_flag_bits {
	__REQ_SYNC = 11,
	__REQ_FUA = 17,
	__REQ_PREFLUSH = 18,
};
/* Since 6.12; before, it was a macro, and bit 4. */
enum rqf_flags {
	__RQF_FLUSH_SEQ = 1,
};

struct gendisk {
	int major;
	int first_minor;
} KERNEL;
struct request_queue {
	struct gendisk *disk;
} KERNEL;
struct bio {
	unsigned int bi_opf;
} KERNEL;
struct request {
	struct request_queue *q;
	unsigned int cmd_flags;
	unsigned int rq_flags;
	unsigned int __data_len;
	struct bio *bio;
} KERNEL;
/* Until 5.16. */
struct request___before_5_17 {
	struct gendisk *rq_disk;
} KERNEL;
struct task_struct {
	unsigned int flags;
	struct task_struct *group_leader;
	char comm[TASK_COMM_LEN];
} KERNEL;

/* Arguments of tracepoints since 5.11. Before, the queue came first; later versions of 5.10 have it so for bios only. */
typedef void (*btf_trace_block_rq_issue)(void *, struct request *);
typedef void (*btf_trace_block_getrq)(void *, struct bio *);

/* Whose a request is: a process's, a kernel thread's, a flush that the block layer makes for several requests, Sonde's. */
enum { OF_PROCESS, OF_KERNEL, OF_DEVICE, OF_SONDE };

struct owner {
	__u64 since;
	__u32 pid;
	__u32 kind;
	char comm[TASK_COMM_LEN];
};

struct io {
	struct owner owner;
	/* 0 while it waits. */
	__u64 issued;
	__u64 bytes;
	__u32 requeues;
	__u32 failed;
};

/* What is told apart, with `device_wide` by device and operation only. */
struct row_key {
	__u32 dev;
	__u32 pid;
	__u8 op;
	__u8 sync;
	__u8 device_wide;
	__u8 kernel;
	/* Each CPU has entries of its own; in a bucket's key, which distribution. */
	__u32 cpu;
};

struct row {
	__u64 requests;
	__u64 bytes;
	__u64 queue_ns;
	__u64 queue_max_ns;
	__u64 service_ns;
	__u64 service_max_ns;
	__u64 errors;
	__u64 requeues;
	char comm[TASK_COMM_LEN];
	/* When the latest one began: the name is the one of then. */
	__u64 last;
};

enum { QUEUE_TIMES, SERVICE_TIMES, SIZES };

struct bucket_key {
	struct row_key row;
	__u32 bucket;
};

/* The flush that was completed last on this CPU: the requests that it served follow at once (block/blk-flush.c, flush_end_io). */
struct flush {
	__u64 issued;
	__u32 dev;
	__u32 pad;
};

struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, 16384);
	__type(key, __u64);
	__type(value, struct io);
} ios SEC(".maps");

/*
 * Owners by bio, where the kernel does not tell of requests' beginnings. An entry whose bio was merged to the front of
 * another one is never asked for: those are pushed out.
 */
struct {
	__uint(type, BPF_MAP_TYPE_LRU_HASH);
	__uint(max_entries, 4096);
	__type(key, __u64);
	__type(value, struct owner);
} owners SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, 8192);
	__type(key, struct row_key);
	__type(value, struct row);
} rows SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, 65536);
	__type(key, struct bucket_key);
	__type(value, __u64);
} buckets SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_PERCPU_ARRAY);
	__uint(max_entries, 1);
	__type(key, __u32);
	__type(value, struct flush);
} flushes SEC(".maps");

enum { IOS_FULL, ROWS_FULL, BUCKETS_FULL, UNMATCHED_ENDS, N_COUNTERS };
COUNTERS(N_COUNTERS);

/* The compiler would choose the address first and then load once, which the verifier does not take. */
static __always_inline __u64 argument(__u64 *ctx, bool first)
{
	__u64 value;

	if (first) {
		value = ctx[0];
		asm volatile("" : "+r"(value));
	} else {
		value = ctx[1];
		asm volatile("" : "+r"(value));
	}
	return value;
}

static __always_inline struct request *request_of(__u64 *ctx)
{
	return (void *)argument(ctx, bpf_core_type_exists(btf_trace_block_rq_issue));
}

static __always_inline __u32 device_of(struct request *rq)
{
	struct request___before_5_17 *old = (void *)rq;
	struct gendisk *disk;

	if (bpf_core_field_exists(old->rq_disk))
		disk = BPF_CORE_READ(old, rq_disk);
	else
		disk = BPF_CORE_READ(rq, q, disk);
	/* A command of a driver's own may have no disk: device 0. */
	return disk ? BPF_CORE_READ(disk, major) << 20 | BPF_CORE_READ(disk, first_minor) : 0;
}

static __always_inline bool in_flush_sequence(struct request *rq)
{
	__u32 bit = 4;

	if (bpf_core_enum_value_exists(enum rqf_flags, __RQF_FLUSH_SEQ))
		bit = bpf_core_enum_value(enum rqf_flags, __RQF_FLUSH_SEQ);
	return BPF_CORE_READ(rq, rq_flags) >> bit & 1;
}

static __always_inline bool has_flag(__u32 flags, __u32 bit)
{
	return flags >> bit & 1;
}

/* As the kernel's op_is_sync(). */
static __always_inline bool is_sync(__u32 flags)
{
	return (flags & OPERATION) == READ_OP || has_flag(flags, bpf_core_enum_value(enum req_flag_bits, __REQ_SYNC)) ||
	       has_flag(flags, bpf_core_enum_value(enum req_flag_bits, __REQ_FUA)) ||
	       has_flag(flags, bpf_core_enum_value(enum req_flag_bits, __REQ_PREFLUSH));
}

/* The current task as an owner. @returns false for one that is not looked at */
static __always_inline bool own(struct owner *o)
{
	struct task_struct *task = (void *)bpf_get_current_task();
	__u32 tid;

	/* A task outside of Sonde's pid namespace has no number here, and is a part of the machine's load all the same. */
	if (!current_ids(&o->pid, &tid))
		o->pid = 0;
	o->kind = BPF_CORE_READ(task, flags) & PF_KTHREAD ? OF_KERNEL : OF_PROCESS;
	if (!wanted_pid(o->pid)) {
		if (only_pid)
			return false;
		/* Remembered, so that its end is none without a beginning. */
		o->kind = OF_SONDE;
	}
	o->since = bpf_ktime_get_ns();
	bpf_probe_read_kernel_str(o->comm, TASK_COMM_LEN, &BPF_CORE_READ(task, group_leader)->comm);
	return true;
}

static __always_inline void begin(__u64 key, const struct io *fresh)
{
	if (bpf_map_update_elem(&ios, &key, fresh, BPF_ANY))
		count(IOS_FULL);
}

/*
 * Of a request that no beginning was seen of: the device's own flush has none; where bios have the owners, this is when
 * the request gets its own.
 */
static __always_inline struct io *first_seen(__u64 key, bool by_bio)
{
	struct request *rq = (void *)key;
	struct io fresh = {};

	if ((BPF_CORE_READ(rq, cmd_flags) & OPERATION) == FLUSH_OP) {
		fresh.owner.since = bpf_ktime_get_ns();
		fresh.owner.kind = OF_DEVICE;
	} else if (by_bio) {
		__u64 bio = (__u64)BPF_CORE_READ(rq, bio);
		struct owner *o = bpf_map_lookup_elem(&owners, &bio);

		if (!o)
			return 0;
		fresh.owner = *o;
		bpf_map_delete_elem(&owners, &bio);
	} else {
		return 0;
	}
	begin(key, &fresh);
	return bpf_map_lookup_elem(&ios, &key);
}

/* Not inline, not static: the verifier looks at its branches once. */
__noinline __u32 bucket_index(__u64 value)
{
	return bucket_of(value);
}

static __always_inline void add_bucket(struct row_key *of, __u32 distribution, __u64 value)
{
	struct bucket_key key = { .row = *of, .bucket = bucket_index(value) };
	__u64 *n, none = 0;

	key.row.cpu = distribution;
	n = bpf_map_lookup_elem(&buckets, &key);
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

static __always_inline void add_row(struct row_key *key, const struct io *io, __u64 queue_ns, __u64 service_ns)
{
	struct row *row;

	key->cpu = bpf_get_smp_processor_id();
	row = bpf_map_lookup_elem(&rows, key);
	if (!row) {
		struct row fresh = {};

		bpf_map_update_elem(&rows, key, &fresh, BPF_NOEXIST);
		row = bpf_map_lookup_elem(&rows, key);
		if (!row) {
			count(ROWS_FULL);
			return;
		}
	}
	if (!key->device_wide && io->owner.since >= row->last) {
		row->last = io->owner.since;
		__builtin_memcpy(row->comm, io->owner.comm, TASK_COMM_LEN);
	}
	row->requests++;
	row->bytes += io->bytes;
	row->queue_ns += queue_ns;
	if (queue_ns > row->queue_max_ns)
		row->queue_max_ns = queue_ns;
	row->service_ns += service_ns;
	if (service_ns > row->service_max_ns)
		row->service_max_ns = service_ns;
	row->errors += io->failed;
	row->requeues += io->requeues;
	add_bucket(key, QUEUE_TIMES, queue_ns);
	add_bucket(key, SERVICE_TIMES, service_ns);
	if (key->device_wide && io->bytes)
		add_bucket(key, SIZES, io->bytes);
}

/* The kernel's beginning of a request (since 6.5), in the context of the task that submits it. */
SEC("tp_btf/block_io_start")
int io_start(__u64 *ctx)
{
	struct io fresh = {};

	if (own(&fresh.owner))
		begin(ctx[0], &fresh);
	return 0;
}

/* Before 6.5: the bio that gets a request of its own, not merged into another one's. */
SEC("raw_tp/block_getrq")
int getrq(__u64 *ctx)
{
	__u64 bio = argument(ctx, bpf_core_type_exists(btf_trace_block_getrq));
	struct owner o = {};

	if (own(&o))
		bpf_map_update_elem(&owners, &bio, &o, BPF_ANY);
	else
		bpf_map_delete_elem(&owners, &bio);
	return 0;
}

/* A request gets its owner before others can be merged to the front of its bio. */
SEC("raw_tp/block_rq_insert")
int rq_insert(__u64 *ctx)
{
	__u64 key = (__u64)request_of(ctx);

	if (!bpf_map_lookup_elem(&ios, &key))
		first_seen(key, true);
	return 0;
}

static __always_inline int on_issue(struct request *rq, bool by_bio)
{
	__u64 key = (__u64)rq;
	struct io *io = bpf_map_lookup_elem(&ios, &key);

	if (!io)
		io = first_seen(key, by_bio);
	if (io)
		io->issued = bpf_ktime_get_ns();
	return 0;
}

SEC("raw_tp/block_rq_issue")
int rq_issue(__u64 *ctx)
{
	return on_issue(request_of(ctx), false);
}

SEC("raw_tp/block_rq_issue")
int rq_issue_by_bio(__u64 *ctx)
{
	return on_issue(request_of(ctx), true);
}

/* The device did not take it: it waits on. */
SEC("raw_tp/block_rq_requeue")
int rq_requeue(__u64 *ctx)
{
	__u64 key = (__u64)request_of(ctx);
	struct io *io = bpf_map_lookup_elem(&ios, &key);

	if (io) {
		io->issued = 0;
		io->requeues++;
	}
	return 0;
}

/* Became a part of another request, whose owner and times count for both. */
SEC("raw_tp/block_rq_merge")
int rq_merge(__u64 *ctx)
{
	__u64 key = (__u64)request_of(ctx);

	bpf_map_delete_elem(&ios, &key);
	return 0;
}

SEC("raw_tp/block_rq_complete")
int rq_complete(__u64 *ctx)
{
	struct request *rq = (void *)ctx[0];
	__u32 failed = (int)ctx[1] != 0, bytes = ctx[2], zero = 0;
	__u64 key = (__u64)rq, now = bpf_ktime_get_ns(), issued;
	struct io *found = bpf_map_lookup_elem(&ios, &key), io;
	struct flush *flush = bpf_map_lookup_elem(&flushes, &zero);
	struct row_key row = {};
	__u32 flags;

	if (!flush)
		return 0;
	flags = BPF_CORE_READ(rq, cmd_flags);
	row.op = flags & OPERATION;
	/* What only flushes is never issued: by bio it is found now. */
	if (!found && row.op != FLUSH_OP)
		found = first_seen(key, true);
	if (!found) {
		/* Begun before the window. */
		if (bytes && !only_pid)
			count(UNMATCHED_ENDS);
		return 0;
	}
	found->bytes += bytes;
	found->failed |= failed;
	/* The data has been written, and a flush follows: the request itself ends with that, and this event comes again. */
	if (row.op != FLUSH_OP && in_flush_sequence(rq))
		return 0;
	if (bytes < BPF_CORE_READ(rq, __data_len))
		return 0;
	io = *found;
	bpf_map_delete_elem(&ios, &key);
	if (io.owner.kind == OF_SONDE)
		return 0;

	row.dev = device_of(rq);
	row.sync = is_sync(flags);
	issued = io.issued;
	if (row.op == FLUSH_OP) {
		flush->issued = issued;
		flush->dev = row.dev;
	} else if (!issued) {
		/* Nothing but a flush (whose flag is gone): what it waited for was the flush of the device that has just ended. */
		if (!io.bytes && row.op == WRITE_OP) {
			row.op = FLUSH_OP;
			issued = flush->dev == row.dev ? flush->issued : 0;
		}
		/* Ended before it came to the device. */
		if (!issued)
			issued = now;
	}
	if (issued < io.owner.since)
		issued = io.owner.since;

	/*
	 * What a device did counts its flushes once; what processes asked for counts each that waited for one. Whose a flush
	 * of the device is cannot be said.
	 */
	if (row.op != FLUSH_OP || (io.owner.kind == OF_DEVICE && !only_pid)) {
		struct row_key device = { .dev = row.dev, .op = row.op, .device_wide = 1 };

		add_row(&device, &io, issued - io.owner.since, now - issued);
	}
	if (io.owner.kind != OF_DEVICE) {
		row.pid = io.owner.pid;
		row.kernel = io.owner.kind == OF_KERNEL;
		add_row(&row, &io, issued - io.owner.since, now - issued);
	}
	return 0;
}
