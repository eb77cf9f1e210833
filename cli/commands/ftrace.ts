import { GoneError, type Results, resultsToJson, UsageError } from "../../core/data/mod.ts";
import type { FunctionRequest, GraphRequest } from "../../core/ftrace/mod.ts";
import { EXIT } from "../exit_code.ts";
import { print, warn } from "../output.ts";
import { untilProcessEnds } from "../process_end.ts";
import { terminalProgress } from "../progress.ts";
import { openSession, type Session } from "../session.ts";
import { renderOptions } from "../render_options.ts";
import { checkOutput, renderAll, showResults } from "../show_results.ts";

/** Options of `sonde ftrace`. */
export interface FtraceOptions {
  readonly json?: boolean;
  readonly graph?: boolean;
  readonly depth?: number;
  readonly callees?: readonly string[];
  readonly print?: boolean;
  readonly pid?: number;
  /** Nanoseconds. */
  readonly for?: number;
  readonly top: number;
  readonly output?: string;
}

/** Default window when neither a command nor `--for` bounds it, ns. */
const DEFAULT_WINDOW_NS = 5e9;

/**
 * Counts or times calls of the kernel's functions.
 *
 * @param words functions, and behind `--` the command to run
 */
export async function ftraceCommand(words: readonly string[], options: FtraceOptions): Promise<number> {
  const [functions, command] = split(words);
  if (functions.length === 0) throw new UsageError("Name a function", "sonde ftrace vfs_read, or sonde ftrace 'vfs_*'");
  if (!options.graph && (options.depth !== undefined || options.print)) {
    throw new UsageError("--depth and --print go with --graph");
  }
  if (options.callees && options.depth === undefined) throw new UsageError("--callees goes with --depth");
  if (options.pid !== undefined && command.length > 0) throw new UsageError("--pid and a command exclude each other");
  if (options.print && options.json) throw new UsageError("--print and --json exclude each other");
  await checkOutput(options.output, "tables");
  const session = await openSession();
  if (options.pid !== undefined && session.host.processStat(options.pid) === null) {
    throw new GoneError(`There is no process ${options.pid}`);
  }
  const progress = terminalProgress();
  const measuring = (whom: Pick<FunctionRequest, "pid" | "durationNs" | "signal" | "onReady">): Promise<Results> =>
    measure(session, functions, options, {
      ...whom,
      onReady(matched) {
        progress.show(`${matched.functions} function${matched.functions === 1 ? "" : "s"} traced … (Ctrl-C ends)`);
        whom.onReady?.(matched);
      },
    }).finally(() => progress.clear());
  if (command.length > 0) {
    const { measureChild } = await import("../measure_child.ts");
    const show = async (results: Results): Promise<void> => {
      if (options.output !== undefined) await showResults(results, { command: [...command] }, options);
      else if (options.json) warn(JSON.stringify({ schema: 1, command, results: resultsToJson(results) }));
      else warn(await renderAll(results, undefined, { ...renderOptions(), maxRows: options.top }));
    };
    return await measureChild(command, session, measuring, show, { durationNs: options.for });
  }
  using end = untilProcessEnds(session.host, options.pid, session.context.signal);
  const results = await measuring({
    pid: options.pid ?? 0,
    durationNs: options.for ?? DEFAULT_WINDOW_NS,
    signal: end.signal,
  });
  await showResults(results, { functions: [...functions] }, { ...options, maxRows: options.top });
  return EXIT.ok;
}

/** The words before and behind `--`: what parses the options leaves it out, so that it is looked for in the arguments. */
function split(words: readonly string[]): [functions: readonly string[], command: readonly string[]] {
  const mark = Deno.args.indexOf("--");
  const behind = mark < 0 ? 0 : Deno.args.length - mark - 1;
  return [words.slice(0, words.length - behind), behind > 0 ? words.slice(-behind) : []];
}

async function measure(
  session: Session,
  functions: readonly string[],
  options: FtraceOptions,
  whom: Pick<FunctionRequest, "pid" | "durationNs" | "signal" | "onReady">,
): Promise<Results> {
  const { kernelFunctions } = session.api;
  let matched = 0;
  if (!options.graph) return told(await kernelFunctions.count({ ...whom, functions, onReady: note }));
  const printer = options.print ? await printerOf(session) : null;
  const request: GraphRequest = {
    ...whom,
    functions,
    depth: options.depth ?? 0,
    callees: options.callees,
    onReady: note,
    ...(printer && { onCall: (call) => printer.call(call) }),
  };
  const results = await kernelFunctions.time(request);
  printer?.end();
  return told(results);

  function note(m: { readonly functions: number }): void {
    matched = m.functions;
    whom.onReady?.(m);
  }
  /** How many functions that were stands with the result. */
  function told(found: Results): Results {
    const text = `${matched} function${matched === 1 ? "" : "s"} traced.`;
    return Object.fromEntries(
      Object.entries(found).map(([name, r]) => [name, {
        ...r,
        quality: { ...r.quality, notes: [text, ...r.quality.notes] },
      }]),
    );
  }
}

async function printerOf(session: Session): Promise<import("../call_graph.ts").CallGraphPrinter> {
  const { callGraphPrinter } = await import("../call_graph.ts");
  const { kernelNames } = await import("../function_results.ts");
  const { readControlOrNull } = await import("../../core/ftrace/control_file.ts");
  const name = kernelNames(session.host);
  const comms = new Map<number, string>();
  const comm = (tid: number): string => {
    if (tid === 0) return "<idle>";
    let known = comms.get(tid) ?? session.host.processStat(tid)?.comm;
    if (known === undefined) {
      // It has ended: the kernel keeps the names of threads that it traced.
      const saved = readControlOrNull(`${session.host.path("tracefs")}/saved_cmdlines`) ?? "";
      known = new RegExp(`^${tid} (.*)$`, "m").exec(saved)?.[1] ?? "<...>";
    }
    comms.set(tid, known);
    return known;
  };
  return callGraphPrinter((address) => name(address).name, comm, print);
}
