import assert from "node:assert/strict";
import type { Profile } from "../../core/data/mod.ts";
import { readProfile } from "../../cli/read_profile.ts";
import { parseJitName, parsePerfMap } from "../../core/symbols/mod.ts";
import { outputOf } from "../compile_c.ts";
import { skip } from "../skip.ts";
import { runSonde } from "./run_sonde.ts";

const JAVASCRIPT = `
function spend_six(x) { for (let i = 0; i < 600000; i++) x = Math.imul(x, 1103515245) + 12345 | 0; return x; }
const spend_three = (x) => { for (let i = 0; i < 300000; i++) x = Math.imul(x, 1103515245) + 12345 | 0; return x; };
class Kit {
  spend_one(x) { for (let i = 0; i < 100000; i++) x = Math.imul(x, 1103515245) + 12345 | 0; return x; }
}
const kit = new Kit();
let x = 1;
while (process.cpuUsage().user < 900000) x = kit.spend_one(spend_three(spend_six(x)));
`;

const PYTHON = `
import time
def spend_six(n):
    s = 0
    for i in range(n * 6): s += i
    return s
class Kit:
    def spend_three(self, n):
        s = 0
        for i in range(n * 3): s += i
        return s
kit = Kit()
while time.process_time() < 0.5: spend_six(20000); kit.spend_three(20000)
`;

/** What functions of the runtime's language take in all, by name. */
function interpreted(profile: Profile): Map<string, { total: number; place: string }> {
  const found = new Map<string, { total: number; place: string }>();
  for (const { frames, values } of profile.stacks) {
    for (const i of new Set(frames)) {
      const f = profile.frames[i];
      if (f.kind !== "interpreted") continue;
      const place = `${f.file}:${f.line}`;
      found.set(f.function, { total: (found.get(f.function)?.total ?? 0) + values[0], place });
    }
  }
  return found;
}

async function profileOf(command: readonly string[], file: string): Promise<Profile | null> {
  const { code, stderr } = await runSonde(file.slice(0, file.lastIndexOf("/")), [
    "profile",
    "--no-inline",
    "-F",
    "499",
    "-o",
    file,
    "--",
    ...command,
  ]);
  if (code !== 0 && /perf_event_open/.test(stderr)) return skip("perf_event_open is refused"), null;
  assert.equal(code, 0, stderr);
  return await readProfile(file);
}

async function inDirectory(test: (dir: string) => Promise<void>): Promise<void> {
  const dir = await Deno.makeTempDir();
  try {
    await test(dir);
  } finally {
    await Deno.remove(dir, { recursive: true });
  }
}

const notesOn = (profile: Profile, name: string): string[] =>
  profile.quality.notes.filter((n) => n.includes(`Functions of ${name}`));

Deno.test("node: functions go by their names and places; without the flag one note names it", () =>
  inDirectory(async (dir) => {
    if (await outputOf("node", ["--version"]) === null) return skip("no node");
    const script = `${dir}/work.js`;
    await Deno.writeTextFile(script, JAVASCRIPT);
    const flags = ["--perf-basic-prof", "--no-turbo-inlining"];
    const profile = await profileOf(["node", ...flags, script], `${dir}/a.json`);
    if (!profile) return;
    const found = interpreted(profile);
    const all = profile.stacks.reduce((sum, s) => sum + s.values[0], 0);
    const [six, three, one] = ["spend_six", "spend_three", "spend_one"].map((name) => found.get(name));
    assert.deepEqual([six?.place, three?.place, one?.place], [2, 3, 5].map((line) => `${script}:${line}`));
    assert.ok(six!.total > three!.total && three!.total > one!.total, JSON.stringify([six, three, one]));
    // The rest is how the runtime starts.
    assert.ok(six!.total + three!.total + one!.total > 0.3 * all, `${six!.total} of ${all}`);
    assert.deepEqual(notesOn(profile, "node"), []);
    const plain = await profileOf(["node", script], `${dir}/b.json`);
    assert.equal(notesOn(plain!, "node").length, 1);
    assert.match(notesOn(plain!, "node")[0], /--perf-basic-prof/);
  }));

Deno.test("python 3.12 and later: functions go by their names with -X perf, through its trampolines", () =>
  inDirectory(async (dir) => {
    const version = await outputOf("python3", ["-c", "import sys; print(*sys.version_info[:2])"]);
    if (version === null) return skip("no python3");
    const [major, minor] = version.split(" ").map(Number);
    const script = `${dir}/work.py`;
    await Deno.writeTextFile(script, PYTHON);
    const plain = await profileOf(["python3", script], `${dir}/b.json`);
    if (!plain) return;
    assert.equal(notesOn(plain, "python").length, 1);
    assert.match(notesOn(plain, "python")[0], /-X perf/);
    if (major < 3 || minor < 12) return skip(`Python ${major}.${minor} has no -X perf`);
    const profile = await profileOf(["python3", "-X", "perf", script], `${dir}/a.json`);
    const found = interpreted(profile!);
    assert.equal(found.get("spend_six")?.place, `${script}:0`);
    assert.ok(found.get("spend_six")!.total > found.get("Kit.spend_three")!.total);
    assert.ok(profile!.quality.unwind_failures < 0.05 * profile!.quality.events);
    assert.deepEqual(notesOn(profile!, "python"), []);
  }));

Deno.test("python 3.13: the perf map that it wrote names its functions", async () => {
  const fixture = new URL("./fixtures/python--3.13--perf.map", import.meta.url);
  const map = parsePerfMap(await Deno.readFile(fixture));
  const lines = (await Deno.readTextFile(fixture)).trimEnd().split("\n");
  const read = lines.map((line) => {
    const [start, size] = line.split(" ");
    // The trampoline's call returns into its midst.
    const hit = map.find(parseInt(start, 16) + parseInt(size, 16) - 5);
    return hit && parseJitName(hit.name);
  });
  for (
    const [name, file] of [["spend_six", "/srv/job/work.py"], ["Kit.spend_three", "/srv/job/work.py"], [
      "main",
      "/srv/job/work.py",
    ]]
  ) {
    assert.ok(read.some((r) => r?.function === name && r.file === file), name);
  }
});
