/** What a run of `deno test` came to. */
export interface TestCounts {
  readonly passed: number;
  readonly failed: number;
  /** One entry a test or step that failed, as the list at the end names it, name and place; below, indented, the beginning of why. */
  readonly failures: readonly string[];
  /** One entry a test that skipped itself (tests/skip.ts) or is ignored: file, name, reason. */
  readonly skipped: readonly string[];
  /** Whether the run came to its end: a crash of the process leaves no summary. */
  readonly complete: boolean;
}

/** Of an error's text with its stack, lines that are kept: a log may be shown by its end alone. */
const REASON_LINES = 16;
const PLACE = / => \S+:\d+:\d+$/;

/**
 * Counts from the lines that `deno test` prints without colour. A test that printed a reason for skipping did not pass.
 */
export function countTests(): { read(line: string): void; counts(): TestCounts } {
  let file = "";
  let test = "";
  let passed = 0;
  let failed = 0;
  let complete = false;
  /** Behind the heading of the errors, and then of the list of those that failed. */
  let part: "errors" | "list" | null = null;
  const reasons = new Map<string, string[]>();
  let reason: string[] = [];
  const failures: string[] = [];
  const skippedTests = new Set<string>();
  const skipped: string[] = [];
  return {
    read(line): void {
      file = line.match(/^running \d+ tests? from (.+)/)?.[1] ?? file;
      // Steps of a test are indented.
      test = line.match(/^(\S.*) \.\.\.( |$)/)?.[1] ?? test;
      const which = `${file}: ${test}`;
      const skip = line.match(/^SKIPPED: (.*)/)?.[1];
      if (skip !== undefined) {
        skipped.push(`${which}: ${skip}`);
        skippedTests.add(which);
      } else if (/^\S.* \.\.\. ignored /.test(line)) skipped.push(`${which}: ignored`);
      // A test's message may hold such lists of its own: the last one counts.
      if (line === " ERRORS " || line === " FAILURES ") {
        part = line === " ERRORS " ? "errors" : "list";
        failures.length = 0;
      } else if (part === "list" && PLACE.test(line)) failures.push(line.trim());
      else if (part === "errors" && PLACE.test(line)) reasons.set(line.trim(), reason = []);
      else if (part === "errors" && line.trim() !== "" && reason.length < REASON_LINES) reason.push(`    ${line}`);
      const summary = line.match(/^(?:ok|FAILED) \| (\d+) passed.*? \| (\d+) failed/);
      if (summary) {
        complete = true;
        passed = Number(summary[1]);
        failed = Number(summary[2]);
      }
    },
    counts: () => ({
      passed: Math.max(0, passed - skippedTests.size),
      failed,
      failures: failures.map((name) => [name, ...reasons.get(name) ?? []].join("\n")),
      skipped,
      complete,
    }),
  };
}
