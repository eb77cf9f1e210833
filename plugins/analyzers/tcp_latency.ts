import type { Analysis, AnalyzerRequest, Cell, Field, Results, SondeApi } from "../../core/plugin_api/mod.ts";
import { twoLooks } from "./_two_looks.ts";
import type { Analyzer } from "./analyzer.ts";

type Row = Record<string, Cell>;

/** The analyzer `tcp_latency`: connecting, round trips, and what is sent again, by peer and process. */
export function tcpLatency(sonde: SondeApi): Analyzer {
  return {
    name: "tcp_latency",
    collector: "tcp.latency",
    doc: "How long TCP takes to connect and for a round trip, and what it sends again, by peer and process",
    tables: [
      { name: "peers", fields: peerFields(sonde) },
      { name: "connects", fields: connectFields(sonde) },
      { name: "retransmits", fields: retransmitFields(sonde) },
      { name: "listeners", fields: listenerFields(sonde) },
    ],
    recipe: "tcp_latency",
    fromRecipe: (results) => fromRecipe(sonde, results),
    fromProc: (request) => fromProc(sonde, request),
  };
}

const ANY_PORT = "The port that is listened on: the peer's, or ours where we are the server";

function peerFields({ data: { field } }: SondeApi): Field[] {
  return [
    field("peer", "ip", "The other side; IPv4 in IPv6 (::ffff:a.b.c.d) as IPv4. Null: all together"),
    field("port", "int", ANY_PORT),
    field("side", "string", "What we are: client or server"),
    field(
      "pid",
      "pid",
      "Whose connections they are: who opened them, else who first read from or closed one; null when that is not known " +
        "(yet), or several",
    ),
    field("comm", "string", "Its name"),
    field("connections", "int", "Connections that there were", "count"),
    field("rtt", "duration", "Mean of the smoothed round-trip times, each time that something was acknowledged"),
    field("rtt_p50", "duration", "Half of those were no longer"),
    field("rtt_p99", "duration", "99 % of those were no longer"),
    field("rtt_max", "duration", "The longest of those"),
    field("min_rtt", "duration", "Least round-trip time of single segments in the last five minutes"),
    field("retransmits", "int", "Segments sent again", "count"),
    field("segments", "int", "Segments with data sent, with those that were sent again", "count"),
    field("sent", "bytes", "Payload sent that the other side has acknowledged"),
    field("received", "bytes", "Payload received"),
    field("connect", "duration", "Mean time that opening took, of those that we opened"),
    field("opened", "int", "Connections that were opened meanwhile", "count"),
    field("closed", "int", "Connections that were closed meanwhile", "count"),
    field("failed", "int", "Attempts of ours that failed", "count"),
    field("lifetime", "duration", "Mean life of those that were opened and closed meanwhile"),
    field("rtts", "int", "Round-trip times that were counted", "count"),
    field("local", "ip", "Our address"),
  ];
}

function connectFields({ data: { field } }: SondeApi): Field[] {
  return [
    field("pid", "pid", "Who called connect; null outside of sonde's pid namespace"),
    field("comm", "string", "Its name"),
    field("peer", "ip", "The other side. Null: all together"),
    field("port", "int", "Its port"),
    field("attempts", "int", "Attempts that ended meanwhile, one way or the other", "count"),
    field("opened", "int", "Those that led to a connection", "count"),
    field("failed", "int", "Those that did not", "count"),
    field("refused", "int", "Of those, refused by the peer", "count"),
    field("timed_out", "int", "Of those, without an answer until the kernel gave up", "count"),
    field("connect", "duration", "Mean time until there was a connection"),
    field("connect_p50", "duration", "Half of them took no longer"),
    field("connect_p99", "duration", "99 % of them took no longer"),
    field("connect_max", "duration", "The longest"),
    field("local", "ip", "Our address"),
    field("connect_times", "histogram", "Times until there was a connection", "ns"),
  ];
}

function retransmitFields({ data: { field } }: SondeApi): Field[] {
  return [
    field("peer", "ip", "The other side. Null: all together"),
    field("port", "int", ANY_PORT),
    field("side", "string", "What we are: client or server"),
    field("pid", "pid", "Whose connection it is, as far as it is known"),
    field("comm", "string", "Its name"),
    field("state", "string", "Of the connection: established, syn sent, …"),
    field(
      "kind",
      "string",
      "Why: syn (no answer to an attempt), syn-ack (no answer to ours), timeout, recovery (later segments have arrived), " +
        "probe (nothing heard of the last ones, or lost early)",
    ),
    field("segments", "int", "Segments sent again", "count"),
    field("events", "int", "Times that this was done, one or more segments at a time", "count"),
    field("local", "ip", "Our address"),
  ];
}

function listenerFields({ data: { field } }: SondeApi): Field[] {
  return [
    field("local", "ip", "Our address"),
    field("port", "int", "The port"),
    field("waiting", "int", "Connections that wait to be accepted, at the last look", "count"),
    field("room", "int", "How many may wait", "count"),
  ];
}

/** TCP's states by number (include/net/tcp_states.h). */
const STATES: Readonly<Record<number, string>> = {
  1: "established",
  2: "syn sent",
  3: "syn received",
  4: "fin wait 1",
  5: "fin wait 2",
  7: "closed",
  8: "close wait",
  9: "last ack",
  11: "closing",
};

function fromRecipe(sonde: SondeApi, results: Results): Analysis {
  const rows = (name: string): readonly Row[] => {
    const table = results[name];
    return table?.kind === "table" ? sonde.data.recordsOf(table) : [];
  };
  const peers = rows("round_trips").map((r) => ({
    peer: r.peer,
    port: r.port,
    rtt: Math.round(Number(r.rtt)) * 1000,
    rtt_p50: Number(r.p50) * 1000,
    rtt_p99: Number(r.p99) * 1000,
    rtt_max: Number(r.max) * 1000,
    rtts: r.segments,
  }));
  const connects = rows("connects").map((r) => ({
    pid: r.pid,
    comm: r.comm,
    peer: r.peer,
    port: r.port,
    attempts: r.attempts,
    opened: r.opened,
    failed: Number(r.attempts) - Number(r.opened),
    connect: r.opened === 0 ? null : Math.round(Number(r.total) / Number(r.opened)),
    connect_p50: r.p50,
    connect_p99: r.p99,
    connect_max: r.max,
    connect_times: r.times,
  }));
  const retransmits = rows("retransmits").map((r) => ({
    peer: r.peer,
    port: r.port,
    state: STATES[Number(r.state)] ?? `other (${r.state})`,
    kind: Number(r.state) === 2 ? "syn" : null,
    segments: null,
    events: r.events,
  }));
  const qualities = Object.values(results).map((r) => r.quality);
  const whole = qualities.length > 0 ? sonde.data.mergeQuality(qualities) : sonde.data.quality();
  return {
    tables: {
      peers,
      connects,
      retransmits,
    },
    quality: {
      ...whole,
      events: connects.reduce((n, r) => n + Number(r.attempts), 0),
      notes: [
        ...whole.notes,
        "Round trips are counted at each segment that arrives, and `port` is ours only where the peer's is not below 32768 and ours is. What " +
        "connections carried, whose they are, and the queues of servers are not measured.",
        "Whose round trips and segments they are is not known: those of all processes.",
      ],
    },
  };
}

/** The kernel's counters of `/proc/net/snmp` and `/proc/net/netstat`. */
async function fromProc(sonde: SondeApi, request: AnalyzerRequest): Promise<Analysis> {
  const { host, data } = sonde;
  if (request.pid > 0) {
    throw new data.UnsupportedError("The kernel counts TCP for the whole machine, not for a process", "");
  }
  if (!host.netCounters().has("Tcp.RetransSegs")) {
    throw new data.UnsupportedError("The kernel does not count TCP in /proc/net/snmp", "");
  }
  const { before, after, quality } = await twoLooks(sonde, request, () => host.netCounters(), [
    "Sums of the kernel over our network namespace: no peers, no processes, no times. Failed attempts are those of " +
    "servers too. Segments are all that were sent, without data too.",
  ]);
  const grown = (name: string): number => Math.max(0, (after.get(name) ?? 0) - (before.get(name) ?? 0));
  const [active, passive] = [grown("Tcp.ActiveOpens"), grown("Tcp.PassiveOpens")];
  const failed = grown("Tcp.AttemptFails");
  // Documentation/networking/snmp_counter.rst. SYNs and SYN-ACKs that are sent again have no counters of their own.
  const kinds = [["recovery", grown("TcpExt.TCPFastRetrans")], ["timeout", grown("TcpExt.TCPSlowStartRetrans")], [
    "probe",
    grown("TcpExt.TCPLossProbes"),
  ]] as const;
  return {
    tables: {
      peers: [{
        connections: after.get("Tcp.CurrEstab") ?? null,
        opened: active + passive - failed,
        failed,
        retransmits: grown("Tcp.RetransSegs"),
        segments: grown("Tcp.OutSegs"),
      }],
      retransmits: kinds.flatMap(([kind, segments]) => segments > 0 ? [{ kind, segments }] : []),
    },
    quality: quality(active + passive),
  };
}
