import assert from "node:assert/strict";
import { BRANCH, FORMAT, SAMPLE, u64At } from "../../perf/mod.ts";
import { skip } from "../../../tests/skip.ts";
import { fileAttr, fileRecord, joined, padded, perfDataFile, u64s } from "./_testing.ts";
import { perfDataParser } from "./perf_data_parser.ts";

/** Deterministic numbers below n. */
function random(seed: number): (n: number) => number {
  let x = seed;
  return (n) => {
    x = Math.imul(x ^ x >>> 15, 0x2c1b3c6d) + 0x9e3779b9 | 0;
    return ((x ^ x >>> 13) >>> 0) % n;
  };
}

/** A sample of some fields, in the order of perf_output_sample(), and what they hold. */
function makeSample(type: number, pick: (n: number) => number): { bytes: Uint8Array; values: Record<string, number> } {
  const parts: Uint8Array[] = [];
  const values: Record<string, number> = {};
  const on = (flag: number): boolean => (type & flag) !== 0;
  const put = (flag: number, name: string): void => {
    if (!on(flag)) return;
    parts.push(u64s(values[name] = 1 + pick(1 << 30)));
  };
  if (on(SAMPLE.IDENTIFIER)) parts.push(u64s(values.id = 77));
  put(SAMPLE.IP, "ip");
  if (on(SAMPLE.TID)) parts.push(u64s(7n | 8n << 32n));
  put(SAMPLE.TIME, "time");
  put(SAMPLE.ADDR, "addr");
  if (on(SAMPLE.ID)) parts.push(u64s(values.id = 77));
  put(SAMPLE.STREAM_ID, "streamId");
  if (on(SAMPLE.CPU)) parts.push(u64s(values.cpu = pick(64)));
  put(SAMPLE.PERIOD, "period");
  if (on(SAMPLE.READ)) parts.push(u64s(1, 5)); // value, time enabled
  if (on(SAMPLE.CALLCHAIN)) {
    const n = values.chain = pick(5);
    parts.push(u64s(n, ...Array.from({ length: n }, () => 0x1000 + pick(1 << 20))));
  }
  if (on(SAMPLE.RAW)) {
    const size = values.raw = 4 + 8 * pick(4);
    const raw = new Uint8Array(4 + size);
    new DataView(raw.buffer).setUint32(0, size, true);
    parts.push(raw);
  }
  if (on(SAMPLE.BRANCH_STACK)) {
    const n = values.branches = pick(4);
    parts.push(u64s(n, 3, ...Array.from({ length: n * 3 }, () => pick(1 << 20))));
  }
  if (on(SAMPLE.REGS_USER)) {
    const abi = values.userAbi = pick(2) * 2;
    parts.push(u64s(abi, ...(abi > 0 ? [11, 12, 13] : [])));
  }
  if (on(SAMPLE.STACK_USER)) {
    const used = values.userStack = pick(2) * 24;
    parts.push(used > 0 ? joined(u64s(32), new Uint8Array(32), u64s(used)) : u64s(0));
  }
  put(SAMPLE.WEIGHT, "weight");
  put(SAMPLE.DATA_SRC, "dataSource");
  put(SAMPLE.TRANSACTION, "transaction");
  if (on(SAMPLE.REGS_INTR)) parts.push(u64s(2, 21, 22));
  put(SAMPLE.PHYS_ADDR, "physicalAddress");
  put(SAMPLE.CGROUP, "cgroup");
  put(SAMPLE.DATA_PAGE_SIZE, "dataPageSize");
  put(SAMPLE.CODE_PAGE_SIZE, "codePageSize");
  return { bytes: fileRecord(9, 2, ...parts), values };
}

const ALL = Object.entries(SAMPLE).filter(([name]) => name !== "AUX" && name !== "WEIGHT_STRUCT").map(([, bit]) => bit);

Deno.test("samples of any combination of fields are decoded, and perf reads the same of them", async (t) => {
  const pick = random(3);
  let perf = true;
  try {
    perf = new Deno.Command("perf", { args: ["--version"] }).outputSync().success;
  } catch (error) {
    if (!(error instanceof Deno.errors.NotFound)) throw error;
    perf = false;
    skip("perf (Debian: linux-perf) is not installed: not compared with it");
  }
  const path = Deno.makeTempFileSync();
  try {
    for (let round = 0; round < 300; round++) {
      // All of them first; the last ones with perf beside them.
      const chosen = ALL.filter(() => round === 0 || pick(2) === 0).reduce((a, b) => a | b, 0);
      const compare = perf && (round === 0 || round % 30 === 29);
      // Without ids of counters perf drops what holds their values.
      const type = (compare ? chosen & ~SAMPLE.READ : chosen) | SAMPLE.IP | SAMPLE.TID | SAMPLE.TIME | SAMPLE.PERIOD |
        (compare ? SAMPLE.ADDR | SAMPLE.PHYS_ADDR : 0);
      const samples = Array.from({ length: 5 }, () => makeSample(type, pick))
        .sort((a, b) => a.values.time - b.values.time);
      const attr = fileAttr({
        sampleType: type,
        branch: BRANCH.HW_INDEX | 1,
        userRegisters: 7n,
        interruptRegisters: 3n,
        stack: 32,
        readFormat: FORMAT.TOTAL_TIME_ENABLED,
      });
      const bytes = perfDataFile(
        attr,
        fileRecord(3, 0, u64s(7n | 8n << 32n), padded("t")),
        ...samples.map((s) => s.bytes),
      );
      const seen: Record<string, number>[] = [];
      const parser = perfDataParser({
        sample: (s) => {
          const v: Record<string, number> = {};
          const { parts } = s;
          for (const name of ["ip", "time", "addr", "id", "streamId"] as const) {
            if (s[name] >= 0) v[name] = u64At(s.words, s[name]);
          }
          const late = ["physicalAddress", "cgroup", "dataPageSize", "codePageSize"] as const;
          for (const name of ["weight", "dataSource", "transaction", ...late] as const) {
            if (parts[name] >= 0) v[name] = u64At(s.words, parts[name]);
          }
          if (s.cpu >= 0) v.cpu = s.cpu;
          v.period = s.period;
          if (parts.chain >= 0) v.chain = parts.chainEntries;
          if (parts.raw >= 0) v.raw = parts.rawBytes;
          if (parts.read >= 0) assert.equal(u64At(s.words, parts.read), 1);
          if (parts.branches >= 0) v.branches = parts.branchEntries;
          if (parts.branches >= 0) assert.equal(u64At(s.words, parts.branchIndex), 3);
          if (type & SAMPLE.REGS_USER) v.userAbi = parts.regsUserAbi;
          if (type & SAMPLE.STACK_USER) v.userStack = parts.stackBytes;
          if (parts.regsIntr >= 0) assert.equal(s.words[parts.regsIntr + 2], 22);
          if (parts.regsUser >= 0) assert.equal(s.words[parts.regsUser + 4], 13);
          seen.push(v);
        },
      });
      parser.push(bytes);
      parser.end();
      assert.deepEqual(parser.notes(), []);
      assert.deepEqual(seen, samples.map((s) => s.values));
      if (!compare) continue;
      await t.step(`perf script, fields ${type.toString(16)}`, () => {
        Deno.writeFileSync(path, bytes);
        const args = ["script", "-i", path, "-G", "-F", "period,addr,phys_addr"];
        const { stdout } = new Deno.Command("perf", { args }).outputSync();
        const theirs = new TextDecoder().decode(stdout).split("\n").filter((l) => l.trim() !== "")
          .map((l) => l.trim().split(/\s+/).slice(0, 3));
        assert.deepEqual(
          theirs,
          samples.map(({ values: v }) => [String(v.period), v.addr.toString(16), v.physicalAddress.toString(16)]),
        );
      });
    }
  } finally {
    Deno.removeSync(path);
  }
});

Deno.test("samples that do not fit into their records are left out and counted", () => {
  const pick = random(9);
  const type = ALL.reduce((a, b) => a | b, 0);
  const attr = fileAttr({
    sampleType: type,
    branch: BRANCH.HW_INDEX | 1,
    userRegisters: 7n,
    interruptRegisters: 3n,
    stack: 32,
    readFormat: FORMAT.TOTAL_TIME_ENABLED,
  });
  for (let i = 0; i < 500; i++) {
    const { bytes } = makeSample(type, pick);
    const cut = bytes.slice(0, 8 + 8 * pick((bytes.length - 8) / 8));
    new DataView(cut.buffer).setUint16(6, cut.length, true);
    let n = 0;
    const parser = perfDataParser({ sample: () => void n++ });
    parser.push(perfDataFile(attr, cut));
    parser.end();
    assert.equal(n, 0);
    assert.match(parser.notes().join(), /1 records were broken/);
  }
});
