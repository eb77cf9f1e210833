/**
 * `deno task cases [NAME…] [--runs 3] [--record DIR] [--settle 30] [--dry]`: runs each load alone in the background, `sonde diagnose
 * --json` beside it, and compares the diagnosis with what is known of the load. `--record` keeps the recordings as
 * `DIR/NAME.RUN.jsonl.zst`; `--settle` waits at most so many seconds for the machine to be quiet before each run;
 * `--dry` only starts the load. Exit code 0 when every run was right, 1 when not, 2 for wrong
 * use, 3 without what it needs.
 *
 * @module
 */
import { constants, zstdCompressSync } from "node:zlib";
import { parseArgs } from "node:util";
import { fileURLToPath } from "node:url";
import type { Diagnosis, Json } from "../../core/data/mod.ts";
import { openBench } from "./bench.ts";
import type { Case } from "./case.ts";
import { CASES } from "./cases.ts";
import { removeStaleCgroups } from "./cgroups.ts";
import { quiet } from "./quiet.ts";
import { type Answers, looseEvidence, type Score, score } from "./score.ts";
import { scrub } from "./scrub.ts";
import { printRow, printSummary, type RunResult } from "./table.ts";

const SONDE = fileURLToPath(new URL("../../sonde", import.meta.url));
const stopped = new AbortController();

interface Options {
  readonly cases: readonly Case[];
  readonly runs: number;
  readonly record: string | undefined;
  readonly settle: number;
  readonly dry: boolean;
}

function options(): Options {
  const { values, positionals } = parseArgs({
    allowPositionals: true,
    options: {
      runs: { type: "string", default: "3" },
      record: { type: "string" },
      settle: { type: "string", default: "30" },
      dry: { type: "boolean", default: false },
    },
  });
  const unknown = positionals.filter((name) => !CASES.some((c) => c.name === name));
  const runs = Number(values.runs);
  if (unknown.length > 0 || !Number.isInteger(runs) || runs < 1) {
    const names = CASES.map((c) => c.name).join(" ");
    console.error(
      unknown.length > 0 ? `There is no case ${unknown.join(", ")}. There are ${names}` : "--runs takes 1 or more",
    );
    Deno.exit(2);
  }
  const cases = positionals.length === 0 ? CASES : CASES.filter((c) => positionals.includes(c.name));
  return { cases, runs, record: values.record, settle: Number(values.settle), dry: values.dry };
}

/** One load, one diagnosis. */
async function runOnce(c: Case, record: string, settle: number): Promise<RunResult> {
  const busyBefore = await quiet(settle, stopped.signal);
  await using bench = await openBench();
  await c.start(bench);
  const started = performance.now();
  const child = new Deno.Command(SONDE, {
    args: ["diagnose", "--json", "--record", record, "--full"],
    stdin: "null",
    stdout: "piped",
    stderr: "piped",
    signal: stopped.signal,
  });
  const { code, stdout, stderr } = await child.output();
  const seconds = (performance.now() - started) / 1000;
  stopped.signal.throwIfAborted();
  bench.check();
  if (code !== 0) {
    const why = new TextDecoder().decode(stderr).trim().split("\n").slice(-3).join(" / ");
    return { case: c, seconds, busyBefore, failure: `exit code ${code}: ${why}` };
  }
  const diagnosis: Diagnosis = JSON.parse(new TextDecoder().decode(stdout));
  const result: Score = score(c, diagnosis, await answersOf(record));
  return { case: c, seconds, busyBefore, diagnosis, score: result, loose: looseEvidence(diagnosis) };
}

/** What was recorded, read as plain JSON: not by the code that wrote it. */
async function answersOf(path: string): Promise<Answers> {
  const answers = new Map<string, Json>();
  for (const line of (await Deno.readTextFile(path)).split("\n")) {
    if (line === "") continue;
    const { kind, record, results } = JSON.parse(line);
    if (kind === "call") answers.set(record.id, { schema: 1, tool: record.tool, args: record.args, results });
  }
  return answers;
}

/** Keeps a recording as a fixture: scrubbed, and all lines as one frame, a tenth of what a frame a line takes. */
async function keep(path: string, to: string): Promise<void> {
  const text = await Deno.readTextFile(path);
  const bytes = scrub(text.trimEnd().split("\n")).join("\n") + "\n";
  const params = { [constants.ZSTD_c_compressionLevel]: 19, [constants.ZSTD_c_checksumFlag]: 1 };
  await Deno.writeFile(to, zstdCompressSync(bytes, { params }));
}

/** Only starts the load and leaves it running until a signal comes. */
async function dry(c: Case): Promise<void> {
  await using bench = await openBench();
  await c.start(bench);
  console.log(`${c.name} runs: ${c.doc}; processes ${bench.pids.join(" ")}. Ctrl-C ends it`);
  await new Promise((resolve) => stopped.signal.addEventListener("abort", resolve));
}

/** Two runs at once would be each other's noise. False when a signal came while waiting. */
async function lockAlone(file: Deno.FsFile): Promise<boolean> {
  for (let told = false; !await file.tryLock(true); told = true) {
    if (!told) console.error("Another run of the loads is going on: waiting for its end");
    await new Promise((resolve) => setTimeout(resolve, 500));
    if (stopped.signal.aborted) return false;
  }
  return true;
}

async function main(): Promise<number> {
  const { cases, runs, record, settle, dry: onlyStart } = options();
  for (const signal of ["SIGINT", "SIGTERM"] as const) Deno.addSignalListener(signal, () => stopped.abort());
  if (Deno.uid() !== 0) {
    console.error("The loads need root: some run in cgroups of their own");
    return 3;
  }
  using lock = await Deno.open("/var/tmp/sonde_cases.lock", { write: true, create: true });
  if (!await lockAlone(lock)) return 1;
  await removeStaleCgroups();
  if (onlyStart) {
    await dry(cases[0]);
    return 0;
  }
  if (record !== undefined) await Deno.mkdir(record, { recursive: true });
  const scratch = await Deno.makeTempDir({ prefix: "sonde_cases_" });
  const results: RunResult[] = [];
  try {
    for (const c of cases) {
      for (let run = 1; run <= runs; run++) {
        if (stopped.signal.aborted) break;
        const path = `${scratch}/${c.name}.jsonl`;
        const result = await runOnce(c, path, settle);
        results.push(result);
        printRow(result, run);
        if (record !== undefined && result.diagnosis) await keep(path, `${record}/${c.name}.${run}.jsonl.zst`);
      }
    }
  } catch (error) {
    if (!stopped.signal.aborted) throw error;
  } finally {
    await Deno.remove(scratch, { recursive: true });
  }
  printSummary(results);
  return stopped.signal.aborted || results.some((r) => !r.score?.right) ? 1 : 0;
}

Deno.exit(await main());
