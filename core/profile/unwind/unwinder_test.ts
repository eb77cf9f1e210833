import assert from "node:assert/strict";
import fc from "fast-check";
import { openHost } from "../../host/mod.ts";
import { codeMappings } from "../../symbols/mod.ts";
import { createUnwinder } from "./mod.ts";
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

/** The bits of a word as memory would hold it. */
function bits(value: number): bigint {
  return Number.isFinite(value) ? BigInt.asIntN(64, BigInt(Math.trunc(value))) : -1n;
}
