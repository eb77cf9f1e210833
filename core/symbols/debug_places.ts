/** A place where a debug file may be. */
export interface DebugPlace {
  readonly path: string;
  /** Whether it is meant as we see it, not as the process does whose code it is about. */
  readonly own: boolean;
}

/** Where debug files come to lie that debuginfod(8) handed out: `DEBUGINFOD_CACHE_PATH`, else below the user's cache. */
export function debuginfodCache(): string | null {
  const named = Deno.env.get("DEBUGINFOD_CACHE_PATH");
  if (named) return named;
  const home = Deno.env.get("HOME");
  const caches = Deno.env.get("XDG_CACHE_HOME") || (home ? `${home}/.cache` : "");
  return caches === "" ? null : `${caches}/debuginfod_client`;
}

/**
 * Where the debug file of a build id may be: the distribution's, those that debuginfod's clients fetched, those that
 * `perf buildid-cache` keeps.
 *
 * @param id lower-case hex
 */
export function debugPlaces(id: string): DebugPlace[] {
  if (id.length < 4 || !/^[0-9a-f]+$/.test(id)) return [];
  const split = `${id.slice(0, 2)}/${id.slice(2)}`;
  const places: DebugPlace[] = [{ path: `${DEBUG_ROOT}/.build-id/${split}.debug`, own: false }];
  const cache = debuginfodCache();
  if (cache) places.push({ path: `${cache}/${id}/debuginfo`, own: true });
  const home = Deno.env.get("HOME");
  if (home) {
    for (const name of ["debug", "elf"]) places.push({ path: `${home}/.debug/.build-id/${split}/${name}`, own: true });
  }
  return places;
}

/** Where distributions install debug files. */
export const DEBUG_ROOT = "/usr/lib/debug";
