import { readControlOrNull, writeControl } from "./control_file.ts";

/**
 * Switches an instance off and removes it.
 *
 * @throws {Deno.errors.Busy} when somebody reads it
 */
export function removeInstance(path: string): void {
  // A tracer that runs would be in the way of what is switched off below it.
  for (const [file, text] of [["tracing_on", "0"], ["current_tracer", "nop"]]) {
    if (readControlOrNull(`${path}/${file}`) !== null) writeControl(`${path}/${file}`, text);
  }
  // Its files are the kernel's, and go with it.
  Deno.removeSync(path);
}
