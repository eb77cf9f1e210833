import { createSondeApi } from "../../cli/sonde_api.ts";
import { recordsOf, type Results } from "../../core/data/mod.ts";
import type { AnalyzerName, Cell } from "../../core/plugin_api/mod.ts";
import { ANALYZERS } from "../../plugins/analyzers/all.ts";
import { type Mechanism, runAnalyzer } from "../../plugins/analyzers/run_analyzer.ts";

const api = createSondeApi();

/** A program that has started and stopped itself before its exec. */
export interface HeldProgram {
  readonly pid: number;
  /** Lets it run. Calls after the first do nothing. */
  go(): void;
  /** What it prints until a condition holds; the same again afterwards. */
  text(until: (text: string) => boolean): Promise<string>;
  /** Closes its standard input, waits for its end. */
  end(): Promise<number>;
}

/** Starts a program whose every event is to be seen. Its standard input and output are ours. */
export async function holdProgram(words: readonly string[]): Promise<HeldProgram> {
  const child = new Deno.Command("/bin/sh", {
    args: ["-c", 'kill -STOP $$; exec "$@"', "sh", ...words],
    stdin: "piped",
    stdout: "piped",
  }).spawn();
  while (api.host.processStat(child.pid)?.state !== "T") await new Promise((resolve) => setTimeout(resolve, 1));
  const reader = child.stdout.pipeThrough(new TextDecoderStream()).getReader();
  let text = "";
  let going = false;
  return {
    pid: child.pid,
    go() {
      if (!going) child.kill("SIGCONT");
      going = true;
    },
    async text(until) {
      while (!until(text)) {
        const { value, done } = await reader.read();
        if (done) break;
        text += value;
      }
      return text;
    },
    async end() {
      await child.stdin.close().catch(() => {}); // it may have ended
      while (!(await reader.read()).done);
      return (await child.status).code;
    },
  };
}

/**
 * Runs an analyzer over a program by several mechanisms in the same time, from before its exec until it says that it has
 * done its work, or has ended.
 *
 * @param done whether that is so, by what it has printed
 */
export async function analyzeProgram<M extends Mechanism>(
  name: AnalyzerName,
  words: readonly string[],
  mechanisms: readonly M[],
  done: (text: string) => boolean = () => false,
): Promise<{ readonly pid: number; readonly text: string; readonly by: Readonly<Record<M, Results>> }> {
  const analyzer = ANALYZERS.map((make) => make(api)).find((a) => a.name === name)!;
  const program = await holdProgram(words);
  const enough = new AbortController();
  let waiting = mechanisms.length;
  const ready = Promise.withResolvers<void>();
  const runs = mechanisms.map((mechanism) =>
    runAnalyzer(api, analyzer, {
      pid: program.pid,
      durationNs: 600e9,
      signal: enough.signal,
      onReady: () => {
        if (--waiting === 0) ready.resolve();
      },
    }, mechanism)
  );
  try {
    await Promise.race([ready.promise, Promise.all(runs)]);
    program.go();
    const text = await program.text(done);
    // Done is done when it waits for its input.
    while (api.host.processStat(program.pid)?.state === "R") await new Promise((resolve) => setTimeout(resolve, 1));
    enough.abort();
    const results = await Promise.all(runs);
    const by = Object.fromEntries(mechanisms.map((m, i) => [m, results[i]])) as Record<M, Results>;
    return { pid: program.pid, text, by };
  } finally {
    program.go();
    enough.abort();
    await program.end();
    await Promise.allSettled(runs);
  }
}

/** Rows of a result. */
export function rowsOf(results: Results, name: string): Readonly<Record<string, Cell>>[] {
  const table = results[name];
  if (table?.kind !== "table") throw new TypeError(`There is no table ${name}`);
  return recordsOf(table);
}
