import { didYouMean, GoneError, type Results, UsageError } from "../../core/data/mod.ts";
import { EXIT } from "../exit_code.ts";
import { print } from "../output.ts";
import { untilProcessEnds } from "../process_end.ts";
import { terminalProgress } from "../progress.ts";
import { openSession, type Session } from "../session.ts";
import { checkOutput, showResults } from "../show_results.ts";

/** Options of `sonde analyze`. */
export interface AnalyzeOptions {
  readonly json?: boolean;
  readonly pid?: number;
  /** Nanoseconds. */
  readonly for: number;
  readonly mechanism: string;
  readonly top: number;
  readonly output?: string;
  readonly lang?: "en" | "zh";
}

/** Runs one of the analyzers, or lists them. */
export async function analyzeCommand(name: string | undefined, options: AnalyzeOptions): Promise<number> {
  await checkOutput(options.output);
  const progress = terminalProgress();
  const session = await openSession([], (text) => progress.show(text));
  const tool = await session.registry.tool("run_ebpf_analyzer");
  const names = tool.params.program.enum ?? [];
  if (name === undefined) {
    const docOf = (n: string): string => tool.description.split(`\n${n}: `)[1]?.split("\n")[0] ?? "";
    print(names.map((n) => `${n.padEnd(20)}${docOf(n)}`.trimEnd()).join("\n") + "\n");
    return EXIT.ok;
  }
  if (!names.includes(name)) {
    throw new UsageError(`There is no analyzer "${name}"`, didYouMean(name, names) || `There are: ${names.join(", ")}`);
  }
  if (options.output !== undefined && !/\.(json|csv|txt)$/.test(options.output)) {
    await checkFlame(name, options.output, session);
  }
  const { pid } = options;
  if (pid !== undefined && session.host.processStat(pid) === null) throw new GoneError(`There is no process ${pid}`);
  progress.show(`${name} … (Ctrl-C ends)`);
  let results: Results;
  try {
    using end = untilProcessEnds(session.host, pid, session.context.signal);
    results = await tool.run({
      program: name,
      pid: pid ?? 0,
      duration_secs: options.for / 1e9,
      mechanism: options.mechanism,
    }, { ...session.context, signal: end.signal });
  } finally {
    progress.clear();
  }
  // A profile is a picture: on a terminal its table tells the same.
  const shown = options.json || options.output !== undefined
    ? results
    : Object.fromEntries(Object.entries(results).filter(([, r]) => r.kind !== "profile"));
  await showResults(shown, { analyzer: name }, { ...options, maxRows: options.top, title: name });
  return EXIT.ok;
}

/** @throws {UsageError} when an analyzer has no stacks, which alone are drawn */
async function checkFlame(name: string, path: string, { api }: Session): Promise<void> {
  const { ANALYZERS } = await import("../../plugins/analyzers/all.ts");
  const drawn = ANALYZERS.map((make) => make(api)).filter((a) => a.flame !== undefined).map((a) => a.name);
  if (drawn.some((n) => n === name)) return;
  throw new UsageError(
    `"${path}": ${name} has tables, and no stacks to draw`,
    `Write it as .json, .csv or .txt. With stacks: ${drawn.join(", ")}`,
  );
}
