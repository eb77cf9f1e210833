import {
  callOf,
  type CallTarget,
  fieldRef,
  literal,
  MAX_IN_FLIGHT,
  type NamedExpr,
  type ProbeSpec,
  test,
} from "../../core/query/mod.ts";
import { CALL_ARGUMENTS } from "../probes/call_values.ts";

/** What a measurement of calls keeps. */
export interface CallsShape {
  readonly targets: readonly CallTarget[];
  /** Only this process; 0 for all. */
  readonly pid: number;
  /** And those that it makes. */
  readonly follow: boolean;
  readonly slowest: number;
  readonly minNs: number;
  /** Only calls that fail. */
  readonly errors: boolean;
  /** Sums by stack. */
  readonly stacks: boolean;
  /** How kernel functions are attached to; the best way when absent. */
  readonly attachBy?: "fentry" | "kprobe";
}

/** Rows of processes, with the functions that they call and the errors that these answer: for a function, and in all. */
const MAX_PROCESSES = { each: 4096, all: 16_384 } as const;
const MAX_STACKS = 8192;
/** Room for records of the slowest, until the threshold is known. */
const RING_BYTES = 4 << 20;

const DURATION = fieldRef("duration", "duration");
// What the thread is does not change during a call: it is read at the return, and nothing of it kept meanwhile.
const PROBE = fieldRef("end.probe", "string");
const PID = fieldRef("end.pid", "pid");
const COMM = fieldRef("end.comm", "string");
const ERROR = fieldRef("error", "int");
const named = (name: string, expr: NamedExpr["expr"]): NamedExpr => ({ name, expr });
const count = { fn: "count", args: [], name: "calls" };
const total = { fn: "sum", args: [DURATION], name: "total" };
const max = { fn: "max", args: [DURATION], name: "max" };
const of = (fn: string): { fn: string; args: [typeof DURATION]; name: string } => ({ fn, args: [DURATION], name: fn });

/**
 * All that is told of calls, as one spec: a table by function with its distribution, one by function, process and error,
 * one by stack where asked for, and the slowest calls whole.
 *
 * @param texts arguments, by their place, that are texts
 */
export function callsSpec(
  { targets, pid, follow, slowest, minNs, errors, stacks, attachBy }: CallsShape,
  texts: readonly number[] = [],
): ProbeSpec {
  // Only of the kernel's own functions do its frames tell who called.
  const stack = fieldRef(targets.some((t) => t.kind === "kernel") ? "end.stack" : "end.ustack", "stack");
  const byStack = {
    keys: [named("stack", stack), named("function", PROBE)],
    aggregates: [count, total],
    maxKeys: MAX_STACKS,
  };
  return {
    source: {
      kind: "calls",
      targets,
      maxInFlight: MAX_IN_FLIGHT,
      ...(attachBy && { attachBy }),
      ...(pid > 0 && follow && { family: pid }),
      ...(pid > 0 && !follow && { when: test("==", fieldRef("pid", "pid"), literal(pid, "pid")) }),
    },
    steps: errors ? [{ kind: "filter", expr: test("!=", ERROR, literal(0n)) }] : [],
    output: {
      kind: "aggregate",
      keys: [named("function", PROBE)],
      aggregates: [count, total, max, of("p50"), of("p99"), of("hist")],
      maxKeys: targets.length,
      beside: [
        {
          keys: [named("function", PROBE), named("pid", PID), named("comm", COMM), named("error", ERROR)],
          aggregates: [count, total, max],
          maxKeys: Math.min(MAX_PROCESSES.all, MAX_PROCESSES.each * targets.length),
        },
        ...stacks ? [byStack] : [],
      ],
      ...(slowest > 0 && {
        highest: {
          by: "duration",
          fields: [
            named("duration", DURATION),
            named("function", PROBE),
            named("pid", PID),
            named("tid", fieldRef("end.tid", "tid")),
            named("comm", COMM),
            named("end", fieldRef("end.time", "time")),
            named("error", ERROR),
            named("result", fieldRef("result", "int")),
            ...Array.from({ length: CALL_ARGUMENTS }, (_, i) => named(`arg${i}`, fieldRef(`arg${i}`, "int", true))),
            ...texts.map((i) => named(`text${i}`, callOf("str", [fieldRef(`arg${i}`, "int", true)], "string"))),
            named("stack", stack),
          ],
          count: slowest,
          atLeast: minNs,
          ringBytes: RING_BYTES,
        },
      }),
    },
    includeSelf: false,
  };
}
