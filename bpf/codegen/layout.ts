import type { AggregateSpec, Expr, NamedExpr } from "../../core/query/mod.ts";
import { AGGREGATES } from "../../core/query/aggregates/table.ts";
import { exprText } from "../../core/query/expr_text.ts";
import { isTextType } from "../../core/query/type_classes.ts";
import { IP_BYTES } from "../../core/data/mod.ts";
import { isIp } from "./addresses.ts";
import { type Access, type NameTable, roundUp8, type StackPart } from "./access.ts";
import { CannotGenerate } from "./cannot_generate.ts";
import { isUnsigned, nullable } from "./nullable.ts";
import { refuseFloat } from "./numbers.ts";
import { textBytes, textSource } from "./texts.ts";

/** How the fields of one probe are read. */
export type AccessOf = (name: string) => Access;

/** One value inside a key, a record or a carried value. */
export interface Part {
  readonly name: string;
  readonly expr: Expr;
  readonly off: number;
  /**
   * 8 for a number, the buffer's length for a text, 8 for the length of a text that lies in the tail, 24 for a stack:
   * the numbers of its kernel and user frames, and the process. 16 for an address of the network, IPv4 mapped into
   * IPv6; of a symbol 8 for the address in the kernel, 16 for one in a process, and the process.
   */
  readonly bytes: number;
  readonly kind: "number" | "text" | "tail" | "name" | "stack" | "ip" | "symbol";
  /** Texts that the number stands for; of `name` only. */
  readonly table?: NameTable;
  /** Of `stack` only. */
  readonly stack?: StackPart;
  /** Most bytes in the tail. */
  readonly tailBytes: number;
  /** Bit of the null mask, the first word; null when the value is always there. */
  readonly nullBit: number | null;
}

/** Values behind one another, a word of null bits in front when any of them may be null. */
export interface Struct {
  readonly bytes: number;
  readonly masked: boolean;
  readonly parts: readonly Part[];
  /** Most bytes that follow. */
  readonly tailBytes: number;
}

/** Texts up to this length lie in the record itself. */
const INLINE_BYTES = 32;
const STACK_BYTES = 24;

/**
 * Lays out values.
 *
 * @param probes the fields of each program that writes the struct: buffers fit the longest
 * @param tails whether long texts may follow the struct with their own length
 */
export function layoutStruct(values: readonly NamedExpr[], probes: readonly AccessOf[], tails: boolean): Struct {
  if (values.length > 63) throw new CannotGenerate("it has more than 63 fields");
  const masked = values.some(({ expr }) => probes.some((access) => nullable(expr, access)));
  let off = masked ? 8 : 0;
  let tailBytes = 0;
  const parts = values.map(({ name, expr }, i): Part => {
    const nullBit = probes.some((access) => nullable(expr, access)) ? i : null;
    const common = { name, expr, tailBytes: 0, nullBit };
    const special = specialField(expr, probes);
    if (special?.kind === "stack") {
      off += STACK_BYTES;
      return { ...common, kind: "stack", off: off - STACK_BYTES, bytes: STACK_BYTES, stack: special.part };
    }
    if (special?.kind === "name") {
      off += 8;
      return { ...common, kind: "name", off: off - 8, bytes: 8, table: special.table };
    }
    if (special?.kind === "symbol") {
      const bytes = special.of === "kernel" ? 8 : 16;
      off += bytes;
      return { ...common, kind: "symbol", off: off - bytes, bytes };
    }
    if (isIp(expr)) {
      off += IP_BYTES;
      return { ...common, kind: "ip", off: off - IP_BYTES, bytes: IP_BYTES };
    }
    if (expr.t.type === "stack") throw new CannotGenerate("stacks are fields; functions of them are computed here");
    if (!isTextType(expr.t.type)) {
      refuseFloat(expr);
      off += 8;
      return { name, expr, off: off - 8, bytes: 8, kind: "number", tailBytes: 0, nullBit };
    }
    const longest = Math.max(...probes.map((access) => textBytes(textSource(expr, access))));
    if (tails && longest > INLINE_BYTES && !probes.every((access) => textSource(expr, access).kind === "literal")) {
      tailBytes += longest;
      off += 8;
      return { name, expr, off: off - 8, bytes: 8, kind: "tail", tailBytes: longest, nullBit };
    }
    off += roundUp8(longest);
    return { name, expr, off: off - roundUp8(longest), bytes: roundUp8(longest), kind: "text", tailBytes: 0, nullBit };
  });
  return { bytes: off, masked, parts, tailBytes };
}

/** Names of functions, kept as their addresses. */
export interface SymbolCall {
  readonly kind: "symbol";
  readonly of: "kernel" | "user";
}

/** What is kept by number, for all probes alike: a name, a stack, or the name of a function at an address. */
export function specialField(
  expr: Expr,
  probes: readonly AccessOf[],
): Extract<Access, { kind: "name" | "stack" }> | SymbolCall | null {
  if (expr.op === "call" && expr.fn === "ksym") return { kind: "symbol", of: "kernel" };
  if (expr.op === "call" && expr.fn === "usym") return { kind: "symbol", of: "user" };
  if (expr.op !== "field") return null;
  const [first] = probes.map((access) => access(expr.name));
  return first?.kind === "name" || first?.kind === "stack" ? first : null;
}

/** How an aggregate is kept: offsets in the map's value, of which the first word counts rows. */
export interface StatePart {
  readonly name: string;
  /** `buckets`: quantiles and histograms count in a map of their own. */
  readonly fn: "count" | "sum" | "min" | "max" | "avg" | "buckets";
  readonly arg: Expr | null;
  /** Where values that are not null are counted; 0, the rows, when they never are. */
  readonly countOff: number;
  /** The sum, the extreme, or the lower half of an average's sum of 128 bits; for buckets the number of their set. */
  readonly off: number;
  readonly unsigned: boolean;
}

/** The value of an aggregation's map. */
export interface StateLayout {
  readonly bytes: number;
  readonly parts: readonly StatePart[];
  /** Values that are counted in buckets, each once however many quantiles are taken from it. */
  readonly bucketSets: readonly BucketSet[];
}

/** A value that is counted in buckets: of the quantile layout, or of equal width. */
export interface BucketSet {
  readonly arg: Expr;
  readonly linear: { readonly min: bigint; readonly max: bigint; readonly step: bigint } | null;
}

const WORDS = { count: 0, sum: 1, min: 1, max: 1, avg: 2 } as const;

/** @throws {CannotGenerate} for aggregates that are not kept in the kernel */
export function layoutStates(aggregates: readonly AggregateSpec[], probes: readonly AccessOf[]): StateLayout {
  let off = 8;
  const bucketSets: BucketSet[] = [];
  const parts = aggregates.map(({ fn, args, name }): StatePart => {
    const arg = args[0] ?? null;
    if (arg) refuseFloat(arg);
    const linear = fn === "lhist" ? linearBounds(args) : null;
    if (linear || isCountedInBuckets(fn, args)) {
      const same = (s: BucketSet): boolean =>
        exprText(s.arg) === exprText(arg) && s.linear?.min === linear?.min && s.linear?.max === linear?.max &&
        s.linear?.step === linear?.step;
      let set = bucketSets.findIndex(same);
      if (set < 0) set = bucketSets.push({ arg, linear }) - 1;
      return { name, fn: "buckets", arg, countOff: 0, off: set, unsigned: isUnsigned(arg.t) };
    }
    if (!(fn in WORDS)) {
      const known = "count, sum, min, max, avg, quantiles, hist and lhist are";
      throw new CannotGenerate(`${fn}() is not aggregated in the kernel (${known})`);
    }
    const kind = fn as keyof typeof WORDS;
    if (arg && (isTextType(arg.t.type) || arg.t.type === "stack") && kind !== "count") {
      throw new CannotGenerate(`${fn}() of a ${arg.t.type} is not aggregated in the kernel`);
    }
    let countOff = 0;
    if (arg && probes.some((access) => nullable(arg, access))) {
      countOff = off;
      off += 8;
    }
    const at = off;
    off += WORDS[kind] * 8;
    return { name, fn: kind, arg, countOff, off: at, unsigned: arg !== null && isUnsigned(arg.t) };
  });
  return { bytes: off, parts, bucketSets };
}

/** The bounds of a linear histogram, which the kernel needs as whole numbers. */
function linearBounds(args: readonly Expr[]): BucketSet["linear"] {
  const constants = constantArguments(args);
  const whole = constants?.length === 3 && constants.every((c) => typeof c === "bigint" || Number.isSafeInteger(c));
  if (!whole) throw new CannotGenerate("lhist() has bounds that are no whole numbers");
  const [min, max, step] = constants.map(BigInt);
  if (!(max > min) || step <= 0n || (max - min) / step > 10_000n) throw new CannotGenerate("lhist() has odd bounds");
  return { min, max, step };
}

/** Whether an aggregate's state is the counts of the quantile layout. */
function isCountedInBuckets(fn: string, args: readonly Expr[]): boolean {
  const aggregate = AGGREGATES.get(fn);
  const constants = constantArguments(args);
  return aggregate !== undefined && args.length > 0 && constants !== null && aggregate.kind(constants) === "buckets";
}

/** The arguments behind the first, which must be constants; null when one is none. */
export function constantArguments(args: readonly Expr[]): (number | bigint)[] | null {
  const values = args.slice(1).map((e) => e.op === "lit" ? e.value : null);
  return values.every((v) => typeof v === "number" || typeof v === "bigint") ? values as (number | bigint)[] : null;
}
