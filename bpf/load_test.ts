import assert from "node:assert/strict";
import { openHost } from "../core/host/mod.ts";
import { CAP, hasCapability } from "../core/sys/mod.ts";
import { skip } from "../tests/skip.ts";
import { Assembler } from "./asm/mod.ts";
import type { Plan } from "./codegen/plan.ts";
import { defect } from "./defect.ts";
import { VerifierError } from "./kernel/verifier_error.ts";
import { loadPlan } from "./load.ts";

/** A plan whose program reads behind the end of its stack, after so many instructions that are right. */
function wrongPlan(before: number): Plan {
  const a = new Assembler();
  for (let i = 0; i < before; i++) a.constant(2, i);
  a.load(8, 0, 10, 8).exit();
  return {
    programs: [{
      text: "a test",
      attach: { kind: "raw_tracepoint", name: "sys_enter" },
      role: "event",
      insns: a.insns,
      scratchBytes: 0,
    }],
    maps: [{ name: "counters", type: "percpu_array", keyBytes: 4, valueBytes: 8, maxEntries: 1 }],
    output: { kind: "stream", record: { parts: [], bytes: 0, nullBytes: 0 } as never },
  };
}

function rejection(plan: Plan): VerifierError {
  try {
    loadPlan(plan, openHost(), { variables: { realtime_offset: 0n, self_tgid: 0n } });
  } catch (error) {
    assert.ok(error instanceof VerifierError, String(error));
    return error;
  }
  assert.fail("the verifier took it");
}

Deno.test("what the verifier refuses is told as our defect, with its complaint and the end of its log; nothing stays", () => {
  if (!hasCapability(CAP.BPF) || !hasCapability(CAP.PERFMON)) return skip("CAP_BPF or CAP_PERFMON is missing");
  const fds = (): number => [...Deno.readDirSync("/proc/self/fd")].length;
  const before = fds();
  const error = rejection(wrongPlan(100));
  assert.equal(fds(), before);
  assert.match(error.message, /^The verifier refused the program: invalid .*stack.* \(and \d+ more lines\)$/);
  assert.match(error.log, /R10|r10|fp/);
  const { reason, remedy } = defect(error);
  assert.match(reason, /^The verifier refused the program: /);
  assert.match(reason, /\n {2}… \d+ lines before\n/);
  assert.ok(reason.split("\n").length <= 14, reason);
  assert.ok(reason.includes(error.log.trim().split("\n").at(-1)!));
  assert.match(remedy, /defect of sonde: please report it/);
});

Deno.test("a short log is told whole", () => {
  const log = "0: R1=ctx() R10=fp0\n0: (79) r0 = *(u64 *)(r10 +8)\ninvalid read from stack off 8\n";
  const { reason } = defect(new VerifierError("The verifier refused the program: x", log, 13));
  assert.deepEqual(reason.split("\n").slice(1), log.trim().split("\n").map((l) => `  ${l}`));
});
