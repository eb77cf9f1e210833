import type { Json } from "../core/data/mod.ts";
import { escapeText } from "../core/render/escape.ts";
import { formatDuration } from "../core/render/format_value.ts";
import { styleFor } from "../core/render/style.ts";
import { displayWidth, wrap } from "../core/render/width.ts";
import { exitCode, type RecipeReport } from "../dsl/run/report.ts";
import { collected, outputGone, print, terminalWidth, wantsColor } from "./output.ts";
import { openScreen, type Screen } from "./screen.ts";
import { pause } from "../core/sys/mod.ts";

/** A recipe that is run again and again. */
export interface Watched {
  /** What it is called at the top. */
  readonly name: string;
  /** From the start of a round to that of the next, in nanoseconds. A longer round is followed at once. */
  readonly periodNs: number;
  /** Ends the running round and is then the last. */
  readonly signal: AbortSignal;
  /** Whether standard output is a terminal to redraw; else rounds follow one another. */
  readonly screen: boolean;
  /** Whether a line with time and number stands before each round where nothing is redrawn. */
  readonly headings: boolean;
  /** Runs one round. */
  run(): Promise<RecipeReport>;
  /**
   * Shows what came of it. Is called again for the same report with fewer rows, until it fits.
   *
   * @param about which round it is, for JSON
   */
  show(report: RecipeReport, about: Readonly<Record<string, Json>>, maxRows: number | undefined): Promise<void>;
  /** Called once for each round, when it was shown. */
  over(report: RecipeReport): Promise<void>;
}

/**
 * Runs a recipe again each period until it is interrupted, and shows each round.
 *
 * @returns the exit code of the last round that was complete; of the only one where none was
 */
export async function watch(watched: Watched): Promise<number> {
  return watched.screen ? await watchOnScreen(watched) : await watchLines(watched);
}

interface Round {
  readonly number: number;
  readonly startMs: number;
  readonly report: RecipeReport;
}

/** Rounds as they are over. A first round in which nothing could run is the last: the next would say the same. */
async function* rounds(watched: Watched, before: (number: number, startMs: number) => void): AsyncGenerator<Round> {
  const { signal, periodNs } = watched;
  for (let number = 1; !signal.aborted && !outputGone(); number++) {
    const started = performance.now();
    const startMs = Date.now();
    before(number, startMs);
    const report = await watched.run();
    yield { number, startMs, report };
    if (number === 1 && exitCode(report) >= 2 && Object.keys(report.results).length === 0) return;
    await pause(started + periodNs / 1e6 - performance.now(), signal);
  }
}

function about({ number, startMs }: Round): Readonly<Record<string, Json>> {
  return { round: number, time_ns: (BigInt(startMs) * 1_000_000n).toString() };
}

async function watchLines(watched: Watched): Promise<number> {
  let code: number | null = null;
  const heading = (number: number, startMs: number): void => {
    if (watched.headings) print(`${number > 1 ? "\n" : ""}--- ${dayAndTime(startMs)} (round ${number})\n`);
  };
  for await (const round of rounds(watched, heading)) {
    await watched.show(round.report, about(round), undefined);
    await watched.over(round.report);
    if (code === null || !round.report.interrupted) code = exitCode(round.report);
  }
  return code ?? 0;
}

async function watchOnScreen(watched: Watched): Promise<number> {
  let code: number | null = null;
  let last: Round | null = null;
  let said = "";
  let failed: { readonly text: string; readonly error?: unknown } | null = null;
  {
    using screen = openScreen();
    const head = (number: number, startMs: number): string => heading(watched, number, startMs);
    // What is said while a round runs, an alert, stands above what came of it.
    const watching: Watched = {
      ...watched,
      async run(): Promise<RecipeReport> {
        let report: RecipeReport | undefined;
        const { text, error } = await collected(async () => void (report = await watched.run()));
        if (report === undefined) throw error;
        said = text;
        return report;
      },
    };
    const first = (number: number, startMs: number): void => {
      if (number === 1) screen.draw(head(number, startMs));
    };
    for await (const round of rounds(watching, first)) {
      last = round;
      if (code === null || !round.report.interrupted) code = exitCode(round.report);
      const shown = await fitting(watched, round, screen.rows() - 2 - lineCount(said));
      if (shown.error !== undefined) {
        failed = shown;
        break;
      }
      screen.draw(cut(`${head(round.number, round.startMs)}\n\n${said}${shown.text}`, screen));
      await watched.over(round.report);
    }
  }
  // What is seen last stays, and in full.
  if (failed) {
    print(said + failed.text);
    throw failed.error;
  }
  if (last) {
    print(`${heading(watched, last.number, last.startMs)}\n\n${said}`);
    await watched.show(last.report, about(last), undefined);
  }
  return code ?? 0;
}

/** What a round shows in so many lines: with as many rows of its tables as there is room for. */
async function fitting(
  watched: Watched,
  round: Round,
  lines: number,
): Promise<{ readonly text: string; readonly error?: unknown }> {
  const show = (rows: number): ReturnType<typeof collected> =>
    collected(() => watched.show(round.report, about(round), rows));
  let best = await show(Math.max(1, lines));
  if (best.error !== undefined || lineCount(best.text) <= lines) return best;
  let [low, high] = [1, Math.max(1, lines)];
  while (low <= high) {
    const rows = (low + high) >> 1;
    const tried = await show(rows);
    if (lineCount(tried.text) <= lines) [best, low] = [tried, rows + 1];
    else {
      if (rows === 1) best = tried;
      high = rows - 1;
    }
  }
  return best;
}

function lineCount(text: string): number {
  return text === "" ? 0 : folded(text).length;
}

/** Lines as the terminal has room for them. Those with colours are ours, and fit. */
function folded(text: string): string[] {
  const width = terminalWidth();
  return text.replace(/\n+$/, "").split("\n").flatMap((line) =>
    line.includes("\x1b") || displayWidth(line) <= width ? [line] : wrap(line, width)
  );
}

/** A frame without the lines that there is no room for, and a remark on them. */
function cut(frame: string, screen: Screen): string {
  const lines = folded(frame);
  const rows = screen.rows();
  if (lines.length <= rows) return lines.join("\n");
  const kept = lines.slice(0, rows - 1);
  return [...kept, styleFor({ color: wantsColor() }).dim(`… ${lines.length - kept.length} more lines`)].join("\n");
}

function heading({ name, periodNs }: Watched, number: number, startMs: number): string {
  const { dim, bold } = styleFor({ color: wantsColor() });
  return `${bold(escapeText(name, { limit: 60 }))}${
    dim(` · every ${formatDuration(periodNs)} · round ${number} · ${dayAndTime(startMs)}`)
  }`;
}

/** Day and time here, as people write them. */
function dayAndTime(ms: number): string {
  const at = new Date(ms);
  const two = (n: number): string => String(n).padStart(2, "0");
  const day = [at.getFullYear(), two(at.getMonth() + 1), two(at.getDate())].join("-");
  return `${day} ${[at.getHours(), at.getMinutes(), at.getSeconds()].map(two).join(":")}`;
}
