import assert from "node:assert/strict";
import type { InstrumentOutcome } from "./instrument_run.ts";
import { instrumentTable } from "./instrument_table.ts";
import { type KernelRun, matrixTable, replaceMeasured } from "./matrix_table.ts";
import type { SmokeOutcome } from "./smoke_run.ts";

function outcome(name: string, result: SmokeOutcome["result"], reason = ""): SmokeOutcome {
  return { name, kind: "kprobe", engine: result === "ok" ? "bpf" : "", result, reason, ms: 1 };
}

function run(release: string, ...outcomes: SmokeOutcome[]): KernelRun {
  return { kernel: release, release, outcomes, instruments: [], seconds: 1, error: "" };
}

Deno.test("matrixTable() has a row for each case, a column for each kernel, and each reason once", () => {
  const table = matrixTable([
    run("5.10", outcome("one", "ok"), outcome("two", "refused", "needs 5.18")),
    run("6.1", outcome("one", "failed", "count is 39, expected 40"), outcome("two", "refused", "needs 5.18")),
    run("7.3", outcome("one", "ok", "2 events counted as lost (skipped)")),
  ]);
  assert.deepEqual(table.split("\n"), [
    "| probe kind | case | engine | 5.10   | 6.1        | 7.3         |",
    "| ---------- | ---- | ------ | ------ | ---------- | ----------- |",
    "| kprobe     | one  | bpf    | yes    | FAILED (1) | yes (2)     |",
    "| kprobe     | two  |        | no (3) | no (3)     | did not run |",
    "",
    "1. FAILED: count is 39, expected 40",
    "2. yes: 2 events counted as lost (skipped)",
    "3. no: needs 5.18",
  ]);
});

Deno.test("replaceMeasured() keeps what stands around the markers, and refuses a page without them", () => {
  const page = "a\n<!-- measured: begin (deno task test:kernels --write) -->\nold\n<!-- measured: end -->\nz\n";
  const once = replaceMeasured(page, "new");
  assert.match(once, /^a\n<!--.*-->\n\nnew\n\n<!-- measured: end -->\nz\n$/);
  assert.equal(replaceMeasured(once, "new"), once);
  assert.throws(() => replaceMeasured("a", "new"), /no markers/);
});

Deno.test("instrumentTable() says what each instrument used where it was right, and else what was wrong", () => {
  const outcome = (result: InstrumentOutcome["result"], mechanism: string, reason = ""): InstrumentOutcome => ({
    instrument: "calls kernel:vfs_read",
    checked: "40 reads",
    mechanism,
    result,
    reason,
    ms: 1,
  });
  const table = instrumentTable([
    { kernel: "5.10", release: "5.10.0", instruments: [outcome("ok", "fentry, fexit")] },
    { kernel: "6.1", release: "6.1.0", instruments: [outcome("failed", "kprobe", "39 calls")] },
    { kernel: "7.3", release: "", instruments: [outcome("refused", "", "no BPF")] },
    { kernel: "8.0", release: "8.0.1", instruments: [] },
  ]);
  assert.deepEqual(table.split("\n"), [
    "| instrument              | checked  | 5.10.0               | 6.1.0             | 7.3    | 8.0.1       |",
    "| ----------------------- | -------- | -------------------- | ----------------- | ------ | ----------- |",
    "| `calls kernel:vfs_read` | 40 reads | right: fentry, fexit | WRONG: kprobe (1) | no (2) | did not run |",
    "",
    "1. WRONG: 39 calls",
    "2. no: no BPF",
  ]);
});
