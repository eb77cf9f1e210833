import type { MemoryMapping } from "../host/types.ts";

/** A range of a process's memory that holds code. */
export interface CodeMapping {
  readonly start: number;
  /** The first address after it. */
  readonly end: number;
  /** Offset of `start` in the file, in bytes. */
  readonly offset: number;
  readonly major: number;
  readonly minor: number;
  /** 0 for memory without a file, or when not known. */
  readonly inode: number;
  /** As that process sees it; `[vdso]`; empty for memory without a file. */
  readonly path: string;
}

/** The code among the mappings of a process, ascending by address. */
export function codeMappings(mappings: readonly MemoryMapping[]): CodeMapping[] {
  const code: CodeMapping[] = [];
  for (const m of mappings) {
    // The vsyscall page lies in the kernel's half: calls there trap, and are sampled in the kernel.
    if (m.permissions[2] !== "x" || m.start >= 1n << 63n) continue;
    const [major, minor] = m.device.split(":");
    code.push({
      start: Number(m.start),
      end: Number(m.end),
      offset: Number(m.offset),
      major: parseInt(major, 16),
      minor: parseInt(minor, 16),
      inode: m.inode,
      path: m.path.replaceAll("\\012", "\n"),
    });
  }
  return code;
}

/**
 * Puts a new mapping over those there were, as mmap(2) does: what it covers goes.
 *
 * @param mappings ascending and without overlap; not changed
 */
export function insertMapping(mappings: readonly CodeMapping[], added: CodeMapping): CodeMapping[] {
  const out: CodeMapping[] = [];
  let placed = false;
  const place = (): void => {
    if (!placed) out.push(added);
    placed = true;
  };
  for (const m of mappings) {
    if (m.end <= added.start) {
      out.push(m);
      continue;
    }
    if (m.start < added.start) out.push({ ...m, end: added.start });
    place();
    if (m.start >= added.end) out.push(m);
    else if (m.end > added.end) out.push({ ...m, start: added.end, offset: m.offset + (added.end - m.start) });
  }
  place();
  return out;
}

/** Whether addresses in the new mapping meant something else before: then earlier samples need the old ones. */
export function mappingConflicts(mappings: readonly CodeMapping[], added: CodeMapping): boolean {
  return mappings.some((m) =>
    m.start < added.end && added.start < m.end &&
    (m.inode !== added.inode || m.path !== added.path || m.start - m.offset !== added.start - added.offset) &&
    !(isAnonymous(m.path) && isAnonymous(added.path))
  );
}

/** The mapping that holds the address, or null. @param mappings ascending and without overlap */
export function findMapping(mappings: readonly CodeMapping[], address: number): CodeMapping | null {
  let lo = 0;
  let hi = mappings.length;
  while (lo < hi) {
    const mid = (lo + hi) >>> 1;
    if (mappings[mid].end <= address) lo = mid + 1;
    else hi = mid;
  }
  const m = mappings[lo];
  return m !== undefined && m.start <= address ? m : null;
}

/** Memory without a file, as maps (empty, `[heap]`, `[anon:…]`) and as perf events (`//anon`) call it. */
export function isAnonymous(path: string): boolean {
  return path === "" || path === "//anon" || path === "[heap]" || path === "[stack]" || path.startsWith("[anon") ||
    path.startsWith("/dev/zero") || path.startsWith("/anon_hugepage") || path.startsWith("anon_inode:") ||
    path.startsWith("/SYSV");
}
