import { mount, SysError } from "../sys/mod.ts";
import type { Host } from "./host.ts";

/**
 * Mounts tracefs at its usual place when it is not mounted and we may: many distributions leave that to the first tool
 * that wants it (Documentation/trace/ftrace.rst). It stays mounted: others rely on it once it is there.
 *
 * @returns what keeps it from being there, as a sentence; null when it is
 */
export function mountTracefs(host: Host): string | null {
  if (host.features().tracefs !== null) return null;
  const target = host.path("tracefs");
  try {
    mount("tracefs", target);
    return null;
  } catch (error) {
    if (error instanceof SysError) return `tracefs is not mounted, and cannot be: ${error.message}`;
    throw error;
  }
}
