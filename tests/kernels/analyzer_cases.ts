import type { Session } from "../../cli/session.ts";
import { recordsOf, type Results } from "../../core/data/mod.ts";
import { ANALYZERS } from "../../plugins/analyzers/all.ts";
import { runAnalyzer } from "../../plugins/analyzers/run_analyzer.ts";
import type { InstrumentCase, Verdict } from "./instrument_case.ts";
import type { Bench } from "./smoke_case.ts";

const N = 40;
type Row = Record<string, unknown>;

/** An analyzer over a load: its rows of one table that are about the load are judged. */
function analyzer(
  name: string,
  checked: string,
  action: string,
  table: string,
  problem: (rows: readonly Row[], bench: Bench) => string | null,
): InstrumentCase {
  return {
    name: `analyze ${name}`,
    checked,
    async run(bench, session): Promise<Verdict> {
      const results = await analyzed(session, name, () => bench.load(action, N));
      const found = results[table];
      if (found?.kind !== "table") return { mechanism: mechanismOf(results), problem: `there is no table ${table}` };
      return { mechanism: mechanismOf(results), problem: problem(recordsOf(found), bench) };
    },
  };
}

async function analyzed(session: Session, name: string, work: () => Promise<void>): Promise<Results> {
  const make = ANALYZERS.find((a) => a(session.api).name === name);
  if (!make) throw new Error(`there is no analyzer ${name}`);
  const ended = new AbortController();
  let working = Promise.resolve();
  const results = await runAnalyzer(session.api, make(session.api), {
    pid: 0,
    durationNs: 120e9,
    signal: ended.signal,
    onReady: () => void (working = work().finally(() => ended.abort())),
  });
  await working;
  return results;
}

/** `Measured by its recipe.`; without such a note it is a program of its own. */
function mechanismOf(results: Results): string {
  const notes = Object.values(results).flatMap((r) => r.quality.notes);
  const note = notes.find((n) => n.startsWith("Measured by "));
  return note ? note.replace(/^Measured by (.*?)\.( .*)?$/s, "$1") : "libbpf";
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

/** Those that have landed. */
export const ANALYZER_CASES: readonly InstrumentCase[] = [
  analyzer(
    "syscall_count",
    `${N} calls of close that all fail`,
    "badclose",
    "calls",
    (rows, bench) => {
      const own = ofLoad(rows, bench).filter((r) => r.call === "close");
      return exactly("calls", sum(own, "calls"), N) ?? exactly("errors", sum(own, "errors"), N);
    },
  ),
  analyzer(
    "page_fault_trace",
    `${N} pages written first, and those of the program's start`,
    "fault",
    "faults",
    (rows, bench) =>
      between("faults", sum(ofLoad(rows, bench).filter((r) => r.backing === "anon"), "faults"), N, N + 300),
  ),
  analyzer(
    "sched_latency",
    `${N} sleeps: as many waits of a woken thread, and few more`,
    "nap",
    "delays",
    (rows, bench) => between("waits", sum(ofLoad(rows, bench), "waits"), N, 3 * N + 100),
  ),
];
