/** Specs whose programs are kept as text in bpf/testdata: one of each sort, over a machine whose layouts never change. */
import {
  type AggregateSpec,
  type Expr,
  literal,
  MAX_IN_FLIGHT,
  type ProbePoint,
  type ProbeSpec,
  type SourceSpec,
} from "../../core/query/mod.ts";
import type { Access } from "../codegen/access.ts";
import type { TargetFinder } from "../codegen/plan.ts";
import { PROBE, type Surroundings, USER_PROBE } from "../codegen/program.ts";
import type { Attach, Target } from "../probes/target.ts";
import { bin, f, named, text } from "./specs.ts";

/** What each kind of point is attached to. Nothing of it has to be there: programs are generated and verified only. */
const ATTACH: Readonly<Record<string, Attach>> = {
  raw_tracepoint: { kind: "raw_tracepoint", name: "sys_enter" },
  usdt: { kind: "uprobe", path: "/bin/true", places: [{ offset: 64, semaphore: 0 }], returns: false, multi: false },
  uprobe: { kind: "uprobe", path: "/bin/true", places: [{ offset: 64, semaphore: 0 }], returns: false, multi: false },
  profile: { kind: "perf_event", type: 1, config: 0, frequencyHz: 99, period: 0, everyCpu: true },
  iter: { kind: "iter", target: "task", btfId: 1 },
  xdp: { kind: "xdp", interface: "lo" },
};

const SURROUNDINGS: Readonly<Record<string, Surroundings>> = {
  xdp: { tasks: false, item: null, result: 2 },
  iter: { tasks: true, item: 8, result: 0 },
  uprobe: USER_PROBE,
  usdt: USER_PROBE,
};

const word = (offset: number): Access => ({ kind: "context", offset, width: 8, signed: false });
const INT = { kind: "int", width: 4, signed: true, bool: false } as const;
const CONSTANT: Access = { kind: "constant", value: 0n };

const FIELDS: Readonly<Record<string, Access>> = {
  time: { kind: "builtin", name: "time" },
  pid: { kind: "builtin", name: "pid" },
  ktid: { kind: "builtin", name: "tid" },
  cpu: { kind: "builtin", name: "cpu" },
  comm: { kind: "builtin", name: "comm" },
  kstack: { kind: "stack", part: "kernel", pid: CONSTANT },
  frame: word(152),
  "args.ret": word(80),
  "args.user": {
    kind: "user_memory",
    base: 32,
    index: { offset: 80, scale: 8 },
    distance: -24n,
    width: 4,
    signed: true,
  },
  "args.len": { kind: "packet_length" },
  "task.tgid": { kind: "member", base: "item", offsets: [1000], leaf: INT, certain: true },
  "task.parent.tgid": { kind: "member", base: "item", offsets: [1100, 1000], leaf: INT },
  "args.child.tgid": { kind: "member", base: 8, offsets: [1000], leaf: INT },
  "args.next.tgid": { kind: "member", base: 16, offsets: [1000], leaf: INT },
  "args.bits": {
    kind: "member",
    base: 16,
    offsets: [1200],
    leaf: { ...INT, signed: false, bits: { shift: 3, size: 5 } },
  },
};

function accessOf(name: string): Access {
  const argument = /^args\.(\d)$/.exec(name);
  return argument ? word(Number(argument[1]) * 8) : FIELDS[name];
}

function targetOf(kind: string): Target {
  return {
    text: kind,
    attach: ATTACH[kind],
    guards: [],
    surroundings: SURROUNDINGS[kind] ?? PROBE,
    access: accessOf,
  };
}

/** Finds the fields above at every point. */
export const GOLDEN_FINDER: TargetFinder = {
  targets: (points) => points.map((p) => targetOf(p.kind)),
  calls: () => ({
    starts: [targetOf("uprobe")],
    ends: [targetOf("uprobe")],
    key: [f("ktid", "tid"), f("frame", "address")],
  }),
};

const RAW: SourceSpec = { kind: "event", probes: [{ kind: "raw_tracepoint", name: "sys_enter" }] };
const on = (probe: ProbePoint): SourceSpec => ({ kind: "event", probes: [probe] });
const isPid = bin("==", f("pid", "pid"), literal(42n, "pid"));
const value = f("args.0", "int u");

function counted(
  source: SourceSpec,
  keys: Readonly<Record<string, Expr>>,
  aggregates: readonly AggregateSpec[],
  filter?: Expr,
): ProbeSpec {
  return {
    source,
    steps: filter ? [{ kind: "filter", expr: filter }] : [],
    output: { kind: "aggregate", keys: named(keys), aggregates, maxKeys: 1024 },
    includeSelf: false,
  };
}

function streamed(source: SourceSpec, fields: Readonly<Record<string, Expr>>, filter?: Expr): ProbeSpec {
  return {
    source,
    steps: filter ? [{ kind: "filter", expr: filter }] : [],
    output: { kind: "stream", fields: named(fields), ringBytes: 1 << 20 },
    includeSelf: false,
  };
}

const n: AggregateSpec = { name: "n", fn: "count", args: [] };
const of = (fn: string, ...args: Expr[]): AggregateSpec => ({ name: fn, fn, args });

/** The specs by the names of their files. */
export const GOLDEN_SPECS: Readonly<Record<string, ProbeSpec>> = {
  count: counted(RAW, {}, [n]),
  filter: counted(RAW, {}, [n], bin("and", isPid, bin(">", value, literal(1000n)))),
  count_by_comm: counted(RAW, { comm: f("comm", "string") }, [n]),
  sums_by_pid: counted(RAW, { pid: f("pid", "pid") }, [
    n,
    of("sum", value),
    of("min", value),
    of("max", value),
    of("avg", value),
  ]),
  hist: counted(RAW, { pid: f("pid", "pid") }, [of("hist", value)]),
  lhist: counted(RAW, {}, [of("lhist", value, literal(0n), literal(100n), literal(10n))]),
  pair: counted(
    {
      kind: "pair",
      starts: [{ kind: "raw_tracepoint", name: "a" }],
      ends: [{ kind: "raw_tracepoint", name: "b" }],
      startKey: [f("args.0", "int u")],
      endKey: [f("args.1", "int u")],
      cancels: [{ kind: "raw_tracepoint", name: "c" }],
      cancelKey: [f("args.0", "int u")],
      maxInFlight: MAX_IN_FLIGHT,
    },
    { comm: f("start.comm", "string") },
    [n, of("p99", f("duration", "duration"))],
  ),
  pair_marked: streamed(
    {
      kind: "pair",
      starts: [{ kind: "raw_tracepoint", name: "a" }],
      ends: [{ kind: "raw_tracepoint", name: "b" }],
      startKey: [f("args.0", "int u")],
      endKey: [f("args.1", "int u")],
      cancels: [],
      cancelKey: [],
      marks: [{ kind: "raw_tracepoint", name: "c" }],
      markKey: [f("args.2", "int u")],
      maxInFlight: MAX_IN_FLIGHT,
    },
    { tid: f("start.ktid", "tid"), waker: f("mark.comm", "string"), tgid: f("mark.args.next.tgid", "tid") },
    bin("!=", f("mark.pid", "pid"), literal(0n, "pid")),
  ),
  calls: streamed(
    { kind: "calls", targets: [{ kind: "user", path: "/bin/true", symbol: "f" }], maxInFlight: MAX_IN_FLIGHT },
    { pid: f("pid", "pid"), argument: f("args.0", "int u"), ret: f("ret", "int"), duration: f("duration", "duration") },
  ),
  calls_tables: {
    source: {
      kind: "calls",
      targets: [{ kind: "user", path: "/bin/true", symbol: "f" }],
      maxInFlight: MAX_IN_FLIGHT,
      family: 42,
    },
    steps: [],
    output: {
      kind: "aggregate",
      keys: named({ probe: f("end.pid", "pid") }),
      aggregates: [n, of("max", f("duration", "duration")), of("p99", f("duration", "duration"))],
      maxKeys: 16,
      beside: [{
        keys: named({ pid: f("end.pid", "pid"), comm: f("end.comm", "string") }),
        aggregates: [n],
        maxKeys: 64,
      }],
      highest: {
        by: "duration",
        fields: named({ duration: f("duration", "duration"), argument: f("args.0", "int u"), ret: f("ret", "int") }),
        count: 10,
        atLeast: 0,
        ringBytes: 1 << 16,
      },
    },
    includeSelf: false,
  },
  stream_with_text: streamed(RAW, {
    time: f("time", "time"),
    comm: f("comm", "string"),
    file: text("str", f("args.1", "address")),
  }, isPid),
  kstack_key: counted(on({ kind: "profile", hz: 99 }), { kstack: f("kstack", "stack") }, [n]),
  usdt_argument: counted(on({ kind: "usdt", path: "/bin/true", symbol: "a:b" }), { x: f("args.user", "int") }, [n]),
  uprobe_text: streamed(on({ kind: "uprobe", path: "/bin/true", symbol: "f" }), {
    pid: f("pid", "pid"),
    text: text("str", f("args.0", "address")),
  }),
  kernel_members: streamed(RAW, { tgid: f("args.next.tgid", "tid"), bits: f("args.bits", "int u") }),
  iter: streamed(on({ kind: "iter", target: "task" }), {
    tgid: f("task.tgid", "tid"),
    parent: f("task.parent.tgid", "tid"),
  }),
  xdp: counted(on({ kind: "xdp", interface: "lo" }), {}, [n, of("sum", f("args.len", "bytes"))]),
};
