import type { Expr, NamedExpr } from "../../core/query/mod.ts";
import { isTextType } from "../../core/query/type_classes.ts";
import { HELPER, type Reg } from "../asm/mod.ts";
import { roundUp8 } from "./access.ts";
import { placeFor } from "./aggregate.ts";
import { CannotGenerate } from "./cannot_generate.ts";
import { emitAddress, emitCopy, emitCount, emitZero, FP, type Gen, MAP, type Place } from "./gen.ts";
import { type AccessOf, layoutStruct, type Struct } from "./layout.ts";
import { emitStruct } from "./write_struct.ts";

/** What is kept of a start until its end. */
export interface PairLayout {
  /** Laid out for the programs at the start. */
  readonly startKey: Struct;
  /** The same bytes, with the expressions of the end. */
  readonly endKey: Struct;
  readonly cancelKey: Struct;
  readonly carried: Struct;
  readonly markKey: Struct;
  /** What marks leave, behind what is carried; all of it null until one came. Null where nobody asks for it. */
  readonly marked: Struct | null;
  /** Bytes of the map's value. */
  readonly valueBytes: number;
}

/** In front of the carried values: the start's time, and how many starts it stands for (see `Gen.shift`). */
const HEAD_BYTES = 16;
const SHIFT_OFFSET = 8;
/** Where a mark has found its start. The register is otherwise for the tail of a record, and marks write none. */
const FOUND: Reg = 8;

/** Lays out the map of starts in flight. */
export function layoutPair(
  keys: {
    readonly start: readonly Expr[];
    readonly end: readonly Expr[];
    readonly cancel: readonly Expr[];
    readonly mark: readonly Expr[];
  },
  kept: { readonly carried: readonly NamedExpr[]; readonly marked: readonly NamedExpr[] },
  { starts, ends, cancels, marks }: {
    readonly starts: readonly AccessOf[];
    readonly ends: readonly AccessOf[];
    readonly cancels: readonly AccessOf[];
    readonly marks: readonly AccessOf[];
  },
): PairLayout {
  const told = cancels.length + marks.length > 0
    ? keys.start.map(() => true)
    : tellingApart(keys, [...starts, ...ends]);
  const named = (exprs: readonly Expr[]): NamedExpr[] =>
    exprs.filter((_, i) => told[i]).map((expr, i) => ({ name: `key${i}`, expr }));
  const startKey = layoutStruct(named(keys.start), starts, false);
  const endKey = layoutStruct(named(keys.end), ends, false);
  const cancelKey = cancels.length > 0 ? layoutStruct(named(keys.cancel), cancels, false) : endKey;
  const markKey = marks.length > 0 ? layoutStruct(named(keys.mark), marks, false) : endKey;
  const all = [startKey, endKey, cancelKey, markKey];
  if (all.some((s) => s.parts.some((p, i) => (p.kind === "ip") !== (startKey.parts[i].kind === "ip")))) {
    throw new CannotGenerate("an address of the network and a text are joined by their text, not in the kernel");
  }
  if (all.some((s) => s.parts.some((p) => p.kind === "symbol"))) {
    throw new CannotGenerate("starts and ends are joined by addresses, not by the names of what lies there");
  }
  const masked = all.some((s) => s.masked);
  const parts = startKey.parts.map((p, i) => ({
    ...p,
    bytes: Math.max(...all.map((s) => s.parts[i].bytes)),
  }));
  const carried = layoutStruct(kept.carried, starts, false);
  const marked = marks.length > 0 ? layoutMarked(kept.marked, marks) : null;
  return {
    startKey: sameLayout(startKey, parts, masked),
    endKey: sameLayout(endKey, parts, masked),
    cancelKey: sameLayout(cancelKey, parts, masked),
    markKey: sameLayout(markKey, parts, masked),
    carried,
    marked,
    valueBytes: HEAD_BYTES + carried.bytes + (marked?.bytes ?? 0),
  };
}

/** Any of a mark's values is null where there was no mark. */
function layoutMarked(values: readonly NamedExpr[], marks: readonly AccessOf[]): Struct {
  const struct = layoutStruct(values, marks, false);
  if (struct.parts.some((p) => p.kind === "stack")) {
    throw new CannotGenerate("the stack at a mark between start and end is not kept");
  }
  const mask = struct.masked ? 0 : 8;
  const parts = struct.parts.map((p, i) => ({ ...p, off: p.off + mask, nullBit: i }));
  return { ...struct, bytes: struct.bytes + mask, masked: true, parts };
}

/** The struct's expressions at the offsets that all sides of a pair share. A null in a key matches nothing. */
function sameLayout(struct: Struct, sizes: readonly { readonly bytes: number }[], masked: boolean): Struct {
  let off = masked ? 8 : 0;
  const parts = struct.parts.map((p, i) => {
    const part = { ...p, off, bytes: sizes[i].bytes };
    off += roundUp8(sizes[i].bytes);
    return part;
  });
  return { bytes: off, masked, parts, tailBytes: 0 };
}

/** Which parts of a key differ from one event to another; a key has at least one part. */
function tellingApart(
  { start, end }: { readonly start: readonly Expr[]; readonly end: readonly Expr[] },
  probes: readonly AccessOf[],
): boolean[] {
  const constantOf = (e: Expr): bigint | null => {
    if (e.op !== "field") return null;
    const values = probes.map((access) => access(e.name)).map((x) => x.kind === "constant" ? x.value : null);
    return values.every((v) => v !== null && v === values[0]) ? values[0] : null;
  };
  // Both sides must mean the same constant: the same field of all probes does.
  const told = start.map((e, i) => {
    const other = end[i];
    return !(e.op === "field" && other.op === "field" && e.name === other.name && constantOf(e) !== null);
  });
  return told.some(Boolean) ? told : start.map(() => true);
}

/** The start: remembers the time and the carried values under the key. */
export function emitStart(g: Gen, pair: PairLayout): void {
  const { a } = g;
  const BPF_ANY = 0, BPF_NOEXIST = 1, EEXIST = -17;
  const key = emitKey(g, pair.startKey);
  const value = placeFor(g, pair.valueBytes);
  emitStruct(g, pair.carried, { base: value.base, off: value.off + HEAD_BYTES });
  if (pair.marked) {
    const off = value.off + HEAD_BYTES + pair.carried.bytes;
    emitZero(g, { base: value.base, off: off + 8 }, pair.marked.bytes - 8);
    a.storeImm(8, value.base, off, -1);
  }
  const full = a.label("full");
  const update = (flags: number): void => {
    a.map(1, MAP.inFlight);
    emitAddress(g, 2, key);
    emitAddress(g, 3, value);
    a.constant(4, flags).call(HELPER.map_update_elem).jump("eq", 0, 0, g.end);
  };
  if (g.shift !== null) a.load(8, 1, FP, g.shift).store(8, value.base, value.off + SHIFT_OFFSET, 1);
  else a.storeImm(8, value.base, value.off + SHIFT_OFFSET, 0);
  // The clock last: what happens before belongs to the probe, not to what is measured.
  a.call(HELPER.ktime_get_ns).store(8, value.base, value.off, 0);
  // Hardly ever is there one already, so that is not asked first.
  update(BPF_NOEXIST);
  a.jump("ne", 0, EEXIST, full);
  emitCount(g, "replaced");
  update(BPF_ANY);
  a.mark(full);
  emitCount(g, "map_full");
}

/**
 * The end: finds the start, takes it out, and makes its values and the duration known to what follows.
 *
 * @param sampled starts stand for several
 * @param some only some starts are kept
 */
export function emitEnd(
  g: Gen,
  pair: PairLayout,
  { sampled, some }: { readonly sampled: boolean; readonly some: boolean },
): void {
  const { a } = g;
  g.duration = g.frame.alloc(8);
  // The clock first, for the same reason.
  a.call(HELPER.ktime_get_ns).store(8, FP, g.duration, 0);
  const key = emitKey(g, pair.endKey);
  const found = a.label("found");
  a.map(1, MAP.inFlight);
  emitAddress(g, 2, key);
  a.call(HELPER.map_lookup_elem).jump("ne", 0, 0, found);
  // With such starts most ends have none, which tells nothing.
  if (!sampled && !some) emitCount(g, "unmatched_ends");
  a.goto(g.end).mark(found);
  a.load(8, 1, FP, g.duration).load(8, 2, 0, 0).alu("sub", 1, { r: 2 }).store(8, FP, g.duration, 1);
  const values = placeFor(g, pair.valueBytes);
  emitCopy(g, values, { base: 0, off: 0 }, pair.valueBytes);
  a.map(1, MAP.inFlight);
  emitAddress(g, 2, key);
  a.call(HELPER.map_delete_elem);
  if (sampled) {
    g.shift = g.frame.alloc(8);
    a.load(8, 1, values.base, values.off + SHIFT_OFFSET).alu("and", 1, 31).store(8, FP, g.shift, 1);
  }
  const struct: Place = { base: values.base, off: values.off + HEAD_BYTES };
  keepParts(g, pair.carried, struct);
  if (pair.marked) keepParts(g, pair.marked, { ...struct, off: struct.off + pair.carried.bytes });
}

/** Makes values of the map known to what follows, behind those that are known. */
function keepParts(g: Gen, { parts }: Struct, struct: Place): void {
  const { a } = g;
  for (const part of parts) {
    let nullFlag: number | null = null;
    if (part.nullBit !== null) {
      nullFlag = g.frame.alloc(8);
      a.load(8, 1, struct.base, struct.off).constant(2, 1n << BigInt(part.nullBit)).alu("and", 1, { r: 2 });
      a.store(8, FP, nullFlag, 1);
    }
    g.carried.push({
      base: struct.base,
      off: struct.off + part.off,
      textBytes: isTextType(part.expr.t.type) ? part.bytes : 0,
      nullFlag,
    });
  }
}

/**
 * A mark: its values are written to the start in the map, where there is one. Not as a new entry, which would put a start
 * back that was taken out meanwhile; an end at the very same time on another CPU may see some of the values only.
 */
export function emitMark(g: Gen, pair: PairLayout): void {
  const { a } = g;
  const { marked } = pair;
  if (!marked) return;
  const key = emitKey(g, pair.markKey);
  a.map(1, MAP.inFlight);
  emitAddress(g, 2, key);
  // The values are read for those marks only that have a start.
  a.call(HELPER.map_lookup_elem).jump("eq", 0, 0, g.end).movReg(FOUND, 0);
  const values = placeFor(g, marked.bytes);
  emitStruct(g, marked, values);
  const to: Place = { base: FOUND, off: HEAD_BYTES + pair.carried.bytes };
  emitCopy(g, { ...to, off: to.off + 8 }, { ...values, off: values.off + 8 }, marked.bytes - 8);
  // What is null last: until here nothing is there.
  emitCopy(g, to, values, 8);
}

/** A cancel: the start is forgotten. */
export function emitCancel(g: Gen, pair: PairLayout): void {
  const key = emitKey(g, pair.cancelKey);
  g.a.map(1, MAP.inFlight);
  emitAddress(g, 2, key);
  g.a.call(HELPER.map_delete_elem);
}

/** Writes a key; an event whose key is null has no partner. */
function emitKey(g: Gen, struct: Struct): Place {
  const key = placeFor(g, struct.bytes);
  emitStruct(g, struct, key);
  if (struct.parts.some((p) => p.nullBit !== null)) g.a.load(8, 1, key.base, key.off).jump("ne", 1, 0, g.end);
  return key;
}
