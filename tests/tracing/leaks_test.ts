import assert from "node:assert/strict";
import { bpfEngine } from "../../bpf/mod.ts";
import { isInKernel, type ObjectId } from "../../bpf/testing/run.ts";
import { aggregate, f, named } from "../../bpf/testing/specs.ts";
import { perfEngine } from "../../core/engine/mod.ts";
import { openHost } from "../../core/host/mod.ts";
import type { ProbeEngine } from "../../core/plugin_api/mod.ts";
import { type Expr, MAX_IN_FLIGHT, type ProbePoint, type ProbeSpec, type SourceSpec } from "../../core/query/mod.ts";
import { CAP, hasCapability } from "../../core/sys/mod.ts";
import { skip } from "../skip.ts";
import { type TargetProgram, targetProgram } from "./target_program.ts";

const host = openHost();
const privileged = hasCapability(CAP.BPF) && hasCapability(CAP.PERFMON) && hasCapability(CAP.NET_ADMIN);

function openFds(): string[] {
  return [...Deno.readDirSync("/proc/self/fd")].map(({ name }) => name).sort();
}

/** BPF objects and mappings of rings that this process holds. */
function held(): { objects: ObjectId[]; rings: number } {
  const objects = [...Deno.readDirSync("/proc/self/fdinfo")].flatMap(({ name }): ObjectId[] => {
    let text = "";
    try {
      text = Deno.readTextFileSync(`/proc/self/fdinfo/${name}`);
    } catch {
      // the descriptor that lists the folder is closed by now
    }
    return [...text.matchAll(/^(map|prog|link)_id:\s*(\d+)$/gm)].map((m): ObjectId => [m[1] as ObjectId[0], m[2]]);
  });
  const maps = Deno.readTextFileSync("/proc/self/maps").split("\n");
  return { objects, rings: maps.filter((l) => /bpf-map|perf_event/.test(l)).length };
}

function spec(source: SourceSpec, keys: Readonly<Record<string, Expr>> = {}, budget?: number): ProbeSpec {
  const { output } = aggregate([], keys, { n: ["count"] });
  return { source, steps: [], output, includeSelf: true, ...(budget ? { budget } : {}) };
}

function streamed(source: SourceSpec, name = "cpu"): ProbeSpec {
  return {
    source,
    steps: [],
    output: { kind: "stream", fields: named({ [name]: f(name, "int") }), ringBytes: 1 << 16 },
    includeSelf: true,
  };
}

const events = (...probes: ProbePoint[]): SourceSpec => ({ kind: "event", probes });
const SWITCH: ProbePoint = { kind: "tracepoint", category: "sched", name: "sched_switch" };
const ENTER: ProbePoint = { kind: "raw_tracepoint", name: "sys_enter" };
const kstack = { kstack: f("kstack", "stack") };

/** A spec of each kind of source, by the engine that runs it. */
function specs({ path }: TargetProgram): Readonly<Record<string, readonly [spec: ProbeSpec, engine: ProbeEngine]>> {
  const bpf = bpfEngine(host), perfBuffer = bpfEngine(host, "perf"), perf = perfEngine(host);
  return {
    raw_tracepoint: [spec(events(ENTER), { comm: f("comm", "string") }), bpf],
    tracepoint: [spec(events(SWITCH), { state: f("args.prev_state", "int") }), bpf],
    "tracepoint of a system call": [
      spec(events({ kind: "tracepoint", category: "syscalls", name: "sys_enter_openat" })),
      bpf,
    ],
    uprobe: [spec(events({ kind: "uprobe", path, symbol: "inner" })), bpf],
    uretprobe: [spec(events({ kind: "uretprobe", path, symbol: "inner" })), bpf],
    "two uprobes": [
      spec(events({ kind: "uprobe", path, symbol: "inner" }, { kind: "uprobe", path, symbol: "pass" }), {
        probe: f("probe", "string"),
      }),
      bpf,
    ],
    usdt: [spec(events({ kind: "usdt", path, symbol: "demo:step" })), bpf],
    "profile by stack": [spec(events({ kind: "profile", hz: 99 }), kstack), bpf],
    interval: [spec(events({ kind: "interval", periodNs: 1e8 })), bpf],
    software: [spec(events({ kind: "software", event: "page-faults", period: 1 })), bpf],
    iter: [spec(events({ kind: "iter", target: "task" })), bpf],
    xdp: [spec(events({ kind: "xdp", interface: "lo" })), bpf],
    span: [
      spec({
        kind: "pair",
        starts: [{ kind: "raw_tracepoint", name: "sched_wakeup" }],
        ends: [{ kind: "raw_tracepoint", name: "sched_switch" }],
        cancels: [{ kind: "raw_tracepoint", name: "sched_process_exit" }],
        startKey: [f("args.p.pid", "tid")],
        endKey: [f("args.next.pid", "tid")],
        cancelKey: [f("args.p.pid", "tid")],
        maxInFlight: 100,
      }),
      bpf,
    ],
    "calls of a program": [
      spec({ kind: "calls", targets: [{ kind: "user", path, symbol: "inner" }], maxInFlight: MAX_IN_FLIGHT }),
      bpf,
    ],
    "calls of the kernel": [
      spec({ kind: "calls", targets: [{ kind: "syscall", name: "openat" }], maxInFlight: MAX_IN_FLIGHT }),
      bpf,
    ],
    "a stream by the ring": [streamed(events(ENTER)), bpf],
    "a stream by the perf buffer": [streamed(events(ENTER)), perfBuffer],
    "a budget": [spec(events(ENTER), {}, 0.5), bpf],
    "perf events": [spec(events(SWITCH), { comm: f("comm", "string") }), perf],
  };
}

/** The same with a probe behind the others that cannot be attached: programs are loaded and attached until then. */
function failing(whole: ProbeSpec): ProbeSpec | null {
  const { source } = whole;
  const none: ProbePoint = { kind: "raw_tracepoint", name: "no_such_tracepoint_at_all" };
  if (source.kind !== "event" || whole.output.kind === "aggregate" && whole.output.keys.length > 0) return null;
  return { ...whole, source: events(...source.probes, none) };
}

Deno.test("no descriptor, mapping or kernel object stays: finished, disposed, failed half-way", async (t) => {
  if (!privileged) return skip("CAP_BPF, CAP_PERFMON or CAP_NET_ADMIN is missing");
  await using target = await targetProgram();
  if (!target) return skip("gcc or nm is not installed");
  for (const [name, [whole, engine]] of Object.entries(specs(target))) {
    await t.step(name, async () => {
      // What is kept for good (type information, the catalogue) is opened here.
      const support = engine.supports(whole);
      if (!support.ok) return skip(support.reason);
      const broken = failing(whole);
      if (broken) engine.supports(broken);
      const before = openFds(), heldBefore = held();
      assert.deepEqual(heldBefore.objects, []);
      const seen: ObjectId[] = [];
      for (const finish of [true, false]) {
        {
          using session = engine.open(whole);
          seen.push(...held().objects);
          if (finish) session.finish();
        }
        assert.deepEqual(openFds(), before, finish ? "finished" : "disposed");
        assert.deepEqual(held(), heldBefore, finish ? "finished" : "disposed");
      }
      if (broken) {
        assert.throws(() => engine.open(broken), { name: "UnsupportedError" });
        assert.deepEqual(openFds(), before, "failed half-way");
        assert.deepEqual(held(), heldBefore, "failed half-way");
      }
      if (engine.name !== "perf") assert.ok(seen.length >= 4, seen.join(" "));
      for (const object of seen) {
        const deadline = Date.now() + 30_000;
        let found = await isInKernel(object);
        while (found && Date.now() < deadline) found = await isInKernel(object);
        if (found === null) return skip("bpftool is not installed");
        assert.equal(found, false, `${object.join(" ")} is left in the kernel`);
      }
    });
  }
});
