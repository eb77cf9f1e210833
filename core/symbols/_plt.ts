import { type Elf, type ElfSection, EM, sectionBytes, sectionNamed, SHT } from "./elf.ts";

/** A stub through which calls to other modules go. */
export interface PltStub {
  readonly address: number;
  /** In bytes. */
  readonly size: number;
  /** Number of its symbol in `.dynsym`; 0 for a function that has none. */
  readonly symbol: number;
}

/**
 * Finds the stubs of procedure linkage tables by what they do: each jumps to where a slot of the global offset table
 * says, and a relocation of that slot names the function. So all layouts are read alike: `.plt`, `.plt.sec` (IBT),
 * `.plt.got`, with BTI and pointer authentication on aarch64 (System V ABI supplements).
 *
 * @throws {ElfError} when a section does not lie inside the file, or is over 64 MiB
 */
export function pltStubs(elf: Elf): PltStub[] {
  const find = elf.machine === EM.X86_64 ? x86Stubs : elf.machine === EM.AARCH64 ? armStubs : null;
  const sections = find ? SECTIONS.map((name) => sectionNamed(elf, name)).filter((s) => s !== null) : [];
  if (!find || sections.length === 0) return [];
  const slots = symbolsOfSlots(elf);
  const stubs: PltStub[] = [];
  for (const section of sections) {
    const bytes = sectionBytes(elf, section, MAX_BYTES);
    find(bytes, section, (at, size, slot) => {
      const symbol = slots.get(slot);
      if (symbol !== undefined) stubs.push({ address: section.addr + at, size, symbol });
    });
  }
  return stubs;
}

type Tell = (at: number, size: number, slot: number) => void;

/** Elf64_Rela: offset u64, info u64 (symbol in its upper half), addend i64. */
function symbolsOfSlots(elf: Elf): Map<number, number> {
  const slots = new Map<number, number>();
  for (const section of elf.sections) {
    if (section.type !== SHT.RELA || !/^\.rela\.(?:plt|iplt|dyn)$/.test(section.name)) continue;
    const bytes = sectionBytes(elf, section, MAX_BYTES);
    const words = new Uint32Array(bytes.buffer, 0, Math.floor(bytes.length / 24) * 6);
    for (let i = 0; i < words.length; i += 6) {
      const type = words[i + 2];
      if (SLOT_TYPES.has(type)) slots.set(words[i + 1] * 4294967296 + words[i], words[i + 3]);
    }
  }
  return slots;
}

/** `jmp *displacement(%rip)` is ff 25 and four bytes; entries are of 16 bytes, of 8 in some `.plt.got`. */
function x86Stubs(bytes: Uint8Array<ArrayBuffer>, { addr, entrySize }: ElfSection, tell: Tell): void {
  const entry = entrySize === 8 ? 8 : 16;
  const v = new DataView(bytes.buffer);
  for (let i = 0; i + 6 <= bytes.length; i++) {
    if (bytes[i] !== 0xff || bytes[i + 1] !== 0x25) continue;
    tell(i - i % entry, entry, addr + i + 6 + v.getInt32(i + 2, true));
    i += 5;
  }
}

/** `adrp x16, page; ldr x17, [x16, offset]; …; br x17`, behind `bti c` where that is used. */
function armStubs(bytes: Uint8Array<ArrayBuffer>, { addr }: ElfSection, tell: Tell): void {
  const words = new Uint32Array(bytes.buffer, 0, bytes.length >> 2);
  for (let i = 0; i + 1 < words.length; i++) {
    const adrp = words[i];
    const ldr = words[i + 1];
    if ((adrp & 0x9f00001f) >>> 0 !== 0x90000010 || (ldr & 0xffc003ff) >>> 0 !== 0xf9400211) continue;
    const pages = ((adrp >>> 3) & 0x1ffffc) | ((adrp >>> 29) & 3);
    const signed = (pages << 11) >> 11;
    const place = addr + i * 4;
    const slot = place - place % 4096 + signed * 4096 + ((ldr >>> 10) & 0xfff) * 8;
    const first = i > 0 && words[i - 1] === BTI_C ? i - 1 : i;
    let end = i + 2;
    while (end < words.length && end < i + 6 && (words[end] & 0xfffff000) >>> 0 !== 0xd61f0000 >>> 0) end++;
    tell(first * 4, (end + 1 - first) * 4, slot);
  }
}

const SECTIONS = [".plt", ".plt.sec", ".plt.got", ".iplt"];
/** R_X86_64_GLOB_DAT, JUMP_SLOT, IRELATIVE; R_AARCH64_GLOB_DAT, JUMP_SLOT, IRELATIVE. */
const SLOT_TYPES: ReadonlySet<number> = new Set([6, 7, 37, 1025, 1026, 1032]);
const BTI_C = 0xd503245f;
const MAX_BYTES = 64 << 20;
