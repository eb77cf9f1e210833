import { UsageError } from "../../data/mod.ts";

/** What the files of an event source say of one of its events. */
export interface PmuEvent {
  readonly type: number;
  readonly config: bigint;
  readonly config1: bigint;
  readonly config2: bigint;
  /** Of one count: `MiB`, `Joules`; empty is a count. */
  readonly unit: string;
  /** What one count stands for, in the unit. */
  readonly scale: number;
  /** CPUs that count for all (a source outside of the cores); null where each counts for itself. */
  readonly cpumask: string | null;
}

/** Reads a small file; null when there is none. */
export type ReadText = (path: string) => string | null;

/**
 * Resolves `pmu/event/` and `pmu/term=value,…/` by the files below /sys/bus/event_source/devices
 * (Documentation/ABI/testing/sysfs-bus-event_source-devices-format, -events).
 *
 * @param root that folder
 * @returns null when there is no such source
 * @throws {UsageError} when the source has no such event or term
 */
export function pmuEvent(text: string, root: string, readText: ReadText): PmuEvent | null {
  const [pmu, terms] = text.split("/");
  const at = `${root}/${pmu}`;
  const type = parseInt(readText(`${at}/type`) ?? "");
  if (!Number.isInteger(type)) return null;
  const words = [0n, 0n, 0n];
  let unit = "";
  let scale = 1;
  const set = (term: string, depth: number): void => {
    const [name, value] = term.split("=");
    if (!/^[\w.-]+$/.test(name)) throw new UsageError(`"${text}": "${term}" is no term`);
    const named = value === undefined && depth === 0 ? readText(`${at}/events/${name}`) : null;
    if (named !== null) {
      unit = (readText(`${at}/events/${name}.unit`) ?? unit).trim();
      scale = Number(readText(`${at}/events/${name}.scale`) ?? scale);
      for (const part of named.trim().split(",")) if (part !== "") set(part, depth + 1);
      return;
    }
    const format = readText(`${at}/format/${name}`) ?? BUILT_IN[name];
    if (format === undefined) throw new UsageError(`The event source "${pmu}" has no event or term "${name}"`);
    place(words, format.trim(), number(value ?? "1", text), text);
  };
  for (const term of terms.split(",")) if (term !== "") set(term, 0);
  const cpumask = readText(`${at}/cpumask`);
  if (!(scale > 0 && scale < Infinity)) scale = 1;
  return {
    type,
    config: words[0],
    config1: words[1],
    config2: words[2],
    unit,
    scale,
    cpumask: cpumask === null ? null : cpumask.trim(),
  };
}

const BUILT_IN: Readonly<Record<string, string>> = {
  config: "config:0-63",
  config1: "config1:0-63",
  config2: "config2:0-63",
};
const WORDS: Readonly<Record<string, number>> = { config: 0, config1: 1, config2: 2 };

/** Puts a value's bits where a format says: `config:0-7,32-35`, the lowest first. */
function place(words: bigint[], format: string, value: bigint, text: string): void {
  const [word, ranges] = format.split(":");
  const index = WORDS[word];
  if (index === undefined || ranges === undefined) throw new UsageError(`"${text}": cannot set "${format}"`);
  let rest = value;
  for (const range of ranges.split(",")) {
    const [low, high = low] = range.split("-").map(Number);
    if (!(low >= 0 && high >= low && high < 64)) throw new UsageError(`"${text}": cannot set "${format}"`);
    const width = BigInt(high - low + 1);
    const mask = (1n << width) - 1n;
    words[index] = (words[index] & ~(mask << BigInt(low))) | ((rest & mask) << BigInt(low));
    rest >>= width;
  }
  if (rest !== 0n) throw new UsageError(`"${text}": ${value} does not fit ${format}`);
}

function number(text: string, event: string): bigint {
  if (!/^(0x[\da-f]{1,16}|\d{1,20})$/i.test(text)) throw new UsageError(`"${event}": "${text}" is no number`);
  return BigInt(text);
}
