import type { VerifierError } from "./kernel/verifier_error.ts";
import type { Refusal } from "./refusal.ts";

/** The kernel's verifier refused what we generated, with the end of its log: nobody but us can mend that. */
export function defect(error: VerifierError): Refusal {
  return {
    reason: `${error.message}\n${logEnd(error.log)}`,
    remedy: "This is a defect of sonde: please report it with the lines above.",
  };
}

/** Lines of a verifier's log that are shown; the whole is in the error. */
const LOG_LINES = 12;

function logEnd(log: string): string {
  const lines = log.trim().split("\n");
  const left = lines.length - LOG_LINES;
  return [...(left > 0 ? [`… ${left} lines before`] : []), ...lines.slice(-LOG_LINES)].map((l) => `  ${l}`).join("\n");
}
