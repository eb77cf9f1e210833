import type { Unit } from "../../../data/mod.ts";

/** A unit of pprof in ours, and what values are multiplied by. What is not known counts. */
export function pprofUnit(unit: string): { readonly unit: Unit; readonly factor: number } {
  return FROM.get(unit) ?? { unit: "count", factor: 1 };
}

/** How pprof names one of our units. */
export function unitForPprof(unit: Unit): string {
  return unit === "ns" ? "nanoseconds" : unit ?? "";
}

const FROM: ReadonlyMap<string, { unit: Unit; factor: number }> = new Map<string, { unit: Unit; factor: number }>([
  ["", { unit: null, factor: 1 }],
  ["ns", { unit: "ns", factor: 1 }],
  ["nanoseconds", { unit: "ns", factor: 1 }],
  ["us", { unit: "ns", factor: 1e3 }],
  ["microseconds", { unit: "ns", factor: 1e3 }],
  ["ms", { unit: "ns", factor: 1e6 }],
  ["milliseconds", { unit: "ns", factor: 1e6 }],
  ["s", { unit: "ns", factor: 1e9 }],
  ["seconds", { unit: "ns", factor: 1e9 }],
  ["bytes", { unit: "bytes", factor: 1 }],
  ["kilobytes", { unit: "bytes", factor: 1024 }],
  ["megabytes", { unit: "bytes", factor: 1 << 20 }],
  ["ratio", { unit: "ratio", factor: 1 }],
  ["hz", { unit: "hz", factor: 1 }],
  ["bytes/s", { unit: "bytes/s", factor: 1 }],
  ["events/s", { unit: "events/s", factor: 1 }],
  ["celsius", { unit: "celsius", factor: 1 }],
]);
