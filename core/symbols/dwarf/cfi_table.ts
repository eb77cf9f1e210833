import { ElfError } from "../elf.ts";
import { CfiReader } from "./_cfi_reader.ts";
import { type CfiEntries, cfiEntries, type Fde } from "./cfi_entries.ts";
import type { CfiSection } from "./cfi_section.ts";

/** The unwind entries of one section, to be asked by address. */
export interface CfiTable {
  readonly section: CfiSection;
  /**
   * The entry whose code holds an address.
   *
   * @returns null when no entry does
   * @throws {ElfError} when the table is broken there
   */
  find(address: number): Fde | null;
  /** All entries, in the order of the section. @throws {ElfError} at the first broken one */
  all(): Generator<Fde>;
}

/**
 * Opens a section's table. It is searched by `.eh_frame_hdr` where that has the form that linkers write (LSB Core,
 * 10.6.2); else all entries are read and sorted when first asked.
 */
export function cfiTable(section: CfiSection): CfiTable {
  const entries = cfiEntries(section);
  let index: CfiIndex | undefined;
  // A table that cannot be searched is not gone through again for each address.
  let failure: ElfError | null = null;
  const open = (): CfiIndex => {
    if (failure) throw failure;
    try {
      return headerIndex(section) ?? scanIndex(section, entries);
    } catch (error) {
      if (error instanceof ElfError) failure = error;
      throw error;
    }
  };
  return {
    section,
    find: (address) => {
      index ??= open();
      const at = index.entryBefore(address);
      if (at < 0) return null;
      const fde = entries.fde(at);
      return fde !== null && address >= fde.start && address < fde.end ? fde : null;
    },
    all: () => allEntries(section, entries),
  };
}

/** More entries than any program that we know has, where they stay bytes. */
const MAX_ENTRIES = 8_000_000;
/** Those that are read and sorted here, as objects first: linkers write a table to search by for all but `.debug_frame`. */
const MAX_SCANNED = 1_000_000;

interface CfiIndex {
  /** Offset of the last entry that starts at or before an address; -1 when all start behind it. */
  entryBefore(address: number): number;
}

function* allEntries(section: CfiSection, entries: CfiEntries): Generator<Fde> {
  for (let at = 0; at + 4 <= section.bytes.length; at = entries.next(at)) {
    const fde = entries.fde(at);
    if (fde) yield fde;
  }
}

function scanIndex(section: CfiSection, entries: CfiEntries): CfiIndex {
  const found: Fde[] = [];
  for (const fde of allEntries(section, entries)) {
    if (found.length >= MAX_SCANNED) throw new ElfError(`More than ${MAX_SCANNED} unwind entries`, fde.offset);
    // Functions that the linker left out keep entries in .debug_frame, at address 0.
    if (fde.end > fde.start && (fde.start !== 0 || section.kind === "eh_frame")) found.push(fde);
  }
  found.sort((a, b) => a.start - b.start);
  const starts = Float64Array.from(found, (f) => f.start);
  const offsets = Float64Array.from(found, (f) => f.offset);
  return {
    entryBefore: (address) => {
      let lo = 0;
      let hi = starts.length;
      while (lo < hi) {
        const mid = (lo + hi) >>> 1;
        if (starts[mid] <= address) lo = mid + 1;
        else hi = mid;
      }
      return lo > 0 ? offsets[lo - 1] : -1;
    },
  };
}

/** @returns null when the header is absent, not of the usual form, or not sorted */
function headerIndex(section: CfiSection): CfiIndex | null {
  const { header } = section;
  if (!header || header.bytes.length < 12) return null;
  const reader = new CfiReader(header.bytes, ".eh_frame_hdr");
  // Version 1; pointer to the entries pcrel sdata4; their number udata4; the table datarel sdata4.
  if (reader.u32() !== 0x3b031b01) return null;
  if (header.address + 4 + reader.i32() !== section.address) return null;
  const n = reader.u32();
  if (n > MAX_ENTRIES || n * 8 > header.bytes.length - reader.at) return null;
  const pairs = new Int32Array(header.bytes.buffer, header.bytes.byteOffset + reader.at, n * 2);
  for (let i = 2; i < pairs.length; i += 2) if (pairs[i] < pairs[i - 2]) return null;
  const toOffset = header.address - section.address;
  return {
    entryBefore: (address) => {
      const wanted = address - header.address;
      let lo = 0;
      let hi = n;
      while (lo < hi) {
        const mid = (lo + hi) >>> 1;
        if (pairs[mid * 2] <= wanted) lo = mid + 1;
        else hi = mid;
      }
      return lo > 0 ? pairs[lo * 2 - 1] + toOffset : -1;
    },
  };
}
