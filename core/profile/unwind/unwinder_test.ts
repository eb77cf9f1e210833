import assert from "node:assert/strict";
import fc from "fast-check";
import { openHost } from "../../host/mod.ts";
import { codeMappings, type OrcTable } from "../../symbols/mod.ts";
import { outputOf } from "../../../tests/compile_c.ts";
import { skip } from "../../../tests/skip.ts";
import { createOrcUnwinder, createUnwinder } from "./mod.ts";
import { RuleCache } from "./_rule_cache.ts";

const RUNS = 2000 * Number(Deno.env.get("SONDE_FUZZ_SCALE") ?? 1);
const host = openHost();

Deno.test("unwind() answers a stack whatever registers and memory hold", () => {
  const mappings = codeMappings(host.maps(Deno.pid));
  const unwinders = (["auto", "dwarf", "fp"] as const).map((method) => createUnwinder(host, { method, maxFrames: 64 }));
  const code = fc.tuple(fc.nat(mappings.length - 1), fc.double({ min: 0, max: 1, noNaN: true })).map(([i, part]) => {
    const m = mappings[i];
    return Math.floor(m.start + part * (m.end - m.start - 1));
  });
  const sp = fc.nat(1 << 20).map((n) => 0x7ffc_0000_0000 + n);
  const near = fc.tuple(sp, fc.nat(64)).map(([a, n]) => a + n * 8);
  const value = fc.oneof(code, near, fc.double(), fc.constantFrom(0, -1, NaN, Infinity, 2 ** 63, -(2 ** 63)));
  const registers = fc.array(value, { minLength: 33, maxLength: 33 });
  const stack = fc.array(value, { maxLength: 200 });
  const shape = fc.tuple(registers, sp, code, stack, fc.nat(3), fc.nat(4000));
  fc.assert(
    fc.property(shape, ([values, top, pc, words, at, bytes]) => {
      const state = {
        registers: Float64Array.from(values, (v, i) => i === 7 || i === 31 ? top : i === 16 || i === 32 ? pc : v),
        stack: new Uint32Array(BigInt64Array.from(words, bits).buffer),
        at,
        bytes,
      };
      for (const unwinder of unwinders) {
        const found = unwinder.unwind(Deno.pid, mappings, state);
        assert.ok(found.length >= 1 && found.length <= 64);
        assert.equal(found.addresses[0], pc);
        assert.equal(found.exact[0], 1);
      }
    }),
    { numRuns: RUNS },
  );
});

Deno.test("unwind() without mappings or memory ends at once", () => {
  const state = { registers: new Float64Array(33).fill(NaN), stack: new Uint32Array(0), at: 0, bytes: 100 };
  const found = createUnwinder(host).unwind(1, [], state);
  assert.deepEqual([found.length, found.end], [1, "no_mapping"]);
});

Deno.test("createOrcUnwinder() answers a stack whatever table, registers and memory hold", () => {
  const text = -0x7f00_0000;
  const word = fc.oneof(
    fc.nat(64).map((n) => text + n),
    fc.nat(256).map((n) => STACK + n * 8),
    fc.double(),
    fc.constant(NaN),
  );
  const row = fc.tuple(fc.integer({ min: -64, max: 64 }), fc.integer({ min: -64, max: 64 }), fc.nat(0xfff));
  const rows = fc.array(row, { minLength: 1, maxLength: 64 });
  const shape = fc.tuple(rows, fc.array(word, { minLength: 17, maxLength: 17 }), fc.array(word, { maxLength: 200 }));
  fc.assert(
    fc.property(shape, ([rows, values, words]) => {
      const table: OrcTable = {
        format: "type",
        addresses: Float64Array.from(rows, (_, i) => text + i),
        spOffsets: Int16Array.from(rows, (r) => r[0]),
        bpOffsets: Int16Array.from(rows, (r) => r[1]),
        bits: Uint16Array.from(rows, (r) => r[2]),
        find: (address) => Math.min(Math.floor(address - text), rows.length - 1),
      };
      const stack = new Uint32Array(BigInt64Array.from(words, bits).buffer);
      const registers = Float64Array.from(values, (v, i) => i === 7 ? STACK : i === 16 ? text : v);
      const state = { registers, stack, at: 0, bytes: stack.byteLength };
      const found = createOrcUnwinder([{ table, slide: 0 }], 100).unwind(state);
      assert.ok(found.length >= 1 && found.length <= 100);
    }),
    { numRuns: RUNS },
  );
});

const STACK = -0x3700_0000_0000;

Deno.test("RuleCache holds what was put into it", () => {
  fc.assert(
    fc.property(
      fc.uniqueArray(fc.double({ min: -(2 ** 60), max: 2 ** 48, noNaN: true }).map((n) => Math.floor(n) + 0)),
      (keys) => {
        const cache = new RuleCache();
        keys.forEach((key, i) => {
          assert.equal(cache.get(key), -1);
          cache.set(key, i);
        });
        keys.forEach((key, i) => assert.equal(cache.get(key), i));
      },
    ),
  );
});

Deno.test("unwind() on aarch64 takes the link register, saved pairs and signed return addresses", async () => {
  const dir = await Deno.makeTempDir();
  try {
    const path = `${dir}/lib.so`;
    await Deno.writeTextFile(`${dir}/lib.c`, AARCH64_SOURCE);
    const args = ["-O2", "-shared", "-nostdlib", "-fPIC", "-fvisibility=hidden", "-mbranch-protection=pac-ret"];
    try {
      const command = new Deno.Command("aarch64-linux-gnu-gcc", { args: [...args, "-o", path, `${dir}/lib.c`] });
      assert.ok((await command.output()).success);
    } catch (error) {
      if (error instanceof Deno.errors.NotFound) return skip("gcc-aarch64-linux-gnu is not installed");
      throw error;
    }
    const code = await outputOf("aarch64-linux-gnu-objdump", ["-d", path]);
    if (code === null) return skip("binutils-aarch64-linux-gnu is not installed");
    const leaf = parseInt(/^([0-9a-f]+) <leaf>:/m.exec(code)![1], 16);
    const behind = (callee: string): number =>
      parseInt(new RegExp(`([0-9a-f]+):\\s+[0-9a-f]+\\s+bl\\s.*<${callee}>`).exec(code)![1], 16) + 4;
    const base = 0xffff_8000_0000;
    const top = 0xffff_f000_0000;
    // keeps() has 16 bytes of saved registers and a buffer; grows() counts from its frame pointer.
    const frame = parseInt(/stp\s+x29, x30, \[sp, #-(\d+)\]!/.exec(code.slice(code.indexOf("<keeps>:")))![1]);
    const registers = new Float64Array(33);
    registers[31] = top;
    registers[30] = base + behind("leaf");
    registers[32] = base + leaf;
    const stack = new BigUint64Array(frame / 8 + 32);
    const signature = 0x00a5_0000_0000_0000n;
    stack[0] = BigInt(top + frame + 96);
    stack[1] = BigInt(base + behind("keeps")) | signature;
    const mapping = { start: base, end: base + 0x10000, offset: 0, major: 0, minor: 0, inode: 0, path };
    const state = { registers, stack: new Uint32Array(stack.buffer), at: 0, bytes: stack.byteLength };
    const found = createUnwinder(host, { arch: "aarch64", method: "dwarf" }).unwind(1 << 22, [mapping], state);
    const addresses = [...found.addresses.subarray(0, found.length)].map((a) => a - base);
    assert.deepEqual([found.end, ...addresses], ["root", leaf, behind("leaf"), behind("keeps")]);
    // The same by frame records: the leaf's caller, which is in the link register only, is lost.
    registers[29] = top;
    const chain = createUnwinder(host, { arch: "aarch64", method: "fp" }).unwind(1 << 22, [mapping], state);
    assert.deepEqual([...chain.addresses.subarray(0, chain.length)].map((a) => a - base), [leaf, behind("keeps")]);
  } finally {
    await Deno.remove(dir, { recursive: true });
  }
});

const AARCH64_SOURCE = `
__attribute__((noinline)) long leaf(long x) { __asm__ volatile("" : "+r"(x)); return x + 1; }
__attribute__((noinline)) long keeps(long x) { char b[400]; __asm__ volatile("" :: "r"(b) : "memory"); return leaf(x) * 3; }
__attribute__((noinline, visibility("default"))) long grows(long x) {
  char *p = __builtin_alloca(x); __asm__ volatile("" :: "r"(p) : "memory"); return keeps(x) + 2;
}
`;

/** The bits of a word as memory would hold it. */
function bits(value: number): bigint {
  return Number.isFinite(value) ? BigInt.asIntN(64, BigInt(Math.trunc(value))) : -1n;
}
