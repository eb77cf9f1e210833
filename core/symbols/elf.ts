import type { ByteSource } from "./byte_source.ts";

/** A file that is no 64-bit little-endian ELF, or is one but broken. */
export class ElfError extends SyntaxError {
  override readonly name: string = "ElfError";
  /** @param offset where in the file, in bytes */
  constructor(message: string, readonly offset: number) {
    super(message);
  }
}

/** A program header (elf(5)). Addresses over 2^53 lose precision: such files hold no user code. */
export interface ElfSegment {
  readonly type: number;
  readonly flags: number;
  readonly offset: number;
  readonly vaddr: number;
  readonly fileSize: number;
  readonly memSize: number;
}

/** A section header (elf(5)). */
export interface ElfSection {
  readonly name: string;
  readonly type: number;
  readonly flags: number;
  readonly addr: number;
  readonly offset: number;
  readonly size: number;
  readonly link: number;
  readonly info: number;
  readonly entrySize: number;
}

/** The headers of an ELF file; contents are read on demand. */
export interface Elf {
  /** EM.X86_64 is 62, EM.AARCH64 is 183. */
  readonly machine: number;
  /** ET_EXEC is 2, ET_DYN is 3, ET_REL is 1, ET_CORE is 4. */
  readonly type: number;
  readonly segments: readonly ElfSegment[];
  /** Empty for files stripped of their section headers. */
  readonly sections: readonly ElfSection[];
  readonly source: ByteSource;
}

/** Types of program headers (elf.h). */
export const PT = { LOAD: 1, NOTE: 4 } as const;

/** Flags of program headers. */
export const PF = { X: 1 } as const;

/** Types of sections. */
export const SHT = { SYMTAB: 2, RELA: 4, NOTE: 7, NOBITS: 8, DYNSYM: 11 } as const;

/** Flags of sections. */
export const SHF = { ALLOC: 2, EXECINSTR: 4, COMPRESSED: 0x800 } as const;

/** Machines. */
export const EM = { X86_64: 62, AARCH64: 183 } as const;

const EHDR_SIZE = 64;
const PHDR_SIZE = 56;
const SHDR_SIZE = 64;
const MAX_SECTIONS = 1 << 17;
const MAX_SECTION_NAMES = 16 << 20;
const PN_XNUM = 0xffff;

/** Whether the bytes begin like an ELF file of any kind. */
export function looksLikeElf(bytes: Uint8Array): boolean {
  return bytes.length >= 4 && bytes[0] === 0x7f && bytes[1] === 0x45 && bytes[2] === 0x4c && bytes[3] === 0x46;
}

/**
 * Reads the headers of a 64-bit little-endian ELF file (System V ABI; elf(5)).
 *
 * @throws {ElfError} when the file is none, or its tables do not lie inside it
 */
export function readElf(source: ByteSource): Elf {
  const head = source.read(0, Math.min(EHDR_SIZE, source.size));
  if (!head || !looksLikeElf(head)) throw new ElfError("Not an ELF file", 0);
  if (head.length < EHDR_SIZE) throw new ElfError(`ELF header cut off after ${head.length} bytes`, head.length);
  if (head[4] !== 2) throw new ElfError(`Not a 64-bit ELF file (class ${head[4]})`, 4);
  if (head[5] !== 1) throw new ElfError(`Not a little-endian ELF file (data ${head[5]})`, 5);
  const v = new DataView(head.buffer);
  const phentsize = v.getUint16(54, true);
  const shentsize = v.getUint16(58, true);
  const shoff = u64(v, 40);
  let phnum = v.getUint16(56, true);
  let shnum = v.getUint16(60, true);
  let shstrndx = v.getUint16(62, true);
  // Counts that do not fit 16 bits lie in the first section header (elf(5), e_shnum, e_phnum, e_shstrndx).
  if (shoff !== 0 && (shnum === 0 || phnum === PN_XNUM || shstrndx === 0xffff)) {
    const first = table(source, shoff, 1, shentsize, SHDR_SIZE, "section header");
    if (shnum === 0) shnum = Math.min(u64(first, 32), Number.MAX_SAFE_INTEGER);
    if (shstrndx === 0xffff) shstrndx = first.getUint32(40, true);
    if (phnum === PN_XNUM) phnum = first.getUint32(44, true);
  }
  if (shnum > MAX_SECTIONS) throw new ElfError(`${shnum} sections: more than ${MAX_SECTIONS}`, 60);
  if (phnum > MAX_SECTIONS) throw new ElfError(`${phnum} program headers: more than ${MAX_SECTIONS}`, 56);
  const segments: ElfSegment[] = [];
  if (phnum > 0) {
    const t = table(source, u64(v, 32), phnum, phentsize, PHDR_SIZE, "program header");
    for (let i = 0, at = 0; i < phnum; i++, at += phentsize) {
      segments.push({
        type: t.getUint32(at, true),
        flags: t.getUint32(at + 4, true),
        offset: u64(t, at + 8),
        vaddr: u64(t, at + 16),
        fileSize: u64(t, at + 32),
        memSize: u64(t, at + 40),
      });
    }
  }
  return {
    machine: v.getUint16(18, true),
    type: v.getUint16(16, true),
    segments,
    sections: shoff === 0 || shnum === 0 ? [] : readSections(source, shoff, shnum, shentsize, shstrndx),
    source,
  };
}

/** The first section of that name, or null. */
export function sectionNamed(elf: Elf, name: string): ElfSection | null {
  return elf.sections.find((s) => s.name === name) ?? null;
}

/**
 * The contents of a section; empty for one without any (SHT.NOBITS, as in separate debug files).
 *
 * @param limit most bytes to accept
 * @throws {ElfError} when the section does not lie inside the file, is compressed, or exceeds the limit
 */
export function sectionBytes(elf: Elf, section: ElfSection, limit: number): Uint8Array<ArrayBuffer> {
  if (section.type === SHT.NOBITS) return new Uint8Array(0);
  if (section.flags & SHF.COMPRESSED) throw new ElfError(`Section ${section.name} is compressed`, section.offset);
  if (section.size > limit) {
    throw new ElfError(`Section ${section.name} has ${section.size} bytes: more than ${limit}`, section.offset);
  }
  const bytes = elf.source.read(section.offset, section.size);
  if (!bytes) throw new ElfError(`Section ${section.name} reaches past the end of the file`, section.offset);
  return bytes;
}

/**
 * The address, as symbols name it, of a byte of the file that is mapped as code.
 *
 * @returns null when no loadable segment holds the offset
 */
export function fileOffsetToVaddr(elf: Elf, offset: number): number | null {
  let found: ElfSegment | null = null;
  for (const s of elf.segments) {
    if (s.type !== PT.LOAD || offset < s.offset || offset >= s.offset + s.fileSize) continue;
    // The kernel maps whole pages, so segments overlap in the file at their borders: the executable one is meant.
    if (found === null || (s.flags & PF.X && !(found.flags & PF.X))) found = s;
  }
  return found === null ? null : offset - found.offset + found.vaddr;
}

/**
 * The byte of the file that lies at an address, as symbols name it.
 *
 * @returns null when no loadable segment has that address in the file
 */
export function vaddrToFileOffset(elf: Elf, vaddr: number): number | null {
  const s = elf.segments.find((s) => s.type === PT.LOAD && vaddr >= s.vaddr && vaddr < s.vaddr + s.fileSize);
  return s ? vaddr - s.vaddr + s.offset : null;
}

/** Text up to the next NUL byte; empty when the offset is outside. At most 64 KiB long. */
export function stringAt(bytes: Uint8Array, offset: number): string {
  if (offset >= bytes.length) return "";
  const limit = Math.min(bytes.length, offset + MAX_NAME);
  let end = offset;
  let other = 0;
  while (end < limit && bytes[end] !== 0) other |= bytes[end++];
  // Short ASCII needs no decoder, which costs more than the text.
  if (other < 0x80 && end - offset <= MAX_SHORT) return asciiText(bytes, offset, end);
  return decoder.decode(bytes.subarray(offset, end));
}

/** Text of ASCII bytes; quick for short ones. */
export function asciiText(bytes: Uint8Array, from: number, to: number): string {
  let text = "";
  for (let i = from; i < to; i++) text += String.fromCharCode(bytes[i]);
  return text;
}

function readSections(source: ByteSource, offset: number, n: number, entry: number, names: number): ElfSection[] {
  const t = table(source, offset, n, entry, SHDR_SIZE, "section header");
  let strings: Uint8Array = new Uint8Array(0);
  if (names !== 0 && names < n) {
    const size = u64(t, names * entry + 32);
    if (size > MAX_SECTION_NAMES) throw new ElfError(`Section names of ${size} bytes`, offset);
    const bytes = source.read(u64(t, names * entry + 24), size);
    if (!bytes) throw new ElfError("Section names reach past the end of the file", offset);
    strings = bytes;
  }
  const sections: ElfSection[] = [];
  for (let i = 0, at = 0; i < n; i++, at += entry) {
    sections.push({
      name: stringAt(strings, t.getUint32(at, true)),
      type: t.getUint32(at + 4, true),
      flags: t.getUint32(at + 8, true),
      addr: u64(t, at + 16),
      offset: u64(t, at + 24),
      size: u64(t, at + 32),
      link: t.getUint32(at + 40, true),
      info: t.getUint32(at + 44, true),
      entrySize: u64(t, at + 56),
    });
  }
  return sections;
}

function table(source: ByteSource, offset: number, n: number, entry: number, min: number, what: string): DataView {
  if (entry < min) throw new ElfError(`A ${what} of ${entry} bytes: less than ${min}`, offset);
  const bytes = source.read(offset, n * entry);
  if (!bytes) throw new ElfError(`The ${what}s reach past the end of the file`, offset);
  return new DataView(bytes.buffer);
}

function u64(v: DataView, at: number): number {
  return v.getUint32(at + 4, true) * 4294967296 + v.getUint32(at, true);
}

const MAX_NAME = 64 << 10;
const MAX_SHORT = 24;
const decoder = new TextDecoder();
