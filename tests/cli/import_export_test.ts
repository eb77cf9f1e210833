import assert from "node:assert/strict";
import { join } from "node:path";
import { gzipSync, zstdCompressSync } from "node:zlib";
import { SAMPLE } from "../../core/perf/mod.ts";
import { fileAttr, fileRecord, padded, perfDataFile, u64s } from "../../core/profile/perf_data/_testing.ts";
import { command, SONDE, sonde } from "./sonde.ts";

const SCRIPT = `hot  7998/7998  [001]  3982.767636:   10101010 cpu-clock: 
\t            1183 three+0x3 (/tmp/hot)
\t            11dd main+0xd (/tmp/hot)

hot  7998/7999  [000]  3982.777636:   10101010 cpu-clock: 
\tffffffff821f46a1 read_tsc ([kernel.kallsyms])
\t            11dd main+0xd (/tmp/hot)

`;

async function inFolder(test: (dir: string) => Promise<void>): Promise<void> {
  const dir = await Deno.makeTempDir();
  try {
    await test(dir);
  } finally {
    await Deno.remove(dir, { recursive: true });
  }
}

Deno.test("import shows a profile of any format, plain, packed, and from standard input", async () => {
  await inFolder(async (dir) => {
    const bytes = new TextEncoder().encode(SCRIPT);
    Deno.writeFileSync(join(dir, "a.txt"), bytes);
    Deno.writeFileSync(join(dir, "b"), gzipSync(bytes));
    Deno.writeFileSync(join(dir, "c.zst"), zstdCompressSync(bytes));
    const plain = await sonde(["import", "a.txt"], { cwd: dir });
    assert.equal(plain.code, 0, plain.err);
    assert.match(plain.out, /three .*hot/);
    assert.match(plain.out, /read_tsc/);
    assert.equal((await sonde(["import", "b"], { cwd: dir })).out, plain.out);
    assert.equal((await sonde(["import", "c.zst"], { cwd: dir })).out, plain.out);
    const piped = await command("sh", ["-c", 'cat b | "$0" import -', SONDE], { cwd: dir });
    assert.equal(piped.out, plain.out);
    const both = await sonde(["import", "a.txt", "b", "--json"], { cwd: dir });
    const { results } = JSON.parse(both.out);
    assert.deepEqual(results.profile.stacks.map((s: { values: number[] }) => s.values[0]), [2, 2]);
  });
});

Deno.test("export turns each format into each other, and what comes back is the same", async () => {
  await inFolder(async (dir) => {
    Deno.writeTextFileSync(join(dir, "a.perf"), SCRIPT);
    let from = "a.perf";
    for (const to of ["b.speedscope.json", "c.csv.gz", "d.json", "e.speedscope.json.zst", "f.json.gz"]) {
      const { code, err } = await sonde(["export", from, "-o", to], { cwd: dir });
      assert.deepEqual([code, err], [0, `Wrote ${to}\n`]);
      from = to;
    }
    const folded = await sonde(["export", from, "-o", "-", "--format", "stackcollapse"], { cwd: dir });
    assert.equal(folded.out, "hot;main;read_tsc_[k] 10101010\nhot;main;three 10101010\n");
    const samples = ["export", from, "-o", "-", "--format", "folded", "--sample-type"];
    assert.equal(
      (await sonde([...samples, "samples"], { cwd: dir })).out,
      "hot;main;read_tsc_[k] 1\nhot;main;three 1\n",
    );
    assert.equal((await sonde([...samples, "1"], { cwd: dir })).out, folded.out);
    for (const to of ["t.trace.json", "t.firefox.json"]) {
      const { code, err } = await sonde(["export", "a.perf", "-o", to], { cwd: dir });
      assert.equal(code, 0, err);
      JSON.parse(Deno.readTextFileSync(join(dir, to)));
    }
  });
});

Deno.test("wrong use and broken files are told in a line or two, with exit code 2", async () => {
  await inFolder(async (dir) => {
    Deno.writeTextFileSync(join(dir, "a.perf"), SCRIPT);
    Deno.writeTextFileSync(join(dir, "b.folded"), "a;b 1\na;c\n");
    Deno.writeFileSync(join(dir, "cut.gz"), gzipSync(new TextEncoder().encode(SCRIPT)).subarray(0, 60));
    Deno.writeTextFileSync(join(dir, "none"), "hello\n");
    Deno.writeTextFileSync(join(dir, "empty"), "");
    const cases: [string[], RegExp][] = [
      [["import", "nowhere"], /^sonde: Cannot read "nowhere": /],
      [["import", "."], /it is a directory/],
      [["import", "empty"], /"empty" is empty/],
      [["import", "none"], /"none" is of no format that Sonde knows\nIt reads .*perf-script/],
      [["import", "cut.gz"], /"cut.gz": unexpected end of file/],
      [["import", "b.folded", "--format", "folded"], /"b.folded": Line 2: no stack and value/],
      [["import", "a.perf", "--format", "x"], /There is no format "x" that can be read/],
      [["import", "a.perf", "-o", "x.y"], /the ending names no format/],
      [["export", "a.perf", "-o", "x.y"], /"x.y": the ending names no format of profiles\nThere are .*speedscope/],
      [["export", "a.perf", "-o", "x.perf"], /"x.perf": perf-script can only be read/],
      [["export", "a.perf", "-o", "-"], /--format NAME says it/],
      [["export", "a.perf", "-o", "x.folded", "--sample-type", "cycles"], /There are: 0 samples, 1 cpu-clock/],
    ];
    for (const [args, message] of cases) {
      const { code, err, out } = await sonde(args, { cwd: dir });
      assert.deepEqual([code, out], [2, ""], args.join(" "));
      assert.match(err, message);
      assert.ok(err.trim().split("\n").length <= 2, err);
    }
  });
});

Deno.test("import --branches shows the branches of perf.data, and says where there are none", async () => {
  await inFolder(async (dir) => {
    const type = SAMPLE.IP | SAMPLE.TID | SAMPLE.BRANCH_STACK;
    const sample = (...branches: (number | bigint)[][]): Uint8Array =>
      fileRecord(9, 2, u64s(0x401000, 7n | 7n << 32n, branches.length, ...branches.flat()));
    // Flags: mispredicted 1, predicted 2, cycles from the fifth bit on.
    const hot = (flags: number): number[] => [0x401010, 0x402000, flags];
    const file = (...samples: Uint8Array[]): Uint8Array =>
      perfDataFile(
        fileAttr({ sampleType: type, branch: 8 }),
        fileRecord(1, 2, u64s(7n | 7n << 32n, 0x400000, 0x100000, 0), padded("/bin/elsewhere")),
        ...samples,
      );
    Deno.writeFileSync(
      join(dir, "b.data"),
      file(sample(hot(1 | 10 << 4), hot(2 | 20 << 4)), sample(hot(2), [1, 2, 2])),
    );
    Deno.writeFileSync(join(dir, "none.data"), file(sample()));
    Deno.writeTextFileSync(join(dir, "a.txt"), SCRIPT);
    const text = await sonde(["import", "b.data", "--branches"], { cwd: dir });
    assert.equal(text.code, 0, text.err);
    assert.match(text.out, /3 +75\.0 +33\.3 +10 +0x401010 \(elsewhere\) +0x402000 \(elsewhere\)/);
    const json = await sonde(["import", "b.data", "--branches", "--json"], { cwd: dir });
    assert.equal(JSON.parse(json.out).results.branches.quality.events, 4);
    const written = await sonde(["import", "b.data", "--branches", "-o", "b.csv"], { cwd: dir });
    assert.equal(written.code, 0, written.err);
    assert.match(Deno.readTextFileSync(join(dir, "b.csv")), /0x401010,\[unknown\],\/bin\/elsewhere,0x402000/);
    for (const [name, why] of [["none.data", /holds no branches/], ["a.txt", /is no perf\.data/]] as const) {
      const { code, out, err } = await sonde(["import", name, "--branches"], { cwd: dir });
      assert.deepEqual([code, out], [2, ""]);
      assert.match(err, why);
      assert.match(err, /perf record -b/);
    }
    const two = await sonde(["import", "b.data", "b.data", "--branches"], { cwd: dir });
    assert.match(two.err, /reads one file/);
  });
});

Deno.test("export to standard output: a full disk is told, a reader that goes away is no failure", async () => {
  await inFolder(async (dir) => {
    const lines = Array.from({ length: 20_000 }, (_, i) => `main;function_number_${i} 1\n`);
    Deno.writeTextFileSync(join(dir, "a.folded"), lines.join(""));
    const words = '"$0" export a.folded --format folded -o -';
    const full = await command("sh", ["-c", `${words} > /dev/full`, SONDE], { cwd: dir });
    assert.equal(full.code, 3, full.err);
    assert.match(full.err, /Cannot write standard output: No space/);
    const gone = await command("sh", ["-c", `(${words}; echo "code $?" >&2) | head -n 1`, SONDE], { cwd: dir });
    assert.match(gone.out, /^main;function_number_\d+ 1\n$/);
    assert.equal(gone.err, "code 0\n");
  });
});
