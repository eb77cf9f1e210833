import { readControlOrNull, writeControl } from "./control_file.ts";
import { mark, marksOf, TOP_FILES, valuesOf } from "./top_settings.ts";

/**
 * Sets back what a killed run of ours set in the shared tracer. A file that says something else than we wrote is
 * somebody else's by now, and so is the tracer then.
 *
 * @param root of tracefs
 * @param instance name of the instance that marks the use
 * @returns what was set back
 */
export function restoreTopTracer(root: string, instance: string): string[] {
  const marks = marksOf(instance);
  if (!marks) return [];
  const ours = (file: typeof TOP_FILES[number]): "default" | "ours" | "other" => {
    const now = mark(valuesOf(file, readControlOrNull(`${root}/${file}`) ?? ""));
    return now === "0" ? "default" : now === marks[file] ? "ours" : "other";
  };
  const states = TOP_FILES.map((file) => [file, ours(file)] as const);
  // The tracer is switched on last: with it, all that we set is there.
  const complete = states.every(([file, state]) => state === (marks[file] === "0" ? "default" : "ours"));
  const done: string[] = [];
  if (complete && /^function/.test(readControlOrNull(`${root}/current_tracer`) ?? "")) {
    writeControl(`${root}/current_tracer`, "nop");
    done.push("current_tracer");
  }
  for (const [file, state] of states) {
    if (state !== "ours") continue;
    resetTopFile(root, file);
    done.push(file);
  }
  if (done.length > 0) writeControl(`${root}/options/function-fork`, "0");
  return done;
}

/** Sets one file of the shared tracer to its default. */
export function resetTopFile(root: string, file: typeof TOP_FILES[number]): void {
  if (file === "max_graph_depth") writeControl(`${root}/${file}`, "0");
  else writeControl(`${root}/${file}`, "\n", "clear");
}
