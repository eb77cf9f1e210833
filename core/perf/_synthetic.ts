import { RECORD, SAMPLE } from "./abi.ts";

/** The sample type that synthetic records are made for. */
export const SYNTHETIC_TYPE = SAMPLE.IP | SAMPLE.TID | SAMPLE.TIME | SAMPLE.CPU | SAMPLE.PERIOD | SAMPLE.CALLCHAIN;

/** A record's bytes as 32-bit words, header included. For tests and benches. */
export function record(type: number, misc: number, body: readonly number[]): number[] {
  const size = 8 + body.length * 4;
  return [type, (misc | size << 16) >>> 0, ...body];
}

/** A sample. @param chain entries as [low, high] words */
export function sample(pid: number, tid: number, time: number, period: number, chain: readonly number[][]): number[] {
  const ip = chain.find(([, hi]) => hi !== 0xffffffff) ?? [0, 0];
  return record(RECORD.SAMPLE, 0, [
    ...ip,
    pid,
    tid,
    ...u64(time),
    0,
    0,
    ...u64(period),
    ...u64(chain.length),
    ...chain.flat(),
  ]);
}

/** What every other record ends with for {@linkcode SYNTHETIC_TYPE}. */
export function trailer(pid: number, tid: number, time: number): number[] {
  return [pid, tid, ...u64(time), 0, 0];
}

/** Text as words, padded to 8 bytes with at least one NUL. */
export function text(name: string): number[] {
  const bytes = new TextEncoder().encode(name);
  const padded = new Uint8Array(Math.ceil((bytes.length + 1) / 8) * 8);
  padded.set(bytes);
  return [...new Uint32Array(padded.buffer)];
}

/** A number below 2^53 as low and high word. */
export function u64(value: number): number[] {
  return [value >>> 0, Math.floor(value / 4294967296)];
}
