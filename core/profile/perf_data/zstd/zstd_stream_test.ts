import assert from "node:assert/strict";
import { Buffer } from "node:buffer";
import { constants, zstdCompressSync } from "node:zlib";
import { ZstdError } from "./zstd_error.ts";
import { zstdStream } from "./zstd_stream.ts";

const SCALE = Number(Deno.env.get("SONDE_FUZZ_SCALE") ?? 1);

function decode(packed: Uint8Array, piece: number): Uint8Array {
  const out: Uint8Array[] = [];
  const stream = zstdStream((bytes) => out.push(bytes.slice()));
  for (let i = 0; i < packed.length; i += piece) stream.push(packed.subarray(i, i + piece));
  assert.equal(stream.atBoundary, true);
  const all = new Uint8Array(out.reduce((n, b) => n + b.length, 0));
  let at = 0;
  for (const b of out) {
    all.set(b, at);
    at += b.length;
  }
  return all;
}

/** Deterministic numbers below n. */
function random(seed: number): (n: number) => number {
  let x = seed;
  return (n) => {
    x = Math.imul(x ^ x >>> 15, 0x2c1b3c6d) + 0x9e3779b9 | 0;
    return ((x ^ x >>> 13) >>> 0) % n;
  };
}

const encoder = new TextEncoder();
const r = random(7);
const SAMPLES: Record<string, Uint8Array> = {
  nothing: new Uint8Array(0),
  "one byte": Uint8Array.of(7),
  "one byte, often": new Uint8Array(300_000).fill(7),
  noise: Uint8Array.from({ length: 200_000 }, () => r(256)),
  "skewed noise": Uint8Array.from({ length: 200_000 }, () => r(r(r(256) + 1) + 1)),
  "few letters": Uint8Array.from({ length: 100_000 }, () => r(3)),
  text: encoder.encode(Array.from({ length: 60_000 }, (_, i) => `line ${i % 977} ${r(i + 1)}\n`).join("")),
  "words of 64 bits": new Uint8Array(
    BigUint64Array.from({ length: 50_000 }, (_, i) => 0xffffffff81000000n + BigInt(i * 16 + r(9))).buffer,
  ),
};

Deno.test("zstdStream() gives back what the runtime's encoder took, at all levels, in pieces of any size", () => {
  for (const [name, bytes] of Object.entries(SAMPLES)) {
    // 1 is what perf record -z takes.
    for (const level of SCALE > 1 ? [-5, 1, 3, 9, 19] : [1, 9]) {
      for (const flag of SCALE > 1 ? [0, 1] : [level === 1 ? 0 : 1]) {
        const packed = zstdCompressSync(bytes, {
          params: { [constants.ZSTD_c_compressionLevel]: level, [constants.ZSTD_c_checksumFlag]: flag },
        });
        for (const piece of [packed.length + 1, 1000, ...(packed.length < 5000 ? [1] : [])]) {
          assert.ok(Buffer.compare(decode(packed, piece), bytes) === 0, `${name}, level ${level}, pieces of ${piece}`);
        }
      }
    }
  }
});

Deno.test("zstdStream() keeps what a small window needs, and reads frames one after another", () => {
  const bytes = SAMPLES.text;
  const packed = zstdCompressSync(bytes, {
    params: { [constants.ZSTD_c_windowLog]: 12, [constants.ZSTD_c_compressionLevel]: 5 },
  });
  const skippable = Uint8Array.of(0x53, 0x2a, 0x4d, 0x18, 3, 0, 0, 0, 1, 2, 3);
  const twice = new Uint8Array([...packed, ...skippable, ...packed]);
  assert.equal(Buffer.compare(decode(twice, 777), new Uint8Array([...bytes, ...bytes])), 0);
});

Deno.test("zstdStream() answers a ZstdError to damaged streams, or other bytes; never anything else", () => {
  for (const [name, bytes] of Object.entries(SAMPLES)) {
    const packed = zstdCompressSync(bytes.subarray(0, 20_000));
    const pick = random(name.length);
    for (let i = 0; i < 500; i++) {
      const damaged = packed.slice();
      for (let n = pick(4); n >= 0; n--) damaged[pick(damaged.length)] = pick(256);
      try {
        zstdStream(() => {}).push(damaged);
      } catch (error) {
        assert.ok(error instanceof ZstdError, String(error));
      }
    }
  }
});

Deno.test("zstdStream() refuses Huffman weights whose code reads no bits, of which there would be no end", () => {
  const block = (type: number, body: number[]): number[] => [...u24(type << 1 | body.length << 3), ...body];
  // One symbol has all 32 places of the table: from no state to the next takes a bit.
  const weights = [5, 0xf0, 0x03, 0, 0x80, 0xff];
  const literals = [...weights, 0xff, 0xff];
  const head = u24(2 | 10 << 4 | literals.length << 14);
  const bytes = [0x28, 0xb5, 0x2f, 0xfd, 0, 0x48, ...block(2, [...head, ...literals, 0])];
  assert.throws(() => zstdStream(() => {}).push(Uint8Array.from(bytes)), ZstdError);
});

Deno.test("zstdStream() refuses windows of more than 128 MiB before it takes memory for them", () => {
  const bytes = [0x28, 0xb5, 0x2f, 0xfd, 0, 20 << 3, 1, 0, 0, 65];
  assert.throws(() => zstdStream(() => {}).push(Uint8Array.from(bytes)), ZstdError);
});

function u24(n: number): number[] {
  return [n & 255, n >>> 8 & 255, n >>> 16 & 255];
}
