import { UsageError } from "../core/data/mod.ts";

const UNITS: Readonly<Record<string, number>> = {
  ns: 1,
  us: 1e3,
  "µs": 1e3,
  ms: 1e6,
  s: 1e9,
  m: 60e9,
  min: 60e9,
  h: 3600e9,
  d: 86400e9,
};

/**
 * A length of time as options have it: `8s`, `500ms`, `1.5m`; a bare number is seconds.
 *
 * @param option the option's name, for the message
 * @returns nanoseconds, over 0 and at most a day
 * @throws {UsageError} when it is none
 */
export function parseDuration(text: string, option: string): number {
  const match = /^(\d+(?:\.\d+)?)\s*(ns|us|µs|ms|s|m|min|h|d)?$/.exec(text.trim());
  const ns = match ? Math.round(Number(match[1]) * UNITS[match[2] ?? "s"]) : NaN;
  if (!(ns > 0) || ns > 86400e9) {
    throw new UsageError(
      `${option}: "${text}" is no length of time over 0 and up to a day`,
      "Write 8s, 500ms, 2m or 1h; a bare number is seconds",
    );
  }
  return ns;
}

/**
 * A whole number in a range.
 *
 * @throws {UsageError} when it is none
 */
export function parseInteger(text: string, option: string, min: number, max: number): number {
  const n = /^-?\d+$/.test(text.trim()) ? Number(text) : NaN;
  if (!(n >= min && n <= max)) {
    throw new UsageError(`${option}: "${text}" is no whole number from ${min} to ${max}`);
  }
  return n;
}

/** A process id. @throws {UsageError} when it cannot be one */
export function parsePid(text: string, option: string): number {
  return parseInteger(text, option, 1, 4194304);
}

/**
 * A share of one CPU: `5%`, `0.05`.
 *
 * @returns a ratio over 0, at most 1
 * @throws {UsageError} when it is none
 */
export function parseShare(text: string, option: string): number {
  const match = /^(\d+(?:\.\d+)?|\.\d+)\s*(%?)$/.exec(text.trim());
  const share = match ? Number(match[1]) / (match[2] === "%" ? 100 : 1) : NaN;
  if (!(share > 0 && share <= 1)) {
    throw new UsageError(`${option}: "${text}" is no share of a CPU over 0 and up to 100%`, "Write 5% or 0.05");
  }
  return share;
}

/** A sampling frequency: `99`, `99hz`. @throws {UsageError} when it is out of 1–10000 */
export function parseHz(text: string, option: string): number {
  return parseInteger(text.replace(/hz$/i, ""), option, 1, 10000);
}

/** Process ids as options have them: `12`, `12,15`. @throws {UsageError} when one cannot be one */
export function parsePids(text: string, option: string): number[] {
  return text.split(",").map((part) => parsePid(part, option));
}

/**
 * A number of bytes as options have it: `16K`, `16384`.
 *
 * @returns a whole number in the range
 * @throws {UsageError} when it is none
 */
export function parseSize(text: string, option: string, min: number, max: number): number {
  const match = /^(\d+)\s*(k|ki|kb|kib)?$/i.exec(text.trim());
  const bytes = match ? Number(match[1]) * (match[2] ? 1024 : 1) : NaN;
  if (!(bytes >= min && bytes <= max)) {
    throw new UsageError(`${option}: "${text}" is no size from ${min} to ${max} bytes`, "Write 16K or 16384");
  }
  return bytes;
}
