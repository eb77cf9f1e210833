import type { Session } from "../../cli/session.ts";
import { recordsOf, type Results, UnsupportedError } from "../../core/data/mod.ts";
import { attachedKinds } from "./attached_kinds.ts";
import { loopDevice } from "../loop_device.ts";
import { ANALYZERS } from "../../plugins/analyzers/all.ts";
import { runAnalyzer } from "../../plugins/analyzers/run_analyzer.ts";
import type { InstrumentCase, Verdict } from "./instrument_case.ts";
import type { Bench } from "./smoke_case.ts";

const N = 40;
type Row = Record<string, unknown>;

/** What is measured, and judged of it. */
interface AnalyzerLoad {
  readonly name: string;
  /** In a few words, for the table. */
  readonly checked: string;
  /** The load; `N` times unless said otherwise. */
  readonly action: string;
  readonly count?: number;
  /** The table that is judged. */
  readonly table: string;
  /** What the load needs; answers why it cannot be had, or null. Disposed afterwards. */
  prepare?(): Promise<string | Disposable>;
  problem(rows: readonly Row[], bench: Bench): string | null;
}

function analyzer({ name, checked, action, count = N, table, prepare, problem }: AnalyzerLoad): InstrumentCase {
  return {
    name: `analyze ${name}`,
    checked,
    async run(bench, session): Promise<Verdict> {
      const prepared = await prepare?.();
      if (typeof prepared === "string") throw new UnsupportedError(prepared, "");
      try {
        const { results, mechanism } = await analyzed(session, name, () => bench.load(action, count));
        const found = results[table];
        if (found?.kind !== "table") return { mechanism, problem: `there is no table ${table}` };
        return { mechanism, problem: problem(recordsOf(found), bench) };
      } finally {
        prepared?.[Symbol.dispose]();
      }
    },
  };
}

async function analyzed(
  session: Session,
  name: string,
  work: () => Promise<void>,
): Promise<{ readonly results: Results; readonly mechanism: string }> {
  const make = ANALYZERS.find((a) => a(session.api).name === name);
  if (!make) throw new Error(`there is no analyzer ${name}`);
  const ended = new AbortController();
  let working = Promise.resolve();
  let kinds: readonly string[] = [];
  const results = await runAnalyzer(session.api, make(session.api), {
    pid: 0,
    durationNs: 120e9,
    signal: ended.signal,
    onReady: () => {
      kinds = attachedKinds();
      working = work().finally(() => ended.abort());
    },
  });
  await working;
  const note = Object.values(results).flatMap((r) => r.quality.notes).find((n) => n.startsWith("Measured by "));
  // Without such a note it is a program of its own.
  const by = note ? note.replace(/^Measured by (.*?)\.( .*)?$/s, "$1") : "libbpf";
  return { results, mechanism: kinds.length > 0 ? `${by}: ${kinds.join(", ")}` : by };
}

function sum(rows: readonly Row[], column: string): number {
  return rows.reduce((n, r) => n + Number(r[column] ?? 0), 0);
}

function ofLoad(rows: readonly Row[], bench: Bench): Row[] {
  return rows.filter((r) => r.comm === bench.comm);
}

const exactly = (what: string, found: number, expected: number): string | null =>
  found === expected ? null : `${what}: ${found}, expected ${expected}`;
const between = (what: string, found: number, low: number, high: number): string | null =>
  found >= low && found <= high ? null : `${what}: ${found}, expected ${low} to ${high}`;

/** A disk of our own for a load that reads past the cache. */
async function disk(): Promise<string | Disposable> {
  try {
    // Guests have busybox; without kmod there is no other.
    await new Deno.Command("busybox", { args: ["modprobe", "loop"], stderr: "null" }).output();
  } catch {
    // Without it the module may be there already.
  }
  const device = await loopDevice();
  if (typeof device === "string") return device;
  Deno.env.set("SONDE_LOAD_DEVICE", device.path);
  return device;
}

/** Each of the eight, over a load that it must get right. */
export const ANALYZER_CASES: readonly InstrumentCase[] = [
  analyzer({
    name: "tcp_latency",
    checked: `${N} connections over lo: opened, none failed`,
    action: "connect",
    table: "connects",
    problem: (rows, bench) => {
      const own = ofLoad(rows, bench);
      return exactly("opened", sum(own, "opened"), N) ?? exactly("failed", sum(own, "failed"), 0);
    },
  }),
  analyzer({
    name: "disk_io_latency",
    checked: `${N} direct reads of 4 KiB from a loop device`,
    action: "direct",
    table: "requests",
    prepare: disk,
    problem: (rows, bench) => {
      // The program itself may have to be read, from another disk.
      const own = ofLoad(rows, bench).filter((r) => r.operation === "read" && /^loop/.test(String(r.device)));
      return exactly("requests", sum(own, "requests"), N) ?? exactly("bytes", sum(own, "bytes"), N * 4096);
    },
  }),
  analyzer({
    name: "memory_alloc_trace",
    checked: `${N} pages of a process, and those of its start`,
    action: "fault",
    table: "allocations",
    problem: (rows, bench) => {
      const pids = new Set(ofLoad(rows, bench).map((r) => r.pid));
      return between("allocations", sum(rows.filter((r) => pids.has(r.pid)), "allocated"), N, N + 1000);
    },
  }),
  analyzer({
    name: "lock_contention",
    checked: "waits of four processes that write to one file",
    action: "lock",
    count: 100,
    table: "sites",
    problem: (rows, bench) => {
      const own = ofLoad(rows, bench);
      return between("waits", sum(own, "waits"), 1, 1e6) ?? (sum(own, "total") > 0 ? null : "they took no time");
    },
  }),
  analyzer({
    name: "syscall_count",
    checked: `${N} calls of close that all fail`,
    action: "badclose",
    table: "calls",
    problem: (rows, bench) => {
      const own = ofLoad(rows, bench).filter((r) => r.call === "close");
      return exactly("calls", sum(own, "calls"), N) ?? exactly("errors", sum(own, "errors"), N);
    },
  }),
  analyzer({
    name: "page_fault_trace",
    checked: `${N} pages written first, and those of the program's start`,
    action: "fault",
    table: "faults",
    problem: (rows, bench) => {
      // What lies behind a page is known since Linux 5.17.
      const anonymous = ofLoad(rows, bench).filter((r) => r.backing === "anon" || r.backing === null);
      return between("faults", sum(anonymous, "faults"), N, N + 300);
    },
  }),
  analyzer({
    name: "sched_latency",
    checked: `${N} sleeps: as many waits of a woken thread, and few more`,
    action: "nap",
    table: "delays",
    problem: (rows, bench) => between("waits", sum(ofLoad(rows, bench), "waits"), N, 3 * N + 100),
  }),
  analyzer({
    name: "futex_contention",
    checked: `up to ${N} waits of one process for another, each woken`,
    action: "futex",
    table: "waiters",
    // Where the parent is ahead, the call sees that the value has changed, or is not made at all.
    problem: (rows, bench) => {
      const own = ofLoad(rows, bench);
      return between("waits and missed", sum(own, "waits") + sum(own, "missed"), N - 8, N + 5) ??
        (sum(own, "waits") > N / 2 ? null : `only ${sum(own, "waits")} waits`);
    },
  }),
];
