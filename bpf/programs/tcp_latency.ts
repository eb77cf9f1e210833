import { assetBytes } from "../../core/assets/mod.ts";
import { type Cell, quality } from "../../core/data/mod.ts";
import { ipText } from "../../core/data/ip_text.ts";
import type { Analysis } from "../../core/plugin_api/mod.ts";
import type { BpfLink } from "../libbpf.ts";
import { possibleCpus } from "../possible_cpus.ts";
import { analyzerConstants, type AnalyzerOptions, type RunningAnalyzer } from "./analyzer.ts";
import { attachObject } from "./_attached.ts";
import { type Distribution, distribution } from "./_distribution.ts";
import { forEachEntry, type StructView } from "./_entries.ts";
import { loadObject, type Variant } from "./_load.ts";
import { readCounters } from "./_measure.ts";

/** What to measure. */
export interface TcpLatencyOptions extends AnalyzerOptions {
  /** Sonde's own connections too: for tests. Default false. */
  readonly includeSelf?: boolean;
}

const EVENTS = ["set_state", "segment", "retransmit", "retransmit_synack"];
/** Who uses a connection is told by all that goes through sockets (since 6.4), or by what is read from TCP's. */
const VARIANTS: readonly Variant[] = [
  { name: "walking", programs: [...EVENTS, "has_received", "has_sent", "walk"] },
  { name: "walking_readers", programs: [...EVENTS, "has_read", "walk"] },
  { name: "events", programs: [...EVENTS, "has_read"] },
];

const BLIND =
  "What connections have carried that are open still, those that were idle, and the queues of servers are " +
  "not in the figures: this kernel has no iterator over TCP sockets (it takes Linux 5.9 and its own BTF)";

const AF_INET = 2;
/** What a connection and a message cost, where the kernel does not tell (docs/analyzers/tcp_latency.md). */
const ESTIMATED_CONNECTION_NS = 5000;
const ESTIMATED_MESSAGE_NS = 1000;

/** Places in the C structs, bytes. */
const ENDS_BYTES = 40;
const COMM_BYTES = 16;

/** Names of TCP's states by number (include/net/tcp_states.h), as ss writes them. */
const STATES: Readonly<Record<number, string>> = {
  1: "established",
  2: "syn sent",
  3: "syn received",
  4: "fin wait 1",
  5: "fin wait 2",
  6: "time wait",
  7: "closed",
  8: "close wait",
  9: "last ack",
  11: "closing",
};
/** `kind` of struct retransmit_key. */
const KINDS = ["syn", "syn-ack", "timeout", "recovery", "probe"];

/**
 * The analyzer `tcp_latency`: connecting, round trips, what is sent again, by peer and by process, by
 * `tcp_latency.bpf.c`.
 *
 * @throws {UnsupportedError} without libbpf, type information or permission
 * @throws {LibbpfError} when the kernel refuses for another reason
 */
export function startTcpLatency(options: TcpLatencyOptions): RunningAnalyzer {
  const { host, pid, maxEntries = 8192, includeSelf = false } = options;
  const { object, variant } = loadObject(
    "tcp_latency",
    assetBytes("bpf/programs/tcp_latency.bpf.o"),
    options,
    options.variant ? VARIANTS.filter((v) => v.name === options.variant) : VARIANTS,
    (fresh) => {
      const constants = analyzerConstants(host, pid);
      fresh.setConstants(includeSelf ? { ...constants, own_pid: 0 } : constants);
      fresh.map("connections").setMaxEntries(2 * maxEntries);
      for (const map of ["flows", "attempts", "again"]) fresh.map(map).setMaxEntries(maxEntries);
      fresh.map("buckets").setMaxEntries(8 * maxEntries);
    },
  );
  const walks = variant !== "events";
  let connections = 0, messages = 0;
  let walk: BpfLink | null = null;
  const estimate = (): number => connections * ESTIMATED_CONNECTION_NS + messages * ESTIMATED_MESSAGE_NS;
  const running = attachObject(object, options, estimate, () => {
    // Events first: a connection that opens in between is there already when the walk takes base lines, and keeps its own.
    const links = object.programs.filter((p) => p.autoload && p.name !== "walk").map((p) => p.attach());
    if (!walks) return links;
    walk = object.program("walk").attach();
    walk.iterate();
    return [...links, walk];
  });
  const cpus = possibleCpus(host);
  return {
    variant,
    // The figures of what is open still are taken before anything is detached.
    stop: () => running.stop(() => walk?.iterate()),
    read(): Analysis {
      const counters = object.map("counters");
      const { flows, attempts, again, listeners, totals } = running.costed(() => {
        if (!running.stopped) walk?.iterate();
        const times = readTimes();
        return {
          flows: readFlows(times),
          attempts: readAttempts(times),
          again: readAgain(),
          listeners: readListeners(),
          totals: readCounters(counters.fd, counters.spec, cpus),
        };
      });
      connections = flows.reduce((n, f) => n + f.connections + f.failed, 0);
      messages = flows.reduce((n, f) => n + f.rtts, 0);
      const { durationNs, cost, missed } = running.measured();
      const [connections_full, map_full, buckets_full, listeners_full, ends] = totals;
      const lost = { connections_full, map_full, buckets_full, listeners_full, recursion: missed };
      return {
        tables: {
          peers: flows.map(flowRow),
          connects: attempts.map(attemptRow),
          retransmits: again,
          ...(walks ? { listeners } : {}),
        },
        quality: quality({
          events: connections,
          lost_by: Object.fromEntries(Object.entries(lost).filter(([, n]) => n > 0)),
          unmatched: { starts: 0, ends, replaced: 0 },
          duration_ns: durationNs,
          cost,
          notes: walks ? [] : [BLIND],
        }),
      };
    },
    [Symbol.dispose]: running[Symbol.dispose],
  };

  /** Distributions by ends, process and what they are of. */
  function readTimes(): Map<string, Distribution> {
    const times = new Map<string, Distribution>();
    forEachEntry(object.map("buckets"), (key, value) => {
      const id = `${key.bytes(0, ENDS_BYTES).toHex()} ${key.u32(40)} ${key.u32(48)}`;
      let all = times.get(id);
      if (!all) times.set(id, all = distribution());
      all.add(key.u32(44), value.u64(0));
    });
    return times;
  }

  function readFlows(times: ReadonlyMap<string, Distribution>): Flow[] {
    const flows = new Map<string, Flow>();
    forEachEntry(object.map("flows"), (key, value) => {
      const id = key.bytes(0, ENDS_BYTES).toHex();
      let flow = flows.get(id);
      if (!flow) flows.set(id, flow = { ...newFlow(key), rtt: times.get(`${id} 0 0`) ?? distribution() });
      addFlow(flow, value);
    });
    return [...flows.values()].sort((a, b) => b.sent + b.received - a.sent - a.received);
  }

  function readAttempts(times: ReadonlyMap<string, Distribution>): Attempts[] {
    const all = new Map<string, Attempts>();
    forEachEntry(object.map("attempts"), (key, value) => {
      const id = key.bytes(0, ENDS_BYTES + 4 + COMM_BYTES).toHex();
      let a = all.get(id);
      if (!a) {
        const pid = key.u32(40);
        const time = times.get(`${key.bytes(0, ENDS_BYTES).toHex()} ${pid} 1`) ?? distribution();
        const zero = { attempts: 0, opened: 0, refused: 0, timedOut: 0, otherwise: 0, ns: 0, max: 0 };
        all.set(id, a = { ...endsOf(key), pid, comm: key.text(44, COMM_BYTES), time, ...zero });
      }
      a.attempts += value.u64(0);
      a.opened += value.u64(8);
      a.refused += value.u64(16);
      a.timedOut += value.u64(24);
      a.otherwise += value.u64(32);
      a.ns += value.u64(40);
      a.max = Math.max(a.max, value.u64(48));
    });
    return [...all.values()].sort((a, b) => b.attempts - a.attempts);
  }

  function readAgain(): Record<string, Cell>[] {
    const all = new Map<string, Record<string, Cell> & { segments: number; events: number }>();
    forEachEntry(object.map("again"), (key, value) => {
      const id = key.bytes(0, ENDS_BYTES + 4 + COMM_BYTES + 4).toHex();
      let r = all.get(id);
      if (!r) {
        const { peer, local, port, side } = endsOf(key);
        const state = STATES[key.u16(60)] ?? `other (${key.u16(60)})`;
        const who = { pid: key.u32(40) || null, comm: key.text(44, COMM_BYTES) || null };
        all.set(id, r = { peer, local, port, side, ...who, state, kind: KINDS[key.u16(62)], segments: 0, events: 0 });
      }
      r.events += value.u64(0);
      r.segments += value.u64(8);
    });
    return [...all.values()].sort((a, b) => b.segments - a.segments);
  }

  function readListeners(): Record<string, Cell>[] {
    const rows: (Record<string, Cell> & { waiting: number })[] = [];
    forEachEntry(object.map("listeners"), (key, value) => {
      const ipv4 = key.u16(16) === AF_INET;
      const local = ipText([...key.bytes(0, ipv4 ? 4 : 16)]);
      rows.push({ local, port: key.u16(18), waiting: value.u32(0), room: value.u32(4) });
    });
    return rows.sort((a, b) => b.waiting - a.waiting);
  }
}

/** The two ends (struct ends). */
interface Ends {
  readonly peer: string;
  readonly local: string;
  readonly port: number;
  readonly side: "client" | "server";
}

function endsOf(key: StructView): Ends {
  const bytes = key.u16(32) === AF_INET ? 4 : 16;
  return {
    peer: ipText([...key.bytes(0, bytes)]),
    local: ipText([...key.bytes(16, bytes)]),
    port: key.u16(34),
    side: key.u32(36) !== 0 ? "server" : "client",
  };
}

/** Members of struct flow that add up, at offsets of 8 bytes each; the extremes have theirs among them. */
const SUMS = [
  "connections",
  "opened",
  "closed",
  "failed",
  "sent",
  "received",
  "segments",
  "retransmits",
  "rttUs",
  "rtts",
  "maxRttUs",
  "minRttUs",
  "connectNs",
  "connects",
  "lifetimeNs",
  "lifetimes",
] as const;

/** One peer, port and side: the sums over all CPUs. */
interface Flow extends Record<typeof SUMS[number], number>, Ends {
  /** 0: none is known. */
  pid: number;
  comm: string | null;
  mixed: boolean;
  readonly rtt: Distribution;
}

function newFlow(key: StructView): Omit<Flow, "rtt"> {
  const sums = Object.fromEntries(SUMS.map((name) => [name, 0])) as Record<typeof SUMS[number], number>;
  return { ...endsOf(key), ...sums, pid: 0, comm: null, mixed: false };
}

function addFlow(flow: Flow, value: StructView): void {
  const { minRttUs, maxRttUs } = flow;
  SUMS.forEach((name, i) => flow[name] += value.u64(i * 8));
  const own = flow.minRttUs - minRttUs;
  flow.minRttUs = minRttUs > 0 && own > 0 ? Math.min(minRttUs, own) : minRttUs + own;
  flow.maxRttUs = Math.max(maxRttUs, flow.maxRttUs - maxRttUs);
  const [pid, known, comm, mixed] = [value.u32(128), value.u32(132), value.text(136, COMM_BYTES), value.u64(152)];
  if (known === 0) return;
  if (mixed !== 0 || (flow.comm !== null && flow.pid !== pid)) flow.mixed = true;
  flow.pid = pid;
  flow.comm = comm;
}

function flowRow(f: Flow): Record<string, Cell> {
  const mean = (sum: number, n: number): Cell => n > 0 ? Math.round(sum / n) : null;
  const rtt = (q: number): Cell => {
    const us = f.rtt.quantile(q, f.maxRttUs);
    return us === null ? null : us * 1000;
  };
  return {
    peer: f.peer,
    local: f.local,
    port: f.port,
    side: f.side,
    pid: f.mixed ? null : f.pid || null,
    comm: f.mixed ? null : f.comm,
    connections: f.connections,
    opened: f.opened,
    closed: f.closed,
    failed: f.failed,
    rtt: mean(f.rttUs * 1000, f.rtts),
    rtt_p50: rtt(0.5),
    rtt_p99: rtt(0.99),
    rtt_max: f.maxRttUs > 0 ? f.maxRttUs * 1000 : null,
    min_rtt: f.minRttUs > 0 ? f.minRttUs * 1000 : null,
    rtts: f.rtts,
    segments: f.segments,
    retransmits: f.retransmits,
    sent: f.sent,
    received: f.received,
    connect: mean(f.connectNs, f.connects),
    lifetime: mean(f.lifetimeNs, f.lifetimes),
  };
}

/** Attempts to connect of one process (struct connects). */
interface Attempts extends Ends {
  readonly pid: number;
  readonly comm: string;
  readonly time: Distribution;
  attempts: number;
  opened: number;
  refused: number;
  timedOut: number;
  otherwise: number;
  ns: number;
  max: number;
}

function attemptRow(a: Attempts): Record<string, Cell> {
  return {
    pid: a.pid || null,
    comm: a.comm,
    peer: a.peer,
    local: a.local,
    port: a.port,
    attempts: a.attempts,
    opened: a.opened,
    refused: a.refused,
    timed_out: a.timedOut,
    failed: a.refused + a.timedOut + a.otherwise,
    connect: a.opened > 0 ? Math.round(a.ns / a.opened) : null,
    connect_p50: a.time.quantile(0.5, a.max),
    connect_p99: a.time.quantile(0.99, a.max),
    connect_max: a.opened > 0 ? a.max : null,
    connect_times: a.time.histogram("ns"),
  };
}
