import type { Expr } from "../../core/query/mod.ts";
import { Assembler, HELPER, type Insn } from "../asm/mod.ts";
import type { Access } from "./access.ts";
import { emitAggregate } from "./aggregate.ts";
import { CannotGenerate } from "./cannot_generate.ts";
import { emitCondition } from "./conditions.ts";
import { createFrame } from "./frame.ts";
import { CTX, FP, type Gen, type Machine, MAP, SCRATCH } from "./gen.ts";
import { emitKept, planKept } from "./keep.ts";
import type { AccessOf, StateLayout, Struct } from "./layout.ts";
import { emitAccess } from "./read_access.ts";
import { emitStream } from "./stream.ts";

/** What must hold before a program looks at an event: which system call it is, for one. */
export interface Guard {
  readonly access: Access;
  readonly equals: bigint;
}

/** What a program does with an event that passed its filters. */
export type Output =
  | { readonly kind: "aggregate"; readonly keys: Struct; readonly states: StateLayout }
  | { readonly kind: "stream"; readonly record: Struct };

/** One program to generate. */
export interface ProgramSpec {
  readonly access: AccessOf;
  readonly guards: readonly Guard[];
  readonly excludeSelf: boolean;
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
    const values = output.kind === "stream"
      ? output.record.parts.map((p) => p.expr)
      : [...output.keys.parts.map((p) => p.expr), ...output.states.parts.flatMap((p) => p.arg ?? [])];
    const kept = planKept(g, [...steps, { condition: false, exprs: values }]);
    spec.filters.forEach((filter, i) => {
      for (const atom of kept[i]) emitKept(g, atom);
      const next = g.a.label("passed");
      emitCondition(g, filter, next, g.end, g.end);
      g.a.mark(next);
    });
    for (const atom of kept[spec.filters.length]) emitKept(g, atom);
    if (output.kind === "stream") emitStream(g, output.record);
    else emitAggregate(g, output.keys, output.states);
  });
}

/** What is common to all programs: the frame around `body`. */
export function buildProgram(
  spec: Pick<ProgramSpec, "access" | "guards" | "excludeSelf" | "shared">,
  machine: Machine,
  body: (g: Gen) => void,
): Program {
  const a = new Assembler();
  const frame = createFrame();
  const pidTgid = frame.alloc(8);
  let scratchBytes = 0;
  const g: Gen = {
    a,
    frame,
    machine,
    access: spec.access,
    cached: new Map(),
    pidTgid,
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
    shared: spec.shared,
  };
  a.movReg(CTX, 1);
  for (const guard of spec.guards) {
    emitAccess(g, guard.access, g.end, "a guard");
    a.constant(1, guard.equals).jump("ne", 0, { r: 1 }, g.end);
  }
  a.call(HELPER.get_current_pid_tgid).store(8, FP, pidTgid, 0);
  if (spec.excludeSelf) a.alu("rsh", 0, 32).jump("eq", 0, machine.selfTgid, g.end);
  const scratchAt = a.insns.length;
  const scratchKey = frame.alloc(8);
  body(g);
  // On a tracepoint 0 would keep the event from everybody else's perf events (kernel/events/core.c,
  // perf_trace_run_bpf_submit); raw tracepoints take any answer. (fentry and fexit would take 0 only.)
  a.mark(g.end).constant(0, 1).exit();
  if (scratchBytes > 0) a.insns.splice(scratchAt, 0, ...loadScratch(scratchKey, g));
  return { insns: a.insns, scratchBytes };
}

function loadScratch(key: number, g: Gen): Insn[] {
  return new Assembler().storeImm(4, FP, key, 0).map(1, MAP.scratch).movReg(2, FP).alu("add", 2, key)
    .call(HELPER.map_lookup_elem).jump("eq", 0, 0, g.end).movReg(SCRATCH, 0).insns;
}
