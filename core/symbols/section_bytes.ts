import { type Elf, ElfError, type ElfSection, sectionNamed, SHF, SHT } from "./elf.ts";
import { type Compression, inflate } from "./inflate.ts";
import { createUnpackBudget } from "./_unpack_budget.ts";

/** The contents of a section of which only parts may be in memory. */
export interface SectionBytes {
  readonly name: string;
  /** In bytes, unpacked. */
  readonly size: number;
  /**
   * Bytes that must not be changed.
   *
   * @throws {ElfError} when the range does not lie inside the section, or cannot be read
   */
  at(offset: number, length: number): Uint8Array;
  /** All of it, where it is in memory as a whole: cutting pieces off costs more than most reads of them. */
  whole(): Uint8Array | null;
}

/**
 * Opens a section for reading by parts: a small one is read whole when first asked for, a large one in chunks, a
 * compressed one is unpacked (SHF_COMPRESSED, and the older `.zdebug_…`) when first asked for.
 *
 * What compressed ones may take is limited: each 256 MiB and a hundred times what it takes in the file, all that are in
 * memory together 512 MiB. Beyond, reading is an {@linkcode ElfError}.
 *
 * @returns null when the file has no such section, or none with contents
 */
export function openSection(elf: Elf, name: string): SectionBytes | null {
  const found = withContents(sectionNamed(elf, name));
  if (found) return found.flags & SHF.COMPRESSED ? unpacked(elf, found, name) : stored(elf, found);
  const old = name.startsWith(".debug_") ? withContents(sectionNamed(elf, `.z${name.slice(1)}`)) : null;
  return old ? unpacked(elf, old, name) : null;
}

function withContents(section: ElfSection | null): ElfSection | null {
  return section && section.type !== SHT.NOBITS && section.size > 0 ? section : null;
}

function outside(name: string, offset: number, length: number): ElfError {
  return new ElfError(`${length} bytes at ${offset} of ${name} lie outside of it`, offset);
}

function inMemory(name: string, size: number, load: () => Uint8Array): SectionBytes {
  let bytes: Uint8Array | null = null;
  return {
    name,
    size,
    at: (offset, length) => {
      if (!(offset >= 0 && length >= 0 && offset + length <= size)) throw outside(name, offset, length);
      bytes ??= load();
      return bytes.subarray(offset, offset + length);
    },
    whole: () => bytes ??= load(),
  };
}

function stored(elf: Elf, { name, offset: start, size }: ElfSection): SectionBytes {
  const read = (offset: number, length: number): Uint8Array => {
    const bytes = elf.source.read(start + offset, length);
    if (!bytes) {
      throw new ElfError(`Section ${name} cannot be read, or reaches past the end of the file`, start + offset);
    }
    return bytes;
  };
  if (size <= MAX_WHOLE) return inMemory(name, size, () => read(0, size));
  const chunks = new Map<number, Uint8Array>();
  return {
    name,
    size,
    at: (offset, length) => {
      if (!(offset >= 0 && length >= 0 && offset + length <= size)) throw outside(name, offset, length);
      const number = Math.floor(offset / CHUNK);
      const into = offset - number * CHUNK;
      if (into + length > CHUNK) return read(offset, length);
      let chunk = chunks.get(number);
      if (!chunk) {
        chunk = read(number * CHUNK, Math.min(CHUNK, size - number * CHUNK));
        chunks.set(number, chunk);
        if (chunks.size > MAX_CHUNKS) chunks.delete(chunks.keys().next().value!);
      }
      return chunk.subarray(into, into + length);
    },
    whole: () => null,
  };
}

/** Elf64_Chdr: type u32, reserved u32, size u64, alignment u64. Before it: "ZLIB" and the size, big-endian. */
function unpacked(elf: Elf, section: ElfSection, name: string): SectionBytes {
  const { offset } = section;
  const isOld = section.name !== name;
  const headSize = isOld ? 12 : 24;
  const head = section.size < headSize ? null : elf.source.read(offset, headSize);
  if (!head) throw new ElfError(`Section ${section.name} reaches past the end of the file`, offset);
  const v = new DataView(head.buffer);
  const type = isOld ? 1 : v.getUint32(0, true);
  if (type !== 1 && type !== 2) throw new ElfError(`Section ${name} is compressed in an unknown way (${type})`, offset);
  const size = Number(isOld ? v.getBigUint64(4) : v.getBigUint64(8, true));
  const limit = Math.min(MAX_UNPACKED, Math.max(MAX_SMALL, section.size * MAX_RATIO));
  if (size > limit || section.size > MAX_UNPACKED) {
    throw new ElfError(`Section ${name} of ${section.size} bytes unpacks to ${size}: more than ${limit}`, offset);
  }
  const compression: Compression = type === 1 ? "zlib" : "zstd";
  const load = (): Uint8Array => {
    if (!budget.hasRoom(size)) {
      throw new ElfError(`No room for section ${name}: all unpacked sections together have ${MAX_ALL} bytes`, offset);
    }
    const packed = elf.source.read(offset + headSize, section.size - headSize);
    const bytes = packed && inflate(packed, compression, size);
    if (!bytes) throw new ElfError(`Section ${name} cannot be unpacked (${compression})`, offset);
    budget.count(bytes);
    return bytes;
  };
  // What failed once is not unpacked again: each unit of a file asks anew.
  let failure: unknown = null;
  return inMemory(name, size, () => {
    if (failure !== null) throw failure;
    try {
      return load();
    } catch (error) {
      throw failure = error;
    }
  });
}

const MAX_WHOLE = 16 << 20;
const CHUNK = 1 << 18;
const MAX_CHUNKS = 32;
/** Bytes of one section. */
const MAX_UNPACKED = 256 << 20;
/** Compilers' tables become three to ten times smaller. */
const MAX_RATIO = 100;
/** Small tables may be all zeros. */
const MAX_SMALL = 1 << 20;
/** Bytes of all sections of all files. */
const MAX_ALL = 512 << 20;
const budget = createUnpackBudget(MAX_ALL);
