/** What users do about stacks without their root, by the names of `Quality.unwind_failures_by`. */
const WORDS: Readonly<Record<string, string>> = {
  frame_pointer: "led by frame pointers into code built without them (--unwind auto reads tables instead)",
  copy_too_short: "deeper than the copy of the stack",
  no_stack: "of threads that were ending, whose memory was gone",
  other_stack: "that go on in a stack that was not copied (coroutines, alternate signal stacks)",
  unknown_register: "for a register whose value is not known",
  no_mapping: "through memory that holds no code",
  no_table: "through code without unwind tables and without frame pointers",
  bad_table: "through code whose unwind tables are broken, or use what we do not know",
  no_progress: "whose registers or memory were not what the tables say",
  depth_limit: "deeper than the limit of frames",
  "32_bit": "of 32-bit programs, which are not unwound",
};

/**
 * A sentence on stacks that end before their root; none when nearly all are complete.
 *
 * @param failures number of stacks by reason
 * @param events number of all stacks
 * @param stackBytes size of the copies, 0 for none
 */
export function failureNotes(failures: Readonly<Record<string, number>>, events: number, stackBytes: number): string[] {
  const all = Object.entries(failures).sort((a, b) => b[1] - a[1]);
  const sum = all.reduce((n, [, count]) => n + count, 0);
  if (sum < TOLD_FROM * events || sum === 0) return [];
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

/** Fewer change nothing in the picture; the quality line counts them. */
const TOLD_FROM = 0.01;
