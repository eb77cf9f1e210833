import type { FrameKind, SampleType, Unit } from "../../data/mod.ts";
import { asString } from "./_shape.ts";
import { FormatError } from "./format_error.ts";

/** @throws {FormatError} when it is no kind of frame */
export function asKind(value: unknown, place: string): FrameKind {
  if (!KINDS.includes(value as FrameKind)) throw new FormatError(`no kind of frame (${KINDS.join(", ")})`, place);
  return value as FrameKind;
}

/** @throws {FormatError} when it is no unit */
export function asUnit(value: unknown, place: string): Unit {
  if (!UNITS.includes(value as Unit)) throw new FormatError(`no unit (${UNITS.slice(0, -1).join(", ")})`, place);
  return value as Unit;
}

/** @throws {FormatError} when a sample type has no name or unit */
export function asSampleType(value: { readonly [key: string]: unknown }, place: string): SampleType {
  return { name: asString(value.name, `${place}.name`), unit: asUnit(value.unit, `${place}.unit`) };
}

const KINDS: readonly FrameKind[] = ["user", "kernel", "inlined", "interpreted", "gpu", "unknown"];
const UNITS: readonly Unit[] = ["ns", "bytes", "count", "ratio", "hz", "bytes/s", "events/s", "celsius", null];
