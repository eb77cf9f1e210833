import { debuginfodCache } from "./debug_places.ts";
import { looksLikeElf } from "./elf.ts";

/** Where and how debug files are fetched, as debuginfod(8)'s clients are told in the environment. */
export interface DebuginfodConfig {
  /** Base addresses of servers, tried in order. */
  readonly urls: readonly string[];
  /** Directory in which files come to lie, as `BUILDID/debuginfo`. */
  readonly cache: string;
  /** Longest time for a file, in ms. */
  readonly timeoutMs: number;
  /** Largest file, in bytes. */
  readonly maxBytes: number;
}

/** What came of asking for a file. */
export type DebuginfodAnswer =
  | { readonly kind: "fetched" | "cached"; readonly path: string }
  | { readonly kind: "absent" }
  | { readonly kind: "failed"; readonly reason: string };

/**
 * What the environment says: `DEBUGINFOD_URLS`, `DEBUGINFOD_CACHE_PATH`, `DEBUGINFOD_TIMEOUT` and `DEBUGINFOD_MAXTIME`
 * (s), `DEBUGINFOD_MAXSIZE` (bytes).
 *
 * @returns null when no servers are named: then nothing is ever fetched
 */
export function debuginfodConfig(): DebuginfodConfig | null {
  const urls = (Deno.env.get("DEBUGINFOD_URLS") ?? "").split(/\s+/).filter((url) => /^https?:\/\//.test(url));
  const cache = debuginfodCache();
  if (urls.length === 0 || cache === null) return null;
  const number = (name: string): number => Number(Deno.env.get(name) ?? 0) || 0;
  const seconds = number("DEBUGINFOD_MAXTIME") || number("DEBUGINFOD_TIMEOUT") || DEFAULT_SECONDS;
  const maxBytes = number("DEBUGINFOD_MAXSIZE") || DEFAULT_BYTES;
  return { urls, cache, timeoutMs: Math.min(seconds, MAX_SECONDS) * 1000, maxBytes };
}

/**
 * Fetches the debug file of a build id into the cache (`GET URL/buildid/ID/debuginfo`).
 *
 * @param id lower-case hex
 */
export async function fetchDebugFile(config: DebuginfodConfig, id: string): Promise<DebuginfodAnswer> {
  if (!/^[0-9a-f]{4,128}$/.test(id)) return { kind: "failed", reason: "not a build id" };
  const directory = `${config.cache}/${id}`;
  const path = `${directory}/debuginfo`;
  const known = await Deno.stat(path).catch(() => null);
  if (known?.isFile && known.size > 0) return { kind: "cached", path };
  // An empty file says that no server had it; it is believed for as long as other clients do.
  if (known && Date.now() - (known.mtime?.getTime() ?? 0) < MISS_MS) return { kind: "absent" };
  let reason = "";
  for (const url of config.urls) {
    try {
      const found = await download(`${url.replace(/\/+$/, "")}/buildid/${id}/debuginfo`, config, directory);
      if (found) return { kind: "fetched", path };
    } catch (error) {
      reason = `${url}: ${error instanceof Error ? error.message : error}`;
    }
  }
  if (reason !== "") return { kind: "failed", reason };
  await writeMiss(directory).catch(() => {});
  return { kind: "absent" };
}

/** Moved into place: to write there would follow a link that somebody else may have laid in the cache. */
async function writeMiss(directory: string): Promise<void> {
  await Deno.mkdir(directory, { recursive: true });
  const empty = await Deno.makeTempFile({ dir: directory, prefix: "debuginfo." });
  await Deno.rename(empty, `${directory}/debuginfo`).catch(async (error) => {
    await Deno.remove(empty).catch(() => {});
    throw error;
  });
}

/** @returns false when the server does not have it */
async function download(url: string, config: DebuginfodConfig, directory: string): Promise<boolean> {
  const signal = AbortSignal.timeout(config.timeoutMs);
  const response = await fetch(url, { signal, headers: { "user-agent": "sonde" } });
  if (response.status === 404) {
    await response.body?.cancel();
    return false;
  }
  if (!response.ok || !response.body) {
    await response.body?.cancel();
    throw new Error(`status ${response.status}`);
  }
  await Deno.mkdir(directory, { recursive: true });
  const partial = await Deno.makeTempFile({ dir: directory, prefix: "debuginfo." });
  try {
    using file = await Deno.open(partial, { write: true });
    let size = 0;
    for await (const chunk of response.body) {
      if (size === 0 && chunk.length >= 4 && !looksLikeElf(chunk)) throw new Error("the answer is no ELF file");
      size += chunk.length;
      if (size > config.maxBytes) throw new Error(`larger than ${config.maxBytes} bytes`);
      for (let at = 0; at < chunk.length;) at += await file.write(chunk.subarray(at));
    }
    if (size === 0) throw new Error("the answer is empty");
    // Another process may have been as quick: the file is the same.
    await Deno.rename(partial, `${directory}/debuginfo`);
    return true;
  } catch (error) {
    await Deno.remove(partial).catch(() => {});
    throw error;
  }
}

const DEFAULT_SECONDS = 90;
const MAX_SECONDS = 3600;
const DEFAULT_BYTES = 2 ** 31;
const MISS_MS = 600_000;
