import assert from "node:assert/strict";
import { compileC, outputOf } from "../../tests/compile_c.ts";
import { skip } from "../../tests/skip.ts";
import { BRANCH, SAMPLE } from "./abi.ts";
import { encodeAttr } from "./attr.ts";

/** Fills the kernel's own struct with the same values and prints its bytes. */
const PROGRAM = `
#include <linux/perf_event.h>
#include <stdio.h>
#include <string.h>
int main(void) {
  struct perf_event_attr a;
  memset(&a, 0, sizeof a);
  a.type = 1; a.size = 112; a.config = 0x1234567890ULL; a.sample_freq = 997; a.freq = 1;
  a.sample_type = PERF_SAMPLE_IP | PERF_SAMPLE_TID | PERF_SAMPLE_TIME | PERF_SAMPLE_CPU | PERF_SAMPLE_PERIOD |
    PERF_SAMPLE_CALLCHAIN;
  a.read_format = PERF_FORMAT_TOTAL_TIME_ENABLED | PERF_FORMAT_ID;
  a.disabled = a.inherit = a.exclude_user = a.exclude_kernel = a.exclude_hv = a.exclude_idle = 1;
  a.comm = a.comm_exec = a.mmap = a.mmap2 = a.task = a.sample_id_all = a.watermark = a.use_clockid =
    a.exclude_callchain_kernel = a.exclude_callchain_user = 1;
  a.branch_sample_type = PERF_SAMPLE_BRANCH_USER | PERF_SAMPLE_BRANCH_CALL_STACK;
  a.sample_regs_user = 0x1ffffffffULL; a.sample_stack_user = 32768; a.sample_regs_intr = 0xff0fff;
  a.wakeup_watermark = 65536; a.clockid = 7; a.sample_max_stack = 64;
  for (int i = 0; i < 112; i++) printf("%02x", ((unsigned char *)&a)[i]);
}
`;

Deno.test("encodeAttr() lays out struct perf_event_attr as the C compiler does", async () => {
  const dir = await Deno.makeTempDir();
  try {
    if (!await compileC(PROGRAM, `${dir}/attr`).catch(() => false)) return skip("no gcc, or no linux/perf_event.h");
    const bytes = encodeAttr({
      type: 1,
      config: 0x1234567890,
      frequencyHz: 997,
      sampleType: SAMPLE.IP | SAMPLE.TID | SAMPLE.TIME | SAMPLE.CPU | SAMPLE.PERIOD | SAMPLE.CALLCHAIN,
      readFormat: 5,
      disabled: true,
      inherit: true,
      excludeUser: true,
      excludeKernel: true,
      excludeHypervisor: true,
      excludeIdle: true,
      comm: true,
      mmap: true,
      task: true,
      excludeCallchainKernel: true,
      excludeCallchainUser: true,
      sampleIdAll: true,
      wakeupWatermark: 65536,
      clockId: 7,
      maxStack: 64,
      branchSampleType: BRANCH.USER | BRANCH.CALL_STACK,
      sampleRegsUser: 0x1ffffffff,
      sampleStackUser: 32768,
      sampleRegsIntr: 0xff0fff,
    });
    const hex = Array.from(bytes, (b) => b.toString(16).padStart(2, "0")).join("");
    assert.equal(hex, await outputOf(`${dir}/attr`, []));
  } finally {
    await Deno.remove(dir, { recursive: true });
  }
});

Deno.test("encodeAttr() leaves all that is absent zero, but for type and size", () => {
  const bytes = encodeAttr({ type: 2, config: 0, period: 3 });
  assert.deepEqual([...bytes].flatMap((b, i) => b === 0 ? [] : [[i, b]]), [[0, 2], [4, 112], [16, 3]]);
});
