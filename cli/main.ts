/** The command line. @module */
import { reportError } from "./exit_code.ts";
import { quickRun } from "./quick_run.ts";

if (import.meta.main) {
  // What a plugin throws where nobody waits for it must not end us with a code that means something else.
  for (const type of ["error", "unhandledrejection"] as const) {
    globalThis.addEventListener(type, (event) => {
      event.preventDefault();
      Deno.exit(reportError("reason" in event ? event.reason : (event as ErrorEvent).error));
    });
  }
  try {
    const quick = quickRun(Deno.args);
    if (quick) Deno.exitCode = await (await import("./commands/run.ts")).runCommand(quick.file, quick.options);
    else await (await import("./program.ts")).program().parseAsync(Deno.args, { from: "user" });
  } catch (error) {
    Deno.exitCode = reportError(error);
  }
  // Listeners and pools must not keep a finished command alive.
  Deno.exit(Deno.exitCode);
}
