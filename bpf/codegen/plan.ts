import type {
  AggregateTable,
  CallTarget,
  Expr,
  HighestRows,
  NamedExpr,
  ProbePoint,
  ProbeSpec,
} from "../../core/query/mod.ts";
import type { MapSpec } from "../kernel/map.ts";
import type { Attach, Target } from "../probes/target.ts";
import type { Access } from "./access.ts";
import { KEY_SUFFIX_BYTES, type TableMaps, tableMaps } from "./aggregate.ts";
import { POSITIVE_BUCKETS } from "./buckets.ts";
import { callFields } from "./call_fields.ts";
import { CannotGenerate } from "./cannot_generate.ts";
import { emitCondition } from "./conditions.ts";
import { emitIsFamily, emitJoinFamily, FAMILY_ENTRIES } from "./family.ts";
import { COUNTERS, type Machine, MAP } from "./gen.ts";
import { type AccessOf, layoutStates, layoutStruct, type Struct } from "./layout.ts";
import { emitCancel, emitEnd, emitMark, emitStart, layoutPair, type PairLayout } from "./pair.ts";
import { outputExprs, prepare, type Prepared } from "./prepare.ts";
import { buildProgram, generateProgram, type Output, type OutputTable, type Program } from "./program.ts";

/** A program of a session, and where it goes. */
export interface PlannedProgram extends Program {
  /** The probes it serves, for people. */
  readonly text: string;
  readonly attach: Attach;
  readonly role: "event" | "start" | "end" | "cancel" | "mark" | "fork";
}

/** All that an engine has to load for a spec. Pure data, with no descriptors in it: it can be kept and used again. */
export interface Plan {
  readonly programs: readonly PlannedProgram[];
  /** Maps that the programs share; each program's scratch map is made beside it. */
  readonly maps: readonly MapSpec[];
  readonly output:
    | {
      readonly kind: "aggregate";
      /** The spec's own table and those beside it. */
      readonly tables: readonly PlannedTable[];
      readonly highest: { readonly record: Struct; readonly spec: HighestRows } | null;
    }
    | { readonly kind: "stream"; readonly record: Struct };
  /** The first process of the family whose calls count. */
  readonly family?: number;
}

/** A table as its map has it. */
export interface PlannedTable extends OutputTable {
  readonly spec: AggregateTable;
}

type AggregateOutput = Extract<ProbeSpec["output"], { kind: "aggregate" }>;

/** Finds what a spec names on this machine. */
export interface TargetFinder {
  /** As few targets as serve all points. @throws {CannotGenerate} */
  targets(points: readonly ProbePoint[], names: readonly string[]): readonly Target[];
  /** Entries and returns of functions, and what tells calls apart: fields that both have. @throws {CannotGenerate} */
  calls(
    targets: readonly CallTarget[],
    startNames: readonly string[],
    endNames: readonly string[],
    attachBy?: "fentry" | "kprobe",
  ): CallProbes;
}

/** Both sides of calls. */
export interface CallProbes {
  readonly starts: readonly Target[];
  readonly ends: readonly Target[];
  readonly key: readonly Expr[];
}

/**
 * Turns a spec into programs and maps.
 *
 * @throws {CannotGenerate} with the reason when the kernel cannot run it
 */
export function planProbe(spec: ProbeSpec, finder: TargetFinder, machine: Machine): Plan {
  const prepared = prepare(spec.steps, spec.output);
  const { source } = spec;
  const common: Common = { excludeSelf: !spec.includeSelf, sampled: spec.budget !== undefined, machine };
  if (source.kind === "event") return planEvents(source.probes, prepared, finder, common);
  if (source.kind === "pair") {
    const { carried, marked, endNames } = pairNames(prepared);
    const { marks = [], markKey = [] } = source;
    const starts = finder.targets(source.starts, fieldNames([...source.startKey, ...exprsIn(carried)]));
    const ends = finder.targets(source.ends, [...fieldNames(source.endKey), ...endNames]);
    const cancels = source.cancels.length > 0 ? finder.targets(source.cancels, fieldNames(source.cancelKey)) : [];
    const sides: Sides = {
      ...source,
      starts,
      ends,
      cancels,
      // Those that nobody asks for cost nothing.
      marks: marked.length > 0 && marks.length > 0
        ? finder.targets(marks, fieldNames([...markKey, ...exprsIn(marked)]))
        : [],
      markKey,
    };
    return planPair(sides, { carried, marked }, prepared, common);
  }
  const renamed = callFields(prepared);
  const { endNames, ...kept } = pairNames(renamed);
  const asked = source.when ? [source.when] : [];
  const calls = finder.calls(
    source.targets,
    fieldNames([...exprsIn(kept.carried), ...asked]),
    endNames,
    source.attachBy,
  );
  const keys = { startKey: calls.key, endKey: calls.key, cancelKey: [], markKey: [] };
  const { when, maxInFlight, family } = source;
  const sides: Sides = { ...calls, ...keys, cancels: [], marks: [], maxInFlight, when, family: family !== undefined };
  const plan = planPair(sides, kept, renamed, common);
  return family === undefined ? plan : withFamily(plan, family, finder, machine);
}

const FORK: ProbePoint = { kind: "raw_tracepoint", name: "sched_process_fork" };
const CHILD = "args.child.tgid";

/** With a program that takes in the children of the family. */
function withFamily(plan: Plan, family: number, finder: TargetFinder, machine: Machine): Plan {
  const [target] = finder.targets([FORK], [CHILD]);
  const fork: PlannedProgram = {
    text: target.text,
    attach: target.attach,
    role: "fork",
    ...buildProgram(
      { ...target, access: accessOf(target), excludeSelf: false, sampled: false, shared: true },
      machine,
      (g) => emitJoinFamily(g, target.access(CHILD)),
    ),
  };
  const map: MapSpec = { name: MAP.family, type: "hash", keyBytes: 8, valueBytes: 8, maxEntries: FAMILY_ENTRIES };
  return { ...plan, family, programs: [fork, ...plan.programs], maps: [...plan.maps, map] };
}

/** What holds for all programs of a spec. */
interface Common {
  readonly excludeSelf: boolean;
  readonly sampled: boolean;
  readonly machine: Machine;
}

function planEvents(
  points: readonly ProbePoint[],
  { filters, output }: Prepared,
  finder: TargetFinder,
  { excludeSelf, sampled, machine }: Common,
): Plan {
  if (points.length === 0) throw new CannotGenerate("it has no probe");
  const targets = finder.targets(points, fieldNames([...filters, ...outputExprs(output)]));
  const [out, maps] = layoutOutput(output, targets.map(accessOf), machine);
  const programs = targets.map((target): PlannedProgram => ({
    text: target.text,
    attach: target.attach,
    role: "event",
    ...generateProgram(
      {
        access: accessOf(target),
        guards: target.guards,
        surroundings: target.surroundings,
        excludeSelf,
        sampled,
        filters,
        output: out,
        shared: targets.length > 1 || interrupts(target.attach),
      },
      machine,
    ),
  }));
  return { programs, maps: withUsed(maps, programs), output: planned(out, output) };
}

/**
 * Whether several of its events may be under way on one CPU: probes on many functions, of which one calls another; and
 * those on user code, in which one thread may take the CPU from another (kernel/trace/trace_uprobe.c,
 * bpf_prog_run_array_uprobe: only migration is off).
 */
function interrupts(attach: Attach): boolean {
  return attach.kind === "kprobe_multi" || attach.kind === "perf_event" || attach.kind === "uprobe";
}

interface Sides {
  readonly starts: readonly Target[];
  readonly ends: readonly Target[];
  readonly cancels: readonly Target[];
  readonly marks: readonly Target[];
  readonly startKey: readonly Expr[];
  readonly endKey: readonly Expr[];
  readonly cancelKey: readonly Expr[];
  readonly markKey: readonly Expr[];
  readonly maxInFlight: number;
  /** Starts that count. */
  readonly when?: Expr;
  readonly family?: boolean;
}

/** What is kept of starts and of marks. */
interface Kept {
  readonly carried: readonly NamedExpr[];
  readonly marked: readonly NamedExpr[];
}

function planPair(
  sides: Sides,
  kept: Kept,
  { filters, output }: Prepared,
  { excludeSelf, sampled, machine }: Common,
): Plan {
  const { starts, ends, cancels, marks } = sides;
  const pair = layoutPair(
    { start: sides.startKey, end: sides.endKey, cancel: sides.cancelKey, mark: sides.markKey },
    kept,
    {
      starts: starts.map(accessOf),
      ends: ends.map(accessOf),
      cancels: cancels.map(accessOf),
      marks: marks.map(accessOf),
    },
  );
  const endAccess = ends.map((t) => pairAccess(accessOf(t), pair));
  const [out, maps] = layoutOutput(output, endAccess, machine);
  const inFlight: MapSpec = {
    name: MAP.inFlight,
    type: "hash",
    keyBytes: pair.startKey.bytes,
    valueBytes: pair.valueBytes,
    maxEntries: sides.maxInFlight,
  };
  const common = (target: Target, role: PlannedProgram["role"]): Omit<PlannedProgram, keyof Program> => ({
    text: target.text,
    attach: target.attach,
    role,
  });
  const side = (role: keyof typeof EMIT_SIDE, target: Target): PlannedProgram => ({
    ...common(target, role),
    ...buildProgram(
      {
        ...target,
        access: accessOf(target),
        // What was begun by another may be marked by us.
        excludeSelf: excludeSelf && role !== "mark",
        sampled: sampled && role === "start",
        shared: true,
      },
      machine,
      (g) => {
        if (role === "start" && sides.family) g.frame.scope(() => emitIsFamily(g));
        if (role === "start" && sides.when) {
          const passed = g.a.label("passed");
          emitCondition(g, sides.when, passed, g.end, g.end);
          g.a.mark(passed);
        }
        EMIT_SIDE[role](g, pair);
      },
    ),
  });
  const programs = [
    // The ends first: a start that is seen can then always find its end.
    ...ends.map((target, i): PlannedProgram => ({
      ...common(target, "end"),
      ...generateProgram({
        filters,
        excludeSelf: false,
        sampled: false,
        access: endAccess[i],
        guards: target.guards,
        surroundings: target.surroundings,
        output: out,
        shared: ends.length > 1 || interrupts(target.attach),
        pair: (g) => emitEnd(g, pair, { sampled, some: sides.when !== undefined || sides.family === true }),
      }, machine),
    })),
    ...cancels.map((t) => side("cancel", t)),
    ...marks.map((t) => side("mark", t)),
    ...starts.map((t) => side("start", t)),
  ];
  return { programs, maps: withUsed([...maps, inFlight], programs), output: planned(out, output) };
}

/** The sides of a pair but the end, where rows are made. */
const EMIT_SIDE = { start: emitStart, cancel: emitCancel, mark: emitMark };

/** What is kept of a start and of marks, named without their prefixes, and what is read at the end. */
function pairNames({ filters, output }: Prepared): Kept & { readonly endNames: string[] } {
  const carried: NamedExpr[] = [];
  const marked: NamedExpr[] = [];
  const endNames: string[] = [];
  for (const [name, expr] of fieldsOf([...filters, ...outputExprs(output)])) {
    const kept = name.startsWith(START) ? carried : name.startsWith(MARK) ? marked : null;
    if (kept) {
      const short = name.replace(/^\w+\./, "");
      kept.push({ name: short, expr: { ...expr, name: short } });
    } else if (name !== "duration") endNames.push(name.replace(/^end\./, ""));
  }
  return { carried, marked, endNames };
}

function accessOf(target: Target): AccessOf {
  return (name) => target.access(name);
}

/** Fields of a pair's rows: `start.X` was carried, `mark.X` was left by a mark, `end.X` is the end's own, `duration` lies between them. */
function pairAccess(end: AccessOf, pair: PairLayout): AccessOf {
  return (name): Access => {
    if (name === "duration") return { kind: "duration" };
    const side = name.startsWith(START) ? "start" : name.startsWith(MARK) ? "mark" : null;
    if (side === null) return end(name.replace(/^end\./, ""));
    const { parts } = pair.carried;
    const [own, before] = side === "start" ? [parts, 0] : [pair.marked?.parts ?? [], parts.length];
    const found = own.findIndex((p) => p.name === name.slice(side.length + 1));
    if (found < 0) throw new CannotGenerate(`"${name}" was not kept from the ${side}`);
    const part = own[found];
    const index = before + found;
    const kept: Access = {
      kind: "carried",
      index,
      textBytes: part.kind === "text" ? part.bytes : null,
      nullable: part.nullBit !== null,
    };
    if (part.kind === "name") return { kind: "name", number: kept, table: part.table! };
    return part.kind === "stack" ? { kind: "stack", part: part.stack!, pid: kept, carried: index } : kept;
  };
}

function layoutOutput(
  output: ProbeSpec["output"],
  probes: readonly AccessOf[],
  { cpus, stream }: Machine,
): [Output, MapSpec[]] {
  const counters: MapSpec = {
    name: MAP.counters,
    type: "percpu_array",
    keyBytes: 4,
    valueBytes: COUNTERS.length * 8,
    maxEntries: 1,
  };
  if (output.kind === "stream") {
    const record = layoutStruct(output.fields, probes, true);
    return [{ kind: "stream", record }, [ringSpec(output.ringBytes, { cpus, stream }), counters]];
  }
  const laid = [output, ...output.beside ?? []].map((table, i) => layoutTable(table, tableMaps(i), probes, cpus));
  const tables = laid.map(([table]) => table);
  const maps = [...laid.flatMap(([, maps]) => maps), counters];
  const { highest: wanted } = output;
  if (!wanted) return [{ kind: "aggregate", tables, highest: null }, maps];
  const by = wanted.fields.find((f) => f.name === wanted.by);
  if (!by) throw new TypeError(`The highest rows by ${wanted.by} have no such field`);
  const word = { keyBytes: 4, valueBytes: 8, maxEntries: 1 };
  const record = layoutStruct(wanted.fields, probes, true);
  return [
    { kind: "aggregate", tables, highest: { record, by: by.expr, count: wanted.count } },
    [
      ...maps,
      ringSpec(wanted.ringBytes, { cpus, stream }),
      { name: MAP.threshold, type: "array", ...word },
      { name: MAP.levels, type: "array", ...word, maxEntries: POSITIVE_BUCKETS },
      { name: MAP.missed, type: "percpu_array", ...word },
    ],
  ];
}

function ringSpec(wanted: number, { cpus, stream }: Pick<Machine, "cpus" | "stream">): MapSpec {
  const bytes = ringBytes(wanted);
  return stream === "ring"
    ? { name: MAP.ring, type: "ringbuf", keyBytes: 0, valueBytes: 0, maxEntries: bytes }
    : { name: MAP.ring, type: "perf_event_array", keyBytes: 4, valueBytes: 4, maxEntries: cpus, ringBytes: bytes };
}

function layoutTable(
  table: AggregateTable,
  names: TableMaps,
  probes: readonly AccessOf[],
  cpus: number,
): [OutputTable, MapSpec[]] {
  const keys = layoutStruct(table.keys, probes, false);
  const states = layoutStates(table.aggregates, probes);
  const keyed = keys.bytes > 0;
  const aggregate: MapSpec = {
    name: names.aggregate,
    type: keyed ? "hash" : "percpu_array",
    keyBytes: keyed ? keys.bytes + KEY_SUFFIX_BYTES : 4,
    valueBytes: states.bytes,
    maxEntries: keyed ? Math.min(MAX_ENTRIES, Math.max(1, table.maxKeys) * cpus) : 1,
  };
  if (states.bucketSets.length === 0) return [{ keys, states }, [aggregate]];
  const buckets: MapSpec = {
    name: names.buckets,
    type: "hash",
    keyBytes: keys.bytes + KEY_SUFFIX_BYTES,
    valueBytes: 8,
    maxEntries: Math.min(MAX_ENTRIES, BUCKETS_PER_CPU * cpus),
  };
  return [{ keys, states }, [aggregate, buckets]];
}

/** Most entries of one map: some 25 MB, and 20 ms to create. */
const MAX_ENTRIES = 262_144;
/** A value that spans a factor of a thousand fills 640 buckets at most; most keys see far fewer. */
const BUCKETS_PER_CPU = 32_768;

/** Frames of a stack that the kernel keeps (the default of the sysctl kernel.perf_event_max_stack), 8 bytes each. */
const STACK_FRAMES = 127;
/**
 * Distinct stacks. The map's table is not resolved by chaining: a second stack with the same hash is refused. So it is
 * eight times as large as what most programs need; 17 MB, and 3 ms to create.
 */
const STACKS = 16_384;

/** With the maps of stacks and of control where a program uses them. */
function withUsed(maps: readonly MapSpec[], programs: readonly Program[]): MapSpec[] {
  const uses = (name: string): boolean =>
    programs.some((p) => p.insns.some((i) => i.op === "ld_map" && i.map === name));
  const stacks: MapSpec = {
    name: MAP.stacks,
    type: "stack_trace",
    keyBytes: 4,
    valueBytes: STACK_FRAMES * 8,
    maxEntries: STACKS,
  };
  const control: MapSpec = { name: MAP.control, type: "array", keyBytes: 4, valueBytes: 8, maxEntries: 1 };
  return [...maps, ...(uses(MAP.stacks) ? [stacks] : []), ...(uses(MAP.control) ? [control] : [])];
}

/** The kernel wants a power of two and whole pages; 64 KiB pages are the largest there are. */
function ringBytes(wanted: number): number {
  return Math.max(64 * 1024, Math.min(2 ** 30, 2 ** Math.ceil(Math.log2(Math.max(1, wanted)))));
}

function planned(out: Output, output: ProbeSpec["output"]): Plan["output"] {
  if (out.kind === "stream") return out;
  const { beside = [], highest, keys, aggregates, maxKeys } = output as AggregateOutput;
  return {
    kind: "aggregate",
    tables: [{ keys, aggregates, maxKeys }, ...beside].map((spec, i) => ({ ...out.tables[i], spec })),
    highest: out.highest && { record: out.highest.record, spec: highest! },
  };
}

/** Prefixes of the fields of a pair's start and marks. */
const START = "start.";
const MARK = "mark.";

function exprsIn(named: readonly NamedExpr[]): Expr[] {
  return named.map((n) => n.expr);
}

function fieldNames(exprs: readonly Expr[]): string[] {
  return [...fieldsOf(exprs).keys()];
}

type FieldExpr = Extract<Expr, { op: "field" }>;

/** The fields in expressions by name, each once. */
function fieldsOf(exprs: readonly Expr[]): Map<string, FieldExpr> {
  const fields = new Map<string, FieldExpr>();
  const visit = (e: Expr): void => {
    switch (e.op) {
      case "lit":
      case "param":
        return;
      case "field":
        fields.set(e.name, e);
        return;
      case "unary":
        return visit(e.arg);
      case "binary":
        visit(e.left);
        return visit(e.right);
      case "in":
        visit(e.arg);
        return e.list.forEach(visit);
      case "call":
        return e.args.forEach(visit);
    }
  };
  exprs.forEach(visit);
  return fields;
}
