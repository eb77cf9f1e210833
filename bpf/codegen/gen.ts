import type { Expr } from "../../core/query/mod.ts";
import { type Assembler, HELPER, type Label, type Reg } from "../asm/mod.ts";
import type { Access, NameTable } from "./access.ts";
import type { Frame } from "./frame.ts";

/** Names of the maps that programs of one session use. */
export const MAP = {
  aggregate: "aggregate",
  buckets: "buckets",
  ring: "ring",
  counters: "counters",
  /** One word: of 2^n events one is taken. Only where there is a budget to keep. */
  control: "control",
  stacks: "stacks",
  /** One word: rows of the highest are sent from this value on. */
  threshold: "threshold",
  /** How many rows of the highest there were in each bucket of the quantile layout. */
  levels: "levels",
  /** On each CPU, one word: the highest value of a row that found no room in the ring, and one. */
  missed: "missed",
  /** Processes whose calls count, by their number in the initial namespace. */
  family: "family",
  inFlight: "in_flight",
  /** One for each program, so that a program that interrupts another does not write over its texts. */
  scratch: "scratch",
} as const;

/** What programs count besides their output; the order is that of the words in the counters' value. */
export const COUNTERS = [
  "ring",
  "map_full",
  "buckets_full",
  "truncated",
  "unmatched_ends",
  "replaced",
  "stack_collision",
  "offered",
  "taken",
  "busy",
] as const;
/** One of {@linkcode COUNTERS}. */
export type Counter = typeof COUNTERS[number];

/** Memory at a fixed distance from a register. */
export interface Place {
  readonly base: Reg;
  readonly off: number;
}

/** A value that was computed once and is kept. */
export interface Cached extends Place {
  /** 0 for a number in 8 bytes. */
  readonly textBytes: number;
  /** Stack slot that holds 1 when the value is null; null when it never is. */
  readonly nullFlag: number | null;
}

/** What is known about the machine when a program is made. */
export interface Machine {
  /** CPUs that there may ever be. */
  readonly cpus: number;
  /** How records of a stream reach us: `perf` is for kernels before 5.8. */
  readonly stream: "ring" | "perf";
  /** Whether there are atomic operations that answer what was there (Linux 5.12). */
  readonly fetchAtomics: boolean;
  /** The numbers that the kernel has for a text; null when that cannot be told beforehand. */
  numbersOf(table: NameTable, text: string): readonly bigint[] | null;
}

/**
 * The state of one program's generation. r6 holds the context, r7 the scratch memory, r8 the length of a record's tail,
 * r9 the object that an iterator stands at.
 */
export interface Gen {
  readonly a: Assembler;
  readonly frame: Frame;
  readonly machine: Machine;
  /** How to get at a field. @throws {CannotGenerate} for one that there is not */
  readonly access: (name: string) => Access;
  /** Values kept, by the text of their expression. */
  readonly cached: Map<string, Cached>;
  /** Stack slot of `bpf_get_current_pid_tgid`, filled by the prologue when somebody asks. */
  pidTgid(): number;
  /** Where carried values of a pair lie, by index. */
  readonly carried: Cached[];
  /** Stack slot of a pair's duration. */
  duration: number | null;
  /** Takes bytes of the scratch memory: offset from r7. */
  readonly scratch: (bytes: number) => number;
  /** The end of the program: nothing more to do for this event. */
  readonly end: Label;
  /** Stack slot of n, where of 2^n events one is taken and stands for all; null where all are. */
  shift: number | null;
  /** Whether several programs of the session update the same map, and may interrupt each other. */
  readonly shared: boolean;
}

export const CTX: Reg = 6;
export const SCRATCH: Reg = 7;
export const ITEM: Reg = 9;
export const FP: Reg = 10;

/** `dst = base + off`. */
export function emitAddress(g: Gen, dst: Reg, place: Place): void {
  g.a.movReg(dst, place.base);
  if (place.off !== 0) g.a.alu("add", dst, place.off);
}

/** Adds one to a counter of this CPU. Loses r0–r5. */
export function emitCount(g: Gen, counter: Counter): void {
  const { a } = g;
  const skip = a.label("not_counted");
  g.frame.withSlot((key) => {
    a.storeImm(4, FP, key, 0).map(1, MAP.counters).movReg(2, FP).alu("add", 2, key).call(HELPER.map_lookup_elem);
    a.jump("eq", 0, 0, skip).constant(1, 1).atomicAdd(0, COUNTERS.indexOf(counter) * 8, 1).mark(skip);
  });
}

/** Zeroes memory, 8 bytes at a time. */
export function emitZero(g: Gen, place: Place, bytes: number): void {
  for (let at = 0; at < bytes; at += 8) g.a.storeImm(8, place.base, place.off + at, 0);
}

/** Copies words of 8 bytes. Loses r1. */
export function emitCopy(g: Gen, to: Place, from: Place, bytes: number): void {
  for (let at = 0; at < bytes; at += 8) {
    g.a.load(8, 1, from.base, from.off + at).store(8, to.base, to.off + at, 1);
  }
}

/** The field or function calls an expression is made of, each once for every time it stands there. */
export function atomsOf(e: Expr): Expr[] {
  switch (e.op) {
    case "lit":
    case "param":
      return [];
    case "field":
      return [e];
    case "unary":
      return atomsOf(e.arg);
    case "binary":
      return [...atomsOf(e.left), ...atomsOf(e.right)];
    case "in":
      return [...atomsOf(e.arg), ...e.list.flatMap(atomsOf)];
    case "call":
      return isTextCall(e) ? [e] : e.args.flatMap(atomsOf);
  }
}

/** `str(x)` and `argv()`: texts that are read as a whole. */
export function isTextCall(e: Expr): boolean {
  return e.op === "call" && (e.fn === "str" || e.fn === "argv");
}
