import type { Cell } from "./column.ts";
import type { Frame, Profile, Timeline } from "./profile.ts";
import type { HistogramCell } from "./histogram.ts";
import { quality } from "./quality.ts";
import type { Result, Results } from "./result.ts";
import { type Field, rowsOf, tableFromRows } from "./table.ts";

/** JSON as it comes and goes. */
export type Json = null | boolean | number | string | readonly Json[] | { readonly [key: string]: Json };

/**
 * The JSON form of a result, as `run --json` and `tool --json` print it: durations and times in integer nanoseconds,
 * integers over 2^53-1 as decimal strings, addresses as `0x…`, ratios 0–1, NaN and infinities as null.
 */
export function resultToJson(result: Result): { readonly [key: string]: Json } {
  const q = result.quality as unknown as Json;
  switch (result.kind) {
    case "table":
      return {
        kind: "table",
        fields: result.fields.map(fieldToJson),
        rows: rowsOf(result).map((row) => row.map((cell, i) => cellToJson(cell, result.fields[i]))),
        quality: q,
      };
    case "histogram":
      return { ...histogramToJson(result), quality: q };
    case "profile":
      return {
        kind: "profile",
        sample_types: result.sampleTypes as unknown as Json,
        stacks: result.stacks.map((s) => ({
          frames: s.frames.map((f) => ({ ...result.frames[f] })),
          values: s.values.map(numberToJson),
          labels: { ...s.labels },
        })),
        ...(result.timeline ? { timeline: timelineToJson(result.timeline) } : {}),
        quality: q,
      };
    case "series":
      return {
        kind: "series",
        unit: result.unit,
        start_ns: result.startNs.toString(),
        points: result.points.map((p) => ({ name: p.name, t_ns: p.tNs, v: p.v.map(numberToJson) })),
        quality: q,
      };
    case "text":
      return { kind: "text", text: result.text, quality: q };
  }
}

/** The JSON form of several results by name. */
export function resultsToJson(results: Results): { readonly [name: string]: Json } {
  return Object.fromEntries(Object.entries(results).map(([name, r]) => [name, resultToJson(r)]));
}

/**
 * Reads the JSON form back, for recordings and imports. The shape must have been checked before (see `schemas/`).
 *
 * @throws {TypeError} when the kind is none of the five
 */
export function resultFromJson(json: { readonly [key: string]: Json }): Result {
  // deno-lint-ignore no-explicit-any -- the shape was checked by the schema
  const j = json as any;
  const q = quality(j.quality);
  switch (j.kind) {
    case "table": {
      const fields = (j.fields as Field[]).map((f) => f.type === "address" ? { ...f, unsigned: true } : f);
      const rows = (j.rows as Json[][]).map((row) => row.map((cell, i) => cellFromJson(cell, fields[i])));
      return tableFromRows(fields, rows, q);
    }
    case "histogram":
      return { ...histogramFromJson(j), quality: q };
    case "profile":
      return profileFromJson(j, q);
    case "series":
      return {
        kind: "series",
        unit: j.unit,
        startNs: BigInt(j.start_ns ?? 0),
        points: j.points.map((p: { name: string; t_ns: number[]; v: (number | null)[] }) => ({
          name: p.name,
          tNs: p.t_ns,
          v: p.v.map((v) => v ?? NaN),
        })),
        quality: q,
      };
    case "text":
      return { kind: "text", text: j.text, quality: q };
    default:
      throw new TypeError(`"${j.kind}" is no kind of result (table, histogram, profile, series, text)`);
  }
}

function profileFromJson(
  j: {
    sample_types: Profile["sampleTypes"];
    stacks: { frames: Frame[]; values: (number | null)[]; labels: Record<string, string> }[];
    timeline?: { start_ns: string | null; t_ns: number[]; stack: number[]; v: number[] };
  },
  q: Profile["quality"],
): Profile {
  const frames: Frame[] = [];
  const index = new Map<string, number>();
  const intern = (f: Frame): number => {
    const key = JSON.stringify([f.function, f.module, f.file, f.line, f.kind]);
    let i = index.get(key);
    if (i === undefined) {
      i = frames.length;
      index.set(key, i);
      frames.push(f);
    }
    return i;
  };
  const stacks = j.stacks.map((s) => ({
    frames: s.frames.map(intern),
    values: s.values.map((v) => v ?? NaN),
    labels: s.labels,
  }));
  const profile: Profile = { kind: "profile", sampleTypes: j.sample_types, frames, stacks, quality: q };
  if (!j.timeline) return profile;
  const { start_ns, t_ns, stack, v } = j.timeline;
  return {
    ...profile,
    timeline: {
      startNs: start_ns === null ? null : BigInt(start_ns),
      timeNs: Float64Array.from(t_ns),
      stack: Uint32Array.from(stack),
      value: Float64Array.from(v),
    },
  };
}

function timelineToJson(t: Timeline): Json {
  return {
    start_ns: t.startNs === null ? null : t.startNs.toString(),
    t_ns: Array.from(t.timeNs),
    stack: Array.from(t.stack),
    v: Array.from(t.value),
  };
}

function fieldToJson(f: Field): Json {
  const json = { name: f.name, type: f.type, unit: f.unit };
  return f.unsigned ? { ...json, unsigned: true } : json;
}

/** The outermost buckets may reach to the infinities, which JSON has not: they become null. */
function histogramToJson(h: HistogramCell): { readonly [key: string]: Json } {
  const buckets = h.buckets.map((b) => ({ min: numberToJson(b.min), max: numberToJson(b.max), count: b.count }));
  return { kind: "histogram", unit: h.unit, buckets };
}

function histogramFromJson(
  h: { unit: HistogramCell["unit"]; buckets: { min: number | null; max: number | null; count: number }[] },
): HistogramCell {
  const buckets = h.buckets.map((b) => ({ min: b.min ?? -Infinity, max: b.max ?? Infinity, count: b.count }));
  return { kind: "histogram", unit: h.unit, buckets };
}

function numberToJson(v: number): Json {
  return Number.isFinite(v) ? v : null;
}

function cellToJson(cell: Cell, f: Field): Json {
  if (cell === null) return null;
  if (f.type === "bool") return Boolean(cell);
  if (f.type === "address") return `0x${BigInt.asUintN(64, BigInt(cell as number | bigint)).toString(16)}`;
  if (typeof cell === "bigint") {
    return cell > MAX_SAFE || cell < -MAX_SAFE ? cell.toString() : Number(cell);
  }
  if (typeof cell === "number") return numberToJson(cell);
  if (f.type === "histogram") return histogramToJson(cell as HistogramCell);
  if (f.type === "stack") return { frames: (cell as readonly Frame[]).map(frameToJson) };
  return cell as Json;
}

/** The members of a frame and no others, in the order of profiles. */
function frameToJson(f: Frame): Json {
  return { function: f.function, module: f.module, file: f.file, line: f.line, kind: f.kind };
}

function cellFromJson(cell: Json, f: Field): unknown {
  if (cell === null) return null;
  const numeric = f.type !== "string" && f.type !== "ip";
  if (typeof cell === "string" && numeric) return BigInt(cell);
  if (f.type === "histogram") return histogramFromJson(cell as unknown as Parameters<typeof histogramFromJson>[0]);
  if (f.type === "stack") return (cell as unknown as { frames: Frame[] }).frames;
  return cell;
}

const MAX_SAFE = BigInt(Number.MAX_SAFE_INTEGER);
