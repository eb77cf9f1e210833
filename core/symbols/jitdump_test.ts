import assert from "node:assert/strict";
import { skip } from "../../tests/skip.ts";
import { bytesSource } from "./byte_source.ts";
import { JitDumpError, readJitDump } from "./jitdump.ts";
import { parseJitName } from "./jit_name.ts";
import { parsePerfMap } from "./perf_map.ts";

const text = new TextEncoder();

/** A record: kind, time, then 64-bit numbers, then bytes. */
function record(kind: number, time: bigint, words: readonly bigint[], bytes: readonly number[] = []): number[] {
  const out = new DataView(new ArrayBuffer(16 + words.length * 8 + bytes.length));
  out.setUint32(0, kind, true);
  out.setUint32(4, out.byteLength, true);
  out.setBigUint64(8, time, true);
  words.forEach((w, i) => out.setBigUint64(16 + i * 8, w, true));
  const all = new Uint8Array(out.buffer);
  all.set(bytes, 16 + words.length * 8);
  return [...all];
}

const load = (time: bigint, address: bigint, size: bigint, index: bigint, name: string): number[] =>
  record(0, time, [0x0000000500000005n, address, address, size, index], [...text.encode(name), 0, 0x90, 0x90]);

function file(...records: number[][]): Uint8Array {
  const head = new DataView(new ArrayBuffer(40));
  [0x4a695444, 1, 40, 62, 0, 5].forEach((w, i) => head.setUint32(i * 4, w, true));
  return Uint8Array.from([...new Uint8Array(head.buffer), ...records.flat()]);
}

Deno.test("find() tells code apart that was written over other code, by time", () => {
  const dump = readJitDump(bytesSource(file(
    load(100n, 0x1000n, 0x100n, 1n, "old"),
    load(200n, 0x1080n, 0x10n, 2n, "inner"),
    load(300n, 0x1000n, 0x80n, 3n, "new"),
  )));
  assert.equal(dump.length, 3);
  assert.equal(dump.find(0x1000)?.name, "new");
  assert.equal(dump.find(0x1000, 150)?.name, "old");
  assert.equal(dump.find(0x1000, 50)?.name, "new");
  assert.equal(dump.find(0x1085, 150)?.name, "old");
  assert.equal(dump.find(0x1085)?.name, "inner");
  assert.equal(dump.find(0x1095)?.name, "old");
  assert.equal(dump.find(0x1100), null);
});

Deno.test("moved code is found where it is, its lines too", () => {
  const line = (address: bigint, n: number, name: string | null): number[] => {
    const v = new DataView(new ArrayBuffer(16));
    v.setBigUint64(0, address, true);
    v.setInt32(8, n, true);
    return [...new Uint8Array(v.buffer), ...(name === null ? [0xff] : text.encode(name)), 0];
  };
  const lines = [...line(0x1000n, 7, "/a.js"), ...line(0x1010n, 8, null), ...line(0x1020n, 3, "/b.js")];
  const dump = readJitDump(bytesSource(file(
    record(2, 90n, [0x1000n, 3n], lines),
    load(100n, 0x1000n, 0x40n, 1n, "f"),
    record(1, 200n, [0x0000000500000005n, 0x5000n, 0x1000n, 0x5000n, 0x40n, 1n]),
    record(3, 300n, []),
    load(400n, 0x9000n, 0x40n, 2n, "behind the end"),
  )));
  const at = (address: number, time?: number) => {
    const hit = dump.find(address, time);
    return hit && `${hit.name} ${hit.file}:${hit.line}`;
  };
  assert.equal(at(0x1004), "f /a.js:7");
  assert.equal(at(0x101f), "f /a.js:8");
  assert.equal(at(0x1020), "f /b.js:3");
  assert.equal(at(0x5018), "f /a.js:8");
  assert.equal(at(0x9000), null);
});

Deno.test("code that is moved again and again shares one table of lines", () => {
  const rows = 20_000;
  const v = new DataView(new ArrayBuffer(rows * 18));
  for (let i = 0; i < rows; i++) {
    v.setBigUint64(i * 18, BigInt(0x100000 + i * 4), true);
    v.setInt32(i * 18 + 8, i + 1, true);
    v.setUint8(i * 18 + 16, 0xff);
  }
  const size = BigInt(rows * 4);
  const moves = 10_000;
  const records = [
    record(2, 1n, [0x100000n, BigInt(rows)], Array.from(new Uint8Array(v.buffer))),
    load(2n, 0x100000n, size, 1n, "f"),
  ];
  const place = (n: number): bigint => 0x100000n + BigInt(n) * 0x100000n;
  for (let n = 1; n <= moves; n++) {
    records.push(record(1, BigInt(n + 2), [5n, place(n), place(n - 1), place(n), size, 1n]));
  }
  // A table for each place would be 200 million rows: more than fits into memory.
  const dump = readJitDump(bytesSource(file(...records)));
  assert.equal(dump.length, moves + 1);
  assert.equal(dump.find(Number(place(moves)) + 4 * 777 + 2)?.line, 778);
  assert.equal(dump.find(Number(place(1)))?.line, 1);
});

Deno.test("readJitDump() refuses what is none, and keeps what came before a record that is not whole", () => {
  assert.throws(() => readJitDump(bytesSource(new Uint8Array(10))), JitDumpError);
  assert.throws(() => readJitDump(bytesSource(new Uint8Array(100))), JitDumpError);
  const whole = file(load(1n, 0x1000n, 16n, 1n, "f"), load(2n, 0x2000n, 16n, 2n, "g"));
  assert.equal(readJitDump(bytesSource(whole)).length, 2);
  for (let n = 40; n < whole.length; n++) {
    const { length } = readJitDump(bytesSource(whole.subarray(0, n)));
    assert.ok(length === 0 || length === 1);
  }
});

Deno.test("node's jitdump and perf map name the same code", async () => {
  const dir = await Deno.makeTempDir();
  try {
    await Deno.writeTextFile(
      `${dir}/a.js`,
      "function hot(n) { return n < 2 ? n : hot(n - 1) + hot(n - 2); }\nlet t = 0; for (let i = 0; i < 3000; i++) t += hot(18); console.log(t);\n",
    );
    const command = new Deno.Command("node", {
      args: ["--perf-prof", "--perf-basic-prof", `${dir}/a.js`],
      cwd: dir,
      stdout: "null",
      stderr: "null",
    });
    const output = await command.output().catch(() => null);
    if (!output?.success) return skip("no node, or one without --perf-prof");
    const files = [...Deno.readDirSync(dir)].map((e) => e.name);
    const dumpName = files.find((f) => /^jit-\d+\.dump$/.test(f));
    if (!dumpName) return skip("node wrote no jitdump");
    const dump = readJitDump(bytesSource(await Deno.readFile(`${dir}/${dumpName}`)));
    const pid = /\d+/.exec(dumpName)![0];
    const mapPath = [`${dir}/perf-${pid}.map`, `/tmp/perf-${pid}.map`].find((p) => {
      try {
        return Deno.statSync(p).isFile;
      } catch {
        return false;
      }
    })!;
    const bytes = await Deno.readFile(mapPath);
    if (mapPath.startsWith("/tmp/")) await Deno.remove(mapPath);
    const map = parsePerfMap(bytes);
    const lines = new TextDecoder().decode(bytes).trim().split("\n");
    let compared = 0, same = 0;
    for (const entry of lines) {
      const address = parseInt(entry, 16);
      const hit = dump.find(address);
      if (!hit) continue;
      compared++;
      if (map.find(address)?.name === hit.name) same++;
    }
    assert.ok(compared > 100 && same >= compared * 0.95, `${same} of ${compared}`);
    const hot = lines.find((l) => / (?:JS|LazyCompile):\*hot /.test(l));
    assert.ok(hot, "hot() was not optimised");
    const name = parseJitName(dump.find(parseInt(hot, 16) + 1)!.name);
    assert.equal(name.function, "hot");
    assert.equal(name.file, `${dir}/a.js`);
    assert.equal(name.line, 1);
  } finally {
    await Deno.remove(dir, { recursive: true });
  }
});

Deno.test("a jitdump with more code, names or lines than are kept says so", () => {
  const row = (n: number): number[] => [n, 0x10, 0, 0, 0, 0, 0, 0, n, 0, 0, 0, 0, 0, 0, 0, 0x61, 0];
  const bytes = file(
    record(2, 90n, [0x1000n, 3n], [...row(1), ...row(2), ...row(3)]),
    load(100n, 0x1000n, 16n, 1n, "one"),
    load(200n, 0x2000n, 16n, 2n, "two"),
    load(300n, 0x3000n, 16n, 3n, "three"),
  );
  const read = (over: Partial<Record<"code" | "names" | "rows", number>>): [number, boolean] => {
    const { length, isCut } = readJitDump(bytesSource(bytes), { code: 100, names: 100, rows: 100, ...over });
    return [length, isCut];
  };
  assert.deepEqual(read({}), [3, false]);
  assert.deepEqual(read({ code: 3 }), [3, false]);
  assert.deepEqual(read({ code: 2 }), [2, true]);
  assert.deepEqual(read({ names: 4 }), [1, true]);
  assert.deepEqual(read({ rows: 3 }), [3, false]);
  assert.deepEqual(read({ rows: 2 }), [3, true]);
});
