import assert from "node:assert/strict";
import { u64At } from "../../perf/mod.ts";
import { skip } from "../../../tests/skip.ts";
import { BRANCH, FIELD, READ_FORMAT } from "./_abi.ts";
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
  if (on(FIELD.IDENTIFIER)) parts.push(u64s(values.id = 77));
  put(FIELD.IP, "ip");
  if (on(FIELD.TID)) parts.push(u64s(7n | 8n << 32n));
  put(FIELD.TIME, "time");
  put(FIELD.ADDR, "addr");
  if (on(FIELD.ID)) parts.push(u64s(values.id = 77));
  put(FIELD.STREAM_ID, "streamId");
  if (on(FIELD.CPU)) parts.push(u64s(values.cpu = pick(64)));
  put(FIELD.PERIOD, "period");
  if (on(FIELD.READ)) parts.push(u64s(1, 5)); // time enabled, value
  if (on(FIELD.CALLCHAIN)) {
    const n = values.chain = pick(5);
    parts.push(u64s(n, ...Array.from({ length: n }, () => 0x1000 + pick(1 << 20))));
  }
  if (on(FIELD.RAW)) {
    const size = values.raw = 4 + 8 * pick(4);
    const raw = new Uint8Array(4 + size);
    new DataView(raw.buffer).setUint32(0, size, true);
    parts.push(raw);
  }
  if (on(FIELD.BRANCH_STACK)) {
    const n = values.branches = pick(4);
    parts.push(u64s(n, 3, ...Array.from({ length: n * 3 }, () => pick(1 << 20))));
  }
  if (on(FIELD.REGS_USER)) {
    const abi = values.userAbi = pick(2) * 2;
    parts.push(u64s(abi, ...(abi > 0 ? [11, 12, 13] : [])));
  }
  if (on(FIELD.STACK_USER)) {
    const used = values.userStack = pick(2) * 24;
    parts.push(used > 0 ? joined(u64s(32), new Uint8Array(32), u64s(used)) : u64s(0));
  }
  put(FIELD.WEIGHT, "weight");
  put(FIELD.DATA_SRC, "dataSource");
  put(FIELD.TRANSACTION, "transaction");
  if (on(FIELD.REGS_INTR)) parts.push(u64s(2, 21, 22));
  put(FIELD.PHYS_ADDR, "physicalAddress");
  put(FIELD.CGROUP, "cgroup");
  put(FIELD.DATA_PAGE_SIZE, "dataPageSize");
  put(FIELD.CODE_PAGE_SIZE, "codePageSize");
  return { bytes: fileRecord(9, 2, ...parts), values };
}

const ALL = Object.entries(FIELD).filter(([name]) => name !== "AUX" && name !== "WEIGHT_STRUCT").map(([, bit]) => bit);

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
      const type = (compare ? chosen & ~FIELD.READ : chosen) | FIELD.IP | FIELD.TID | FIELD.TIME | FIELD.PERIOD |
        (compare ? FIELD.ADDR | FIELD.PHYS_ADDR : 0);
      const samples = Array.from({ length: 5 }, () => makeSample(type, pick))
        .sort((a, b) => a.values.time - b.values.time);
      const attr = fileAttr({
        sampleType: type,
        branch: BRANCH.HW_INDEX | 1,
        userRegisters: 7n,
        interruptRegisters: 3n,
        stack: 32,
        readFormat: READ_FORMAT.TOTAL_TIME_ENABLED,
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
          const names = ["ip", "time", "addr", "id", "streamId", "weight", "dataSource", "transaction"] as const;
          for (const name of names) if (s[name] >= 0) v[name] = u64At(s.words, s[name]);
          for (const name of ["physicalAddress", "cgroup", "dataPageSize", "codePageSize"] as const) {
            if (s[name] >= 0) v[name] = u64At(s.words, s[name]);
          }
          if (s.cpu >= 0) v.cpu = s.cpu;
          v.period = s.period;
          if (s.chain >= 0) v.chain = s.chainEntries;
          if (s.raw >= 0) v.raw = s.rawSize;
          if (s.branches >= 0) v.branches = s.branchEntries;
          if (type & FIELD.REGS_USER) v.userAbi = s.userAbi;
          if (type & FIELD.STACK_USER) v.userStack = s.userStackSize;
          if (s.interruptRegisters >= 0) assert.equal(s.words[s.interruptRegisters + 2], 22);
          if (s.userRegisters >= 0) assert.equal(s.words[s.userRegisters + 4], 13);
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
    readFormat: READ_FORMAT.TOTAL_TIME_ENABLED,
  });
  for (let i = 0; i < 2000; i++) {
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
