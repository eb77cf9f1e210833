// elf(5)
const PT_LOAD = 1;
const PT_DYNAMIC = 2;
const DT = { STRTAB: 5, SYMTAB: 6, RELA: 7, RELASZ: 8 } as const;
const GLOB_DAT: Readonly<Record<number, number>> = { 62: 6, 183: 1025 };

/**
 * Where an executable keeps the address of another library's variable: the word that the dynamic loader fills by a
 * GLOB_DAT relocation.
 *
 * @param elf a little-endian ELF64 file
 * @param symbol name of the variable
 * @returns address in memory, before the file is moved to where it is loaded; null when there is no such relocation
 */
export function globalSlot(elf: DataView, symbol: string): number | null {
  const u64 = (at: number): number => Number(elf.getBigUint64(at, true));
  const headers = u64(32);
  const loads: { address: number; at: number; size: number }[] = [];
  let dynamic = -1;
  for (let i = 0; i < elf.getUint16(56, true); i++) {
    const header = headers + i * 56;
    const type = elf.getUint32(header, true);
    if (type === PT_LOAD) loads.push({ address: u64(header + 16), at: u64(header + 8), size: u64(header + 32) });
    if (type === PT_DYNAMIC) dynamic = u64(header + 8);
  }
  if (dynamic < 0) return null;
  const fileOffset = (address: number): number => {
    const load = loads.find((l) => address >= l.address && address < l.address + l.size);
    if (!load) throw new TypeError(`Address 0x${address.toString(16)} lies in no segment of the executable`);
    return address - load.address + load.at;
  };
  const values = new Map<number, number>();
  for (let at = dynamic; u64(at) !== 0; at += 16) values.set(u64(at), u64(at + 8));
  const [strings, symbols, relocations, size] = [DT.STRTAB, DT.SYMTAB, DT.RELA, DT.RELASZ].map((tag) =>
    values.get(tag)
  );
  if (!strings || !symbols || !relocations || !size) return null;

  const wanted = GLOB_DAT[elf.getUint16(18, true)];
  const start = fileOffset(relocations);
  for (let at = start; at < start + size; at += 24) {
    if (elf.getUint32(at + 8, true) !== wanted) continue;
    const nameAt = fileOffset(strings) + elf.getUint32(fileOffset(symbols) + elf.getUint32(at + 12, true) * 24, true);
    if (isText(elf, nameAt, symbol)) return u64(at);
  }
  return null;
}

function isText(view: DataView, at: number, text: string): boolean {
  for (let i = 0; i < text.length; i++) if (view.getUint8(at + i) !== text.charCodeAt(i)) return false;
  return view.getUint8(at + text.length) === 0;
}
