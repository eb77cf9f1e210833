import type { PlanStore } from "../bpf/engine.ts";
import type { Host } from "../core/host/mod.ts";
import { sourceStamp } from "./source_stamp.ts";
import { VERSION } from "./version.ts";

/** Texts that are kept from one run to the next, and found again by what they were made from. */
export interface PlanCache {
  get(kind: string, key: string): string | null;
  put(kind: string, key: string, text: string): void;
}

/** A text larger than this is made again each time. UTF-16 code units. */
const MAX_LENGTH = 4 << 20;
/** Files that are kept, the newest. */
const MAX_FILES = 200;

/**
 * Opens the cache in the user's cache folder. Plans run as root: a file or folder that somebody else owns or may write
 * is not read. Where nothing can be kept, nothing is: it only costs time.
 *
 * What is kept is for this boot of this kernel (tracepoints have other numbers after the next), this user with these
 * capabilities in this pid namespace, and this sonde.
 *
 * @param extra what else a plan depends on: contents of plugins, a file of type information
 */
export function openPlanCache(host: Host, extra: readonly string[]): PlanCache {
  const folder = cacheFolder();
  let scope: string | null | undefined;
  const keyOf = (kind: string, key: string): string | null => {
    if (scope === undefined) scope = folder === null ? null : scopeOf(host, extra);
    return scope === null ? null : `${scope}\0${kind}\0${key}`;
  };
  return {
    get(kind, key): string | null {
      const whole = keyOf(kind, key);
      return whole === null ? null : readOwn(folder!, whole);
    },
    put(kind, key, text): void {
      const whole = keyOf(kind, key);
      if (whole !== null && text.length + whole.length <= MAX_LENGTH) writeOwn(folder!, whole, text);
    },
  };
}

/** The store that the BPF engine wants. */
export function planStoreOf(cache: PlanCache): PlanStore {
  return { get: (key) => cache.get("bpf", key), put: (key, plan) => cache.put("bpf", key, plan) };
}

function cacheFolder(): string | null {
  const base = Deno.env.get("XDG_CACHE_HOME");
  if (base?.startsWith("/")) return `${base}/sonde/plans`;
  const home = Deno.env.get("HOME");
  return home?.startsWith("/") ? `${home}/.cache/sonde/plans` : null;
}

/** Null where the kernel does not tell which boot this is. */
function scopeOf(host: Host, extra: readonly string[]): string | null {
  try {
    const boot = Deno.readTextFileSync(host.path("boot_id")).trim();
    const namespace = Deno.statSync(host.path("pid_ns_pid")).ino;
    const { capabilities } = host.features();
    return [VERSION, sourceStamp(), boot, namespace, Deno.uid(), capabilities, ...extra].join("\0");
  } catch (error) {
    if (isRefused(error)) return null;
    throw error;
  }
}

function readOwn(folder: string, key: string): string | null {
  try {
    const name = `${folder}/${fileName(key)}`;
    if (!isOurs(Deno.statSync(folder))) return null;
    using file = Deno.openSync(name);
    const info = file.statSync();
    if (!info.isFile || !isOurs(info)) return null;
    const bytes = new Uint8Array(info.size);
    let at = 0;
    for (let n = file.readSync(bytes); n; n = file.readSync(bytes.subarray(at))) at += n;
    const text = new TextDecoder().decode(bytes.subarray(0, at));
    // The name is a short hash: the whole key tells.
    return text.startsWith(`${key}\0\n`) ? text.slice(key.length + 2) : null;
  } catch (error) {
    if (isRefused(error)) return null;
    throw error;
  }
}

function writeOwn(folder: string, key: string, text: string): void {
  const temporary = `${folder}/.${crypto.randomUUID()}`;
  try {
    Deno.mkdirSync(folder, { recursive: true, mode: 0o700 });
    if (!isOurs(Deno.statSync(folder))) return;
    Deno.writeTextFileSync(temporary, `${key}\0\n${text}`, { createNew: true, mode: 0o600 });
    Deno.renameSync(temporary, `${folder}/${fileName(key)}`);
    prune(folder);
  } catch (error) {
    if (!isRefused(error)) throw error;
    try {
      Deno.removeSync(temporary);
    } catch {
      // It was not made, or cannot be removed: a full or read-only disk is no reason to fail.
    }
  }
}

/** Removes the oldest files. */
function prune(folder: string): void {
  const names = [...Deno.readDirSync(folder)].filter((e) => e.isFile).map((e) => `${folder}/${e.name}`);
  if (names.length <= MAX_FILES) return;
  const aged = names.map((name) => ({ name, at: Deno.statSync(name).mtime?.getTime() ?? 0 }));
  for (const { name } of aged.sort((a, b) => b.at - a.at).slice(MAX_FILES)) Deno.removeSync(name);
}

function isOurs(info: Deno.FileInfo): boolean {
  return info.uid === Deno.uid() && ((info.mode ?? 0o022) & 0o022) === 0;
}

/** Two runs of FNV-1a over different starts: 64 bits. */
function fileName(key: string): string {
  let a = 0x811c9dc5, b = 0x01000193;
  for (let i = 0; i < key.length; i++) {
    const c = key.charCodeAt(i);
    a = Math.imul(a ^ c, 0x01000193);
    b = Math.imul(b ^ c, 0x85ebca6b);
  }
  return [a, b].map((h) => (h >>> 0).toString(16).padStart(8, "0")).join("") + ".plan";
}

/** What a full disk, a missing folder or a lack of rights throws. */
function isRefused(error: unknown): boolean {
  return error instanceof Error && (error instanceof Deno.errors.NotFound ||
    error instanceof Deno.errors.PermissionDenied || error instanceof Deno.errors.NotADirectory ||
    error instanceof Deno.errors.AlreadyExists || "code" in error);
}
