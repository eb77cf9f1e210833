import { UnsupportedError } from "../data/mod.ts";
import type { Host } from "../host/mod.ts";
import { SysError } from "../sys/mod.ts";
import { readControlOrNull, writeControl } from "./control_file.ts";
import { removeInstance } from "./remove_instance.ts";
import { restoreTopTracer } from "./restore_top_tracer.ts";
import { isLeftover, thisOwner } from "./this_owner.ts";

/** The files that list probes by breakpoint: `p:GROUP/EVENT PLACE ARGUMENTS`. */
const PROBE_FILES = ["kprobe_events", "uprobe_events"] as const;

/**
 * Removes what runs of ours that were killed left in tracefs: instances, probe events, settings of the tracer that all
 * share. What belongs to a sonde that lives, or to anybody else, is left alone. Without tracefs, or the right to look, there
 * is nothing to do.
 *
 * @returns what was removed, and what could not be: a sentence each
 */
export function removeLeftovers(host: Host): string[] {
  const root = host.path("tracefs");
  const said: string[] = [];
  const self = thisOwner(host);
  const attempt = (what: string, remove: () => void): void => {
    try {
      remove();
      said.push(`Removed ${what}`);
    } catch (error) {
      // Two who start at a time both find it; one removes it.
      if (error instanceof Deno.errors.NotFound || error instanceof SysError && error.code === "ENOENT") return;
      said.push(`Could not remove ${what}: ${(error as Error).message}`);
    }
  };
  for (const name of folders(`${root}/instances`)) {
    if (!isLeftover(name, host, self)) continue;
    const path = `${root}/instances/${name}`;
    attempt(`the trace instance ${name}`, () => {
      const { reset, inUse } = restoreTopTracer(root, name);
      for (const what of reset) said.push(`Reset ${what}`);
      // Its name says what there is still to do.
      if (inUse !== null) throw new UnsupportedError(inUse, "");
      removeInstance(path);
    });
  }
  // A probe is in use as long as an instance has it switched on: they come after those.
  for (const file of PROBE_FILES) {
    for (const line of (readControlOrNull(`${root}/${file}`) ?? "").split("\n")) {
      const m = /^[pr]\d*:(\w+)\/(\w+)\s/.exec(line);
      if (!m || !isLeftover(m[1], host, self)) continue;
      attempt(`the probe ${m[1]}/${m[2]}`, () => writeControl(`${root}/${file}`, `-:${m[1]}/${m[2]}\n`));
    }
  }
  return said;
}

function folders(path: string): string[] {
  try {
    return [...Deno.readDirSync(path)].map((entry) => entry.name).filter((name) => name.startsWith("sonde_"));
  } catch (error) {
    const absent = error instanceof Deno.errors.NotFound || error instanceof Deno.errors.PermissionDenied ||
      error instanceof Deno.errors.NotADirectory;
    if (absent) return [];
    throw error;
  }
}
