/**
 * The machine, its kernel or our privileges do not allow something. The command ends with exit code 3 when nothing
 * else could be done. Message: what failed, on what, the state found.
 */
export class UnsupportedError extends Error {
  override readonly name: string = "UnsupportedError";
  /**
   * @param message what failed, on what, the state found
   * @param remedy what the user can do about it, as a sentence; empty when nothing helps
   */
  constructor(message: string, readonly remedy: string, options?: ErrorOptions) {
    super(message, options);
  }
}

/** Wrong use: an option, argument, file or name that cannot be. Exit code 2. */
export class UsageError extends TypeError {
  override readonly name: string = "UsageError";
  /** @param hint what would be right, as a sentence */
  constructor(message: string, readonly hint: string = "") {
    super(message);
  }
}

/** The process, thread or cgroup asked about does not exist or is gone. */
export class GoneError extends Error {
  override readonly name: string = "GoneError";
}

/** Text of an error for people: message and, when there is one, remedy or hint on a second line. */
export function errorText(error: unknown): string {
  if (error instanceof UnsupportedError && error.remedy) return `${error.message}\n${error.remedy}`;
  if (error instanceof UsageError && error.hint) return `${error.message}\n${error.hint}`;
  return error instanceof Error ? error.message : String(error);
}
