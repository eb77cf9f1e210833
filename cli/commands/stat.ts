import {
  cellAt,
  GoneError,
  type Quality,
  quality,
  type Results,
  resultsToJson,
  type Series,
  UsageError,
} from "../../core/data/mod.ts";
import type { CountRequest, Counts } from "../../core/perf/counters/mod.ts";
import { escapeText } from "../../core/render/escape.ts";
import { EXIT } from "../exit_code.ts";
import { print, warn } from "../output.ts";
import { untilProcessEnds } from "../process_end.ts";
import { terminalProgress } from "../progress.ts";
import { renderOptions } from "../render_options.ts";
import { openSession, type Session } from "../session.ts";
import { checkOutput, showResults } from "../show_results.ts";

/** Options of `sonde stat`. */
export interface StatOptions {
  readonly json?: boolean;
  /** As `perf stat -e` takes it. */
  readonly event?: string;
  readonly pid?: number;
  readonly all?: boolean;
  readonly for?: number;
  readonly every?: number;
  readonly repeat?: number;
  readonly output?: string;
}

/** Default window when neither a command nor `--for` bounds it, ns. */
const DEFAULT_WINDOW_NS = 5e9;

/** Counts events: of the machine, of a process, or of a command that it starts. */
export async function stat(words: readonly string[], options: StatOptions): Promise<number> {
  await checkOutput(options.output, "tables");
  if (options.pid !== undefined && (options.all || words.length > 0)) {
    throw new UsageError("--pid, --all and a command exclude each other");
  }
  if (options.all && words.length > 0) throw new UsageError("--all and a command exclude each other");
  if (options.repeat !== undefined && words.length === 0) {
    throw new UsageError("--repeat runs a command again", "Write sonde stat -r 5 -- command");
  }
  const progress = terminalProgress();
  const session = await openSession([], (text) => progress.show(text));
  if (options.pid !== undefined && session.host.processStat(options.pid) === null) {
    throw new GoneError(`There is no process ${options.pid}`);
  }
  if (words.length > 0) return await statChild(words, options, session);
  progress.show("counting … (Ctrl-C ends)");
  const series = await intervals(options, print);
  using end = untilProcessEnds(session.host, options.pid, session.context.signal);
  const counts = await session.api.counters.count({
    events: options.event,
    pid: options.pid ?? 0,
    durationNs: options.for ?? DEFAULT_WINDOW_NS,
    signal: end.signal,
    every: series.every,
  });
  progress.clear();
  const results = { ...counts, ...series.results() };
  if (options.output !== undefined || options.json) await showResults(results, {}, options);
  else print(await text(counts) + "\n");
  return EXIT.ok;
}

/** Counts what a command does, from exec to its end. Standard input and output are its own; ours goes to standard error. */
async function statChild(words: readonly string[], options: StatOptions, session: Session): Promise<number> {
  const { measureChild } = await import("../measure_child.ts");
  const runs: Counts[] = [];
  let code: number = EXIT.ok;
  const series = await intervals(options, warn);
  const show = async (counts: Counts): Promise<void> => {
    const results: Results = { ...counts, ...series.results() };
    if (options.output !== undefined) await showResults(results, { command: [...words] }, { ...options });
    else if (options.json) warn(JSON.stringify({ schema: 1, command: words, results: resultsToJson(results) }));
    else warn(await text(counts));
  };
  const { signal } = session.context;
  const { meanCounts } = await import("../../core/perf/counters/mean_counts.ts");
  const wanted = options.repeat ?? 1;
  for (let run = 1; run <= wanted && !signal.aborted; run++) {
    code = await measureChild(
      words,
      session,
      (window) => session.api.counters.count({ ...window, events: options.event, onExec: true, every: series.every }),
      async (counts) => {
        runs.push(counts);
        if (run === wanted || signal.aborted) await show(options.repeat === undefined ? counts : meanCounts(runs));
      },
      { durationNs: options.for },
    );
  }
  return code;
}

async function text(counts: Counts): Promise<string> {
  const { renderCounters } = await import("../../core/render/terminal/counters.ts");
  const { renderQuality } = await import("../../core/render/terminal/quality.ts");
  const options = renderOptions();
  return [
    renderCounters(counts.counters, counts.ratios, options),
    renderQuality(counts.counters.quality, options),
  ].filter((part) => part !== "").join("\n\n");
}

/** What `--every` tells on the way, and the series of it all. */
async function intervals(options: StatOptions, tell: (text: string) => void): Promise<{
  readonly every: CountRequest["every"];
  results(): Results;
}> {
  if (options.every === undefined) return { every: undefined, results: () => ({}) };
  const { counterText } = await import("../../core/render/terminal/counters.ts");
  const startNs = BigInt(Date.now()) * 1_000_000n;
  const points = new Map<string, { tNs: number[]; v: number[] }>();
  let atNs = 0;
  let q: Quality = quality();
  const shown = !options.json && options.output === undefined;
  return {
    every: {
      intervalNs: options.every,
      tell: (counts) => {
        const { columns, length, quality: own } = counts.counters;
        atNs += own.duration_ns;
        q = { ...own, events: q.events + length, duration_ns: atNs };
        const line: string[] = [];
        for (let i = 0; i < length; i++) {
          const event = String(cellAt(columns[0], i));
          const value = cellAt(columns[1], i);
          let point = points.get(event);
          if (!point) points.set(event, point = { tNs: [], v: [] });
          point.tNs.push(atNs);
          point.v.push(value === null ? NaN : Number(value));
          if (value !== null) line.push(`${event} ${counterText(Number(value), String(cellAt(columns[2], i)))}`);
        }
        if (shown) tell(`${(atNs / 1e9).toFixed(3)} s  ${escapeText(line.join("  "))}\n`);
      },
    },
    results: () => ({
      intervals: {
        kind: "series",
        unit: null,
        startNs,
        points: [...points].map(([name, p]) => ({ name, tNs: p.tNs, v: p.v })),
        quality: q,
      } satisfies Series,
    }),
  };
}
