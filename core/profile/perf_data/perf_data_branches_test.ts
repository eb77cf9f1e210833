import assert from "node:assert/strict";
import { recordsOf } from "../../data/mod.ts";
import { BRANCH, branchFlags, SAMPLE } from "../../perf/mod.ts";
import { addressOf, addressText } from "../../symbols/mod.ts";
import { skip } from "../../../tests/skip.ts";
import { fileAttr, fileRecord, padded, perfDataFile, u64s } from "./_testing.ts";
import { perfDataBranches } from "./perf_data_branches.ts";
import { perfDataParser } from "./perf_data_parser.ts";
import { recordedChains } from "./recorded_chains.ts";

const FIXTURES = new URL("../../../../shared/fixtures/profiles/perf-data/", import.meta.url);

/** What `perf script` prints; null where there is no perf. */
function perfScript(path: string, fields: string): string | null {
  try {
    const { stdout } = new Deno.Command("perf", { args: ["script", "-i", path, "-F", fields] }).outputSync();
    return new TextDecoder().decode(stdout);
  } catch (error) {
    if (!(error instanceof Deno.errors.NotFound)) throw error;
    skip("perf (Debian: linux-perf) is not installed");
    return null;
  }
}

Deno.test("branch stacks recorded elsewhere are decoded as perf script shows them", () => {
  for (const name of ["quipper--perf.data.branch-4.14", "quipper--perf.data.branch_stack_hw_index"]) {
    const path = new URL(name, FIXTURES).pathname;
    let bytes;
    try {
      bytes = Deno.readFileSync(path);
    } catch (error) {
      if (!(error instanceof Deno.errors.NotFound)) throw error;
      skip("../shared/fixtures/profiles/perf-data is missing");
      return;
    }
    const text = perfScript(path, "ip,brstack");
    if (text === null) return;
    const theirs = text.split("\n").filter((l) => l.trim() !== "").map((l) => l.trim().split(/\s+/).slice(1));
    const ours: string[][] = [];
    const parser = perfDataParser({
      sample: ({ words, parts }) => {
        const list: string[] = [];
        for (let i = 0, at = parts.branches; i < parts.branchEntries; i++, at += 6) {
          const f = branchFlags(words[at + 4]);
          const place = (k: number): string => addressText(addressOf(words[at + k + 1], words[at + k]));
          const prediction = f.predicted ? "P" : f.mispredicted ? "M" : "-";
          list.push(
            [place(0), place(2), prediction, f.inTransaction ? "X" : "-", f.aborted ? "A" : "-", f.cycles].join("/"),
          );
        }
        ours.push(list);
      },
    });
    parser.push(bytes);
    parser.end();
    // Newer perf appends the type of the branch.
    assert.deepEqual(ours, theirs.map((l) => l.map((b) => b.split("/").slice(0, 6).join("/"))));

    const reader = perfDataBranches();
    reader.push(bytes);
    const table = reader.end(0);
    const all = theirs.flat();
    assert.equal(table.quality.events, all.length);
    const counts = new Map<string, number>();
    for (const b of all) {
      const edge = b.split("/").slice(0, 2).join(" ");
      counts.set(edge, (counts.get(edge) ?? 0) + 1);
    }
    const rows = new Map<string, number>();
    for (const r of recordsOf(table)) {
      const edge = `${r.from} ${r.to}`;
      rows.set(edge, (rows.get(edge) ?? 0) + Number(r.count));
    }
    assert.deepEqual([...rows].sort(), [...counts].sort());
    const first = recordsOf(table)[0];
    const same = all.filter((b) => b.startsWith(`${first.from}/${first.to}/`));
    const known = same.filter((b) => /\/[MP]\//.test(b));
    const missed = known.filter((b) => b.includes("/M/"));
    assert.equal(first.mispredicted, known.length > 0 ? missed.length / known.length : 0);
  }
});

Deno.test("a call chain from branch records of calls is the one that perf makes", () => {
  const sampleType = SAMPLE.IP | SAMPLE.TID | SAMPLE.TIME | SAMPLE.CALLCHAIN | SAMPLE.BRANCH_STACK;
  const attr = fileAttr({ sampleType, branch: BRANCH.CALL_STACK | 1 });
  const kernel = -128;
  const user = -512;
  const sample = (ip: bigint, chain: (number | bigint)[], branches: bigint[][]): Uint8Array =>
    fileRecord(
      9,
      ip < 0n ? 1 : 2,
      u64s(ip, 7n | 7n << 32n, 1000n, chain.length, ...chain, branches.length, ...branches.flat()),
    );
  const bytes = perfDataFile(
    attr,
    fileRecord(3, 0, u64s(7n | 7n << 32n), padded("work")),
    fileRecord(1, 2, u64s(7n | 7n << 32n, 0x400000, 0x100000, 0x400000), padded("/bin/work")),
    sample(0x401234n, [user, 0x401234, 0x405555], [[0x402010n, 0x401200n, 0n], [0x403020n, 0x402000n, 0n]]),
    sample(-0x7e000000n, [kernel, -0x7e000000, -0x7d000000, user, 0x401234], [[0x402010n, 0x401200n, 1n]]),
  );
  const path = Deno.makeTempFileSync();
  try {
    Deno.writeFileSync(path, bytes);
    const text = perfScript(path, "ip");
    if (text === null) return;
    const theirs = text.split("\n\n").map((block) => block.trim().split(/\s+/)).filter((b) => b[0] !== "");
    const ours: string[][] = [];
    const chains = recordedChains(null);
    const parser = perfDataParser({
      sample: (s, event, task) => {
        const n = chains.make(s, event.attr, task.process.space);
        const list: bigint[] = [];
        for (let i = 0; i < n; i += 2) list.push(BigInt(chains.words[i + 1]) << 32n | BigInt(chains.words[i]));
        ours.push(list.filter((a) => a < 2n ** 64n - 4095n).map((a) => a.toString(16)));
      },
    });
    parser.push(bytes);
    parser.end();
    // perf's leaf is where the last call went; ours is where the thread was, in the same function. Callers: perf shows
    // the call, a chain holds what is behind it.
    const calls = (list: string[], n: number, step: bigint): string[] =>
      list.map((a, i) => i > n ? (BigInt(`0x${a}`) - step).toString(16) : i === n ? "leaf" : a);
    assert.equal(theirs.length, 2);
    assert.deepEqual(calls(ours[0], 0, 1n), calls(theirs[0], 0, 0n));
    assert.deepEqual(calls(ours[1], 2, 1n), calls(theirs[1], 2, 0n));
  } finally {
    Deno.removeSync(path);
  }
});
