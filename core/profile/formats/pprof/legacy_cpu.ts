import { type Frame, type Profile, type ProfileStack, quality } from "../../../data/mod.ts";
import { FormatError } from "../format_error.ts";
import { parseLegacyMaps } from "./legacy_maps.ts";

/** Whether bytes are the older CPU profile of gperftools and Go, in words of 64 or 32 bits. */
export function looksLikeLegacyCpu(head: Uint8Array): boolean {
  return wordSize(head) !== 0;
}

/**
 * Reads the older CPU profile (gperftools, docs/cpuprofile-fileformat.html): words 0, 3, 0, period in microseconds, 0;
 * for each stack its count, its depth and addresses, leaf first; 0, 1, 0 at the end; then the text of `/proc/PID/maps`.
 * It holds no names: functions are named by address.
 *
 * @throws {FormatError} when it is cut or broken
 */
export function readLegacyCpu(bytes: Uint8Array): Profile {
  const size = wordSize(bytes);
  const v = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
  let at = 0;
  const word = (): bigint => {
    if (at + size > bytes.length) throw new FormatError("the profile ends before its last stack", `byte ${at}`);
    const value = size === 8 ? v.getBigUint64(at, true) : BigInt(v.getUint32(at, true));
    at += size;
    return value;
  };
  const number = (): number => {
    const value = word();
    if (value > BigInt(Number.MAX_SAFE_INTEGER)) throw new FormatError("a count that cannot be", `byte ${at - size}`);
    return Number(value);
  };
  for (let i = 0; i < 3; i++) number();
  const periodNs = number() * 1000;
  number();
  const raw: { count: number; addresses: bigint[] }[] = [];
  for (;;) {
    const count = number();
    const depth = number();
    if (depth > (bytes.length - at) / size) throw new FormatError(`a stack of ${depth} frames`, `byte ${at}`);
    const addresses = Array.from({ length: depth }, word);
    if (count === 0 && depth === 1 && addresses[0] === 0n) break;
    raw.push({ count, addresses });
  }
  const maps = parseLegacyMaps(new TextDecoder().decode(bytes.subarray(at)));
  const frames: Frame[] = [];
  const index = new Map<bigint, number>();
  const frameOf = (address: bigint): number => {
    let i = index.get(address);
    if (i === undefined) {
      const name = `0x${address.toString(16)}`;
      i = frames.push({ function: name, module: maps.moduleOf(address), file: "", line: 0, kind: "user" }) - 1;
      index.set(address, i);
    }
    return i;
  };
  const stacks = raw.map(({ count, addresses }): ProfileStack => ({
    // All but the leaf are return addresses.
    frames: addresses.map((a, i) => frameOf(i === 0 || a === 0n ? a : a - 1n)).reverse(),
    values: [count, count * periodNs],
    labels: {},
  }));
  const events = stacks.reduce((sum, s) => sum + s.values[0], 0);
  return {
    kind: "profile",
    sampleTypes: [{ name: "samples", unit: "count" }, { name: "cpu", unit: "ns" }],
    frames,
    stacks,
    quality: quality({ events, notes: ["The file holds addresses without names."] }),
  };
}

function wordSize(b: Uint8Array): number {
  const words = (size: number): boolean => {
    if (b.length < size * 8) return false;
    const at = (i: number): number => b[i * size];
    const rest = (i: number): boolean => b.subarray(i * size + 1, (i + 1) * size).every((x) => x === 0);
    return at(0) === 0 && rest(0) && at(1) === 3 && rest(1) && at(2) === 0 && rest(2) && at(4) === 0 && rest(4);
  };
  return words(8) ? 8 : words(4) ? 4 : 0;
}
