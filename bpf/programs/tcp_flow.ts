import { assetBytes } from "../../core/assets/mod.ts";
import { type Cell, type Field, field, type Quality, quality, type Table, tableFromRows } from "../../core/data/mod.ts";
import { ipText } from "../../core/data/ip_text.ts";
import { clockNs } from "../../core/sys/mod.ts";
import type { BpfLink, BpfObject } from "../libbpf.ts";
import { possibleCpus } from "../possible_cpus.ts";
import { forEachEntry, type StructView } from "./_entries.ts";
import { inWords, loadObject, type ProgramOptions, type Variant } from "./_load.ts";
import { readCounters, startMeter } from "./_measure.ts";

/** What to measure. */
export interface TcpFlowOptions extends ProgramOptions {
  /** Other network namespaces too. Of those, connections are seen only that open or close meanwhile. Default false. */
  readonly allNamespaces?: boolean;
  /** Bits of an IPv4 address that tell peers apart: 0–32, default 32. */
  readonly prefix4?: number;
  /** Bits of an IPv6 address that tell peers apart: 0–128, default 128. */
  readonly prefix6?: number;
  /** Most connections at a time; 1 or more. Default 16384. */
  readonly maxConnections?: number;
  /** Most peers, counted on each CPU; 1 or more. Default 8192. */
  readonly maxPeers?: number;
  /** Forces one of the two ways: for tests. */
  readonly variant?: "walking" | "events";
}

/** A measurement that runs. Disposing it detaches everything. */
export interface TcpFlow extends Disposable {
  /** `walking`, or `events` where the kernel has no iterator over its sockets. */
  readonly variant: string;
  /** Ends the window; what was counted can still be read. @throws {SysError} */
  stop(): void;
  /** A row for each peer, port and side, since the start; the most bytes first. @throws {SysError} */
  read(): Table;
}

const VARIANTS: readonly Variant[] = [
  { name: "walking", programs: ["set_state", "walk"] },
  { name: "events", programs: ["set_state"] },
];

const BLIND = "Connections that were open before, or are open still, are not in the figures: " +
  "this kernel has no iterator over TCP sockets (it takes Linux 5.9 and its own BTF)";

const AF_INET = 2;
/** What a state change costs, where the kernel does not tell (docs/internals/bpf.md, "libbpf and CO-RE"). */
const ESTIMATED_CONNECTION_NS = 1500;

function fieldsOf(wholeAddresses: boolean): Field[] {
  return [
    field("peer", wholeAddresses ? "ip" : "string", "The other side; IPv4 in IPv6 (::ffff:a.b.c.d) as IPv4"),
    field("port", "int", "The port that is listened on: the peer's, or ours where we are the server"),
    field("side", "string", "What we are: client or server"),
    field("connections", "int", "Connections that there were", "count"),
    field("opened", "int", "Those that were opened meanwhile", "count"),
    field("closed", "int", "Those that were closed meanwhile", "count"),
    field("failed", "int", "Attempts of ours that the peer refused or did not answer", "count"),
    field("sent", "bytes", "Payload sent that the other side has acknowledged"),
    field("received", "bytes", "Payload received"),
    field("retransmits", "int", "Segments sent again", "count"),
    field("rtt", "duration", "Mean of the connections' smoothed round-trip times"),
    field("min_rtt", "duration", "Least round-trip time"),
    field("connect", "duration", "Mean time that opening took, of those that we opened"),
    field("lifetime", "duration", "Mean life of those that were opened and closed meanwhile"),
  ];
}

/**
 * Measures from now on what TCP carries to and from each peer: `tcp_flow.bpf.c`.
 *
 * @throws {UnsupportedError} without libbpf, type information or permission
 * @throws {LibbpfError} when the kernel refuses for another reason
 */
export function startTcpFlow(options: TcpFlowOptions): TcpFlow {
  const { host, allNamespaces = false, prefix4 = 32, prefix6 = 128 } = options;
  if (!(prefix4 >= 0 && prefix4 <= 32)) throw new RangeError(`prefix4 is 0 to 32, not ${prefix4}`);
  if (!(prefix6 >= 0 && prefix6 <= 128)) throw new RangeError(`prefix6 is 0 to 128, not ${prefix6}`);
  const { object, variant } = loadObject(
    "tcp_flow",
    assetBytes("bpf/programs/tcp_flow.bpf.o"),
    options,
    options.variant ? VARIANTS.filter((v) => v.name === options.variant) : VARIANTS,
    (fresh) => {
      const netns = Deno.statSync(host.path("pid_ns_net")).ino ?? 0;
      fresh.setConstants({ only_netns: allNamespaces ? 0 : netns, prefix4, prefix6 });
      fresh.map("connections").setMaxEntries(options.maxConnections ?? 16_384);
      fresh.map("flows").setMaxEntries(options.maxPeers ?? 8192);
    },
  );
  let events = 0;
  const programs = object.programs.filter((p) => p.autoload);
  const meter = startMeter(programs.map((p) => p.fd), () => events * ESTIMATED_CONNECTION_NS);
  const dispose = (): void => {
    meter[Symbol.dispose]();
    object[Symbol.dispose]();
  };
  let states: BpfLink;
  let walk: BpfLink | null = null;
  try {
    // Events first: a connection that opens in between is there already when the walk takes base lines, and keeps its own.
    states = object.program("set_state").attach();
    if (variant === "walking") walk = object.program("walk").attach();
    meter.costed(() => walk?.iterate());
  } catch (error) {
    dispose();
    throw inWords(error, `attaching "tcp_flow"`, host, options.btf !== undefined);
  }
  const startNs = clockNs();
  let endNs = 0;
  const { spec, fd } = object.map("counters");
  const cpus = possibleCpus(host);
  return {
    variant,
    stop(): void {
      if (endNs > 0) return;
      meter.costed(() => {
        walk?.iterate();
        walk?.[Symbol.dispose]();
        states[Symbol.dispose]();
      });
      endNs = clockNs();
    },
    read(): Table {
      const flows = meter.costed(() => {
        if (endNs === 0) walk?.iterate();
        return readFlows(object);
      });
      events = flows.reduce((n, f) => n + f.connections + f.failed, 0);
      const durationNs = (endNs || clockNs()) - startNs;
      const { cost, missed } = meter.read(durationNs);
      const q = quality({
        ...losses(readCounters(fd, spec, cpus), missed),
        events,
        duration_ns: durationNs,
        cost,
        notes: variant === "walking" ? [] : [BLIND],
      });
      const whole = prefix4 === 32 && prefix6 === 128;
      const rows = flows.sort((a, b) => b.sent + b.received - a.sent - a.received)
        .map((f) => rowOf(f, f.ipv4 ? prefix4 : prefix6));
      return tableFromRows(fieldsOf(whole), rows, q);
    },
    [Symbol.dispose]: dispose,
  };
}

function losses(counters: readonly number[], recursion: number): Pick<Quality, "lost_by" | "unmatched"> {
  const [connections, flows, listeners, ends] = counters;
  const all = { connections_full: connections, map_full: flows, listeners_full: listeners, recursion };
  return {
    lost_by: Object.fromEntries(Object.entries(all).filter(([, n]) => n > 0)),
    unmatched: { starts: 0, ends, replaced: 0 },
  };
}

/** Members of struct flow that add up, at offsets of 8 bytes each. */
const SUMS = [
  "connections",
  "opened",
  "closed",
  "failed",
  "sent",
  "received",
  "retransmits",
  "rttUs",
  "rttSamples",
  "minRttUs",
  "connectNs",
  "connects",
  "lifetimeNs",
  "lifetimes",
] as const;

/** One peer, port and side: the sums over all CPUs. */
interface Flow extends Record<typeof SUMS[number], number> {
  readonly address: readonly number[];
  readonly ipv4: boolean;
  readonly port: number;
  readonly server: boolean;
}

function readFlows(object: BpfObject): Flow[] {
  const flows = new Map<string, Flow>();
  forEachEntry(object.map("flows"), (key, value) => {
    // All of the key but the CPU behind it.
    const id = key.bytes(0, 21).toHex();
    let flow = flows.get(id);
    if (!flow) flows.set(id, flow = newFlow(key));
    const least = flow.minRttUs;
    SUMS.forEach((name, i) => flow[name] += value.u64(i * 8));
    const own = flow.minRttUs - least;
    flow.minRttUs = least > 0 && own > 0 ? Math.min(least, own) : least + own;
  });
  return [...flows.values()];
}

function newFlow(key: StructView): Flow {
  const ipv4 = key.u16(16) === AF_INET;
  const sums = Object.fromEntries(SUMS.map((name) => [name, 0])) as Record<typeof SUMS[number], number>;
  return { ...sums, address: [...key.bytes(0, ipv4 ? 4 : 16)], ipv4, port: key.u16(18), server: key.u8(20) !== 0 };
}

function rowOf(f: Flow, prefix: number): Cell[] {
  const mean = (sum: number, n: number): Cell => n > 0 ? Math.round(sum / n) : null;
  const whole = prefix === f.address.length * 8;
  return [
    whole ? ipText(f.address) : `${ipText(f.address)}/${prefix}`,
    f.port,
    f.server ? "server" : "client",
    f.connections,
    f.opened,
    f.closed,
    f.failed,
    f.sent,
    f.received,
    f.retransmits,
    mean(f.rttUs * 1000, f.rttSamples),
    f.minRttUs > 0 ? f.minRttUs * 1000 : null,
    mean(f.connectNs, f.connects),
    mean(f.lifetimeNs, f.lifetimes),
  ];
}
