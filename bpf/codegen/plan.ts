import type { Expr, NamedExpr, ProbeSpec } from "../../core/query/mod.ts";
import type { MapSpec } from "../kernel/map.ts";
import type { Target } from "../probes/target.ts";
import type { Access } from "./access.ts";
import { KEY_SUFFIX_BYTES } from "./aggregate.ts";
import { CannotGenerate } from "./cannot_generate.ts";
import { COUNTERS, type Machine, MAP } from "./gen.ts";
import { type AccessOf, layoutStates, layoutStruct, type StateLayout, type Struct } from "./layout.ts";
import { emitCancel, emitEnd, emitStart, layoutPair, type PairLayout } from "./pair.ts";
import { prepare } from "./prepare.ts";
import { buildProgram, generateProgram, type Output, type Program } from "./program.ts";

/** A program of a session, and where it goes. */
export interface PlannedProgram extends Program {
  readonly target: Target;
  readonly role: "event" | "start" | "end" | "cancel";
}

/** All that an engine has to load for a spec. Printable: no descriptors in it. */
export interface Plan {
  readonly programs: readonly PlannedProgram[];
  /** Maps that the programs share; each program's scratch map is made beside it. */
  readonly maps: readonly MapSpec[];
  readonly output:
    | {
      readonly kind: "aggregate";
      readonly keys: Struct;
      readonly states: StateLayout;
      readonly spec: AggregateOutput;
    }
    | { readonly kind: "stream"; readonly record: Struct };
}

type AggregateOutput = Extract<ProbeSpec["output"], { kind: "aggregate" }>;

/** Finds the probe points of a spec. @throws {CannotGenerate} */
export type TargetOf = (point: Target["point"], names: readonly string[]) => Target;

/**
 * Turns a spec into programs and maps.
 *
 * @throws {CannotGenerate} with the reason when the kernel cannot run it
 */
export function planProbe(spec: ProbeSpec, targetOf: TargetOf, machine: Machine): Plan {
  const { filters, output } = prepare(spec.steps, spec.output);
  const values = output.kind === "stream"
    ? output.fields.map((f) => f.expr)
    : [...output.keys.map((k) => k.expr), ...output.aggregates.flatMap((a) => a.args)];
  const fields = fieldsOf([...filters, ...values]);
  const names = [...fields.keys()];
  const { source } = spec;
  const common = { excludeSelf: !spec.includeSelf, filters };

  if (source.kind === "event") {
    if (source.probes.length === 0) throw new CannotGenerate("it has no probe");
    const targets = source.probes.map((p) => targetOf(p, names));
    const [out, maps] = layoutOutput(output, targets.map(accessOf), machine.cpus);
    const programs = targets.map((target): PlannedProgram => ({
      target,
      role: "event",
      ...generateProgram(
        { ...common, access: accessOf(target), guards: target.guards, output: out, shared: targets.length > 1 },
        machine,
      ),
    }));
    return { programs, maps, output: planned(out, output) };
  }

  if (source.kind === "calls") throw new CannotGenerate("the bpf engine does not serve calls yet");
  const carried = [...fields].filter(([name]) => name.startsWith(START)).map(([name, expr]): NamedExpr => {
    const short = name.slice(START.length);
    return { name: short, expr: { ...expr, name: short } };
  });
  const startNames = fieldNames([...source.startKey, ...carried.map((c) => c.expr)]);
  const endNames = fieldNames(source.endKey);
  const ofEnd = names.flatMap((n) => n.startsWith(START) ? [] : [n.replace(/^end\./, "")]);
  const starts = source.starts.map((p) => targetOf(p, startNames));
  const ends = source.ends.map((p) => targetOf(p, [...endNames, ...ofEnd]));
  const cancels = source.cancels.map((p) => targetOf(p, fieldNames(source.cancelKey)));
  const pair = layoutPair(
    { start: source.startKey, end: source.endKey, cancel: source.cancelKey },
    carried,
    starts.map(accessOf),
    ends.map(accessOf),
    cancels.map(accessOf),
  );
  const endAccess = ends.map((t) => pairAccess(accessOf(t), pair));
  const [out, maps] = layoutOutput(output, endAccess, machine.cpus);
  const inFlight: MapSpec = {
    name: MAP.inFlight,
    type: "hash",
    keyBytes: pair.startKey.bytes,
    valueBytes: pair.valueBytes,
    maxEntries: source.maxInFlight,
  };
  const side = (role: "start" | "cancel", target: Target): PlannedProgram => ({
    target,
    role,
    ...buildProgram(
      { access: accessOf(target), guards: target.guards, excludeSelf: common.excludeSelf, shared: true },
      machine,
      (g) => role === "start" ? emitStart(g, pair) : emitCancel(g, pair),
    ),
  });
  const programs = [
    // The ends first: a start that is seen can then always find its end.
    ...ends.map((target, i): PlannedProgram => ({
      target,
      role: "end",
      ...generateProgram({
        ...common,
        excludeSelf: false,
        access: endAccess[i],
        guards: target.guards,
        output: out,
        shared: true,
        pair: (g) => emitEnd(g, pair),
      }, machine),
    })),
    ...cancels.map((t) => side("cancel", t)),
    ...starts.map((t) => side("start", t)),
  ];
  return { programs, maps: [...maps, inFlight], output: planned(out, output) };
}

function accessOf(target: Target): AccessOf {
  return (name) => target.access(name);
}

/** Fields of a pair's rows: `start.X` was carried, `end.X` is the end's own, `duration` lies between them. */
function pairAccess(end: AccessOf, pair: PairLayout): AccessOf {
  return (name): Access => {
    if (name === "duration") return { kind: "duration" };
    if (!name.startsWith(START)) return end(name.replace(/^end\./, ""));
    const index = pair.carried.parts.findIndex((p) => p.name === name.slice(START.length));
    if (index < 0) throw new CannotGenerate(`"${name}" was not kept from the start`);
    const part = pair.carried.parts[index];
    return {
      kind: "carried",
      index,
      textBytes: part.kind === "text" ? part.bytes : null,
      nullable: part.nullBit !== null,
    };
  };
}

function layoutOutput(output: ProbeSpec["output"], probes: readonly AccessOf[], cpus: number): [Output, MapSpec[]] {
  const counters: MapSpec = {
    name: MAP.counters,
    type: "percpu_array",
    keyBytes: 4,
    valueBytes: COUNTERS.length * 8,
    maxEntries: 1,
  };
  if (output.kind === "stream") {
    const record = layoutStruct(output.fields, probes, true);
    const ring: MapSpec = {
      name: MAP.ring,
      type: "ringbuf",
      keyBytes: 0,
      valueBytes: 0,
      maxEntries: ringBytes(output.ringBytes),
    };
    return [{ kind: "stream", record }, [ring, counters]];
  }
  const keys = layoutStruct(output.keys, probes, false);
  const states = layoutStates(output.aggregates, probes);
  const keyed = keys.bytes > 0;
  const aggregate: MapSpec = {
    name: MAP.aggregate,
    type: keyed ? "hash" : "percpu_array",
    keyBytes: keyed ? keys.bytes + KEY_SUFFIX_BYTES : 4,
    valueBytes: states.bytes,
    maxEntries: keyed ? Math.min(MAX_ENTRIES, Math.max(1, output.maxKeys) * cpus) : 1,
  };
  if (states.bucketSets.length === 0) return [{ kind: "aggregate", keys, states }, [aggregate, counters]];
  const buckets: MapSpec = {
    name: MAP.buckets,
    type: "hash",
    keyBytes: keys.bytes + KEY_SUFFIX_BYTES,
    valueBytes: 8,
    maxEntries: Math.min(MAX_ENTRIES, BUCKETS_PER_CPU * cpus),
  };
  return [{ kind: "aggregate", keys, states }, [aggregate, buckets, counters]];
}

/** Most entries of one map: some 25 MB, and 20 ms to create. */
const MAX_ENTRIES = 262_144;
/** A value that spans a factor of a thousand fills 640 buckets at most; most keys see far fewer. */
const BUCKETS_PER_CPU = 32_768;

/** The kernel wants a power of two and whole pages; 64 KiB pages are the largest there are. */
function ringBytes(wanted: number): number {
  return Math.max(64 * 1024, Math.min(2 ** 30, 2 ** Math.ceil(Math.log2(Math.max(1, wanted)))));
}

function planned(out: Output, output: ProbeSpec["output"]): Plan["output"] {
  return out.kind === "stream" ? out : { ...out, spec: output as AggregateOutput };
}

/** Prefix of the fields of a pair's start. */
const START = "start.";

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
