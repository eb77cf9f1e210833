/** What users do about stacks without their root, by the names of `Quality.unwind_failures_by`. */
const WORDS: Readonly<Record<string, string>> = {
  frame_pointer: "lead by frame pointers into code that was built without them (--unwind auto reads tables instead)",
  copy_too_short: "are deeper than the copy of the stack",
  no_stack: "are of threads that were ending, whose memory was gone",
  other_stack: "go on in a stack that was not copied (coroutines, alternate signal stacks)",
  unknown_register: "need a register whose value is not known",
  no_mapping: "lead into memory that holds no code",
  no_table: "go through code without unwind tables and without frame pointers",
  bad_table: "go through code whose unwind tables are broken, or use what we do not know",
  no_progress: "do not go on upwards: their registers or memory were not what the tables say",
  depth_limit: "are deeper than the limit of frames",
  "32_bit": "are of 32-bit programs, which are not unwound",
};

/**
 * A sentence on stacks that end before their root; none when all are complete.
 *
 * @param failures number of stacks by reason
 * @param events number of all stacks
 * @param stackBytes size of the copies, 0 for none
 */
export function failureNotes(failures: Readonly<Record<string, number>>, events: number, stackBytes: number): string[] {
  const all = Object.entries(failures).sort((a, b) => b[1] - a[1]);
  const sum = all.reduce((n, [, count]) => n + count, 0);
  if (sum === 0) return [];
  const reasons = all.map(([why, n]) => {
    const size = why === "copy_too_short"
      ? ` of ${Math.round(stackBytes / 102.4) / 10} KiB${largerCopy(stackBytes)}`
      : "";
    return `${n} ${WORDS[why] ?? why}${size}`;
  });
  return [`${sum} of ${events} stacks end before their root: ${reasons.join("; ")}.`];
}

function largerCopy(stackBytes: number): string {
  return stackBytes < 64_000 ? " (--stack-size 63K takes more)" : "";
}
