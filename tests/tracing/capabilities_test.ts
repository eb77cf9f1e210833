import assert from "node:assert/strict";
import { CAP, hasCapability } from "../../core/sys/mod.ts";
import type { Run } from "../cli/sonde.ts";
import { skip } from "../skip.ts";
import { type AsNobody, asNobody } from "./as_nobody.ts";
import { targetProgram } from "./target_program.ts";

/** What a run ends with: it works, or is refused with a word that has to stand in the message. */
type Outcome = "works" | { readonly code: 2 | 3; readonly names: RegExp };

const PROBES = ["bpf", "perfmon"];
/** Sets of capabilities, each with one more than what all but the first have. */
const SETS = {
  none: [],
  probes: PROBES,
  files: [...PROBES, "dac_read_search"],
  symbols: [...PROBES, "syslog"],
  network: [...PROBES, "net_admin"],
} as const satisfies Readonly<Record<string, readonly string[]>>;
type SetName = keyof typeof SETS;

const NO_BPF: Outcome = { code: 3, names: /CAP_BPF and CAP_PERFMON are missing/ };
const NO_TRACEFS: Outcome = { code: 2, names: /tracefs cannot be read: it takes root or CAP_DAC_READ_SEARCH/ };
const NO_NET_ADMIN: Outcome = { code: 3, names: /CAP_NET_ADMIN/ };
const all = (none: Outcome, others: Outcome): Record<SetName, Outcome> => ({
  none,
  probes: others,
  files: others,
  symbols: others,
  network: others,
});

/** What each recipe ends with under each set. */
function matrix(path: string): Readonly<Record<string, readonly [expression: string, Record<SetName, Outcome>]>> {
  const one = (source: string, rest = "aggregate count()"): string => `collect ${source} for 50ms | ${rest}`;
  return {
    raw_tracepoint: [one("raw_tracepoint:sys_enter"), all(NO_BPF, "works")],
    "a tracepoint by its raw one": [
      one("tracepoint:sched:sched_switch", "aggregate count() by next_pid"),
      all(NO_BPF, "works"),
    ],
    "a tracepoint by its own record": [one("tracepoint:sched:sched_switch", "aggregate count() by prev_state"), {
      ...all(NO_TRACEFS, NO_TRACEFS),
      files: "works",
    }],
    uprobe: [one(`uprobe:${path}:inner`), all(NO_BPF, "works")],
    usdt: [one(`usdt:${path}:demo:step`), all(NO_BPF, "works")],
    calls: [one(`calls user:${path}:inner`), all(NO_BPF, "works")],
    profile: [one("profile:99hz"), all(NO_BPF, "works")],
    iter: [one("iter:task"), all(NO_BPF, "works")],
    xdp: [one("xdp:lo"), { ...all(NO_NET_ADMIN, NO_NET_ADMIN), network: "works" }],
  };
}

function check(what: string, run: Run, outcome: Outcome): void {
  // Somebody else's program may be on lo.
  if (/EBUSY/.test(run.err)) return;
  assert.doesNotMatch(run.err, /defect|file:\/\//, what);
  assert.equal(run.code, outcome === "works" ? 0 : outcome.code, `${what}: ${run.err}`);
  if (outcome !== "works") assert.match(run.err, outcome.names, what);
}

/** Runs a test's steps as nobody, or skips it. */
async function nobodyTest(test: (run: AsNobody, path: string) => Promise<void>): Promise<void> {
  if (Deno.uid() !== 0 || !hasCapability(CAP.SYS_ADMIN)) return skip("only root can give capabilities to others");
  await using target = await targetProgram();
  if (!target) return skip("gcc or nm is not installed");
  await Deno.chmod(target.folder, 0o755);
  const folder = await Deno.makeTempDir();
  try {
    await Deno.chmod(folder, 0o755);
    const run = await asNobody(folder);
    if (!run) {
      return skip("sonde cannot be run as nobody here: unshare or setpriv is missing, or its files are root's own");
    }
    await test(run, target.path);
  } finally {
    await Deno.remove(folder);
  }
}

Deno.test("each kind of probe under each set of capabilities: it works, or what is missing is named", async (t) => {
  await nobodyTest(async (nobody, path) => {
    for (const [name, [expression, outcomes]] of Object.entries(matrix(path))) {
      await t.step(name, async () => {
        for (const set of Object.keys(SETS) as SetName[]) {
          check(`${name} with ${set}`, await nobody(SETS[set], ["run", "-e", expression]), outcomes[set]);
        }
      });
    }
  });
});

Deno.test("kernel stacks have names with CAP_SYSLOG, and a note without it", async () => {
  await nobodyTest(async (nobody) => {
    const args = [
      "run",
      "--json",
      "-e",
      "collect raw_tracepoint:sched_switch for 200ms | aggregate count() by kstack",
    ];
    for (const [set, named] of [["probes", false], ["symbols", true]] as const) {
      const run = await nobody(SETS[set], args);
      assert.equal(run.code, 0, run.err);
      const { quality } = JSON.parse(run.out).results.result;
      assert.equal(/CAP_SYSLOG/.test(quality.notes.join("\n")), !named, quality.notes.join("\n"));
      assert.equal(/__schedule|schedule/.test(run.out), named);
    }
  });
});

Deno.test("stat: what the kernel alone counts is not told as 0 to who may not see the kernel", async () => {
  await nobodyTest(async (nobody) => {
    for (const [set, state] of [["none", "not_permitted"], ["probes", "counted"]] as const) {
      const events = "context-switches,page-faults";
      const run = await nobody(SETS[set], ["stat", "--json", "-e", events, "--", "sleep", "0.01"]);
      assert.equal(run.code, 0, run.err);
      const { fields, rows } = JSON.parse(run.err).results.counters;
      const names: string[] = fields.map((c: { name: string }) => c.name);
      const [switches, faults] = rows.map((r: unknown[]) => Object.fromEntries(names.map((name, i) => [name, r[i]])));
      assert.equal(switches.state, state);
      assert.ok(set === "none" ? switches.value === null : switches.value >= 1, JSON.stringify(switches));
      assert.ok(faults.state === "counted" && faults.value > 10, JSON.stringify(faults));
    }
  });
});

Deno.test("list, check and doctor work without any capability, and name those that are missing", async () => {
  await nobodyTest(async (nobody) => {
    const list = await nobody([], ["list", "probes", "raw_tracepoint:sched_sw*"]);
    assert.equal(list.code, 0, list.err);
    assert.match(list.out, /raw_tracepoint:sched_switch/);
    assert.match(list.err, /Tracepoints cannot be listed: .*CAP_DAC_READ_SEARCH/);
    const whole = await nobody(SETS.files, ["list", "probes", "tracepoint:sched:sched_sw*"]);
    assert.match(whole.out, /tracepoint:sched:sched_switch/);
    assert.equal(whole.err, "");

    const recipe = await Deno.makeTempFile({ suffix: ".perf" });
    await Deno.writeTextFile(
      recipe,
      "collect raw_tracepoint:sched_switch for 1s | aggregate count() by args.next.comm\n",
    );
    await Deno.chmod(recipe, 0o644);
    const checked = await nobody([], ["check", recipe]);
    assert.equal(checked.code, 0, checked.out + checked.err);
    await Deno.remove(recipe);
  });
});

Deno.test("doctor explains each mechanism under each set: works, refused and why, or not to be tried and why", async (t) => {
  await nobodyTest(async (nobody) => {
    for (const set of Object.keys(SETS) as SetName[]) {
      await t.step(set, async () => {
        const run = await nobody(SETS[set], ["doctor", "--json"]);
        assert.equal(run.code, 0, run.err);
        const { checks } = JSON.parse(run.out) as {
          checks: { area: string; name: string; state: string; found: string; remedy: string }[];
        };
        const bpf = new Map(checks.filter((c) => c.area === "bpf").map((c) => [c.name, c]));
        assert.ok(bpf.size >= 18, [...bpf.keys()].join());
        for (const { name, state, found } of bpf.values()) {
          assert.match(state, /^(yes|no|unknown)$/, name);
          if (state !== "yes") assert.ok(found.length > 10, `${name}: ${found}`);
        }
        const state = (name: string): string | undefined => bpf.get(name)?.state;
        const found = (name: string): string => bpf.get(name)?.found ?? "";
        if (set === "none") {
          for (const name of ["ring buffer", "raw tracepoints", "perf events"]) {
            assert.equal(state(name), "no", name);
            assert.match(found(name), /CAP_BPF/, name);
          }
          return;
        }
        for (const name of ["ring buffer", "raw tracepoints", "perf events", "uprobe_multi", "task iterator"]) {
          assert.equal(state(name), "yes", `${name}: ${found(name)}`);
        }
        assert.equal(state("XDP"), set === "network" ? "yes" : "no");
        if (set !== "network") assert.match(found("XDP"), /CAP_NET_ADMIN/);
        assert.equal(state("tracepoints"), set === "files" ? "yes" : "unknown");
        if (set !== "files") assert.match(found("tracepoints"), /tracefs/);
        assert.match(found("run time statistics"), /CAP_SYS_ADMIN/);
      });
    }
  });
});
