import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import {
  type Diagnosis,
  field,
  quality,
  recordsOf,
  type Results,
  type Table,
  tableFromRows,
  type ToolCallRecord,
  UsageError,
} from "../data/mod.ts";
import { skip } from "../../tests/skip.ts";
import { openRecording } from "./open_recording.ts";
import { parseRecording, readRecording } from "./read_recording.ts";

const call = (id: string): ToolCallRecord => ({
  id,
  tool: "list_processes",
  args: { top_n: 5 },
  start_ns: 10,
  duration_ns: 1e9,
  ok: true,
  command: "sonde tool list_processes '{}' --json",
});
const results: Results = {
  processes: tableFromRows([field("comm", "string"), field("rss", "bytes")], [["a\n\u001b[2J)", 2n ** 60n], [
    "日本",
    null,
  ]]),
};
const diagnosis: Diagnosis = {
  severity: "warning",
  bottleneck_type: "cpu_bound",
  root_cause: "a spins",
  evidence: ["[e1] a uses a CPU"],
  recommendations: [],
  confidence: 0.9,
  culprit: { pid: 7, comm: "a" },
  findings: [],
  evidence_items: [],
  use_matrix: [],
  quality: quality(),
  rounds: 1,
  tool_calls: [call("c1")],
  elapsed_s: 2,
  ended_by: "confidence",
  not_known: [],
  question: "",
  driver: "rules",
};
const HEADER = { version: "0.1.0", machine: { release: "6.18" } };

function write(path: string): void {
  using writer = openRecording(path, HEADER);
  writer.appendCall(call("c1"), results);
  writer.appendCall({ ...call("c2"), ok: false, error: "gone" }, null);
  writer.appendDiagnosis(diagnosis);
}

for (const name of ["r.jsonl", "r.jsonl.zst"]) {
  Deno.test(`${name}: what was written is read back`, async () => {
    const dir = await Deno.makeTempDir();
    try {
      write(`${dir}/${name}`);
      const got = await readRecording(`${dir}/${name}`);
      assert.equal(got.header.version, "0.1.0");
      assert.deepEqual(got.header.machine, { release: "6.18" });
      assert.deepEqual(got.calls.map((c) => c.record.id), ["c1", "c2"]);
      assert.deepEqual(recordsOf(got.calls[0].results?.processes as Table), recordsOf(results.processes as Table));
      assert.equal(got.calls[1].results, null);
      assert.deepEqual(got.diagnosis, diagnosis);
      assert.equal(got.truncated, false);
      assert.equal((await Deno.stat(`${dir}/${name}`)).mode! & 0o777, 0o600);
    } finally {
      await Deno.remove(dir, { recursive: true });
    }
  });

  Deno.test(`${name}: cut at any byte, all whole lines are read and the cut is reported`, async () => {
    const dir = await Deno.makeTempDir();
    try {
      write(`${dir}/${name}`);
      const bytes = await Deno.readFile(`${dir}/${name}`);
      let calls = 0;
      for (let n = 0; n < bytes.length; n += 7) {
        try {
          const got = await parseRecording(bytes.subarray(0, n), name);
          assert.ok(got.calls.length >= calls);
          calls = got.calls.length;
          assert.equal(got.diagnosis, null);
        } catch (error) {
          assert.ok(error instanceof UsageError);
          assert.equal(calls, 0);
        }
      }
      assert.equal(calls, 2);
      assert.equal((await parseRecording(bytes.subarray(0, bytes.length - 1), name)).truncated, true);
    } finally {
      await Deno.remove(dir, { recursive: true });
    }
  });
}

Deno.test("a compressed recording is what the zstd command reads and writes", async () => {
  const dir = await Deno.makeTempDir();
  try {
    write(`${dir}/r.jsonl`);
    write(`${dir}/r.jsonl.zst`);
    let text: string;
    try {
      text = execFileSync("zstd", ["-dc", `${dir}/r.jsonl.zst`], { encoding: "utf8" });
    } catch (error) {
      if ((error as { code?: string }).code === "ENOENT") return skip("no zstd command");
      throw error;
    }
    const lines = text.trimEnd().split("\n").map((l) => JSON.parse(l));
    assert.deepEqual(lines.map((l) => l.kind), ["sonde_recording", "call", "call", "diagnosis"]);
    execFileSync("zstd", ["-q", `${dir}/r.jsonl`, "-o", `${dir}/other.zst`]);
    assert.equal((await readRecording(`${dir}/other.zst`)).calls.length, 2);
  } finally {
    await Deno.remove(dir, { recursive: true });
  }
});

Deno.test("a full disk is an error that names the file; what was written before stays readable", async () => {
  const dir = await Deno.makeTempDir();
  const mounted = tryMount(dir);
  if (!mounted) {
    await Deno.remove(dir);
    return skip("no permission to mount a small tmpfs");
  }
  try {
    const path = `${dir}/r.jsonl`;
    using writer = openRecording(path, HEADER);
    writer.appendCall(call("c1"), results);
    const noise = { kind: "text" as const, text: "x".repeat(200_000), quality: quality() };
    assert.throws(() => writer.appendCall(call("c2"), { noise }), /Cannot write the recording .*r\.jsonl/);
    writer.appendDiagnosis(diagnosis);
    const got = await readRecording(path);
    assert.deepEqual(got.calls.map((c) => c.record.id), ["c1"]);
    assert.deepEqual(got.diagnosis, diagnosis);
  } finally {
    execFileSync("umount", [dir]);
    await Deno.remove(dir);
  }
});

function tryMount(dir: string): boolean {
  try {
    execFileSync("mount", ["-t", "tmpfs", "-o", "size=64k", "tmpfs", dir], { stdio: "ignore" });
    return true;
  } catch {
    // Not root, or a container without the right to mount: the caller skips.
    return false;
  }
}

Deno.test("what is no recording is refused with the reason", async () => {
  const refuse = async (text: string, reason: RegExp, name = "f.jsonl"): Promise<void> =>
    await assert.rejects(() => parseRecording(new TextEncoder().encode(text), name), (error: Error) => {
      assert.ok(error instanceof UsageError, String(error));
      assert.match(error.message, reason);
      return true;
    });
  await refuse("", /no whole line/);
  await refuse("hello\n", /f\.jsonl:1 is no JSON/);
  await refuse('{"a":1}\n', /no recording of this version/);
  await refuse("not zstd at all", /no zstd frame at byte 0/, "f.zst");
  const header = JSON.stringify({ kind: "sonde_recording", schema: 1, ...HEADER, created: "2026-01-01T00:00:00Z" });
  await refuse(`${header}\n{"kind":"call"}\n${header}\n`, /f\.jsonl:2: record/);
  await refuse(`${header}\n{"kind":"cal\n{}\n`, /f\.jsonl:2 is no JSON/);
});
