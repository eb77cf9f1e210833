import { UnsupportedError } from "../data/mod.ts";
import { type Host, mountTracefs } from "../host/mod.ts";
import { SysError } from "../sys/mod.ts";
import { writeControl } from "./control_file.ts";
import { ownerName } from "./owner_name.ts";
import { removeLeftovers } from "./leftovers.ts";
import { removeInstance } from "./remove_instance.ts";
import { thisOwner } from "./this_owner.ts";

/** A trace buffer with settings of its own, that nobody else uses. Disposing it switches it off and removes it. */
export interface TraceInstance extends Disposable {
  /** Its folder. */
  readonly path: string;
}

let made = 0;

/**
 * Makes a private instance of tracefs (Documentation/trace/ftrace.rst, "Instances"). Its name tells whose it is, and what
 * earlier runs left is removed first. Tracing is off in it, and its clock is the monotonic one.
 *
 * @param suffix what it is, if not one of several
 * @throws {UnsupportedError} when tracefs is not there, or not ours to use
 */
export function openTraceInstance(host: Host, suffix?: string): TraceInstance {
  const problem = mountTracefs(host);
  if (problem !== null) throw new UnsupportedError(`Cannot trace: ${problem}`, MOUNT);
  removeLeftovers(host);
  const instances = `${host.path("tracefs")}/instances`;
  const path = `${instances}/${ownerName(thisOwner(host), suffix ?? `i${++made}`)}`;
  try {
    Deno.mkdirSync(path);
  } catch (error) {
    throw refusal(error, instances);
  }
  try {
    for (const [file, text] of [["tracing_on", "0"], ["trace_clock", "mono"]]) writeControl(`${path}/${file}`, text);
  } catch (error) {
    Deno.removeSync(path);
    throw error instanceof SysError ? refusal(error, instances) : error;
  }
  let there = true;
  return {
    path,
    [Symbol.dispose](): void {
      if (!there) return;
      there = false;
      removeInstance(path);
    },
  };
}

const MOUNT = "As root: mount -t tracefs tracefs /sys/kernel/tracing";

function refusal(error: unknown, instances: string): UnsupportedError {
  const message = error instanceof Error ? error.message : String(error);
  if (error instanceof Deno.errors.NotFound) {
    return new UnsupportedError(
      'This kernel has no private trace instances (tracefs has no folder "instances")',
      "Use a kernel with CONFIG_TRACING, Linux 3.10 or newer.",
      { cause: error },
    );
  }
  return new UnsupportedError(`Cannot make a trace instance in ${instances}: ${message}`, "Run as root.", {
    cause: error,
  });
}
