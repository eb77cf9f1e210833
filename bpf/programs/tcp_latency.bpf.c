/*
 * TCP by peer: how long connecting takes and the round trips, what is sent again, what was carried, and whose it is.
 *
 * Why not generated from a recipe: the figures are counters of struct tcp_sock, which the tracepoints hand over as a plain
 * struct sock; a connection that was there before must count from where it stood, so each has its own base line; those
 * that are still open at the end are found only by walking the kernel's table of sockets (an iterator); addresses are
 * brought to one form byte by byte; which side is the server is learned from the states that a connection went through,
 * or from the ports that are listened on, and its process from whoever uses or closes it first.
 */
#include "core.bpf.h"
#include "analyzer.bpf.h"
#include "buckets.bpf.h"

LICENSE_GPL;

#define AF_INET 2
#define AF_INET6 10
#define IPPROTO_TCP 6
#define ADDRESS_BYTES 16
#define TASK_COMM_LEN 16
#define ETIMEDOUT 110
#define ECONNREFUSED 111

/* include/net/tcp_states.h */
enum {
	TCP_ESTABLISHED = 1,
	TCP_SYN_SENT = 2,
	TCP_SYN_RECV = 3,
	TCP_FIN_WAIT1 = 4,
	TCP_FIN_WAIT2 = 5,
	TCP_CLOSE = 7,
	TCP_CLOSE_WAIT = 8,
	TCP_LAST_ACK = 9,
	TCP_LISTEN = 10,
	TCP_CLOSING = 11,
};
/* include/net/tcp.h, enum tcp_ca_state */
enum { TCP_CA_Recovery = 3, TCP_CA_Loss = 4 };

struct task_struct {
	struct task_struct *group_leader;
	char comm[TASK_COMM_LEN];
} KERNEL;

struct in6_addr {
	union {
		__u8 u6_addr8[16];
	} in6_u;
} KERNEL;

struct sock_common {
	__be32 skc_daddr;
	__be32 skc_rcv_saddr;
	__be16 skc_dport;
	__u16 skc_num;
	unsigned short skc_family;
	volatile unsigned char skc_state;
	struct in6_addr skc_v6_daddr;
	struct in6_addr skc_v6_rcv_saddr;
	unsigned long skc_flags;
} KERNEL;

struct sock {
	struct sock_common __sk_common;
	__u16 sk_protocol;
	int sk_err;
	__u32 sk_ack_backlog;
	__u32 sk_max_ack_backlog;
} KERNEL;

struct inet_connection_sock {
	__u8 icsk_ca_state : 5;
} KERNEL;

struct minmax_sample {
	__u32 t;
	__u32 v;
} KERNEL;
struct minmax {
	struct minmax_sample s[3];
} KERNEL;

struct tcp_sock {
	__u64 bytes_acked;
	__u64 bytes_received;
	__u32 snd_una;
	__u32 write_seq;
	__u32 srtt_us;
	__u32 total_retrans;
	__u32 data_segs_out;
	__u32 delivered;
	struct minmax rtt_min;
} KERNEL;

enum sock_flags {
	SOCK_DONE = 1,
};

struct bpf_iter__tcp {
	struct sock_common *sk_common;
} KERNEL;

/* Two ends without the client's port, which is another one for each connection. */
struct ends {
	__u8 peer[ADDRESS_BYTES];
	__u8 local[ADDRESS_BYTES];
	__u16 family;
	/* The port that is listened on: the peer's, or ours where we are the server. */
	__u16 port;
	__u32 server;
};

struct process {
	__u32 pid;
	/* Whether it is known: a process outside of Sonde's pid namespace has no number. */
	__u32 known;
	char comm[TASK_COMM_LEN];
};

struct flow_key {
	struct ends ends;
	/* Entries of each CPU's own, so that sums and extremes need no atomics. */
	__u32 cpu;
};

struct flow {
	__u64 connections;
	__u64 opened;
	__u64 closed;
	__u64 failed;
	__u64 sent;
	__u64 received;
	__u64 segments;
	__u64 retransmits;
	__u64 rtt_us_sum;
	__u64 rtts;
	__u64 max_rtt_us;
	__u64 min_rtt_us;
	__u64 connect_ns_sum;
	__u64 connects;
	__u64 lifetime_ns_sum;
	__u64 lifetimes;
	/* Of the connections whose process is known; `mixed` when they were several. */
	struct process process;
	__u64 mixed;
};

enum { REFUSED, TIMED_OUT, OTHER_FAILURES, N_FAILURES };

struct connect_key {
	struct ends ends;
	__u32 pid;
	char comm[TASK_COMM_LEN];
	__u32 cpu;
};

struct connects {
	__u64 attempts;
	__u64 opened;
	__u64 failed[N_FAILURES];
	__u64 ns_sum;
	__u64 max_ns;
};

/* Why something is sent again. */
enum { SYN, SYN_ACK, TIMEOUT, RECOVERY, PROBE };

struct retransmit_key {
	struct ends ends;
	__u32 pid;
	char comm[TASK_COMM_LEN];
	__u16 state;
	__u16 kind;
	__u32 cpu;
};

struct retransmits {
	__u64 events;
	__u64 segments;
};

enum { ROUND_TRIPS, CONNECT_TIMES };

struct bucket_key {
	struct ends ends;
	/* Of connect times: whose. */
	__u32 pid;
	__u32 bucket;
	__u32 distribution;
};

struct listener_key {
	__u8 local[ADDRESS_BYTES];
	__u16 family;
	__u16 port;
};

struct listener {
	__u32 waiting;
	__u32 room;
};

struct connection {
	__u64 sent;
	__u64 received;
	__u64 since;
	__u32 retransmits;
	__u32 segments;
	__u32 delivered;
	/* Round trips that were counted. */
	__u32 rtts;
	/* Seen from its beginning: its lifetime is known. */
	__u32 opened;
	/* Among the connections of its flow. */
	__u32 counted;
	struct process process;
	struct ends ends;
};

struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, 16384);
	__type(key, __u64);
	__type(value, struct connection);
} connections SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, 8192);
	__type(key, struct flow_key);
	__type(value, struct flow);
} flows SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, 8192);
	__type(key, struct connect_key);
	__type(value, struct connects);
} attempts SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, 8192);
	__type(key, struct retransmit_key);
	__type(value, struct retransmits);
} again SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, 65536);
	__type(key, struct bucket_key);
	__type(value, __u64);
} buckets SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, 4096);
	__type(key, struct listener_key);
	__type(value, struct listener);
} listeners SEC(".maps");

/* Ports of those, on any address. */
struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, 4096);
	__type(key, __u32);
	__type(value, __u32);
} ports SEC(".maps");

enum { CONNECTIONS_FULL, FLOWS_FULL, BUCKETS_FULL, LISTENERS_FULL, UNMATCHED_ENDS, N_COUNTERS };
COUNTERS(N_COUNTERS);

/* Values that entries begin with, too large for the stack. */
static const struct flow no_flow = {};

/* ::ffff:a.b.c.d is IPv4 through a socket for both: the same address. */
static __always_inline bool is_mapped(const __u8 *a)
{
	for (int i = 0; i < 12; i++)
		if (a[i] != (i < 10 ? 0 : 0xff))
			return false;
	return true;
}

static __always_inline void read_v4(__be32 address, __u8 *a)
{
	__builtin_memset(a, 0, ADDRESS_BYTES);
	__builtin_memcpy(a, &address, 4);
}

static __always_inline void local_of(struct sock *sk, __u8 *local, __u16 *family)
{
	*family = BPF_CORE_READ(sk, __sk_common.skc_family);
	if (*family == AF_INET6 && bpf_core_field_exists(sk->__sk_common.skc_v6_rcv_saddr)) {
		BPF_CORE_READ_INTO((struct in6_addr *)local, sk, __sk_common.skc_v6_rcv_saddr);
		if (!is_mapped(local))
			return;
		*family = AF_INET;
	}
	read_v4(BPF_CORE_READ(sk, __sk_common.skc_rcv_saddr), local);
}

static __always_inline void ends_of(struct sock *sk, bool server, struct ends *ends)
{
	__u16 family = BPF_CORE_READ(sk, __sk_common.skc_family);
	bool v6 = family == AF_INET6 && bpf_core_field_exists(sk->__sk_common.skc_v6_daddr);

	ends->server = server;
	ends->port = server ? BPF_CORE_READ(sk, __sk_common.skc_num)
			    : __builtin_bswap16(BPF_CORE_READ(sk, __sk_common.skc_dport));
	if (v6) {
		BPF_CORE_READ_INTO((struct in6_addr *)ends->peer, sk, __sk_common.skc_v6_daddr);
		if (!is_mapped(ends->peer)) {
			BPF_CORE_READ_INTO((struct in6_addr *)ends->local, sk, __sk_common.skc_v6_rcv_saddr);
			ends->family = AF_INET6;
			return;
		}
	}
	ends->family = AF_INET;
	read_v4(BPF_CORE_READ(sk, __sk_common.skc_daddr), ends->peer);
	read_v4(BPF_CORE_READ(sk, __sk_common.skc_rcv_saddr), ends->local);
}

/* Not inline, not static: the verifier looks at its branches once. */
__noinline __u32 bucket_index(__u64 value)
{
	return bucket_of(value);
}

static __always_inline void add_bucket(const struct ends *ends, __u32 pid, __u32 distribution, __u64 value)
{
	struct bucket_key key = { .ends = *ends, .pid = pid, .bucket = bucket_index(value), .distribution = distribution };
	__u64 *n, none = 0;

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

static __always_inline struct flow *flow_of(const struct ends *ends)
{
	struct flow_key key = { .ends = *ends, .cpu = bpf_get_smp_processor_id() };
	struct flow *f = bpf_map_lookup_elem(&flows, &key);

	if (!f) {
		bpf_map_update_elem(&flows, &key, &no_flow, BPF_NOEXIST);
		f = bpf_map_lookup_elem(&flows, &key);
		if (!f)
			count(FLOWS_FULL);
	}
	return f;
}

static __always_inline void current_process(struct process *p)
{
	struct task_struct *task = (void *)bpf_get_current_task();
	__u32 tid;

	if (!current_ids(&p->pid, &tid))
		p->pid = 0;
	p->known = 1;
	bpf_probe_read_kernel_str(p->comm, TASK_COMM_LEN, &BPF_CORE_READ(task, group_leader)->comm);
}

/* Whether a connection counts: not while its process is not known but asked for. */
static __always_inline bool is_wanted(const struct process *p)
{
	if (!p->known)
		return !only_pid;
	return wanted_pid(p->pid);
}

/*
 * Payload that the peer has acknowledged. (`bytes_sent` counts again what the own queue dropped.) The kernel counts our FIN
 * as a byte, once it is acknowledged; our SYN, of connections that we opened, is the base line of `begin`.
 */
static __always_inline __u64 sent_by(struct sock *sk, int state)
{
	struct tcp_sock *tp = (void *)sk;
	__u64 bytes = BPF_CORE_READ(tp, bytes_acked);

	if (bytes && (state == TCP_FIN_WAIT2 || state == TCP_LAST_ACK || state == TCP_CLOSING) &&
	    BPF_CORE_READ(tp, snd_una) == BPF_CORE_READ(tp, write_seq))
		return bytes - 1;
	return bytes;
}

static __always_inline __u64 received_by(struct sock *sk)
{
	__u64 bytes = BPF_CORE_READ((struct tcp_sock *)sk, bytes_received);
	__u64 done = 1ull << bpf_core_enum_value(enum sock_flags, SOCK_DONE);

	/* The kernel counts the peer's FIN as a byte (net/ipv4/tcp_input.c, tcp_fin sets SOCK_DONE). */
	return bytes && (BPF_CORE_READ(sk, __sk_common.skc_flags) & done) ? bytes - 1 : bytes;
}

static __always_inline void note_process(struct flow *f, const struct process *p)
{
	if (!p->known)
		return;
	if (!f->process.known)
		f->process = *p;
	else if (f->process.pid != p->pid)
		f->mixed = 1;
}

/* Counts a connection once it is known that it counts, and its process among those of its flow. */
static __always_inline struct flow *counted_flow(struct connection *c)
{
	struct flow *f;

	if (!is_wanted(&c->process))
		return 0;
	f = flow_of(&c->ends);
	if (f && !c->counted) {
		c->counted = 1;
		f->connections++;
		f->opened += c->opened;
	}
	if (f)
		note_process(f, &c->process);
	return f;
}

/* The smoothed round-trip time, when something was acknowledged since the last look. */
static __always_inline void sample_rtt(struct sock *sk, struct connection *c, struct flow *f, bool even_if_old)
{
	struct tcp_sock *tp = (void *)sk;
	__u32 delivered = BPF_CORE_READ(tp, delivered), srtt;

	if (delivered == c->delivered && !even_if_old)
		return;
	srtt = BPF_CORE_READ(tp, srtt_us) >> 3;
	if (!srtt)
		return;
	c->delivered = delivered;
	c->rtts++;
	f->rtt_us_sum += srtt;
	f->rtts++;
	if (srtt > f->max_rtt_us)
		f->max_rtt_us = srtt;
	add_bucket(&c->ends, 0, ROUND_TRIPS, srtt);
}

/* Adds what a connection has carried since the last look at it. */
static __always_inline void sample(struct sock *sk, int state, struct connection *c)
{
	struct tcp_sock *tp = (void *)sk;
	__u64 sent = sent_by(sk, state), received = received_by(sk);
	__u32 retransmits = BPF_CORE_READ(tp, total_retrans), segments = BPF_CORE_READ(tp, data_segs_out);
	__u32 least = BPF_CORE_READ(tp, rtt_min.s[0].v);
	struct flow *f = counted_flow(c);

	if (!f)
		return;
	/* Less than the base line is a SYN without an answer yet. */
	if (sent >= c->sent) {
		f->sent += sent - c->sent;
		c->sent = sent;
	}
	if (received >= c->received) {
		f->received += received - c->received;
		c->received = received;
	}
	f->segments += (__u32)(segments - c->segments);
	c->segments = segments;
	f->retransmits += (__u32)(retransmits - c->retransmits);
	c->retransmits = retransmits;
	/* Of a connection that was idle all the time, what was measured last. */
	sample_rtt(sk, c, f, !c->rtts);
	/* ~0 until the first measurement. */
	if (least && least != ~0u && (!f->min_rtt_us || least < f->min_rtt_us))
		f->min_rtt_us = least;
}

/*
 * Puts a new connection, of which everything counts, or one that was there before, at its base line, into the table.
 * @returns false when that is full
 */
static __always_inline bool begin(struct sock *sk, int state, bool server, bool from_start, bool by_current)
{
	__u64 key = (__u64)sk;
	struct connection fresh = { .opened = from_start, .sent = !server };

	fresh.since = bpf_ktime_get_ns();
	ends_of(sk, server, &fresh.ends);
	if (by_current)
		current_process(&fresh.process);
	if (!from_start) {
		struct tcp_sock *tp = (void *)sk;

		fresh.sent = sent_by(sk, state);
		fresh.received = received_by(sk);
		fresh.retransmits = BPF_CORE_READ(tp, total_retrans);
		fresh.segments = BPF_CORE_READ(tp, data_segs_out);
		fresh.delivered = BPF_CORE_READ(tp, delivered);
	}
	return !bpf_map_update_elem(&connections, &key, &fresh, BPF_ANY);
}

/* A connection that was there before. @returns false when the table is full */
static __always_inline bool begin_met(struct sock *sk, int state)
{
	__u64 key = (__u64)sk;
	__u32 port = BPF_CORE_READ(sk, __sk_common.skc_num);
	struct connection *c;

	if (!begin(sk, state, bpf_map_lookup_elem(&ports, &port) != 0, false, false))
		return false;
	c = bpf_map_lookup_elem(&connections, &key);
	if (c)
		counted_flow(c);
	return true;
}

static __always_inline struct connects *attempts_of(const struct connection *c)
{
	static const struct connects none = {};
	struct connect_key key = { .ends = c->ends, .pid = c->process.pid, .cpu = bpf_get_smp_processor_id() };
	struct connects *a;

	__builtin_memcpy(key.comm, c->process.comm, TASK_COMM_LEN);
	a = bpf_map_lookup_elem(&attempts, &key);
	if (!a) {
		bpf_map_update_elem(&attempts, &key, &none, BPF_NOEXIST);
		a = bpf_map_lookup_elem(&attempts, &key);
		if (!a)
			count(FLOWS_FULL);
	}
	return a;
}

static __always_inline void on_established(struct sock *sk, bool server)
{
	__u64 key = (__u64)sk, now = bpf_ktime_get_ns(), ns;
	struct connection *c = bpf_map_lookup_elem(&connections, &key);
	struct connects *a;
	struct flow *f;

	if (!c || server || c->ends.server) {
		if (!begin(sk, TCP_ESTABLISHED, server, true, false))
			count(CONNECTIONS_FULL);
		c = bpf_map_lookup_elem(&connections, &key);
		if (c)
			counted_flow(c);
		return;
	}
	ns = now - c->since;
	c->since = now;
	f = counted_flow(c);
	if (!f)
		return;
	f->connect_ns_sum += ns;
	f->connects++;
	a = attempts_of(c);
	if (!a)
		return;
	a->attempts++;
	a->opened++;
	a->ns_sum += ns;
	if (ns > a->max_ns)
		a->max_ns = ns;
	add_bucket(&c->ends, c->process.pid, CONNECT_TIMES, ns);
}

static __always_inline void on_failed(struct sock *sk, struct connection *c)
{
	int error = BPF_CORE_READ(sk, sk_err);
	struct connects *a;
	struct flow *f;

	if (!is_wanted(&c->process))
		return;
	f = flow_of(&c->ends);
	if (f) {
		__u32 retransmits = BPF_CORE_READ((struct tcp_sock *)sk, total_retrans);

		f->failed++;
		note_process(f, &c->process);
		f->retransmits += retransmits - c->retransmits;
	}
	a = attempts_of(c);
	if (!a)
		return;
	a->attempts++;
	if (error == ECONNREFUSED)
		a->failed[REFUSED]++;
	else if (error == ETIMEDOUT)
		a->failed[TIMED_OUT]++;
	else
		a->failed[OTHER_FAILURES]++;
}

static __always_inline void on_close(struct sock *sk, int old)
{
	__u64 key = (__u64)sk;
	struct connection *c = bpf_map_lookup_elem(&connections, &key);
	struct flow *f;

	if (!c) {
		if (old != TCP_LISTEN && old != TCP_SYN_RECV && old != TCP_SYN_SENT && old != TCP_CLOSE)
			count(UNMATCHED_ENDS);
		return;
	}
	if (old == TCP_SYN_SENT) {
		on_failed(sk, c);
	} else {
		sample(sk, old, c);
		f = counted_flow(c);
		if (f) {
			f->closed++;
			if (c->opened) {
				f->lifetime_ns_sum += bpf_ktime_get_ns() - c->since;
				f->lifetimes++;
			}
		}
	}
	bpf_map_delete_elem(&connections, &key);
}

/* Whose a connection is that was not opened by us is known from the first that reads, writes or closes. */
static __always_inline void learn_process(struct sock *sk)
{
	__u64 key = (__u64)sk;
	struct connection *c = bpf_map_lookup_elem(&connections, &key);

	if (c && !c->process.known) {
		current_process(&c->process);
		counted_flow(c);
	}
}

SEC("raw_tp/inet_sock_set_state")
int set_state(__u64 *ctx)
{
	struct sock *sk = (void *)ctx[0];
	int old = ctx[1], new = ctx[2];

	/* The tracepoint tells of SCTP and MPTCP too. Before 5.6 the protocol was a bit field. */
	if (BPF_CORE_READ_BITFIELD_PROBED(sk, sk_protocol) != IPPROTO_TCP)
		return 0;
	if (new == TCP_SYN_SENT) {
		if (!begin(sk, TCP_SYN_SENT, false, true, true))
			count(CONNECTIONS_FULL);
	} else if (new == TCP_ESTABLISHED && (old == TCP_SYN_SENT || old == TCP_SYN_RECV))
		on_established(sk, old == TCP_SYN_RECV);
	/* Both by shutdown(2), close(2) or the end of a process. */
	else if ((old == TCP_ESTABLISHED && new == TCP_FIN_WAIT1) || (old == TCP_CLOSE_WAIT && new == TCP_LAST_ACK))
		learn_process(sk);
	else if (new == TCP_CLOSE)
		on_close(sk, old);
	return 0;
}

/* Somebody has read from a socket, or written to it (since 6.4). */
SEC("tp_btf/sock_recv_length")
int has_received(__u64 *ctx)
{
	learn_process((void *)ctx[0]);
	return 0;
}

SEC("tp_btf/sock_send_length")
int has_sent(__u64 *ctx)
{
	learn_process((void *)ctx[0]);
	return 0;
}

/* Before, readers only. (Later kernels tell of this only now and then.) */
SEC("raw_tp/tcp_rcv_space_adjust")
int has_read(__u64 *ctx)
{
	learn_process((void *)ctx[0]);
	return 0;
}

/* A segment arrives on an open connection; what it acknowledges is looked at when the next one comes. */
SEC("raw_tp/tcp_probe")
int segment(__u64 *ctx)
{
	struct sock *sk = (void *)ctx[0];
	__u64 key = (__u64)sk;
	struct connection *c = bpf_map_lookup_elem(&connections, &key);
	struct flow *f;

	if (!c) {
		/*
		 * Of another network namespace, or no walk has been. One that finds no room is not counted: it would be with
		 * each of its segments.
		 */
		begin_met(sk, TCP_ESTABLISHED);
		return 0;
	}
	if (BPF_CORE_READ((struct tcp_sock *)sk, delivered) == c->delivered || !is_wanted(&c->process))
		return 0;
	f = flow_of(&c->ends);
	if (f)
		sample_rtt(sk, c, f, false);
	return 0;
}

static __always_inline void add_again(struct retransmit_key *key, __u32 segments)
{
	static const struct retransmits none = {};
	struct retransmits *r;

	key->cpu = bpf_get_smp_processor_id();
	r = bpf_map_lookup_elem(&again, key);
	if (!r) {
		bpf_map_update_elem(&again, key, &none, BPF_NOEXIST);
		r = bpf_map_lookup_elem(&again, key);
		if (!r) {
			count(FLOWS_FULL);
			return;
		}
	}
	r->events++;
	r->segments += segments;
}

SEC("raw_tp/tcp_retransmit_skb")
int retransmit(__u64 *ctx)
{
	struct sock *sk = (void *)ctx[0];
	__u64 at = (__u64)sk;
	struct connection *c = bpf_map_lookup_elem(&connections, &at);
	__u32 total = BPF_CORE_READ((struct tcp_sock *)sk, total_retrans), cause, segments;
	struct retransmit_key key = {};
	struct flow *f;

	key.state = BPF_CORE_READ(sk, __sk_common.skc_state);
	cause = BPF_CORE_READ_BITFIELD_PROBED((struct inet_connection_sock *)sk, icsk_ca_state);
	if (key.state == TCP_SYN_SENT)
		key.kind = SYN;
	else if (cause == TCP_CA_Loss)
		key.kind = TIMEOUT;
	else
		key.kind = cause == TCP_CA_Recovery ? RECOVERY : PROBE;
	if (!c) {
		/* Open before the window, and of another network namespace, or found no room. */
		if (only_pid)
			return 0;
		ends_of(sk, false, &key.ends);
		add_again(&key, 1);
		return 0;
	}
	if (!is_wanted(&c->process))
		return 0;
	/* One event may be of several segments; the kernel has counted them already. */
	segments = total - c->retransmits;
	c->retransmits = total;
	f = flow_of(&c->ends);
	if (f)
		f->retransmits += segments;
	key.ends = c->ends;
	key.pid = c->process.pid;
	__builtin_memcpy(key.comm, c->process.comm, TASK_COMM_LEN);
	add_again(&key, segments);
	return 0;
}

/* A server's answer to an attempt to connect: there is no socket yet, and no process. */
SEC("raw_tp/tcp_retransmit_synack")
int retransmit_synack(__u64 *ctx)
{
	struct retransmit_key key = { .kind = SYN_ACK, .state = TCP_SYN_RECV };

	if (only_pid)
		return 0;
	/* struct request_sock begins with a struct sock_common, too. */
	ends_of((struct sock *)ctx[1], true, &key.ends);
	add_again(&key, 1);
	return 0;
}

/*
 * Run for every socket of our network namespace: once at the start, when it finds what is there and takes the base lines,
 * and at each look, when it adds what the open ones have carried. Listening sockets come first.
 */
SEC("iter/tcp")
int walk(struct bpf_iter__tcp *ctx)
{
	struct sock *sk = (void *)ctx->sk_common;
	struct listener_key listening = {};
	struct listener queue = {};
	struct connection *c;
	__u64 key = (__u64)sk;
	__u32 port, one = 1;
	int state;

	if (!sk)
		return 0;
	port = BPF_CORE_READ(sk, __sk_common.skc_num);
	state = BPF_CORE_READ(sk, __sk_common.skc_state);
	switch (state) {
	case TCP_LISTEN:
		local_of(sk, listening.local, &listening.family);
		listening.port = port;
		queue.waiting = BPF_CORE_READ(sk, sk_ack_backlog);
		queue.room = BPF_CORE_READ(sk, sk_max_ack_backlog);
		if (bpf_map_update_elem(&ports, &port, &one, BPF_ANY) ||
		    bpf_map_update_elem(&listeners, &listening, &queue, BPF_ANY))
			count(LISTENERS_FULL);
		return 0;
	case TCP_ESTABLISHED:
	case TCP_FIN_WAIT1:
	case TCP_FIN_WAIT2:
	case TCP_CLOSE_WAIT:
	case TCP_LAST_ACK:
	case TCP_CLOSING:
		break;
	default:
		/* Not begun yet, or only a remembrance (TIME_WAIT, NEW_SYN_RECV) without the counters. */
		return 0;
	}
	c = bpf_map_lookup_elem(&connections, &key);
	if (c) {
		sample(sk, state, c);
		return 0;
	}
	if (!begin_met(sk, state))
		count(CONNECTIONS_FULL);
	return 0;
}
