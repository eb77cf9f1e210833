/**
 * The one gate, `deno task ok`: format, lint (with the architecture), types, documentation, generated files, tests.
 * Every check runs, also after one failed. The last line is `N passed, N failed, N skipped`; the reasons of what was
 * skipped (tests/skip.ts) stand before it. Arguments name test files or folders instead of all tests.
 *
 * @module
 */
import { fileURLToPath } from "node:url";
import { countTests } from "./count_tests.ts";

const root = fileURLToPath(new URL("../", import.meta.url));
const ROOMS = ["bpf", "cli", "core", "deploy", "dsl", "plugins", "tests"];

interface Check {
  readonly name: string;
  readonly args: readonly string[];
}

const CHECKS: readonly Check[] = [
  { name: "format", args: ["fmt", "--check"] },
  { name: "lint", args: ["lint"] },
  { name: "types", args: ["check", "--quiet", "."] },
  { name: "documentation", args: ["run", "-A", "--quiet", "tests/doc_lint.ts"] },
  { name: "generated files", args: ["task", "--quiet", "gen", "--check"] },
  { name: "compiled BPF programs", args: ["task", "--quiet", "bpf", "--check"] },
  { name: "compiled sampler", args: ["task", "--quiet", "native", "--check"] },
];

let passed = 0;
let failed = 0;
const failures: string[] = [];
const skipped: string[] = [];

for (const check of CHECKS) {
  title(`${check.name}: deno ${check.args.join(" ")}`);
  const started = performance.now();
  const { success } = await deno(check.args);
  const seconds = ((performance.now() - started) / 1000).toFixed(1);
  console.log(`${check.name} ${success ? "ok" : "FAILED"} (${seconds} s)`);
  if (success) passed++;
  else fail(check.name);
}

// Types were checked above. One process, one test at a time: tests that attach to the kernel would see one another's load.
// Not --quiet, which hides the reasons for skipping.
const tests = ["test", "-A", "--no-check", "--doc", ...(Deno.args.length > 0 ? Deno.args : ROOMS)];
title(`tests: deno ${tests.join(" ")}`);
const counter = countTests();
const end = await deno(tests, counter.read);
const counts = counter.counts();
passed += counts.passed;
failed += counts.failed;
skipped.push(...counts.skipped);
if (!counts.complete) fail(`the tests ended without a summary${end.signal ? ` (${end.signal})` : ""}`);
else if (counts.failed > 0) {
  failures.push(...counts.failures, `${counts.failed} tests; their whole output stands above`);
} else if (!end.success) fail("deno test");

if (skipped.length > 0) {
  title("skipped, and why");
  for (const reason of skipped) console.log(reason);
}
if (failures.length > 0) {
  title("failed");
  for (const failure of failures) console.log(failure);
}
console.log(`\n${passed} passed, ${failed} failed, ${skipped.length} skipped`);
Deno.exit(failed > 0 ? 1 : 0);

function fail(what: string): void {
  failed++;
  failures.push(what);
}

function title(text: string): void {
  console.log(`\n== ${text}`);
}

/** Runs deno with its output shown; each line of standard output is also handed to `read`. */
async function deno(
  args: readonly string[],
  read?: (line: string) => void,
): Promise<{ success: boolean; signal: string | null }> {
  const child = new Deno.Command(Deno.execPath(), {
    args: [...args],
    cwd: root,
    stdin: "null",
    stdout: read ? "piped" : "inherit",
    stderr: "inherit",
    env: { NO_COLOR: "1" },
  }).spawn();
  if (read) {
    let rest = "";
    for await (const chunk of child.stdout.pipeThrough(new TextDecoderStream())) {
      Deno.stdout.writeSync(new TextEncoder().encode(chunk));
      const lines = (rest + chunk).split("\n");
      rest = lines.pop() ?? "";
      lines.forEach(read);
    }
  }
  const { success, signal } = await child.status;
  return { success, signal };
}
