import { errnoName } from "../core/sys/mod.ts";
import { summarizeVerifierLog } from "./kernel/verifier_error.ts";

/** A step that libbpf could not do. */
export class LibbpfError extends Error {
  override readonly name = "LibbpfError";
  /** Name of the error number: `EPERM`; `errno 4007` for one of libbpf's own. */
  readonly code: string;

  /**
   * @param message one line: what failed, why, and how much more the log has
   * @param errno positive
   * @param log all that libbpf and the verifier said
   * @param refusedByVerifier whether the verifier had objections, which makes it a fault of ours
   */
  constructor(message: string, readonly errno: number, readonly log: string, readonly refusedByVerifier: boolean) {
    super(message);
    this.code = errnoName(errno);
  }
}

/**
 * Makes the error of a failed call.
 *
 * @param what was tried, as a phrase: `loading "tcp_latency"`
 * @param errno positive or negative
 * @param log what libbpf said
 */
export function libbpfError(what: string, errno: number, log: string): LibbpfError {
  const text = withoutLockedMemoryHint(log);
  const verifier = verifierLog(text);
  const code = errnoName(errno);
  if (verifier !== "") {
    const summary = summarizeVerifierLog(verifier);
    return new LibbpfError(`${what}: ${summary[0].toLowerCase()}${summary.slice(1)}`, Math.abs(errno), text, true);
  }
  const lines = text.split("\n").filter((line) => line.trim() !== "");
  // The first complaint is the cause, those after it repeat it on the way out.
  const first = lines[0]?.trim() ?? "";
  const said = first === "" ? "" : `: ${first}`;
  const rest = lines.length > 1 ? ` (and ${lines.length - 1} more line${lines.length === 2 ? "" : "s"})` : "";
  return new LibbpfError(`${what} failed (${code})${said}${rest}`, Math.abs(errno), text, false);
}

/**
 * Takes out the hints to raise the limit on locked memory. libbpf gives them whenever it gets EPERM, but raises the limit
 * itself where the kernel counts BPF as locked memory (before 5.11); a refusal of fentry, for one, has other reasons.
 */
function withoutLockedMemoryHint(log: string): string {
  return log.split("\n")
    .filter((line) => !/ulimit -l|^Failed to bump RLIMIT_MEMLOCK/.test(line))
    .map((line) => line.replace(/ and\/or that RLIMIT_MEMLOCK is set to big enough value/, ""))
    .join("\n");
}

/** What stands between libbpf's marks for the verifier's log; empty without objections. */
function verifierLog(log: string): string {
  const [, text = ""] = /-- BEGIN PROG LOAD LOG --\n([\s\S]*?)\n?-- END PROG LOAD LOG --/.exec(log) ?? [];
  // Statistics alone are no objection: the kernel refused for another reason.
  const objections = text.split("\n").filter((line) => line.trim() !== "" && !/^(processed \d+ insns|\s*$)/.test(line));
  return objections.length > 0 ? text : "";
}
