import type { Unit } from "../core/data/mod.ts";
import { type ValueType, valueType } from "../core/query/mod.ts";
import { didYouMean } from "../core/data/nearest.ts";

/** The value of a number as written, or what is wrong with it. */
export type NumberValue =
  | { readonly ok: true; readonly value: bigint | number; readonly t: ValueType }
  | { readonly ok: false; readonly message: string; readonly hint: string };

interface UnitRule {
  readonly t: ValueType;
  /** What one of it is in the base unit of its type. */
  readonly scale: number;
}

const rate = (unit: Unit): ValueType => ({ type: "rate", unit });

const UNITS: ReadonlyMap<string, UnitRule> = new Map<string, UnitRule>([
  ...Object.entries({
    ns: 1,
    us: 1e3,
    "µs": 1e3,
    "μs": 1e3,
    ms: 1e6,
    s: 1e9,
    m: 60e9,
    min: 60e9,
    h: 3600e9,
    d: 86400e9,
  })
    .map(([name, scale]): [string, UnitRule] => [name, { t: valueType("duration"), scale }]),
  ...Object.entries({
    ...{ B: 1, KB: 1e3, MB: 1e6, GB: 1e9, TB: 1e12 },
    ...{ KiB: 2 ** 10, MiB: 2 ** 20, GiB: 2 ** 30, TiB: 2 ** 40 },
  }).map(([name, scale]): [string, UnitRule] => [name, { t: valueType("bytes"), scale }]),
  ...Object.entries({ hz: 1, khz: 1e3, mhz: 1e6, Hz: 1, kHz: 1e3, MHz: 1e6 })
    .map(([name, scale]): [string, UnitRule] => [name, { t: rate("hz"), scale }]),
  ["%", { t: valueType("ratio"), scale: 0.01 }],
]);

/** Units of numbers, as they are written. */
export const UNIT_NAMES: readonly string[] = [...UNITS.keys()];

const SHAPE =
  /^(0[xX][0-9a-fA-F_]+|0[bB][01_]+|\d[\d_]*(?:\.\d[\d_]*)?(?:[eE][+-]?\d+)?)(%|[A-Za-zµμ][A-Za-z0-9µμ]*)?(\/s)?$/;
const MAX_U64 = (1n << 64n) - 1n;
const MAX_I64 = (1n << 63n) - 1n;

/**
 * Reads a number with its unit: `10ms` is 10 000 000 of type duration, `50%` 0.5 of type ratio, `100MiB/s` a rate.
 * Whole amounts are bigint; a fraction of a nanosecond or byte is an error.
 */
export function readNumber(text: string): NumberValue {
  const shape = SHAPE.exec(text);
  if (/^0[xX]/.test(text) && (!shape || shape[2])) {
    return wrong(`"${text}" is no number`, "Hexadecimal: 0xff, without a unit");
  }
  if (/^0[bB][\w]/.test(text) && (!shape || shape[2])) {
    return wrong(`"${text}" is no number`, "Binary: 0b101, without a unit");
  }
  if (!shape || /^0[xXbB]_*$/.test(shape[1])) return wrong(`"${text}" is no number`, "");
  const digits = shape[1].replaceAll("_", "");
  const rule = shape[2] === undefined ? null : UNITS.get(shape[2]);
  if (rule === undefined) {
    const hint = didYouMean(shape[2], UNIT_NAMES.filter((u) => !/[µμ]/.test(u) && !/^[kM]?Hz$/.test(u)));
    return wrong(
      `"${shape[2]}" is no unit`,
      `${hint ? `${hint}\n` : ""}Units: ns us ms s m h d, B KB MB GB TB KiB MiB GiB TiB, hz khz mhz, %`,
    );
  }
  const amount = rule === null ? plain(digits) : scaled(digits, rule, text);
  if (!amount.ok || shape[3] === undefined) return amount;
  const value = Number(amount.value);
  if (amount.t.type === "bytes") return { ok: true, value, t: rate("bytes/s") };
  if (amount.t.type === "int" || amount.t.type === "float") return { ok: true, value, t: rate("events/s") };
  return wrong(`"${text}": only a count or bytes can be per second`, "Write 100/s or 10MiB/s");
}

function plain(digits: string): NumberValue {
  if (!isWhole(digits)) {
    const value = Number(digits);
    return Number.isFinite(value) ? { ok: true, value, t: valueType("float") } : wrong(`${digits} is too large`, "");
  }
  const value = BigInt(digits);
  if (value > MAX_U64) return wrong(`${digits} does not fit 64 bits`, "");
  return { ok: true, value, t: valueType("int", value > MAX_I64) };
}

function scaled(digits: string, rule: UnitRule, text: string): NumberValue {
  if (rule.t.type === "ratio" || rule.t.type === "rate") {
    // 50 % is 50 / 100 and not 50 × 0.01: the division is the one that rounds correctly.
    const value = rule.scale < 1 ? Number(digits) / Math.round(1 / rule.scale) : Number(digits) * rule.scale;
    return { ok: true, value, t: rule.t };
  }
  const value = isWhole(digits) ? BigInt(digits) * BigInt(rule.scale) : fraction(digits, BigInt(rule.scale));
  if (value === null) {
    return wrong(`"${text}" is no whole number of ${rule.t.type === "duration" ? "nanoseconds" : "bytes"}`, "");
  }
  if (value > MAX_I64) return wrong(`"${text}" does not fit 64 bits`, "");
  return { ok: true, value, t: rule.t };
}

/** Exact: `1.5` × 1e9. Null when something is left over. */
function fraction(digits: string, scale: bigint): bigint | null {
  const [mantissa, exponent = "0"] = digits.toLowerCase().split("e");
  const [whole, part = ""] = mantissa.split(".");
  const power = Number(exponent) - part.length;
  if (Math.abs(power) > 40) return null;
  const value = BigInt(whole + part) * scale;
  if (power >= 0) return value * 10n ** BigInt(power);
  const divisor = 10n ** BigInt(-power);
  return value % divisor === 0n ? value / divisor : null;
}

function isWhole(digits: string): boolean {
  return /^(0[xXbB][0-9a-fA-F]+|\d+)$/.test(digits);
}

function wrong(message: string, hint: string): NumberValue {
  return { ok: false, message, hint };
}
