import type { TracedCall, TracedMemory } from "./traced_call.ts";

/** What printers of arguments work on: one object per decoder, pointed at one call after the other. */
export interface Decoding {
  call: TracedCall;
  readonly memory: TracedMemory;
  readonly arch: string;
  /** Longest string or buffer shown, in bytes. */
  readonly stringLimit: number;
  readonly fdPath: ((pid: number, fd: number) => string | null) | undefined;
  /** At exit: what a kind remembered at this call's entry; 0 when nothing. */
  saved: number;
}

/**
 * How one argument is shown.
 *
 * `ref` is what stands behind the kind in the table of calls: the number of another argument, counted from 0, or
 * {@linkcode RESULT}; -1 without.
 */
export interface Kind {
  /** Text of argument `i`; empty when it is not shown at all. */
  print(d: Decoding, i: number, ref: number): string;
  /** Whether it is known only at exit; never without. */
  late?(d: Decoding, i: number, ref: number): boolean;
  /** At entry: a number that {@linkcode Decoding.saved} has at exit. */
  remember?(d: Decoding, i: number, ref: number): number;
}

/** As `ref`: what the call returned. */
export const RESULT = 6;

/** Argument `i` as a number: exact below 2^53. */
export function argument(d: Decoding, i: number): number {
  return d.call.args[2 * i + 1] * 0x1_0000_0000 + d.call.args[2 * i];
}

/** Argument `i` as an `int`. */
export function intArgument(d: Decoding, i: number): number {
  return d.call.args[2 * i] | 0;
}

/** The number that `ref` names; at most 2^53 is exact, and a result is 0 when the call failed. */
export function refNumber(d: Decoding, ref: number): number {
  if (ref !== RESULT) return ref < 0 ? 0 : argument(d, ref);
  return d.call.error !== 0 ? 0 : d.call.ret[1] * 0x1_0000_0000 + d.call.ret[0];
}

/** Argument `i` as an address: `NULL` or hexadecimal. */
export function addressArgument(d: Decoding, i: number): string {
  return addressText(d.call.args[2 * i], d.call.args[2 * i + 1]);
}

/** An address in two halves: `NULL` or hexadecimal. */
export function addressText(lo: number, hi: number): string {
  return lo === 0 && hi === 0 ? "NULL" : hex64(lo, hi);
}

/** `0x1f`; zero is `0`. */
export function hex64(lo: number, hi: number): string {
  if (hi === 0) return lo === 0 ? "0" : `0x${digits(lo)}`;
  return `0x${digits(hi)}${eightDigits(lo)}`;
}

// Number.prototype.toString(16) takes microseconds for what is above 2^31.
const BYTES = Array.from({ length: 256 }, (_, byte) => byte.toString(16).padStart(2, "0"));

function eightDigits(word: number): string {
  return BYTES[word >>> 24] + BYTES[word >>> 16 & 0xff] + BYTES[word >>> 8 & 0xff] + BYTES[word & 0xff];
}

function digits(word: number): string {
  if (word < 0x1_0000) return word.toString(16);
  const high = (word >>> 16).toString(16);
  return high + BYTES[word >>> 8 & 0xff] + BYTES[word & 0xff];
}

/** `0x1f`; zero is `0`. @param value below 2^53 */
export function hex(value: number): string {
  return value === 0 ? "0" : `0x${value.toString(16)}`;
}

/** Unsigned, decimal. */
export function dec64(lo: number, hi: number): string {
  if (hi < 0x20_0000) return String(hi * 0x1_0000_0000 + lo);
  return String((BigInt(hi) << 32n) | BigInt(lo));
}

/** Signed, decimal. */
export function sdec64(lo: number, hi: number): string {
  if (hi < 0x20_0000) return String(hi * 0x1_0000_0000 + lo);
  if (hi >= 0xffe0_0000) return String((hi - 0x1_0000_0000) * 0x1_0000_0000 + lo);
  return String(BigInt.asIntN(64, (BigInt(hi) << 32n) | BigInt(lo)));
}

/** Bytes at an address of the traced process; shorter than `length` where memory ends. */
export function readAt(d: Decoding, address: number, length: number): Uint8Array {
  if (address === 0 || address >= 2 ** 53 || !(length > 0)) return NOTHING;
  return d.memory.read(d.call.pid, address, Math.min(length, MAX_READ));
}

const NOTHING = new Uint8Array(0);
const MAX_READ = 65536;

/** Little-endian words of a struct that was read. */
export function u16(b: Uint8Array, at: number): number {
  return b[at] | b[at + 1] << 8;
}
export function u32(b: Uint8Array, at: number): number {
  return (b[at] | b[at + 1] << 8 | b[at + 2] << 16 | b[at + 3] << 24) >>> 0;
}
export function i32(b: Uint8Array, at: number): number {
  return b[at] | b[at + 1] << 8 | b[at + 2] << 16 | b[at + 3] << 24;
}
/** A 64-bit word as a number: exact below 2^53. */
export function number64(b: Uint8Array, at: number): number {
  return u32(b, at + 4) * 0x1_0000_0000 + u32(b, at);
}
export function decAt(b: Uint8Array, at: number): string {
  return dec64(u32(b, at), u32(b, at + 4));
}
export function sdecAt(b: Uint8Array, at: number): string {
  return sdec64(u32(b, at), u32(b, at + 4));
}
export function hexAt(b: Uint8Array, at: number): string {
  return hex64(u32(b, at), u32(b, at + 4));
}
export function addressAt(b: Uint8Array, at: number): string {
  return addressText(u32(b, at), u32(b, at + 4));
}
