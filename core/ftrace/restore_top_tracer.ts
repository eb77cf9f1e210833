import { readControlOrNull, writeControl } from "./control_file.ts";
import { mark, parseTopSuffix, TOP_FILES, valuesOf } from "./top_settings.ts";
import { writeTopState } from "./top_state.ts";

/** What was set back, and what is still to be. */
export interface TopRestored {
  /** Names of files. */
  readonly reset: readonly string[];
  /** Why something has to wait, as a phrase; null when all is done. */
  readonly inUse: string | null;
}

/**
 * Sets back what a killed run of ours set in the shared tracer. A file that says something else than we wrote is
 * somebody else's by now, and so is the tracer then: nothing is touched while that runs.
 *
 * @param root of tracefs
 * @param instance name of the instance that marks the use
 * @throws {SysError} EBUSY when the tracer cannot be stopped
 */
export function restoreTopTracer(root: string, instance: string): TopRestored {
  const left = parseTopSuffix(instance);
  if (!left) return { reset: [], inUse: null };
  const { marks, before } = left;
  const now = Object.fromEntries(
    TOP_FILES.map((file) => [file, mark(valuesOf(file, readControlOrNull(`${root}/${file}`) ?? ""))]),
  );
  // Threads that start and end change the list (options/function-fork): it is ours when all else is.
  const changes = marks.set_ftrace_pid !== "0";
  const complete = TOP_FILES.every((file) => changes && file === "set_ftrace_pid" || now[file] === marks[file]);
  const tracer = readControlOrNull(`${root}/current_tracer`)?.trim() ?? "nop";
  const reset: string[] = [];
  if (tracer !== "nop") {
    if (!complete || !/^function/.test(tracer)) {
      return { reset, inUse: `current_tracer is ${tracer}, and not as a run of ours left it` };
    }
    stopTopTracer(root);
    reset.push("current_tracer");
  }
  for (const file of TOP_FILES) {
    const ours = now[file] === marks[file] || file === "set_ftrace_pid" && complete;
    if (!ours || marks[file] === "0") continue;
    if (resetTopFile(root, file)) reset.push(file);
  }
  const fork = "options/function-fork";
  if (changes && readControlOrNull(`${root}/${fork}`)?.trim() === "1") {
    writeControl(`${root}/${fork}`, "0");
    reset.push(fork);
  }
  const [event] = (readControlOrNull(`${root}/set_event`) ?? "").split("\n");
  if (event) return { reset, inUse: `the event ${event} is on in the buffer that all share` };
  reset.push(...writeTopState(root, before));
  return { reset, inUse: null };
}

/** Stops the shared tracer. What it left in the buffer is nobody's. */
export function stopTopTracer(root: string): void {
  writeControl(`${root}/current_tracer`, "nop");
  writeControl(`${root}/trace`, "\n", "clear");
}

/** Sets one file of the shared tracer to its default. @returns false when it is not ours to read: we did not set it */
export function resetTopFile(root: string, file: typeof TOP_FILES[number]): boolean {
  if (readControlOrNull(`${root}/${file}`) === null) return false;
  if (file === "max_graph_depth") writeControl(`${root}/${file}`, "0");
  else writeControl(`${root}/${file}`, "\n", "clear");
  return true;
}
