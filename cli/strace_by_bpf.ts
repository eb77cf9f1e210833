import { GoneError, resultsToJson, UsageError } from "../core/data/mod.ts";
import { openHost } from "../core/host/mod.ts";
import { syscallName } from "../core/host/syscall_name.ts";
import { parseCallFilter } from "../core/ptrace/mod.ts";
import { sortedCounts, summaryTable, summaryText } from "./call_summary.ts";
import { commandPath } from "./command_path.ts";
import type { StraceOptions } from "./commands/strace.ts";
import { countCallsByBpf } from "./count_calls_by_bpf.ts";
import { EXIT } from "./exit_code.ts";
import { interruptSignal } from "./interrupt.ts";
import { warn, writeFile } from "./output.ts";

/** What is about single calls: a summary has none of it. */
const OF_LINES = ["summary", "durations", "relative", "paths"] as const;

/**
 * `sonde strace --bpf`: the summary of `strace -c -f -w`, by programs in the kernel that stop nothing.
 *
 * @throws {UsageError}
 * @throws {UnsupportedError} without libbpf, type information or permission
 */
export async function straceByBpf(words: readonly string[], options: StraceOptions): Promise<number> {
  const refused = OF_LINES.find((name) => options[name]) ?? (options.time ? "time" : undefined);
  if (refused !== undefined) {
    throw new UsageError(
      `--bpf and --${refused} exclude each other`,
      "--bpf tells a summary; without it there are lines",
    );
  }
  const host = openHost();
  const pids = options.pid ?? [];
  const gone = pids.find((pid) => host.processStat(pid) === null);
  if (gone !== undefined) throw new GoneError(`There is no process ${gone}`);
  if (words.length > 0 && pids.length > 0) throw new UsageError("--bpf counts a command or processes, not both");
  const { calls } = parseCallFilter(options.expression ?? []);
  const wanted = calls === null ? null : new Set([...calls].map((number) => syscallName(number)));
  const command = words.length === 0 ? [] : [commandPath(words[0]), ...words.slice(1)];
  const { counts, quality, code } = await countCallsByBpf(host, {
    words: command,
    pids,
    signal: words.length > 0 ? ignoringInterrupts() : interruptSignal(),
    ...(options.for === undefined ? {} : { durationNs: options.for }),
  });
  const shown = sortedCounts(counts.filter((c) => wanted === null || wanted.has(c.name)), options.sort);
  const table = { ...summaryTable(shown, "wall", quality.duration_ns, quality.cost.cpu_ns), quality };
  const text = options.json
    ? JSON.stringify({ schema: 1, command: words, results: resultsToJson({ calls: table }) }) + "\n"
    : summaryText(shown);
  // As strace does: standard output is the command's.
  if (options.output !== undefined) writeFile(options.output, text);
  else Deno.stderr.writeSync(new TextEncoder().encode(text));
  if (quality.lost > 0 && !options.json) {
    const reasons = Object.entries(quality.lost_by).map(([reason, n]) => `${reason} ${n}`).join(", ");
    warn(`sonde: ${quality.lost} calls are not in it (${reasons})`);
  }
  return words.length > 0 ? code : EXIT.ok;
}

/** Ctrl-C is for the command: a terminal tells it itself. The summary follows when it has ended. */
function ignoringInterrupts(): AbortSignal {
  Deno.addSignalListener("SIGINT", () => {});
  return new AbortController().signal;
}
