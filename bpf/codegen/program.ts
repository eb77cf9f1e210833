import type { Expr } from "../../core/query/mod.ts";
import { Assembler, HELPER, type Insn, type Label } from "../asm/mod.ts";
import type { Access } from "./access.ts";
import { emitAggregate, tableMaps } from "./aggregate.ts";
import { CannotGenerate } from "./cannot_generate.ts";
import { emitCondition } from "./conditions.ts";
import { createFrame } from "./frame.ts";
import { CTX, emitCount, FP, type Gen, ITEM, type Machine, MAP, SCRATCH } from "./gen.ts";
import { emitHighest, type Highest } from "./highest.ts";
import { emitKept, planKept } from "./keep.ts";
import type { AccessOf, StateLayout, Struct } from "./layout.ts";
import { emitAccess } from "./read_access.ts";
import { emitStream } from "./stream.ts";

/** What must hold before a program looks at an event: which system call it is, for one. */
export interface Guard {
  readonly access: Access;
  /** The values that pass, ascending. */
  readonly oneOf: readonly bigint[];
}

/** What kind of program it is: some have no current task, and each has its own answer to the kernel. */
export interface Surroundings {
  /** A program about a task: ours are left out by it. Packets belong to none. */
  readonly tasks: boolean;
  /** Offset in the context of the object that an iterator stands at, which is not there at its end. */
  readonly item: number | null;
  /** What the program returns. */
  readonly result: number;
  /**
   * Another thread may take the CPU while it runs, and run it too: only migration is off (kernel/trace/trace_uprobe.c,
   * bpf_prog_run_array_uprobe; since 5.19).
   */
  readonly preemptible?: boolean;
}

/** Those of a probe; fentry and fexit take no other answer. */
export const PROBE: Surroundings = { tasks: true, item: null, result: 0 };

/** Those of a probe on user code. */
export const USER_PROBE: Surroundings = { ...PROBE, preemptible: true };

/**
 * Those of a tracepoint: 0 would keep the event from everybody else's perf events (kernel/events/core.c,
 * perf_trace_run_bpf_submit).
 */
export const TRACEPOINT: Surroundings = { ...PROBE, result: 1 };

/** A table that a program adds to. */
export interface OutputTable {
  readonly keys: Struct;
  readonly states: StateLayout;
}

/** What a program does with an event that passed its filters. */
export type Output =
  | {
    readonly kind: "aggregate";
    readonly tables: readonly OutputTable[];
    readonly highest: Highest | null;
  }
  | { readonly kind: "stream"; readonly record: Struct };

/** One program to generate. */
export interface ProgramSpec {
  readonly access: AccessOf;
  readonly guards: readonly Guard[];
  readonly excludeSelf: boolean;
  /** Whether events are sampled when they cost too much: only where there is a budget. */
  readonly sampled: boolean;
  readonly surroundings: Surroundings;
  readonly filters: readonly Expr[];
  readonly output: Output;
  /** Whether other programs of the session write to the same maps. */
  readonly shared: boolean;
  /** Runs after the guards, for the two ends of a pair. */
  readonly pair?: (g: Gen) => void;
}

/** Instructions, and the size of the scratch memory that they need (0 for none). */
export interface Program {
  readonly insns: readonly Insn[];
  readonly scratchBytes: number;
}

/** Largest value of a per-CPU array (mm/percpu.c, PCPU_MIN_UNIT_SIZE). */
const MAX_SCRATCH_BYTES = 32 * 1024;

/**
 * Generates one program: guards, our own process left out, filters, output.
 *
 * @throws {CannotGenerate} with the reason when the kernel cannot do it
 */
export function generateProgram(spec: ProgramSpec, machine: Machine): Program {
  const { output } = spec;
  return buildProgram(spec, machine, (g) => {
    spec.pair?.(g);
    const steps = spec.filters.map((e) => ({ condition: true, exprs: [e] }));
    const kept = planKept(g, [...steps, { condition: false, exprs: valuesOf(output) }]);
    spec.filters.forEach((filter, i) => {
      for (const atom of kept[i]) emitKept(g, atom);
      const next = g.a.label("passed");
      emitCondition(g, filter, next, g.end, g.end);
      g.a.mark(next);
    });
    for (const atom of kept[spec.filters.length]) emitKept(g, atom);
    if (output.kind === "stream") return emitStream(g, output.record);
    const { tables, highest } = output;
    tables.forEach(({ keys, states }, i) => {
      if (i + 1 === tables.length && !highest) return emitAggregate(g, keys, states, tableMaps(i));
      // What has no room in one table may have it in the next.
      const end = g.a.label("next_table");
      g.frame.scope(() => emitAggregate({ ...g, end }, keys, states, tableMaps(i)));
      g.a.mark(end);
    });
    if (highest) emitHighest(g, highest);
  });
}

/** The values of an output that every event is read for; rows of the highest are rare, and read on their own. */
function valuesOf(output: Output): Expr[] {
  if (output.kind === "stream") return output.record.parts.map((p) => p.expr);
  return output.tables.flatMap(({ keys, states }) => [
    ...keys.parts.map((p) => p.expr),
    ...states.parts.flatMap((p) => p.arg ?? []),
  ]);
}

/** What is common to all programs: the frame around `body`. */
export function buildProgram(
  spec: Pick<ProgramSpec, "access" | "guards" | "excludeSelf" | "shared" | "surroundings" | "sampled">,
  machine: Machine,
  body: (g: Gen) => void,
): Program {
  const a = new Assembler();
  const frame = createFrame();
  const { surroundings } = spec;
  const pidTgid = frame.alloc(8);
  let askedForPid = false;
  let scratchBytes = 0;
  const g: Gen = {
    a,
    frame,
    machine,
    access: spec.access,
    cached: new Map(),
    pidTgid: () => {
      askedForPid = true;
      return pidTgid;
    },
    carried: [],
    duration: null,
    scratch(bytes) {
      const off = scratchBytes;
      scratchBytes += bytes + 7 & ~7;
      if (scratchBytes > MAX_SCRATCH_BYTES) {
        throw new CannotGenerate(`its texts need more than ${MAX_SCRATCH_BYTES} bytes a record`);
      }
      return off;
    },
    end: a.label("end"),
    shift: null,
    shared: spec.shared,
  };
  /** The way out of what comes before the scratch memory is ours. */
  const out = a.label("out");
  a.movReg(CTX, 1);
  if (surroundings.item !== null) a.load(8, ITEM, CTX, surroundings.item).jump("eq", ITEM, 0, out);
  for (const guard of spec.guards) emitGuard({ ...g, end: out }, guard);
  const pidAt = a.insns.length;
  const scratchKey = frame.alloc(8);
  if (spec.sampled) emitSampling(g);
  body(g);
  a.mark(g.end);
  const owned = surroundings.preemptible && scratchBytes > 0 && machine.fetchAtomics ? g.scratch(8) : null;
  if (owned !== null) a.constant(1, -1).atomicAdd(SCRATCH, owned, 1);
  a.mark(out).constant(0, surroundings.result).exit();
  // It is made last, since only now is it known what it must bring, and then put where it belongs.
  const from = a.insns.length;
  const excludes = spec.excludeSelf && surroundings.tasks && surroundings.item === null;
  if (askedForPid || excludes) {
    a.call(HELPER.get_current_pid_tgid).store(8, FP, pidTgid, 0);
    if (excludes) a.alu("rsh", 0, 32).variable(1, "self_tgid").jump("eq", 0, { r: 1 }, out);
  }
  if (scratchBytes > 0) loadScratch(a, scratchKey, out);
  if (owned !== null) takeScratch({ ...g, end: out }, owned);
  a.insns.splice(pidAt, 0, ...a.insns.splice(from));
  return { insns: a.insns, scratchBytes };
}

/** Takes one of 2^n events, n as the session has set it, by a random number. */
function emitSampling(g: Gen): void {
  const { a } = g;
  const taken = a.label("taken");
  emitCount(g, "offered");
  g.shift = g.frame.alloc(8);
  g.frame.withSlot((key) => {
    a.storeImm(4, FP, key, 0).map(1, MAP.control).movReg(2, FP).alu("add", 2, key).call(HELPER.map_lookup_elem);
  });
  a.jump("eq", 0, 0, g.end).load(8, 1, 0, 0).alu("and", 1, 31).store(8, FP, g.shift, 1).jump("eq", 1, 0, taken);
  a.call(HELPER.get_prandom_u32).load(8, 1, FP, g.shift);
  a.constant(2, 1).alu("lsh", 2, { r: 1 }).alu("sub", 2, 1).alu("and", 0, { r: 2 }).jump("ne", 0, 0, g.end).mark(taken);
  emitCount(g, "taken");
}

/** Lets pass what is one of the guard's values: of neighbours the first and the last are compared. */
function emitGuard(g: Gen, guard: Guard): void {
  const { a } = g;
  emitAccess(g, guard.access, g.end, "a guard");
  const runs: [bigint, bigint][] = [];
  for (const value of guard.oneOf) {
    const last = runs.at(-1);
    if (last && last[1] === value - 1n) last[1] = value;
    else runs.push([value, value]);
  }
  if (runs.length === 1 && runs[0][0] === runs[0][1]) {
    a.constant(1, runs[0][0]).jump("ne", 0, { r: 1 }, g.end);
    return;
  }
  const passed = a.label("guarded");
  for (const [from, to] of runs) {
    const next = a.label("next_run");
    a.constant(1, from);
    if (from === to) a.jump("eq", 0, { r: 1 }, passed);
    else a.jump("lt", 0, { r: 1 }, next).constant(1, to).jump("le", 0, { r: 1 }, passed);
    a.mark(next);
  }
  a.goto(g.end).mark(passed);
}

function loadScratch(a: Assembler, key: number, out: Label): void {
  a.storeImm(4, FP, key, 0).map(1, MAP.scratch).movReg(2, FP).alu("add", 2, key)
    .call(HELPER.map_lookup_elem).jump("eq", 0, 0, out).movReg(SCRATCH, 0);
}

/** Goes on only where nobody on this CPU is at work in the scratch memory; else the event is lost, and counted. */
function takeScratch(g: Gen, owned: number): void {
  const { a } = g;
  const ours = a.label("ours");
  a.constant(1, 1).atomicFetchAdd(SCRATCH, owned, 1).jump("eq", 1, 0, ours);
  a.constant(1, -1).atomicAdd(SCRATCH, owned, 1);
  emitCount(g, "busy");
  a.goto(g.end).mark(ours);
}
