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

/**
 * Parses the executable mappings out of `/proc/PID/maps` (proc_pid_maps(5)):
 * `START-END PERMS OFFSET MAJOR:MINOR INODE   PATH`. A newline in a path comes as `\012`.
 *
 * @returns ascending by address
 */
export function parseMaps(text: string): CodeMapping[] {
  const mappings: CodeMapping[] = [];
  for (const line of text.split("\n")) {
    const m = LINE.exec(line);
    if (!m || m[3][2] !== "x") continue;
    const start = parseInt(m[1], 16);
    // The vsyscall page lies in the kernel's half: calls there trap, and are sampled in the kernel.
    if (start >= 2 ** 63) continue;
    mappings.push({
      start,
      end: parseInt(m[2], 16),
      offset: parseInt(m[4], 16),
      major: parseInt(m[5], 16),
      minor: parseInt(m[6], 16),
      inode: Number(m[7]),
      path: m[8].replaceAll("\\012", "\n"),
    });
  }
  return mappings;
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

const LINE = /^([0-9a-f]+)-([0-9a-f]+) (\S{4}) ([0-9a-f]+) ([0-9a-f]+):([0-9a-f]+) (\d+) *(.*)$/;
