/** What a run of `deno test` came to. */
export interface TestCounts {
  readonly passed: number;
  readonly failed: number;
  /** One entry a test or step that failed, as the list at the end names it: name and place. */
  readonly failures: readonly string[];
  /** One entry a test that skipped itself (tests/skip.ts) or is ignored: file, name, reason. */
  readonly skipped: readonly string[];
  /** Whether the run came to its end: a crash of the process leaves no summary. */
  readonly complete: boolean;
}

/**
 * Counts from the lines that `deno test` prints without colour. A test that printed a reason for skipping did not pass.
 */
export function countTests(): { read(line: string): void; counts(): TestCounts } {
  let file = "";
  let test = "";
  let passed = 0;
  let failed = 0;
  let complete = false;
  /** Behind the heading of the list of those that failed. */
  let listing = false;
  const failures: string[] = [];
  const skippedTests = new Set<string>();
  const skipped: string[] = [];
  return {
    read(line): void {
      file = line.match(/^running \d+ tests? from (.+)/)?.[1] ?? file;
      // Steps of a test are indented.
      test = line.match(/^(\S.*) \.\.\.( |$)/)?.[1] ?? test;
      const which = `${file}: ${test}`;
      const reason = line.match(/^SKIPPED: (.*)/)?.[1];
      if (reason !== undefined) {
        skipped.push(`${which}: ${reason}`);
        skippedTests.add(which);
      } else if (/^\S.* \.\.\. ignored /.test(line)) skipped.push(`${which}: ignored`);
      // A test's message may hold such a list of its own: the last one counts.
      if (line.trim() === "FAILURES") {
        listing = true;
        failures.length = 0;
      }
      if (listing && / => \S/.test(line)) failures.push(line.trim());
      const summary = line.match(/^(?:ok|FAILED) \| (\d+) passed.*? \| (\d+) failed/);
      if (summary) {
        complete = true;
        passed = Number(summary[1]);
        failed = Number(summary[2]);
      }
    },
    counts: () => ({ passed: Math.max(0, passed - skippedTests.size), failed, failures, skipped, complete }),
  };
}
