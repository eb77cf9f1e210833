import { UnsupportedError } from "../data/mod.ts";
import { type Host, mountTracefs } from "../host/mod.ts";
import { readControlOrNull, writeControl } from "./control_file.ts";
import { removeLeftovers } from "./leftovers.ts";
import { resetTopFile, stopTopTracer } from "./restore_top_tracer.ts";
import { TOP_FILES, type TopSettings, topSuffix, valuesOf } from "./top_settings.ts";
import { readTopState, writeTopState } from "./top_state.ts";
import { openTraceInstance, type TraceInstance } from "./trace_instance.ts";

/**
 * Borrows the tracer that all share, for what kernels do not offer in private instances. Only when nobody uses it: no
 * tracer, no event, no filter, nothing in its buffer. Disposing it sets everything back; a run that is killed is cleaned
 * up after by {@linkcode removeLeftovers}.
 *
 * @param settings what will be set, by the caller
 * @throws {UnsupportedError} when somebody uses it
 */
export function borrowTopTracer(host: Host, settings: TopSettings): TraceInstance {
  const problem = mountTracefs(host);
  if (problem !== null) throw new UnsupportedError(`Cannot trace: ${problem}`, "Run as root.");
  removeLeftovers(host);
  const root = host.path("tracefs");
  const before = readTopState(root);
  const use = topTracerUse(root);
  if (before === null || use !== null) {
    throw new UnsupportedError(
      `Somebody uses the kernel's shared function tracer: ${use ?? "the CPUs' buffers differ in size"}`,
      "Wait until it is free; `trace-cmd reset` frees it when whoever it was has gone.",
    );
  }
  // Its name says what is ours, should we be killed.
  const marker = openTraceInstance(host, topSuffix(settings, before));
  let there = true;
  const borrowed: TraceInstance = {
    path: root,
    [Symbol.dispose](): void {
      if (!there) return;
      there = false;
      // Where that fails the marker stays, for whoever finds it when we are gone.
      stopTopTracer(root);
      for (const file of TOP_FILES) if (settings[file].length > 0) resetTopFile(root, file);
      writeControl(`${root}/options/function-fork`, "0");
      writeTopState(root, before);
      marker[Symbol.dispose]();
    },
  };
  try {
    // As in instances of our own.
    writeControl(`${root}/trace_clock`, "mono");
    return borrowed;
  } catch (error) {
    borrowed[Symbol.dispose]();
    throw error;
  }
}

/** How the shared tracer is in use, as a phrase; null when it is not. */
function topTracerUse(root: string): string | null {
  const tracer = readControlOrNull(`${root}/current_tracer`)?.trim();
  if (tracer === undefined) return "current_tracer cannot be read";
  if (tracer !== "nop") return `current_tracer is ${tracer}`;
  for (const file of TOP_FILES) {
    const values = valuesOf(file, readControlOrNull(`${root}/${file}`) ?? "");
    if (values.length > 0) return `${file} is set (${values.slice(0, 3).join(", ")})`;
  }
  const [event] = (readControlOrNull(`${root}/set_event`) ?? "").split("\n");
  if (event) return `the event ${event} is on`;
  if (readControlOrNull(`${root}/options/function-fork`)?.trim() === "1") return "the option function-fork is set";
  for (const entry of Deno.readDirSync(`${root}/per_cpu`)) {
    const stats = readControlOrNull(`${root}/per_cpu/${entry.name}/stats`) ?? "";
    if (Number(/^entries: (\d+)/m.exec(stats)?.[1] ?? 0) > 0) return "its buffer holds events that nobody has read";
  }
  return null;
}
