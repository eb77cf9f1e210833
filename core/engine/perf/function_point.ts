import { argumentRegisters, type ProbeDefinition, VALUES_AT } from "../../ftrace/mod.ts";
import { PERF_TYPE } from "../../perf/mod.ts";
import { type ProbePoint, probePointText } from "../../query/mod.ts";
import { CannotTrace } from "./cannot_trace.ts";
import type { PerfPoint, RecordField } from "./perf_point.ts";
import type { ProbeResolver } from "./probe_resolver.ts";

/** A place where a function begins or ends. */
export type FunctionPoint =
  | { readonly kind: "kprobe" | "kretprobe"; readonly symbol: string }
  | UserPoint;

interface UserPoint {
  readonly kind: "uprobe" | "uretprobe";
  readonly path: string;
  readonly symbol: string;
}

/** Whether a point is one of those that become events of our own. */
export function isFunctionPoint(point: ProbePoint): point is FunctionPoint {
  return /^[ku](ret)?probe$/.test(point.kind);
}

/**
 * A function as an event of our own, by breakpoint: several when a program has several functions of the name. The
 * event has no number yet: it is defined when the session is opened.
 *
 * @throws {CannotTrace} when there is no such function
 */
export function functionPoints(point: FunctionPoint, resolver: ProbeResolver): PerfPoint[] {
  const kind = point.kind === "kprobe" || point.kind === "kretprobe" ? "kprobe" : "uprobe";
  const returns = point.kind === "kretprobe" || point.kind === "uretprobe";
  const values = resolver.values(point);
  if (values === null) {
    throw new CannotTrace(
      `there is no function for ${probePointText(point)} on this machine`,
      `\`sonde list probes '${point.kind}:*'\` lists what there is.`,
    );
  }
  const first = returns ? VALUES_AT.return : VALUES_AT.entry;
  const fetch = returns ? ["$retval"] : kind === "kprobe" ? KERNEL_ARGUMENTS : argumentRegisters();
  const args = new Map<string, RecordField>();
  for (const { name, index, width, signed } of values) {
    if (index < fetch.length) args.set(name, { kind: "number", offset: first + index * 8, size: width, signed });
  }
  for (
    const [name, field] of callValues(returns, fetch.length, first, kind === "kprobe" ? args.get("args.ret") : null)
  ) {
    args.set(name, field);
  }
  const event = { attr: { type: PERF_TYPE.TRACEPOINT, config: 0, period: 1 }, raw: true, once: false };
  const made = (place: string): PerfPoint => {
    const define: ProbeDefinition = { kind, returns, place, fetch };
    return { point, event, args, fraction: null, define };
  };
  if (!("path" in point)) {
    // It becomes a word of a command to the kernel.
    if (!/^[\w.$]+$/.test(point.symbol)) throw new CannotTrace(`"${point.symbol}" is no name of a function`);
    return [made(point.symbol)];
  }
  const { path, offsets } = placesOf(point, resolver);
  return offsets.map((offset) => made(`${path}:0x${offset.toString(16)}`));
}

/**
 * What every call has: `arg0` to `arg5` as whole registers at the entry; at the return `result`, and `error`, whose field is
 * one that is never negative where a function answers no error numbers.
 *
 * @param result where the function's type says that its result lies; null or absent where it has none that tells errors
 */
function callValues(
  returns: boolean,
  fetched: number,
  first: number,
  result: RecordField | null | undefined,
): [string, RecordField][] {
  const word = (at: number, signed: boolean): RecordField => ({ kind: "number", offset: at, size: 8, signed });
  if (returns) {
    const error = result ? { ...result, signed: result.size === 8 || result.signed } : EVENT_NUMBER;
    return [["result", word(first, true)], ["error", error]];
  }
  return Array.from({ length: fetched }, (_, i) => [`arg${i}`, word(first + i * 8, false)]);
}

/** `common_type`, the first field of every record. */
const EVENT_NUMBER: RecordField = { kind: "number", offset: 0, size: 2, signed: false };

function placesOf(
  point: UserPoint,
  resolver: ProbeResolver,
): ReturnType<ProbeResolver["places"]> {
  let found: ReturnType<ProbeResolver["places"]>;
  try {
    found = resolver.places(point.path, point.symbol);
  } catch (error) {
    throw new CannotTrace((error as Error).message);
  }
  // The kernel takes words; a path with a blank would be two.
  if (/[\s:]/.test(found.path)) {
    throw new CannotTrace(
      `the path "${found.path}" holds a blank or a colon, which the kernel does not take in uprobe_events`,
      "Make a link to it without one.",
    );
  }
  return found;
}

const KERNEL_ARGUMENTS = ["$arg1", "$arg2", "$arg3", "$arg4", "$arg5", "$arg6"];
