import { type Batch, type Field, field, quality, tableFromRows, UnsupportedError } from "../core/data/mod.ts";
import type { Collector, ProbeEngine, ProbeSession, RunContext, Support } from "../core/plugin_api/mod.ts";
import {
  aggregateBatch,
  type CallTarget,
  callTargetText,
  deriveBatch,
  exprText,
  filterBatch,
  probePointText,
  type ProbeSpec,
  projectBatch,
} from "../core/query/mod.ts";
import { BUILTINS } from "./builtins.ts";
import { compile } from "./compile.ts";
import { diagnosticText } from "./diagnostic.ts";
import type { Plan } from "./plan.ts";
import type { RecipeRegistry } from "./registry.ts";
import type { RunServices } from "./run/services.ts";

/** For tests: probes and their arguments. */
export const TEST_PROBES: Readonly<Record<string, readonly Field[]>> = {
  "raw_tracepoint:sys_enter": [field("id", "int", "Number of the system call")],
  "tracepoint:syscalls:sys_enter_openat": [field("filename", "string"), field("flags", "int"), field("pid", "tid")],
  "tracepoint:syscalls:sys_enter_open": [field("filename", "string"), field("mode", "int")],
  "tracepoint:block:block_rq_issue": [field("bytes", "bytes"), field("sector", "int"), field("ptr", "address")],
  "tracepoint:block:block_rq_complete": [field("sector", "int"), field("error", "int")],
  "tracepoint:sched:sched_wakeup": [field("comm", "string"), field("pid", "tid"), field("prio", "int")],
  "tracepoint:sched:sched_wakeup_new": [field("comm", "string"), field("pid", "tid"), field("target_cpu", "int")],
  "tracepoint:sched:sched_switch": [field("prev_pid", "tid"), field("next_pid", "tid"), field("next_comm", "string")],
};

/** For tests: functions and the arguments of their calls. */
export const TEST_CALLS: Readonly<Record<string, readonly Field[]>> = {
  "kernel:vfs_read": [field("file", "address"), field("count", "bytes")],
  "kernel:vfs_write": [field("file", "address"), field("count", "int")],
  "syscall:fsync": [field("fd", "int")],
  "syscall:openat": [field("filename", "string"), field("pid", "tid")],
};

/** For tests: what the calls of every function have beside their arguments. */
export const CALL_FIELDS: readonly Field[] = [
  ...BUILTINS,
  field("ret", "int"),
  field("errno", "int"),
  field("duration", "duration"),
];

/** For tests: collectors in memory. */
export const TEST_COLLECTORS: readonly Collector[] = [
  {
    kind: "rows",
    name: "proc.list",
    doc: "Processes",
    window: "interval",
    params: [
      { name: "interval", type: "duration", default: 1e9, doc: "The interval" },
      { name: "pid", type: "pid", default: 0, doc: "Only this process" },
    ],
    fields: [
      field("pid", "pid", "The process"),
      field("tid", "tid"),
      field("comm", "string"),
      field("cpu", "ratio"),
      field("rss", "bytes"),
      field("read_bytes", "rate", undefined, "bytes/s"),
      field("wait", "duration"),
      field("threads", "int"),
    ],
    rows: (request) => Promise.resolve(stream(PROC_ROWS, Number(request.params.interval))),
  },
  {
    kind: "rows",
    name: "process.exec",
    doc: "New processes",
    window: "stream",
    params: [],
    fields: [field("time", "time"), field("pid", "pid"), field("comm", "string")],
    pushes: ["pid"],
    rows: (request) => Promise.resolve(stream(EXEC_ROWS, request.durationNs ?? 0)),
  },
  {
    kind: "rows",
    name: "host.info",
    doc: "A snapshot",
    window: "snapshot",
    params: [{ name: "level", type: "int", doc: "How much" }],
    fields: [field("key", "string"), field("value", "string")],
    rows: () =>
      Promise.resolve(stream(tableFromRows([field("key", "string"), field("value", "string")], [["a", "b"]]), 0)),
  },
  {
    kind: "view",
    name: "files.opened",
    doc: "A view over a probe",
    window: "stream",
    params: [{ name: "prefix", type: "string", default: "", doc: "Only these" }],
    fields: [field("path", "string"), field("who", "string"), field("twice", "int")],
    view: () => ({
      source: { kind: "event", probes: [{ kind: "tracepoint", category: "syscalls", name: "sys_enter_openat" }] },
      filters: [],
      fields: [
        { name: "path", expr: { op: "field", name: "args.filename", t: { type: "string", unit: null } } },
        { name: "who", expr: { op: "field", name: "comm", t: { type: "string", unit: null } } },
        {
          name: "twice",
          expr: {
            op: "binary",
            fn: "*",
            left: { op: "field", name: "args.flags", t: { type: "int", unit: null } },
            right: { op: "lit", value: 2n, t: { type: "int", unit: null } },
            t: { type: "int", unit: null },
          },
        },
      ],
    }),
  },
  {
    kind: "profile",
    name: "cpu.profile",
    doc: "CPU samples",
    window: "stream",
    params: [{ name: "hz", type: "rate", unit: "hz", default: 99, doc: "Samples a second" }],
    profile: (request) =>
      Promise.resolve({
        kind: "profile",
        sampleTypes: [{ name: "samples", unit: "count" }],
        frames: [],
        stacks: [],
        quality: quality({ events: Number(request.params.hz), duration_ns: request.durationNs ?? 0 }),
      }),
  },
];

/** Rows of `proc.list`. */
export const PROC_ROWS: Batch = tableFromRows(
  (TEST_COLLECTORS[0] as Extract<Collector, { kind: "rows" }>).fields,
  [
    [1, 1, "init", 0.01, 4096n, 0, 5_000_000, 1],
    [20, 20, "nginx", 0.5, 1 << 20, 100, 1_000_000, 4],
    [21, 22, "nginx", 0.75, 2 << 20, 300, 3_000_000, 4],
    [30, 30, null, 0.2, null, 50, null, 2],
  ],
);

const EXEC_ROWS: Batch = tableFromRows([field("time", "time"), field("pid", "pid"), field("comm", "string")], [
  [1000, 7, "ls"],
  [2000, 8, "cat"],
  [3000, 9, "ls"],
]);

function stream(batch: Batch, durationNs: number): Awaited<ReturnType<Extract<Collector, { kind: "rows" }>["rows"]>> {
  return {
    async *batches(): AsyncIterable<Batch> {
      await Promise.resolve();
      yield batch;
    },
    quality: () => quality({ events: batch.length, duration_ns: durationNs }),
    [Symbol.dispose](): void {},
  };
}

/** For tests: what the checker asks. */
export const TEST_REGISTRY: RecipeRegistry = {
  collector: (name) => {
    const c = TEST_COLLECTORS.find((c) => c.name === name);
    return c && { ...c, fields: c.kind === "profile" ? [] : c.fields };
  },
  collectorNames: () => TEST_COLLECTORS.map((c) => c.name),
  probeFields: (point) => {
    const text = probePointText(point);
    if (point.kind === "kprobe" || point.kind === "uprobe") return null;
    if (["software", "hardware", "profile", "interval", "iter", "xdp"].includes(point.kind)) return [];
    return TEST_PROBES[text]?.map((f) => ({ ...f, name: `args.${f.name}` })) ??
      `There is no ${point.kind} "${text.slice(text.indexOf(":") + 1)}"`;
  },
  probeField(point, name) {
    if (point.kind !== "tracepoint") return null;
    if (name === "args.file.name") return field(name, "string");
    if (name.startsWith("args.ptr.__")) return `"${name}" leads through a union\nName the member that it holds`;
    return name.startsWith("args.ptr.")
      ? `struct request has no member "${name.slice("args.ptr.".length)}"; nearest: __sector, __data_len`
      : null;
  },
  similarProbes: () => Object.keys(TEST_PROBES),
  matchProbes(pattern, limit) {
    // As many as a kernel has functions.
    if (pattern.kind === "kprobe" && pattern.symbol === "*") return { points: [], total: 48_213 };
    const points = Object.keys(TEST_PROBES).filter((p) => matches(probePointText(pattern), p)).map((p) => {
      const [kind, category, name] = p.split(":");
      return kind === "tracepoint"
        ? { kind, category, name } as const
        : { kind: "raw_tracepoint", name: category } as const;
    });
    return { points: points.slice(0, limit), total: points.length };
  },
  callFields: (target) => {
    const text = callTargetText(target);
    if (target.kind === "user") return null;
    const args = TEST_CALLS[text];
    return args ? [...CALL_FIELDS, ...args.map((f) => ({ ...f, name: `args.${f.name}` }))] : `There is no ${text}`;
  },
  similarCalls: () => Object.keys(TEST_CALLS),
  matchCalls(target, limit) {
    const points = Object.keys(TEST_CALLS).filter((c) => matches(callTargetText(target), c)).map((c): CallTarget => {
      const [kind, name] = c.split(":");
      return kind === "kernel" ? { kind, symbol: name } : { kind: "syscall", name };
    });
    return { points: points.slice(0, limit), total: points.length };
  },
  saveExtensions: () => [".json", ".csv", ".svg", ".folded"],
};

function matches(pattern: string, text: string): boolean {
  // Of many stars one is enough: a regular expression of thousands cannot be built.
  const parts = pattern.replace(/\*[*?]*\*/g, (run) => "?".repeat(run.split("?").length - 1) + "*").split(/([*?])/);
  if (parts.length > 200) return false;
  const source = parts.map((p) => p === "*" ? ".*" : p === "?" ? "." : RegExp.escape(p)).join("");
  return new RegExp(`^${source}$`).test(text);
}

/** For tests: rows of a span, of which the fields are named in full (`start.args.bytes`). */
export function spanBatch(
  starts: readonly Field[],
  ends: readonly Field[],
  rows: readonly Readonly<Record<string, unknown>>[],
): Batch {
  const side = (prefix: string, args: readonly Field[]): Field[] =>
    [...BUILTINS, ...args.map((f) => ({ ...f, name: `args.${f.name}` }))].map((f) => ({
      ...f,
      name: `${prefix}.${f.name}`,
    }));
  return rowBatch([...side("start", starts), ...side("end", ends), field("duration", "duration")], rows);
}

/** For tests: calls of a function. */
export function callBatch(args: readonly Field[], rows: readonly Readonly<Record<string, unknown>>[]): Batch {
  return rowBatch([...CALL_FIELDS, ...args.map((f) => ({ ...f, name: `args.${f.name}` }))], rows);
}

function rowBatch(fields: readonly Field[], rows: readonly Readonly<Record<string, unknown>>[]): Batch {
  return tableFromRows(fields, rows.map((r) => fields.map((f) => r[f.name] ?? null)));
}

/** For tests: events of a probe with every builtin and argument, as a batch. */
export function eventBatch(args: readonly Field[], rows: readonly Readonly<Record<string, unknown>>[]): Batch {
  return rowBatch([...BUILTINS, ...args.map((f) => ({ ...f, name: `args.${f.name}` }))], rows);
}

/** What an engine in memory takes over. */
export interface MemoryEngineOptions {
  /** All events of the window. */
  readonly events: Batch;
  /** Why a spec is refused, or null. Default: nothing is. */
  readonly refuse?: (spec: ProbeSpec) => string | null;
  /** Batches in which a stream's rows come. */
  readonly parts?: number;
  readonly lost?: number;
}

/** For tests: an engine that runs specs over events in memory, by core/query. */
export function memoryEngine(
  options: MemoryEngineOptions,
  clock: { ms: number },
): ProbeEngine & { opened: ProbeSpec[] } {
  const opened: ProbeSpec[] = [];
  return {
    name: "memory",
    opened,
    supports(spec): Support {
      const reason = options.refuse?.(spec) ?? null;
      return reason === null ? { ok: true, accuracy: "exact" } : { ok: false, reason, remedy: "Use another kernel" };
    },
    open(spec): ProbeSession {
      opened.push(spec);
      return memorySession(spec, options, clock);
    },
  };
}

function memorySession(spec: ProbeSpec, options: MemoryEngineOptions, clock: { ms: number }): ProbeSession {
  let rows = options.events;
  for (const step of spec.steps) {
    rows = step.kind === "filter" ? filterBatch(rows, step.expr) : deriveBatch(rows, [step.derived]);
  }
  const start = clock.ms;
  const output = spec.output;
  const all = output.kind === "stream" ? projectBatch(rows, output.fields) : null;
  const parts = options.parts ?? 3;
  let at = 0;
  const next = (count: number): Batch => {
    if (!all) return { length: 0, fields: [], columns: [] };
    const from = at;
    at = Math.min(all.length, at + count);
    return sliceRows(all, from, at);
  };
  return {
    drain: () => next(Math.ceil((all?.length ?? 0) / parts)),
    wait: (ms) => {
      clock.ms += ms;
      return Promise.resolve();
    },
    finish: () => {
      const durationNs = (clock.ms - start) * 1e6;
      const batch = output.kind === "aggregate" ? aggregateBatch(rows, output, {}, durationNs) : next(Infinity);
      const lost = options.lost ?? 0;
      return {
        batch,
        quality: quality({ events: rows.length, duration_ns: durationNs, lost_by: lost > 0 ? { ring: lost } : {} }),
      };
    },
    [Symbol.dispose](): void {},
  };
}

function sliceRows(batch: Batch, from: number, to: number): Batch {
  const rows = Int32Array.from({ length: Math.max(0, to - from) }, (_, i) => from + i);
  const fields = batch.fields;
  return { length: rows.length, fields, columns: projectRows(batch, rows) };
}

function projectRows(batch: Batch, rows: Int32Array): Batch["columns"] {
  return batch.columns.map((c) => {
    switch (c.kind) {
      case "string":
        return { ...c, codes: Int32Array.from(rows, (r) => c.codes[r]) };
      case "object":
        return { ...c, values: Array.from(rows, (r) => c.values[r]) };
      case "big":
        return {
          ...c,
          values: c.values.slice(rows[0] ?? 0, (rows.at(-1) ?? -1) + 1),
          nulls: c.nulls?.slice(rows[0] ?? 0, (rows.at(-1) ?? -1) + 1),
        };
      case "number":
        return {
          ...c,
          values: Float64Array.from(rows, (r) => c.values[r]),
          nulls: c.nulls && Uint8Array.from(rows, (r) => c.nulls![r]),
        };
    }
  });
}

/** For tests: services over one engine, with a clock that only waiting moves. */
export function testServices(
  engine: ProbeEngine | null,
  clock: { ms: number },
  over: Partial<RunServices> = {},
): RunServices & { saved: Map<string, string> } {
  const saved = new Map<string, string>();
  const context: RunContext = { signal: new AbortController().signal, progress: () => {} };
  return {
    context,
    saved,
    collector: (name) => {
      const c = TEST_COLLECTORS.find((c) => c.name === name);
      return c ? Promise.resolve(c) : Promise.reject(new TypeError(`no collector ${name}`));
    },
    chooseEngine(spec): ProbeEngine {
      const support = engine?.supports(spec);
      if (engine && support?.ok) return engine;
      const why = support && !support.ok ? support : { reason: "No engine runs here", remedy: "Run as root" };
      throw new UnsupportedError(
        `Cannot run ${spec.steps.map((s) => s.kind === "filter" ? exprText(s.expr) : "")}: ${why.reason}`,
        why.remedy,
      );
    },
    save: (file, name) => void saved.set(file, name),
    untilStopped: false,
    now: () => clock.ms,
    sleep: (ms) => Promise.resolve(void (clock.ms += ms)),
    ...over,
  };
}

/** For tests: the plan of a recipe that has no errors. */
export async function planOf(text: string): Promise<Plan> {
  const { plan, diagnostics } = await compile(text, TEST_REGISTRY);
  if (plan) return plan;
  throw new Error(diagnostics.map((d) => diagnosticText(d, "recipe")).join("\n"));
}
