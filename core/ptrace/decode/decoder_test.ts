import assert from "node:assert/strict";
import { syscallNumber } from "../../host/mod.ts";
import { createDecoder, type DecoderOptions, type TracedCall } from "./mod.ts";

/** Memory of made-up calls: bytes from an address on. */
class Memory {
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

/** A made-up call, decoded. @param result negative: an error */
function shown(
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

function madeUp(nr: number, args: readonly (number | bigint)[], result: number | bigint): TracedCall {
  const words = new BigUint64Array(6);
  args.forEach((a, i) => words[i] = BigInt.asUintN(64, BigInt(a)));
  const ret = new Uint32Array(BigUint64Array.of(BigInt.asUintN(64, BigInt(result))).buffer);
  const failed = typeof result === "number" && result < 0;
  return { pid: 7, tid: 7, nr, args: new Uint32Array(words.buffer), ret, error: failed ? -result : 0 };
}

Deno.test("a decoder shows strings, flags, results and errors as strace does", () => {
  const m = new Memory();
  const path = m.text("/etc/passwd");
  assert.equal(
    shown(m, "openat", [-100, path, 0x80000], 3, { column: 0 }),
    'openat(AT_FDCWD, "/etc/passwd", O_RDONLY|O_CLOEXEC) = 3',
  );
  assert.equal(
    shown(m, "openat", [-100, path, 0x241, 0o644], -2),
    'openat(AT_FDCWD, "/etc/passwd", O_WRONLY|O_CREAT|O_TRUNC, 0644) = -1 ENOENT (No such file or directory)',
  );
  assert.equal(shown(m, "close", [3], 0, { column: 0 }), "close(3)                                = 0");
  assert.equal(shown(m, "read", [3, path, 4], 4), 'read(3, "/etc", 4) = 4');
  assert.equal(
    shown(m, "read", [3, path, 4], -512),
    "read(3, 0x1000, 4) = ? ERESTARTSYS (To be restarted if SA_RESTART is set)",
  );
  assert.equal(
    shown(m, "mmap", [0, 4096, 3, 0x22, -1, 0], 0x7f00_0000_0000n),
    "mmap(NULL, 4096, PROT_READ|PROT_WRITE, MAP_PRIVATE|MAP_ANONYMOUS, -1, 0) = 0x7f0000000000",
  );
});
