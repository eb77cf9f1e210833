import {
  type Bucket,
  type Cell,
  field,
  type Frame,
  type HistogramCell,
  profileOfStacks,
  type Quality,
  recordsOf,
  type Results,
  type Table,
  tableFromRows,
} from "../../core/data/mod.ts";
import type { ProbeOutcome } from "../../core/plugin_api/engine.ts";
import { type CallTarget, callTargetText } from "../../core/query/mod.ts";
import { errnoName } from "../../core/sys/mod.ts";
import type { Catalog } from "../probes/catalog.ts";
import { argumentsText, resultText } from "./call_text.ts";
import type { CallsShape } from "./calls_spec.ts";

/** What else is told of a measurement. */
export interface CallsSetting {
  readonly catalog: Pick<Catalog, "callArguments">;
  readonly engine: string;
  readonly mechanisms: readonly string[];
  /** How long attaching took, ms. */
  readonly attachMs: number;
  readonly notes: readonly string[];
}

type Row = Record<string, Cell>;

const FUNCTION = [
  field("function", "string", "Name of the function or system call"),
  field("target", "string", "The same as it is asked for: kernel:…, user:…, syscall:…"),
] as const;
const CALLS = field("calls", "int", "Calls that returned in the window", "count");
const ERRORS = field("errors", "int", "Of them those that answered an error number of the kernel", "count");
const TOTAL = field("total", "duration", "Time in the calls, what they call and wait for included");
const MEAN = field("mean", "duration", "Of one call");
const MAX = field("max", "duration", "The longest call");
const PROCESS = [field("pid", "pid", "Process"), field("comm", "string", "Name of the thread")] as const;

const FUNCTIONS = [
  ...FUNCTION,
  CALLS,
  field("rate", "rate", "Calls a second"),
  ERRORS,
  TOTAL,
  MEAN,
  field("p50", "duration", "Half of the calls were no longer"),
  field("p99", "duration", "99 % of the calls were no longer"),
  MAX,
  field("latency", "histogram", "How long the calls took", "ns"),
];
const ERROR_ROWS = [
  ...FUNCTION,
  field("error", "string", "Name of the error number (errno(3))"),
  CALLS,
  field("share", "ratio", "Of the calls of the function"),
  field("processes", "int", "How many processes met it", "count"),
  field("mean", "duration", "Of one such call"),
];
const PROCESSES = [...PROCESS, ...FUNCTION, CALLS, ERRORS, TOTAL, MEAN, MAX];
const SLOWEST = [
  field("duration", "duration", "From the entry to the return"),
  ...FUNCTION,
  ...PROCESS,
  field("tid", "tid", "Thread"),
  field("end", "time", "When it returned"),
  field("result", "string", "What it answered; of an error its name"),
  field("arguments", "string", "What it was called with: whole registers"),
  field("stack", "stack", "Who called it; kernel frames on top"),
];

/** The tables of a measurement, most telling rows first. */
export function callsResults(outcome: ProbeOutcome, shape: CallsShape, setting: CallsSetting): Results {
  const quality = qualityOf(outcome.quality, setting);
  const known = new Map(shape.targets.map((t) => [callTargetText(t), t]));
  const nameOf = (
    target: Cell,
  ): [string, string] => [shortName(known.get(String(target)), String(target)), String(target)];
  const [byProcess = NO_ROWS, byStack] = outcome.beside ?? [];
  const processes = recordsOf(byProcess);
  const errorsOf = new Map<string, number>();
  for (const row of processes) {
    const target = String(row.function);
    if (errorOf(row) !== 0) errorsOf.set(target, (errorsOf.get(target) ?? 0) + Number(row.calls));
  }
  const functions = recordsOf(outcome.batch).filter((r) => Number(r.calls) > 0);
  functions.sort(descending("total"));
  const callsOf = new Map(functions.map((r) => [String(r.function), Number(r.calls)]));
  const table = (fields: Table["fields"], rows: Cell[][]): Table => tableFromRows(fields, rows, quality);
  const results: Record<string, Results[string]> = {
    functions: table(
      FUNCTIONS,
      functions.map((r) => [
        ...nameOf(r.function),
        r.calls,
        Number(r.calls) / (quality.duration_ns / 1e9),
        errorsOf.get(String(r.function)) ?? 0,
        r.total,
        meanOf(r),
        // Quantiles are the middle of a bucket, which may lie above what was longest.
        least(r.p50, r.max),
        least(r.p99, r.max),
        r.max,
        r.hist,
      ]),
    ),
    latency: { kind: "histogram", unit: "ns", buckets: mergedBuckets(functions.map((r) => r.hist)), quality },
    errors: table(ERROR_ROWS, errorRows(processes, callsOf, nameOf)),
    processes: table(PROCESSES, processRows(processes, nameOf)),
    slowest: table(
      SLOWEST,
      recordsOf(outcome.highest ?? NO_ROWS).map((r) => {
        const target = known.get(String(r.function));
        return [
          r.duration,
          ...nameOf(r.function),
          r.pid,
          r.comm,
          r.tid,
          r.end,
          resultText(r.result, errorOf(r)),
          argumentsText(target, r, target ? setting.catalog.callArguments(target) : null),
          r.stack,
        ];
      }),
    ),
  };
  if (byStack) {
    results.profile = profileOfStacks(
      [{ name: "time", unit: "ns" }, { name: "calls", unit: "count" }],
      recordsOf(byStack).filter((r) => Array.isArray(r.stack)).map((r) => ({
        frames: [...r.stack as readonly Frame[], calledFrame(...nameOf(r.function), known.get(String(r.function)))],
        values: [Number(r.total), Number(r.calls)],
        labels: {},
      })),
      quality,
    );
  }
  return results;
}

const NO_ROWS = { length: 0, fields: [], columns: [] } as const;

/** The function itself, which has returned when the stack is taken. */
function calledFrame(name: string, target: string, known: CallTarget | undefined): Frame {
  return {
    function: name,
    module: known?.kind === "user" ? known.path : target.slice(0, target.indexOf(":")),
    file: "",
    line: 0,
    kind: known?.kind === "user" ? "user" : "kernel",
  };
}

function qualityOf(q: Quality, { engine, mechanisms, attachMs, notes }: CallsSetting): Quality {
  const { starts, replaced } = q.unmatched;
  const open = starts === 0 ? [] : [
    `${starts} ${starts === 1 ? "call" : "calls"} had not returned at the end: still running, left by longjmp, an ` +
    "exception or the end of the thread, or the kernel missed the return.",
  ];
  const over = replaced === 0
    ? []
    : [`Of ${replaced} further calls no return was seen: another call began in their place.`];
  return {
    ...q,
    notes: [
      `Measured by the engine ${engine} (${mechanisms.join(", ")}); attaching took ${attachMs.toFixed(0)} ms.`,
      ...notes,
      ...open,
      ...over,
      ...q.notes,
    ],
  };
}

function errorRows(
  processes: readonly Row[],
  callsOf: ReadonlyMap<string, number>,
  nameOf: (target: Cell) => [string, string],
): Cell[][] {
  const found = new Map<string, { target: string; error: number; calls: number; total: number; pids: Set<unknown> }>();
  for (const row of processes) {
    const error = errorOf(row);
    if (error === 0) continue;
    const target = String(row.function);
    const key = `${target}\0${error}`;
    const known = found.get(key) ?? { target, error, calls: 0, total: 0, pids: new Set() };
    known.calls += Number(row.calls);
    known.total += Number(row.total);
    known.pids.add(row.pid);
    found.set(key, known);
  }
  return [...found.values()].sort((a, b) => b.calls - a.calls).map((e) => [
    ...nameOf(e.target),
    errnoName(e.error),
    e.calls,
    e.calls / Math.max(e.calls, callsOf.get(e.target) ?? 0),
    e.pids.size,
    Math.round(e.total / e.calls),
  ]);
}

/** By process, thread's name and function: the errors put together. */
function processRows(rows: readonly Row[], nameOf: (target: Cell) => [string, string]): Cell[][] {
  const found = new Map<string, { row: Row; calls: number; errors: number; total: number; max: number }>();
  for (const row of rows) {
    const key = `${row.pid}\0${row.comm}\0${row.function}`;
    const known = found.get(key) ?? { row, calls: 0, errors: 0, total: 0, max: 0 };
    known.calls += Number(row.calls);
    if (errorOf(row) !== 0) known.errors += Number(row.calls);
    known.total += Number(row.total);
    known.max = Math.max(known.max, Number(row.max));
    found.set(key, known);
  }
  return [...found.values()].sort((a, b) => b.total - a.total).map(({ row, calls, errors, total, max }) => [
    row.pid,
    row.comm,
    ...nameOf(row.function),
    calls,
    errors,
    total,
    Math.round(total / calls),
    max,
  ]);
}

/** Histograms of the same layout added up. */
function mergedBuckets(cells: readonly Cell[]): Bucket[] {
  const all = new Map<number, Bucket>();
  for (const cell of cells) {
    for (const b of (cell as HistogramCell | null)?.buckets ?? []) {
      all.set(b.min, { ...b, count: b.count + (all.get(b.min)?.count ?? 0) });
    }
  }
  return [...all.values()].sort((a, b) => a.min - b.min);
}

/** Engines say none differently: null, or 0. */
function errorOf(row: Row): number {
  return Number(row.error ?? 0);
}

function meanOf(row: Row): number {
  return Math.round(Number(row.total) / Number(row.calls));
}

function descending(name: string): (a: Row, b: Row) => number {
  return (a, b) => Number(b[name]) - Number(a[name]);
}

function shortName(known: CallTarget | undefined, text: string): string {
  return known ? known.kind === "syscall" ? known.name : known.symbol : text.slice(text.lastIndexOf(":") + 1);
}

function least(quantile: Cell, max: Cell): Cell {
  return quantile !== null && Number(quantile) > Number(max) ? max : quantile;
}
