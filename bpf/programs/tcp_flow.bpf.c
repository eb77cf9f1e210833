/*
 * What TCP carried to and from each peer: connections, bytes, retransmissions, round trips.
 *
 * Why not generated from a recipe: the figures are counters of struct tcp_sock, which the tracepoint hands over as a plain
 * struct sock; a connection that was there before must count from where it stood, so each has its own base line; those
 * that are still open at the end are found only by walking the kernel's table of sockets (an iterator); addresses are
 * brought to one form and cut to a prefix byte by byte; and which side is the server is learned from the states that a
 * connection went through, or from the ports that are listened on. Nothing runs for a packet: a connection costs two
 * or three state changes, a look the walk.
 */
#include "core.bpf.h"

LICENSE_GPL;

#define AF_INET 2
#define AF_INET6 10
#define IPPROTO_TCP 6
#define ADDRESS_BYTES 16

/* Only the network namespace with this number; 0 is all. */
const volatile __u32 only_netns = 0;
/* Bits of an address that tell peers apart. */
const volatile __u32 prefix4 = 32;
const volatile __u32 prefix6 = 128;

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

struct ns_common {
	unsigned int inum;
} KERNEL;
struct net {
	struct ns_common ns;
} KERNEL;
struct possible_net {
	struct net *net;
} KERNEL;
struct in6_addr {
	union {
		__u8 u6_addr8[16];
	} in6_u;
} KERNEL;

struct sock_common {
	__be32 skc_daddr;
	__be16 skc_dport;
	__u16 skc_num;
	unsigned short skc_family;
	volatile unsigned char skc_state;
	struct possible_net skc_net;
	struct in6_addr skc_v6_daddr;
	unsigned long skc_flags;
} KERNEL;

struct sock {
	struct sock_common __sk_common;
	__u16 sk_protocol;
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
	struct minmax rtt_min;
} KERNEL;

enum sock_flags {
	SOCK_DONE = 1,
};

struct bpf_iter__tcp {
	struct sock_common *sk_common;
} KERNEL;

struct flow_key {
	__u8 address[ADDRESS_BYTES];
	__u16 family;
	/* The port that is listened on: the peer's, or ours where we are the server. */
	__u16 port;
	__u8 server;
	__u8 pad[3];
	/* As in sched_delay: entries of each CPU's own. */
	__u32 cpu;
};

struct flow {
	__u64 connections;
	__u64 opened;
	__u64 closed;
	__u64 failed;
	__u64 sent;
	__u64 received;
	__u64 retransmits;
	__u64 rtt_us_sum;
	__u64 rtt_samples;
	__u64 min_rtt_us;
	__u64 connect_ns_sum;
	__u64 connects;
	__u64 lifetime_ns_sum;
	__u64 lifetimes;
};

struct connection {
	__u64 sent;
	__u64 received;
	__u64 since;
	__u32 retransmits;
	/* Seen from its beginning: its lifetime is known. */
	__u32 opened;
	struct flow_key key;
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
	__uint(max_entries, 4096);
	__type(key, __u32);
	__type(value, __u32);
} listeners SEC(".maps");

enum { CONNECTIONS_FULL, FLOWS_FULL, LISTENERS_FULL, UNMATCHED_ENDS, N_COUNTERS };
COUNTERS(N_COUNTERS);

static __always_inline bool is_wanted(struct sock *sk)
{
	if (!only_netns || !bpf_core_field_exists(sk->__sk_common.skc_net.net))
		return true;
	return BPF_CORE_READ(sk, __sk_common.skc_net.net, ns.inum) == only_netns;
}

/* Keeps the first `bits` of an address of `bytes` bytes. */
static __always_inline void cut(__u8 *address, int bytes, __u32 bits)
{
	for (int i = 0; i < bytes; i++) {
		__u32 first = i * 8;

		if (bits <= first)
			address[i] = 0;
		else if (bits < first + 8)
			address[i] &= 0xff << (first + 8 - bits);
	}
}

static __always_inline void peer_of(struct sock *sk, struct flow_key *key)
{
	__u8 *a = key->address;

	key->family = BPF_CORE_READ(sk, __sk_common.skc_family);
	if (key->family == AF_INET6 && bpf_core_field_exists(sk->__sk_common.skc_v6_daddr)) {
		bool mapped = true;

		BPF_CORE_READ_INTO((struct in6_addr *)a, sk, __sk_common.skc_v6_daddr);
		/* ::ffff:a.b.c.d is IPv4 through a socket for both: the same peer. */
		for (int i = 0; i < 12; i++)
			if (a[i] != (i < 10 ? 0 : 0xff))
				mapped = false;
		if (!mapped) {
			cut(a, 16, prefix6);
			return;
		}
		for (int i = 0; i < 4; i++) {
			a[i] = a[12 + i];
			a[12 + i] = 0;
		}
		a[10] = a[11] = 0;
		key->family = AF_INET;
	} else {
		__be32 v4 = BPF_CORE_READ(sk, __sk_common.skc_daddr);

		__builtin_memcpy(a, &v4, 4);
	}
	cut(a, 4, prefix4);
}

static __always_inline void key_of(struct sock *sk, bool server, struct flow_key *key)
{
	peer_of(sk, key);
	key->server = server;
	key->port = server ? BPF_CORE_READ(sk, __sk_common.skc_num)
			   : __builtin_bswap16(BPF_CORE_READ(sk, __sk_common.skc_dport));
}

static __always_inline struct flow *flow_of(const struct flow_key *of)
{
	struct flow_key key = *of;
	struct flow *f;

	key.cpu = bpf_get_smp_processor_id();
	f = bpf_map_lookup_elem(&flows, &key);
	if (!f) {
		struct flow fresh = {};

		bpf_map_update_elem(&flows, &key, &fresh, BPF_NOEXIST);
		f = bpf_map_lookup_elem(&flows, &key);
		if (!f)
			count(FLOWS_FULL);
	}
	return f;
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

/* Adds what a connection has carried since the last look at it. */
static __always_inline void sample(struct sock *sk, int state, struct connection *c)
{
	struct tcp_sock *tp = (void *)sk;
	__u64 sent = sent_by(sk, state), received = received_by(sk);
	__u32 retransmits = BPF_CORE_READ(tp, total_retrans), srtt = BPF_CORE_READ(tp, srtt_us) >> 3;
	__u32 least = BPF_CORE_READ(tp, rtt_min.s[0].v);
	struct flow *f = flow_of(&c->key);

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
	f->retransmits += (__u32)(retransmits - c->retransmits);
	c->retransmits = retransmits;
	if (srtt) {
		f->rtt_us_sum += srtt;
		f->rtt_samples++;
	}
	/* ~0 until the first measurement. */
	if (least && least != ~0u && (!f->min_rtt_us || least < f->min_rtt_us))
		f->min_rtt_us = least;
}

/* Puts a new connection, of which everything counts, or one that was there before, at its base line, into the table. */
static __always_inline void begin(struct sock *sk, int state, bool server, bool from_start)
{
	__u64 key = (__u64)sk;
	struct connection fresh = { .opened = from_start, .sent = !server };

	fresh.since = bpf_ktime_get_ns();
	key_of(sk, server, &fresh.key);
	if (!from_start) {
		fresh.sent = sent_by(sk, state);
		fresh.received = received_by(sk);
		fresh.retransmits = BPF_CORE_READ((struct tcp_sock *)sk, total_retrans);
	}
	if (bpf_map_update_elem(&connections, &key, &fresh, BPF_ANY))
		count(CONNECTIONS_FULL);
}

static __always_inline void on_established(struct sock *sk, bool server)
{
	__u64 key = (__u64)sk, now = bpf_ktime_get_ns(), connect_ns = 0;
	struct connection *c = bpf_map_lookup_elem(&connections, &key);
	struct flow *f;

	if (c && !server && !c->key.server) {
		connect_ns = now - c->since;
		c->since = now;
	} else {
		begin(sk, TCP_ESTABLISHED, server, true);
		c = bpf_map_lookup_elem(&connections, &key);
		if (!c)
			return;
	}
	f = flow_of(&c->key);
	if (!f)
		return;
	f->connections++;
	f->opened++;
	if (connect_ns) {
		f->connect_ns_sum += connect_ns;
		f->connects++;
	}
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
	if (old != TCP_SYN_SENT)
		sample(sk, old, c);
	f = flow_of(&c->key);
	if (f) {
		if (old == TCP_SYN_SENT) {
			f->failed++;
		} else {
			f->closed++;
			if (c->opened) {
				f->lifetime_ns_sum += bpf_ktime_get_ns() - c->since;
				f->lifetimes++;
			}
		}
	}
	bpf_map_delete_elem(&connections, &key);
}

SEC("raw_tp/inet_sock_set_state")
int set_state(__u64 *ctx)
{
	struct sock *sk = (void *)ctx[0];
	int old = ctx[1], new = ctx[2];

	/* The tracepoint tells of SCTP and MPTCP too. Before 5.6 the protocol was a bit field. */
	if (BPF_CORE_READ_BITFIELD_PROBED(sk, sk_protocol) != IPPROTO_TCP || !is_wanted(sk))
		return 0;
	if (new == TCP_SYN_SENT)
		begin(sk, TCP_SYN_SENT, false, true);
	else if (new == TCP_ESTABLISHED && (old == TCP_SYN_SENT || old == TCP_SYN_RECV))
		on_established(sk, old == TCP_SYN_RECV);
	else if (new == TCP_CLOSE)
		on_close(sk, old);
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
	struct connection *c;
	__u64 key = (__u64)sk;
	__u32 port, one = 1;
	int state;
	struct flow *f;

	if (!sk)
		return 0;
	port = BPF_CORE_READ(sk, __sk_common.skc_num);
	state = BPF_CORE_READ(sk, __sk_common.skc_state);
	switch (state) {
	case TCP_LISTEN:
		if (bpf_map_update_elem(&listeners, &port, &one, BPF_ANY))
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
	begin(sk, state, bpf_map_lookup_elem(&listeners, &port) != 0, false);
	c = bpf_map_lookup_elem(&connections, &key);
	f = c ? flow_of(&c->key) : 0;
	if (f)
		f->connections++;
	return 0;
}
