/**
 * Ends a test as skipped, with its reason. `tests/run` counts these lines; Deno's own `ignore` cannot say why.
 *
 * @param reason what the machine lacks, as a short phrase
 */
export function skip(reason: string): void {
  console.log(`SKIPPED: ${reason}`);
}
