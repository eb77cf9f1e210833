import assert from "node:assert/strict";
import { SONDE } from "./sonde.ts";

const sleep = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms));

/** Whether a process has a descriptor or a mapping of this kind: then it measures. */
function measures(pid: number, what: RegExp): boolean {
  try {
    for (const fd of Deno.readDirSync(`/proc/${pid}/fd`)) {
      if (what.test(Deno.readLinkSync(`/proc/${pid}/fd/${fd.name}`))) return true;
    }
    return what.test(Deno.readTextFileSync(`/proc/${pid}/maps`));
  } catch (error) {
    // A descriptor was closed between the listing and the look.
    if (error instanceof Deno.errors.NotFound) return false;
    throw error;
  }
}

/**
 * Starts sonde, interrupts it, answers how it ended.
 *
 * @param when after so many ms; or as soon as it has a descriptor or mapping that matches
 */
async function interrupted(
  args: string[],
  when: number | RegExp,
): Promise<{ code: number; out: string; err: string }> {
  const child = new Deno.Command(SONDE, {
    args,
    stdin: "null",
    stdout: "piped",
    stderr: "piped",
    env: { NO_COLOR: "1" },
  }).spawn();
  let over = false;
  const ended = child.output().finally(() => over = true);
  if (typeof when === "number") await sleep(when);
  else while (!over && !measures(child.pid, when)) await sleep(5);
  try {
    child.kill("SIGINT");
  } catch (error) {
    // It ended by itself.
    if (!(error instanceof TypeError)) throw error;
  }
  const { code, stdout, stderr } = await ended;
  const text = (b: Uint8Array): string => new TextDecoder().decode(b);
  return { code, out: text(stdout), err: text(stderr) };
}

Deno.test("SIGINT ends a recipe's window: what was measured is reported, exit code 0", async () => {
  const { code, out } = await interrupted(
    ["run", "--json", "-e", "collect raw_tracepoint:sys_enter for 600s | aggregate count() by comm"],
    /bpf_link|bpf-raw-tracepoint/,
  );
  assert.equal(code, 0);
  const { results } = JSON.parse(out);
  assert.ok(results.result.quality.duration_ns < 600e9);
  assert.ok(results.result.quality.notes.some((n: string) => /interrupt|stopped|cut short/i.test(n)), "a note says so");
});

Deno.test("SIGINT ends a profile's window: what was sampled is reported, exit code 0", async () => {
  const { code, out } = await interrupted(["profile", "--json", "--for", "600"], /anon_inode:\[perf_event\]/);
  assert.equal(code, 0);
  assert.ok(JSON.parse(out).results.profile.quality.duration_ns < 600e9);
});

Deno.test("SIGINT ends an investigation: there is a report, and it says who ended it", async () => {
  const { code, out } = await interrupted(["diagnose", "--json", "--for", "600"], /memfd:sonde/);
  assert.equal(code, 0);
  assert.equal(JSON.parse(out).ended_by, "user");
});

Deno.test("SIGINT at any moment of the start leaves no traceback", async () => {
  for (const ms of [5, 20, 40, 60, 80, 120, 200]) {
    const { err } = await interrupted(["run", "-e", "collect proc.list(interval: 5s)"], ms);
    assert.doesNotMatch(err, /defect|at file:/, `after ${ms} ms: ${err}`);
  }
});
