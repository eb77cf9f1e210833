import assert from "node:assert/strict";
import { compileC } from "../../tests/compile_c.ts";
import { skip } from "../../tests/skip.ts";
import { bytesSource } from "./byte_source.ts";
import { loadModule } from "./code_module.ts";
import { type Elf, ElfError, readElf } from "./elf.ts";
import { JitDumpError, readJitDump } from "./jitdump.ts";
import { parseJitName } from "./jit_name.ts";
import { parsePerfMap } from "./perf_map.ts";

/** 1 is four thousand cases, as many as the tests have time for. */
const SCALE = Number(Deno.env.get("SONDE_FUZZ_SCALE") ?? 1);
/** Milliseconds: a case that takes longer hangs, as far as anybody who waits can tell. */
const LIMIT_MS = 5000;

/** Numbers below `n`, the same ones in each run. */
function random(seed: number): (n: number) => number {
  let x = seed;
  return (n) => {
    x = (Math.imul(x, 1664525) + 1013904223) >>> 0;
    return Math.floor(x / 4294967296 * n);
  };
}

/** Damages bytes: single ones, runs, copies of other places, numbers at their limits, an early end. */
function mutate(
  bytes: Uint8Array,
  at: readonly (readonly [start: number, end: number])[],
  below: (n: number) => number,
): Uint8Array {
  let out = bytes.slice();
  for (let i = 1 + below(4); i > 0; i--) {
    const [start, end] = at[below(at.length)];
    const where = start + below(Math.max(1, end - start));
    switch (below(6)) {
      case 0:
        out[where] = below(256);
        break;
      case 1:
        out[where] ^= 1 << below(8);
        break;
      case 2:
        out.fill(below(2) * 255, where, where + 1 + below(16));
        break;
      case 3:
        out.copyWithin(where, start + below(Math.max(1, end - start)), end);
        break;
      case 4:
        for (let n = 1 + below(8), i = where; n > 0 && i < out.length; n--, i++) out[i] = n === 1 ? 127 : 255;
        break;
      default:
        if (below(8) === 0) out = out.slice(0, where);
        else out[where] = 0x80;
    }
  }
  return out;
}

function run(name: string, cases: number, one: (below: (n: number) => number) => void): void {
  let slowest = 0;
  for (let i = 0; i < cases * SCALE; i++) {
    const from = performance.now();
    one(random(i));
    slowest = Math.max(slowest, performance.now() - from);
  }
  console.log(`${name}: ${cases * SCALE} cases, slowest ${slowest.toFixed(0)} ms`);
  assert.ok(slowest < LIMIT_MS);
}

const PROGRAM = `
static inline __attribute__((always_inline)) int leaf(int x) { return x * 3 + 1; }
static inline __attribute__((always_inline)) int mid(int x) { int s = 0; for (int i = 0; i < x; i++) s += leaf(i); return s; }
int other(int x) { return mid(x) + mid(x + 1); }
int _start(void) { return other(3); }
`;

/** Where sections lie in the file, and the headers. */
function places(elf: Elf, names: RegExp): [number, number][] {
  return elf.sections.filter((s) => names.test(s.name)).map((s) => [s.offset, s.offset + s.size]);
}

/** Reads all that is read of a file. A broken one is an ElfError, or is named as a problem. */
function readAll(bytes: Uint8Array): void {
  try {
    const module = loadModule(bytesSource(bytes), "/none", () => null);
    for (let offset = 0x1000; offset < 0x1100; offset += 5) {
      module.frames(offset, true);
      module.frames(offset, false);
      module.find(offset);
    }
    module.problems();
  } catch (error) {
    if (!(error instanceof ElfError)) throw error;
  }
}

Deno.test("damaged ELF and DWARF, versions 4 and 5, never crash, hang or throw another error", async () => {
  const dir = await Deno.makeTempDir();
  try {
    for (const options of [["-gdwarf-5"], ["-gdwarf-4", "-fdebug-types-section"], ["-gdwarf-5", "-gz=zlib"]]) {
      const args = ["-O2", "-nostdlib", "-static", "-fno-builtin", "-Wl,--build-id", ...options];
      if (!await compileC(PROGRAM, `${dir}/a`, args)) return skip("no gcc");
      const bytes = await Deno.readFile(`${dir}/a`);
      const elf = readElf(bytesSource(bytes));
      const debug = places(elf, /^\.debug_/);
      const tables = [[0, 64], ...places(elf, /symtab|strtab|note/), [
        bytes.length - 64 * elf.sections.length,
        bytes.length,
      ]];
      const at = [...debug, ...debug, ...tables] as [number, number][];
      run(options.join(" "), 1000, (below) => readAll(mutate(bytes, at, below)));
    }
  } finally {
    await Deno.remove(dir, { recursive: true });
  }
});

Deno.test("damaged jitdumps give a JitDumpError or functions", () => {
  const head = new DataView(new ArrayBuffer(40));
  [0x4a695444, 1, 40, 62, 0, 5].forEach((w, i) => head.setUint32(i * 4, w, true));
  const records: number[] = [];
  for (let i = 0; i < 8; i++) {
    const v = new DataView(new ArrayBuffer(64));
    const kind = i % 4 === 1 ? 2 : i % 4 === 3 ? 1 : 0;
    [kind, 64, i, 0, 5, 5, 0x1000, 0, 0x1000 + i, 0, 64, 0, i, 0, 0x41414141, 0].forEach((w, n) =>
      v.setUint32(n * 4, w, true)
    );
    records.push(...new Uint8Array(v.buffer));
  }
  const bytes = Uint8Array.from([...new Uint8Array(head.buffer), ...records]);
  run("jitdump", 500, (below) => {
    try {
      const dump = readJitDump(bytesSource(mutate(bytes, [[0, 40], [40, bytes.length]], below)));
      for (let a = 0xff0; a < 0x1050; a += 7) dump.find(a, a);
    } catch (error) {
      if (!(error instanceof JitDumpError)) throw error;
    }
  });
});

Deno.test("damaged perf maps give functions or none", () => {
  const text = "7f0000001000 20 JS:*hot /app/x y.js:3:7\n1000 100 int Hot.fib(int)\n0x2000 0x10 py::f:/a.py\n" +
    "3000 40 void [A] B::C(int)[Tier0]\n4000 8 Ljava/A;::b\n";
  const bytes = new TextEncoder().encode(text);
  run("perf map", 500, (below) => {
    const map = parsePerfMap(mutate(bytes, [[0, bytes.length]], below));
    for (const a of [0x7f0000001001, 0x1000, 0x2004, 0x3001, 0x4001, 0]) {
      const hit = map.find(a);
      if (hit) parseJitName(hit.name);
    }
  });
});
