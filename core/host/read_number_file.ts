/**
 * The number that a file of /proc, /sys or tracefs holds.
 *
 * @returns null when there is no such file, or it may not be read; NaN when it holds something else
 */
export function readNumberFile(path: string): number | null {
  try {
    return Number(Deno.readTextFileSync(path));
  } catch (error) {
    if (error instanceof Deno.errors.NotFound || error instanceof Deno.errors.PermissionDenied) return null;
    throw error;
  }
}
