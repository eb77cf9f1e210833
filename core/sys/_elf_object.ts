import type { Arch } from "./arch/mod.ts";

const EHDR = 64;
const PHDR = 56;
const PHDRS = 4;
const SYM = 24;
const DYN = 16;
/** Distance in memory between the code and the writable copy of the file: the largest page size of any kernel. */
const WRITABLE = 0x10000;

/**
 * An ELF64 shared object, small enough to write by hand: a table of exported functions over raw machine code and what
 * the dynamic loader needs to find them (System V ABI, chapters 4 and 5; elf(5)).
 *
 * The one page is mapped twice: readable and executable for code, symbols and strings, and readable and writable for
 * the dynamic section, which older loaders relocate in place. PT_GNU_STACK is there because a loader takes its
 * absence as a wish for an executable stack.
 */
export function elfObject(arch: Arch, functions: Readonly<Record<string, readonly number[]>>): Uint8Array<ArrayBuffer> {
  const names = Object.keys(functions);
  const strings = `\0${names.join("\0")}\0`;
  const symbols = names.length + 1;
  const hashAt = EHDR + PHDRS * PHDR;
  const symAt = align8(hashAt + 4 * (2 + 1 + symbols));
  const strAt = symAt + symbols * SYM;
  const dynAt = align8(strAt + strings.length);
  const codeAt = align8(dynAt + 6 * DYN);
  const offsets: number[] = [];
  let end = codeAt;
  for (const name of names) {
    offsets.push(end);
    end = align8(end + functions[name].length);
  }

  const bytes = new Uint8Array(end);
  const view = new DataView(bytes.buffer);
  const u32 = (at: number, value: number): void => view.setUint32(at, value, true);
  const u64 = (at: number, value: number): void => view.setBigUint64(at, BigInt(value), true);

  bytes.set([0x7f, 0x45, 0x4c, 0x46, 2, 1, 1]); // 64 bits, little endian, version 1
  view.setUint16(16, 3, true); // ET_DYN
  view.setUint16(18, arch.elfMachine, true);
  u32(20, 1); // EV_CURRENT
  u64(32, EHDR); // program headers
  view.setUint16(52, EHDR, true);
  view.setUint16(54, PHDR, true);
  view.setUint16(56, PHDRS, true);
  view.setUint16(58, 64, true); // size of a section header, of which there are none

  const segment = (index: number, type: number, flags: number, at: number, address: number, size: number): void => {
    const header = EHDR + index * PHDR;
    u32(header, type);
    u32(header + 4, flags);
    u64(header + 8, at);
    u64(header + 16, address);
    u64(header + 24, address);
    u64(header + 32, size);
    u64(header + 40, size);
    u64(header + 48, type === 1 ? WRITABLE : 16);
  };
  segment(0, 1, 5, 0, 0, end); // PT_LOAD, read and execute
  segment(1, 1, 6, 0, WRITABLE, end); // PT_LOAD, read and write
  segment(2, 2, 6, dynAt, WRITABLE + dynAt, 6 * DYN); // PT_DYNAMIC
  segment(3, 0x6474e551, 6, 0, 0, 0); // PT_GNU_STACK

  // One bucket, every symbol in its chain: for a handful of names a search is as quick as a hash.
  u32(hashAt, 1);
  u32(hashAt + 4, symbols);
  u32(hashAt + 8, symbols > 1 ? 1 : 0);
  for (let i = 1; i < symbols; i++) u32(hashAt + 12 + 4 * i, i + 1 < symbols ? i + 1 : 0);

  let nameAt = 1;
  names.forEach((name, i) => {
    const at = symAt + (i + 1) * SYM;
    u32(at, nameAt);
    bytes[at + 4] = 0x12; // STB_GLOBAL, STT_FUNC
    view.setUint16(at + 6, 1, true); // defined: any section index but 0
    u64(at + 8, offsets[i]);
    u64(at + 16, functions[name].length);
    bytes.set(functions[name], offsets[i]);
    nameAt += name.length + 1;
  });
  bytes.set(new TextEncoder().encode(strings), strAt);

  const dynamic: [number, number][] = [
    [4, hashAt], // DT_HASH
    [5, strAt], // DT_STRTAB
    [6, symAt], // DT_SYMTAB
    [10, strings.length], // DT_STRSZ
    [11, SYM], // DT_SYMENT
    [0, 0], // DT_NULL
  ];
  dynamic.forEach(([tag, value], i) => {
    u64(dynAt + i * DYN, tag);
    u64(dynAt + i * DYN + 8, value);
  });
  return bytes;
}

function align8(n: number): number {
  return (n + 7) & ~7;
}
