/** The command line. @module */
import { reportError } from "./exit_code.ts";
import { program } from "./program.ts";

if (import.meta.main) {
  try {
    await program().parseAsync(Deno.args, { from: "user" });
  } catch (error) {
    Deno.exitCode = reportError(error);
  }
  // Listeners and pools must not keep a finished command alive.
  Deno.exit(Deno.exitCode);
}
