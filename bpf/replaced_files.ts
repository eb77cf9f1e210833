import type { Attach } from "./probes/target.ts";

/**
 * Remembers which files places in programs are attached to: the kernel follows the file, not its name.
 *
 * @returns a function that answers a sentence for each of them that has another file in its place by now, or none
 */
export function watchFiles(attached: readonly Attach[]): () => string[] {
  const before = new Map<string, string | null>();
  for (const a of attached) if (a.kind === "uprobe") before.set(a.path, identity(a.path));
  return () =>
    [...before].flatMap(([path, was]) => {
      const is = identity(path);
      if (is === was) return [];
      return is === null
        ? `${path} was removed while it was probed: what ran of it was counted on.`
        : `${path} was replaced while it was probed: only what runs of the old file was counted. Start again for the new.`;
    });
}

/** Device and number of a file; null when there is none. */
function identity(path: string): string | null {
  try {
    const { dev, ino } = Deno.statSync(path);
    return `${dev}:${ino}`;
  } catch (error) {
    if (error instanceof Deno.errors.NotFound || error instanceof Deno.errors.PermissionDenied) return null;
    throw error;
  }
}
