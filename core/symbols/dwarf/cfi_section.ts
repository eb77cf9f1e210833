import { type Elf, ElfError, type ElfSection, PT, sectionBytes, sectionNamed, SHT } from "../elf.ts";
import { openSection } from "../section_bytes.ts";

/** A section of call frame information, with what its pointers count from. */
export interface CfiSection {
  readonly kind: "eh_frame" | "debug_frame";
  readonly bytes: Uint8Array<ArrayBuffer>;
  /** Address of the first byte, as the file's symbols name addresses. 0 for `.debug_frame`, which is not loaded. */
  readonly address: number;
  /** Address of `.text`. */
  readonly textBase: number;
  /** Address of `.got`. */
  readonly dataBase: number;
  /** The table to search by (`.eh_frame_hdr`), where there is one. */
  readonly header: { readonly bytes: Uint8Array<ArrayBuffer>; readonly address: number } | null;
}

/** More than any program that we know has: Chromium has 25 MB. */
const MAX_BYTES = 256 << 20;

const PT_GNU_EH_FRAME = 0x6474e550;

/**
 * The unwind tables of a file: `.eh_frame`, `.debug_frame`, both or none. A file that was stripped of its section
 * headers is read by its program headers. `.debug_frame` may be compressed.
 *
 * @param limit most bytes of one section to accept
 * @throws {ElfError} when they do not lie inside the file
 */
export function cfiSections(elf: Elf, limit = MAX_BYTES): CfiSection[] {
  const bases = { textBase: sectionNamed(elf, ".text")?.addr ?? 0, dataBase: sectionNamed(elf, ".got")?.addr ?? 0 };
  const found: CfiSection[] = [];
  const named = sectionNamed(elf, ".eh_frame");
  const header = headerOf(elf, limit);
  if (named && named.type !== SHT.NOBITS) {
    const bytes = sectionBytes(elf, named, limit);
    found.push({ kind: "eh_frame", bytes, address: named.addr, ...bases, header });
  } else if (header && elf.sections.length === 0) {
    const place = framesOf(elf, header, limit);
    if (place) found.push({ kind: "eh_frame", ...place, ...bases, header });
  }
  const debug = openSection(elf, ".debug_frame");
  if (debug) {
    if (debug.size > limit) throw new ElfError(`.debug_frame has ${debug.size} bytes: more than ${limit}`, 0);
    const bytes = new Uint8Array(debug.at(0, debug.size));
    found.push({ kind: "debug_frame", bytes, address: 0, ...bases, header: null });
  }
  return found;
}

function headerOf(elf: Elf, limit: number): CfiSection["header"] {
  const named: ElfSection | null = sectionNamed(elf, ".eh_frame_hdr");
  if (named && named.type !== SHT.NOBITS) return { bytes: sectionBytes(elf, named, limit), address: named.addr };
  const segment = elf.segments.find((s) => s.type === PT_GNU_EH_FRAME);
  if (!segment || elf.sections.length > 0 || segment.fileSize > limit) return null;
  const bytes = elf.source.read(segment.offset, segment.fileSize);
  if (!bytes) throw new ElfError("The table of unwind entries reaches past the end of the file", segment.offset);
  return { bytes, address: segment.vaddr };
}

/** Where the header says that the entries begin; they end before the segment does, at a zero. */
function framesOf(
  elf: Elf,
  header: NonNullable<CfiSection["header"]>,
  limit: number,
): Pick<CfiSection, "bytes" | "address"> | null {
  const { bytes } = header;
  // Linkers write the pointer as a 32-bit offset from its own place.
  if (bytes.length < 8 || bytes[1] !== 0x1b) return null;
  const address = header.address + 4 + new DataView(bytes.buffer).getInt32(4, true);
  const segment = elf.segments.find((s) => s.type === PT.LOAD && address >= s.vaddr && address < s.vaddr + s.fileSize);
  if (!segment) return null;
  const from = address - segment.vaddr;
  const frames = elf.source.read(segment.offset + from, Math.min(segment.fileSize - from, limit));
  return frames && { bytes: frames, address };
}
