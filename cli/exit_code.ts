import { errorText, GoneError, UnsupportedError, UsageError } from "../core/data/mod.ts";
import { warn } from "./output.ts";

/** Exit codes of every command. */
export const EXIT = {
  /** Done. */
  ok: 0,
  /** An `expect` failed or was inconclusive, or `--fail-on` was reached. */
  failed: 1,
  /** Wrong use, or a recipe with errors. */
  usage: 2,
  /** The machine allows none of it. */
  unsupported: 3,
} as const;

/** The exit code for an error that ended a command. An error of our own making is shown with its stack. */
export function exitCodeOf(error: unknown): number {
  if (error instanceof UsageError || error instanceof GoneError) return EXIT.usage;
  if (error instanceof UnsupportedError) return EXIT.unsupported;
  return EXIT.unsupported;
}

/** Tells the user about an error that ended a command; answers the exit code. */
export function reportError(error: unknown): number {
  const ours = error instanceof UsageError || error instanceof UnsupportedError || error instanceof GoneError ||
    // Errors of system calls carry what to do.
    (error instanceof Error && "remedy" in error);
  if (ours) {
    const remedy = error instanceof Error && "remedy" in error && !(error instanceof UnsupportedError)
      ? String(error.remedy)
      : "";
    warn(`sonde: ${errorText(error)}${remedy ? `\n${remedy}` : ""}`);
  } else {
    warn(`sonde: ${error instanceof Error ? error.stack ?? error.message : String(error)}`);
    warn("This is a defect of sonde: please report it with the lines above.");
  }
  return exitCodeOf(error);
}
