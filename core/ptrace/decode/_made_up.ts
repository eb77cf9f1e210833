import { syscallNumber } from "../../host/mod.ts";
import { createDecoder, type DecoderOptions, type TracedCall } from "./mod.ts";

/** Memory of made-up calls: bytes from an address on. */
export class Memory {
  readonly parts: { at: number; bytes: Uint8Array }[] = [];
  #next = 0x1000;

  put(bytes: Uint8Array): number {
    const at = this.#next;
    this.parts.push({ at, bytes });
    this.#next += Math.ceil((bytes.length + 64) / 4096) * 4096;
    return at;
  }

  text(text: string): number {
    return this.put(new TextEncoder().encode(`${text}\0`));
  }

  words(...words: number[]): number {
    return this.put(new Uint8Array(BigUint64Array.from(words.map((w) => BigInt(w))).buffer));
  }

  read(_pid: number, address: number, length: number): Uint8Array<ArrayBuffer> {
    for (const { at, bytes } of this.parts) {
      if (address >= at && address < at + bytes.length) {
        return new Uint8Array(bytes.slice(address - at, address - at + length));
      }
    }
    return new Uint8Array(0);
  }
}

/** Text of a made-up call. @param result negative: an error */
export function shown(
  memory: Memory,
  name: string,
  args: readonly (number | bigint)[],
  result: number | bigint,
  options: DecoderOptions & { column?: number } = {},
): string {
  const arch = options.arch ?? "x86_64";
  const decoder = createDecoder(memory, { arch, ...options });
  const call = madeUp(syscallNumber(name, arch)!, args, result);
  const entry = decoder.entry(call);
  return entry + decoder.exit(call, options.column === undefined ? undefined : entry.length);
}

export function madeUp(nr: number, args: readonly (number | bigint)[], result: number | bigint): TracedCall {
  const words = new BigUint64Array(6);
  args.forEach((a, i) => words[i] = BigInt.asUintN(64, BigInt(a)));
  const ret = new Uint32Array(BigUint64Array.of(BigInt.asUintN(64, BigInt(result))).buffer);
  const failed = typeof result === "number" && result < 0;
  return { pid: 7, tid: 7, nr, args: new Uint32Array(words.buffer), ret, error: failed ? -result : 0 };
}
