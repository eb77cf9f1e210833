/** The verifier's refusal of a program. */
export class VerifierError extends Error {
  override readonly name = "VerifierError";
  /**
   * @param message one line: what it complained about, and how much more the log has
   * @param log the whole log
   * @param errno positive
   */
  constructor(message: string, readonly log: string, readonly errno: number) {
    super(message);
  }
}

/** The line of a verifier's log that says what was wrong, and how many lines stand around it. */
export function summarizeVerifierLog(log: string): string {
  const lines = log.trim().split("\n").filter((line) => line.trim() !== "");
  // The log ends with statistics; before them comes the complaint.
  const complaint = lines.findLast((line) =>
    !/^(processed \d+ insns|verification time|stack depth|max_states)/.test(line)
  );
  if (complaint === undefined) return "The verifier refused the program without a reason";
  const rest = lines.length - 1;
  return `The verifier refused the program: ${complaint.trim()} (and ${rest} more line${rest === 1 ? "" : "s"})`;
}
