import type { Host } from "../host.ts";

/**
 * Whether tracefs holds anything named like ours: instances, or probe events. A quick look (0.1 ms), so that what removes
 * leftovers of killed runs is loaded only when there may be any.
 */
export function mayHoldLeftovers(host: Host): boolean {
  const root = host.path("tracefs");
  try {
    for (const { name } of Deno.readDirSync(`${root}/instances`)) if (name.startsWith("sonde_")) return true;
    // Probe events are events: each group has a folder.
    for (const { name } of Deno.readDirSync(`${root}/events`)) if (name.startsWith("sonde_")) return true;
  } catch (error) {
    const absent = error instanceof Deno.errors.NotFound || error instanceof Deno.errors.PermissionDenied ||
      error instanceof Deno.errors.NotADirectory;
    if (!absent) throw error;
  }
  return false;
}
