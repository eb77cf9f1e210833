import { eventOfSyscall } from "../../host/mod.ts";
import {
  type CallTarget,
  callTargetText,
  type Expr,
  exprText,
  isTextType,
  onlyAtSource,
  type ProbePoint,
  probePointText,
  type ProbeSpec,
  SCALARS,
  type ValueType,
} from "../../query/mod.ts";
import { fieldsOf, partsOf, sourceFields, specExprs } from "../source_fields.ts";
import { CannotTrace } from "./cannot_trace.ts";
import type { PerfPoint } from "./perf_point.ts";
import { rolesOf } from "./roles_of.ts";

/** A field of a source's rows. */
export interface SourceField {
  readonly name: string;
  readonly t: ValueType;
}

/** The probes that play one part, and what is read of each of their events. */
export interface RolePlan {
  readonly points: readonly PerfPoint[];
  /** What `probe` says of each: the point as it was written. */
  readonly names: readonly string[];
  readonly fields: readonly SourceField[];
  /** Expressions over `fields`; none for plain events. */
  readonly key: readonly Expr[];
}

/** Where a field of a pair's rows comes from. */
export type JoinedField =
  & SourceField
  & (
    | { readonly from: "duration" }
    | { readonly from: "start" | "end" | "mark"; readonly field: string }
    /** Of the end's field: its error number, null when there is none. */
    | { readonly from: "errno"; readonly field: string }
  );

/** A spec as perf events serve it. Printable: nothing is open. */
export interface PerfPlan {
  readonly spec: ProbeSpec;
  readonly source:
    | { readonly kind: "event"; readonly events: RolePlan }
    | {
      readonly kind: "pair";
      readonly start: RolePlan;
      readonly end: RolePlan;
      readonly cancel: RolePlan;
      /** Without points where nothing of a mark is asked for. */
      readonly mark: RolePlan;
      readonly joined: readonly JoinedField[];
      readonly maxInFlight: number;
      /** An end is of the last start of its key that is open: calls of calls. */
      readonly nested?: boolean;
    };
  readonly accuracy: "exact" | "sampled";
}

/** Fields that every event has here. */
const BUILTINS: ReadonlySet<string> = new Set([
  "time",
  "ktime",
  "pid",
  "tid",
  "comm",
  "cpu",
  "probe",
  "stack",
  "kstack",
  "ustack",
]);

/**
 * Says how perf events serve a spec.
 *
 * @param pointOf finds a probe point
 * @throws {CannotTrace} with the reason when they cannot
 */
export function planPerf(
  asked: ProbeSpec,
  pointOf: (point: ProbePoint) => PerfPoint | readonly PerfPoint[],
): PerfPlan {
  const spec = withoutWhen(asked);
  const { source } = spec;
  const fields = sourceFields(spec);
  checkComputable(specExprs(spec));
  if (source.kind === "pair") {
    checkComputable([...source.startKey, ...source.endKey, ...source.cancelKey, ...source.markKey ?? []]);
  }
  if (source.kind === "event") {
    if (source.probes.length === 0) throw new CannotTrace("it has no probe");
    return planned(spec, { kind: "event", events: role(source.probes, pointOf, fields, []) });
  }
  if (source.kind === "calls") return planCalls(spec, source, fields, pointOf);
  const joined = fields.map((f): JoinedField => {
    if (f.name === "duration") return { ...f, from: "duration" };
    const [, from, field] = /^(start|end|mark)\.(.*)$/s.exec(f.name) ?? ["", "end", f.name];
    return { ...f, from: from as "start" | "end" | "mark", field };
  });
  const { marks = [], markKey = [] } = source;
  const marked = joined.filter((f) => f.from === "mark");
  if (marked.length > 0 && marks.length === 0) throw new CannotTrace(`nothing tells "${marked[0].name}"`);
  return planned(spec, {
    kind: "pair",
    start: role(source.starts, pointOf, ofSide(joined, "start", source.startKey), source.startKey),
    end: role(source.ends, pointOf, ofSide(joined, "end", source.endKey), source.endKey),
    cancel: role(source.cancels, pointOf, fieldsOf(source.cancelKey), source.cancelKey),
    mark: marked.length > 0 ? role(marks, pointOf, ofSide(joined, "mark", markKey), markKey) : NO_ROLE,
    joined,
    maxInFlight: source.maxInFlight,
  });
}

/** Nothing is spared by knowing at the entry that a call is not looked at: it becomes a filter. */
function withoutWhen(spec: ProbeSpec): ProbeSpec {
  if (spec.source.kind !== "calls" || !spec.source.when) return spec;
  const { when, ...source } = spec.source;
  return { ...spec, source, steps: [{ kind: "filter", expr: when }, ...spec.steps] };
}

/**
 * Calls are pairs of an entry and a return. System calls have tracepoints of their own, and a thread is in one at a time;
 * functions are probed at both ends, and may call themselves.
 */
function planCalls(
  spec: ProbeSpec,
  source: Extract<ProbeSpec["source"], { kind: "calls" }>,
  fields: readonly SourceField[],
  pointOf: (point: ProbePoint) => PerfPoint | readonly PerfPoint[],
): PerfPlan {
  if (source.family !== undefined) {
    throw new CannotTrace(
      "a process is followed to its children by a program in the kernel",
      "Name a process by its number.",
    );
  }
  const { targets } = source;
  const nested = targets.some((t) => t.kind !== "syscall");
  if (nested && targets.some((t) => t.kind === "syscall")) {
    throw new CannotTrace("calls of functions and of system calls are measured apart", "Write two pipelines.");
  }
  const names = new Map<ProbePoint, string>();
  const points = (side: "enter" | "exit"): ProbePoint[] =>
    targets.map((t) => {
      const point = endOf(t, side);
      names.set(point, callTargetText(t));
      return point;
    });
  const joined = fields.map((f): JoinedField => {
    switch (f.name) {
      case "duration":
        return { ...f, from: "duration" };
      case "ret":
        return { ...f, from: "end", field: "args.ret" };
      case "errno":
        return { ...f, from: "errno", field: "args.ret" };
      case "result":
        return { ...f, from: "end", field: "result" };
      case "error":
        return { ...f, from: "errno", field: "error" };
      default:
        return f.name.startsWith("end.")
          ? { ...f, from: "end", field: f.name.slice("end.".length) }
          : { ...f, from: "start", field: f.name };
    }
  });
  const tid: Expr = { op: "field", name: "tid", t: { type: "tid", unit: null } };
  const which: Expr = { op: "field", name: "probe", t: { type: "string", unit: null } };
  const key = nested ? [tid, which] : [tid];
  const errors = joined.flatMap((f) =>
    f.from === "errno" ? [{ name: f.field, t: { type: "int", unit: null } as const }] : []
  );
  const endFields = unique([...ofSide(joined, "end", key), ...errors]);
  const starts = points("enter");
  const ends = points("exit");
  return planned(spec, {
    kind: "pair",
    start: role(starts, pointOf, ofSide(joined, "start", key), key, names),
    end: role(ends, pointOf, endFields, key, names),
    cancel: NO_ROLE,
    mark: NO_ROLE,
    joined,
    maxInFlight: source.maxInFlight,
    ...(nested && { nested }),
  });
}

/** The probe at one end of a target's calls. */
function endOf(t: CallTarget, side: "enter" | "exit"): ProbePoint {
  switch (t.kind) {
    case "syscall":
      return { kind: "tracepoint", category: "syscalls", name: `sys_${side}_${eventOfSyscall(t.name)}` };
    case "kernel":
      return { kind: side === "enter" ? "kprobe" : "kretprobe", symbol: t.symbol };
    case "user":
      return { kind: side === "enter" ? "uprobe" : "uretprobe", path: t.path, symbol: t.symbol };
  }
}

function planned(spec: ProbeSpec, source: PerfPlan["source"]): PerfPlan {
  const exact = rolesOf(source).every((r) => r.points.every((p) => p.fraction === null));
  return { spec, source, accuracy: exact ? "exact" : "sampled" };
}

const NO_ROLE: RolePlan = { points: [], names: [], fields: [], key: [] };

function role(
  points: readonly ProbePoint[],
  pointOf: (point: ProbePoint) => PerfPoint | readonly PerfPoint[],
  fields: readonly SourceField[],
  key: readonly Expr[],
  names: ReadonlyMap<ProbePoint, string> = new Map(),
): RolePlan {
  const found = points.flatMap(pointOf);
  for (const f of fields) for (const p of found) checkField(f, p);
  return { points: found, names: found.map((p) => names.get(p.point) ?? probePointText(p.point)), fields, key };
}

function checkField({ name, t }: SourceField, p: PerfPoint): void {
  if (BUILTINS.has(name)) return;
  const arg = p.args.get(name);
  if (arg) {
    if ((arg.kind === "number") === isTextType(t.type) || (arg.kind === "ip") !== (t.type === "ip")) {
      throw new CannotTrace(`"${name}" of ${probePointText(p.point)} is ${arg.kind}, not ${t.type}`);
    }
    return;
  }
  if (name.startsWith("args.")) {
    throw new CannotTrace(`the record of ${probePointText(p.point)} has no field "${name}"`);
  }
  throw new CannotTrace(
    `a perf event does not tell "${name}"`,
    "Leave it out, or use the bpf engine: `sonde doctor` says what that lacks here.",
  );
}

/** The fields of one side that the rows, or its key, are made of. */
function ofSide(joined: readonly JoinedField[], side: "start" | "end" | "mark", key: readonly Expr[]): SourceField[] {
  const wanted = joined.flatMap((f) => f.from === side ? [{ name: f.field, t: f.t }] : []);
  return unique([...wanted, ...fieldsOf(key)]);
}

function unique(fields: readonly SourceField[]): SourceField[] {
  const byName = new Map<string, SourceField>();
  for (const f of fields) if (!byName.has(f.name)) byName.set(f.name, f);
  return [...byName.values()];
}

/** @throws {CannotTrace} for what only code in the kernel can compute */
function checkComputable(exprs: readonly Expr[]): void {
  for (const e of exprs.flatMap(partsOf)) {
    if (e.op === "param") throw new CannotTrace(`the parameter $${e.name} has no value`);
    if (e.op !== "call" || !onlyAtSource(e)) continue;
    const why = SCALARS.get(e.fn)?.atSource
      ? "names code while it is there, which is not done here"
      : "reads memory of the process, which a perf event does not carry";
    throw new CannotTrace(
      `${exprText(e)} ${why}`,
      "Leave it out, or use the bpf engine: `sonde doctor` says what that lacks here.",
    );
  }
}
