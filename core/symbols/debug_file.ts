import type { ByteSource } from "./byte_source.ts";
import { type Elf, ElfError, readElf } from "./elf.ts";
import { DEBUG_ROOT, type DebugPlace, debugPlaces } from "./debug_places.ts";
import { buildId, debugLink, supplementLink } from "./elf_notes.ts";
import { hasDebugInfo, hasSymtab } from "./elf_symbols.ts";

/**
 * Opens a file that may not be there. The caller keeps what it opened until the ELF file is no longer read.
 *
 * @param own whether the path is meant as we see it, not as the process does
 */
export type OpenDebugFile = (path: string, own: boolean) => ByteSource | null;

/** A debug file and where it was found. */
export interface DebugElf extends Elf {
  readonly path: string;
}

/**
 * Finds the separate debug file of a stripped file, as gdb does ("Debugging Information in Separate Files"): by build
 * id ({@linkcode debugPlaces}), else by the name in `.gnu_debuglink` beside the file, in `.debug`, and in the same place
 * below `/usr/lib/debug`. It must have the same build id, or the checksum that the link names.
 *
 * @param path of the stripped file, absolute
 * @returns null when there is none, or none that fits
 */
export function findDebugFile(elf: Elf, path: string, open: OpenDebugFile): DebugElf | null {
  const id = buildId(elf);
  for (const place of id === null ? [] : debugPlaces(id)) {
    const found = openElf(open, place);
    if (found && isDebugFile(found) && buildId(found) === id) return found;
  }
  const link = debugLink(elf);
  if (!link) return null;
  const directory = path.slice(0, path.lastIndexOf("/"));
  for (const base of [directory, `${directory}/.debug`, `${DEBUG_ROOT}${directory}`]) {
    const found = openElf(open, { path: `${base}/${link.name}`, own: false });
    if (!found || !isDebugFile(found)) continue;
    if (id !== null ? buildId(found) === id : checksum(found.source) === link.crc) return found;
  }
  return null;
}

/**
 * Finds the file that dwz moved entries to which several files share (`.gnu_debugaltlink`).
 *
 * @param path of the file that has the link
 */
export function findSupplement(elf: Elf, path: string, open: OpenDebugFile): DebugElf | null {
  const link = supplementLink(elf);
  if (!link) return null;
  const directory = path.slice(0, path.lastIndexOf("/"));
  const named = link.path.startsWith("/") ? link.path : `${directory}/${link.path}`;
  const base = link.path.slice(link.path.lastIndexOf("/") + 1);
  const places = [
    { path: named, own: false },
    ...debugPlaces(link.id),
    { path: `${DEBUG_ROOT}/.dwz/${base}`, own: false },
  ];
  for (const place of places) {
    const found = openElf(open, place);
    if (found && buildId(found) === link.id) return found;
  }
  return null;
}

/** Whether a file tells more than one that was stripped. */
function isDebugFile(elf: Elf): boolean {
  return hasSymtab(elf) || hasDebugInfo(elf);
}

function openElf(open: OpenDebugFile, { path, own }: DebugPlace): DebugElf | null {
  const source = open(path, own);
  if (!source) return null;
  try {
    return { ...readElf(source), path };
  } catch (error) {
    // Somebody else's file under that name, or a broken one: as good as none.
    if (error instanceof ElfError) return null;
    throw error;
  }
}

function checksum(source: ByteSource): number | null {
  if (source.size > MAX_CHECKED) return null;
  let crc = 0;
  for (let at = 0; at < source.size; at += CHUNK) {
    const bytes = source.read(at, Math.min(CHUNK, source.size - at));
    if (!bytes) return null;
    crc = crc32(bytes, crc);
  }
  return crc;
}

/** CRC-32 as in zlib. Written here, as loading node:zlib takes longer than most profiles need for all their symbols. */
function crc32(bytes: Uint8Array, before: number): number {
  table ??= Uint32Array.from({ length: 256 }, (_, n) => {
    for (let bit = 0; bit < 8; bit++) n = n & 1 ? (n >>> 1) ^ 0xedb88320 : n >>> 1;
    return n;
  });
  let crc = ~before;
  for (let i = 0; i < bytes.length; i++) crc = (crc >>> 8) ^ table[(crc ^ bytes[i]) & 0xff];
  return ~crc >>> 0;
}

let table: Uint32Array | undefined;
const CHUNK = 1 << 20;
const MAX_CHECKED = 1 << 30;
