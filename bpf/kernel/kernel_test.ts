import assert from "node:assert/strict";
import { bpf, bytesAddress, CAP, hasCapability } from "../../core/sys/mod.ts";
import { skip } from "../../tests/skip.ts";
import { Assembler, link } from "../asm/mod.ts";
import { output } from "../testing/run.ts";
import { CMD } from "./commands.ts";
import { createMap, readMap } from "./map.ts";
import { loadProgram, testRun } from "./program.ts";
import { summarizeVerifierLog, VerifierError } from "./verifier_error.ts";

Deno.test("a program that the verifier refuses gives one line, and the whole log as a field", () => {
  if (!hasCapability(CAP.BPF)) return skip("CAP_BPF is missing");
  // r2 was never set.
  const code = link(new Assembler().movReg(0, 2).exit().insns, () => -1);
  assert.throws(() => loadProgram({ name: "sonde_test", type: "raw_tracepoint", code }), (error) => {
    assert.ok(error instanceof VerifierError);
    assert.match(error.message, /^The verifier refused the program: R2 !read_ok \(and \d+ more lines?\)$/);
    assert.ok(error.log.split("\n").length > 1);
    assert.equal(error.errno, 13);
    return true;
  });
});

Deno.test("summarizeVerifierLog() takes the complaint, not the statistics behind it", () => {
  const log =
    "0: R1=ctx() R10=fp0\n0: (bf) r0 = r2\nR2 !read_ok\nprocessed 1 insns (limit 1000000) max_states_per_insn 0\n";
  assert.equal(summarizeVerifierLog(log), "The verifier refused the program: R2 !read_ok (and 3 more lines)");
  assert.equal(summarizeVerifierLog(""), "The verifier refused the program without a reason");
});

Deno.test("testRun() hands over the arguments and answers what the program returned", () => {
  if (!hasCapability(CAP.BPF)) return skip("CAP_BPF is missing");
  const code = link(new Assembler().load(8, 0, 1, 8).alu("add", 0, 1).exit().insns, () => -1);
  using program = loadProgram({ name: "sonde_test", type: "raw_tracepoint", code });
  assert.equal(testRun(program.fd, BigUint64Array.of(1n, 41n, 3n)), 42);
});

Deno.test("readMap() reads the entries that bpftool reads, more than one batch of them", async () => {
  if (!hasCapability(CAP.BPF)) return skip("CAP_BPF is missing");
  const spec = { name: "test", type: "percpu_hash", keyBytes: 8, valueBytes: 12, maxEntries: 10_000 } as const;
  const cpus = navigator.hardwareConcurrency;
  using map = createMap(spec);
  const key = new BigUint64Array(1);
  const value = new Uint32Array(4 * cpus);
  const attr = new Uint8Array(new ArrayBuffer(32));
  const view = new DataView(attr.buffer);
  view.setUint32(0, map.fd, true);
  view.setBigUint64(8, bytesAddress(key), true);
  view.setBigUint64(16, bytesAddress(value), true);
  const n = 9000;
  for (let i = 0; i < n; i++) {
    key[0] = BigInt(i);
    for (let cpu = 0; cpu < cpus; cpu++) value.set([i, cpu, i ^ cpu], cpu * 4);
    assert.equal(bpf(CMD.MAP_UPDATE_ELEM, attr, [key, value]), 0);
  }
  const seen = new Map<number, number[]>();
  for (const { count, keys, values, valueStride } of readMap(map.fd, spec, cpus)) {
    assert.equal(valueStride, 16 * cpus);
    const k = new BigUint64Array(keys.buffer), v = new Uint32Array(values.buffer);
    for (let i = 0; i < count; i++) seen.set(Number(k[i]), [...v.subarray(i * 4 * cpus, (i + 1) * 4 * cpus)]);
  }
  assert.equal(seen.size, n);
  for (const [i, words] of seen) {
    for (let cpu = 0; cpu < cpus; cpu++) assert.deepEqual(words.slice(cpu * 4, cpu * 4 + 3), [i, cpu, i ^ cpu]);
  }
  const id = /^map_id:\s*(\d+)$/m.exec(Deno.readTextFileSync(`/proc/self/fdinfo/${map.fd}`))![1];
  const dump = await output("bpftool", ["-j", "map", "dump", "id", id]);
  if (dump === null) return skip("bpftool is not installed");
  assert.equal((JSON.parse(dump.out) as unknown[]).length, n);
});
