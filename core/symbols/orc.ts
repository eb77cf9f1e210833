import { type Address, addressOf } from "./address.ts";
import { type Elf, ElfError, type ElfSection, sectionBytes, sectionNamed, SHT } from "./elf.ts";

/**
 * Registers that a row counts from: `ORC_REG_…` (arch/x86/include/asm/orc_types.h), as Linux up to 6.12 numbers them. `SP_INDIRECT`
 * is what lies at the stack pointer, plus the offset (Linux 5.12; no row had it before).
 */
export const ORC_REG = {
  UNDEFINED: 0,
  PREV_SP: 1,
  DX: 2,
  DI: 3,
  BP: 4,
  SP: 5,
  R10: 6,
  R13: 7,
  BP_INDIRECT: 8,
  SP_INDIRECT: 9,
  AX: 10,
} as const;

/** Our numbers of the registers that Linux 7.3 numbers anew: UNDEFINED AX DX SP BP DI R10 R13 PREV_SP SP_INDIRECT BP_INDIRECT. */
const NEW_NUMBERS = [0, 10, 2, 5, 4, 3, 6, 7, 1, 9, 8];

/** What the caller's frame is: `ORC_TYPE_…` as Linux 6.4 numbers them. */
export const ORC_TYPE = { UNDEFINED: 0, END_OF_STACK: 1, CALL: 2, REGS: 3, REGS_PARTIAL: 4 } as const;

/**
 * How a row is packed. `end`: up to Linux 6.2, two bits of type and one for the end of the stack. `signal_end`: 6.3, one for
 * interrupted code before it. `type`: since 6.4, three bits of type.
 * `renumbered`: the same with other numbers of registers (seen in 7.3).
 */
export type OrcFormat = "end" | "signal_end" | "type" | "renumbered";

/** The kernel's unwind table: what objtool found out about each instruction. Rows of one form, whatever the kernel's. */
export interface OrcTable {
  readonly format: OrcFormat;
  /** First addresses of the rows, ascending. */
  readonly addresses: Float64Array;
  readonly spOffsets: Int16Array;
  readonly bpOffsets: Int16Array;
  /** Bits 0–3 the stack pointer's {@linkcode ORC_REG}, 4–7 the frame pointer's, 8–10 the {@linkcode ORC_TYPE}, 11 signal. */
  readonly bits: Uint16Array;
  /** Index of the row for an address; -1 when it lies before the first. */
  find(address: Address): number;
}

const ROW = 6;
const MAX_ROWS = 16_000_000;
const ET_REL = 1;
const R_X86_64_PC32 = 2;

/**
 * Reads the sections `.orc_unwind_ip` and `.orc_unwind` of a vmlinux, or of a kernel module's file.
 *
 * @param sectionAddress of a module: where a section was loaded (`/sys/module/NAME/sections`), null when it was not
 * @returns null when the file has no such table. Addresses of a vmlinux are those it was linked for.
 * @throws {ElfError} when the table is broken
 */
export function readOrc(elf: Elf, sectionAddress?: (name: string) => Address | null): OrcTable | null {
  const places = sectionNamed(elf, ".orc_unwind_ip");
  const rows = sectionNamed(elf, ".orc_unwind");
  if (!places || !rows) return null;
  const n = rows.size / ROW;
  if (!Number.isInteger(n) || places.size !== n * 4 || n > MAX_ROWS) {
    throw new ElfError(`${places.size} bytes of places for ${rows.size} bytes of unwind rows`, rows.offset);
  }
  const raw = new Uint16Array(sectionBytes(elf, rows, MAX_ROWS * ROW).buffer);
  const addresses = elf.type === ET_REL
    ? relocatedPlaces(elf, places, n, sectionAddress ?? (() => null))
    : linkedPlaces(elf, places, n);
  const format = formatOf(elf, raw);
  return sorted(addresses, raw, format);
}

/** SHA-1 of the definitions that a kernel was built with (`.orc_header`, scripts/orc_hash.sh), where we have seen them. */
const HASHES: Readonly<Record<string, OrcFormat>> = {
  "fe5d32bf581bd63b2ca9a5c65ba5a625eab3fe24": "type", // 6.12
  "137c36ad7627c4dd55932176bb0ecdbd5041fc82": "renumbered", // 7.3
};

/**
 * The hash came with the bits of 6.4. It tells that definitions differ, not how: of those that we have not seen, the stack
 * pointer's number tells, which stands in most rows. Before the hash, only the form of 6.3 uses the bit that tells an
 * end there.
 *
 * @throws {ElfError} when it is none of these forms
 */
function formatOf(elf: Elf, raw: Uint16Array): OrcFormat {
  const header = sectionNamed(elf, ".orc_header");
  if (header) {
    const known = HASHES[sectionBytes(elf, header, 64).toHex()];
    if (known !== undefined) return known;
    const counts = new Uint32Array(16);
    for (let i = 2; i < raw.length; i += 3) counts[raw[i] & 0xf]++;
    counts[0] = 0;
    const most = counts.indexOf(Math.max(...counts));
    if (most !== 5 && most !== 3) throw new ElfError("An unwind table of a form that is not known", header.offset);
    return most === 5 ? "type" : "renumbered";
  }
  for (let i = 2; i < raw.length; i += 3) if (raw[i] & 0x800) return "signal_end";
  return "end";
}

/** Each place is an offset from itself. */
function linkedPlaces(elf: Elf, section: ElfSection, n: number): Float64Array {
  const offsets = new Int32Array(sectionBytes(elf, section, MAX_ROWS * 4).buffer);
  const start = exactAddress(elf, section);
  const addresses = new Float64Array(n);
  for (let i = 0; i < n; i++) addresses[i] = start + i * 4 + offsets[i];
  return addresses;
}

/** A module's are filled in when it is loaded: symbol + addend. Those of sections that were not loaded are NaN. */
function relocatedPlaces(
  elf: Elf,
  section: ElfSection,
  n: number,
  sectionAddress: (name: string) => Address | null,
): Float64Array {
  const index = elf.sections.indexOf(section);
  const relocations = elf.sections.find((s) => s.type === SHT.RELA && s.info === index);
  const symtab = relocations && elf.sections[relocations.link];
  if (!relocations || !symtab) throw new ElfError("A module's unwind table without relocations", section.offset);
  const rela = new DataView(sectionBytes(elf, relocations, MAX_ROWS * 24).buffer);
  const symbols = new DataView(sectionBytes(elf, symtab, MAX_ROWS * 24).buffer);
  const bases = elf.sections.map((s) => sectionAddress(s.name) ?? NaN);
  const addresses = new Float64Array(n).fill(NaN);
  for (let at = 0; at + 24 <= rela.byteLength; at += 24) {
    const offset = rela.getUint32(at, true);
    const symbol = rela.getUint32(at + 12, true) * 24;
    if (rela.getUint32(at + 8, true) !== R_X86_64_PC32 || offset % 4 !== 0 || offset / 4 >= n) {
      throw new ElfError("A relocation that an unwind table does not have", relocations.offset + at);
    }
    if (symbol + 24 > symbols.byteLength) throw new ElfError("No such symbol", relocations.offset + at);
    const base = bases[symbols.getUint16(symbol + 6, true)] ?? NaN;
    const value = symbols.getUint32(symbol + 8, true);
    addresses[offset / 4] = base + value + addressOf(rela.getUint32(at + 20, true), rela.getUint32(at + 16, true));
  }
  return addresses;
}

/** Headers give addresses as unsigned doubles, which lose the low bits of the kernel's. */
function exactAddress(elf: Elf, section: ElfSection): Address {
  const head = elf.source.read(0, 64);
  if (!head) throw new ElfError("ELF header cut off", 0);
  const v = new DataView(head.buffer);
  const table = v.getUint32(44, true) * 4294967296 + v.getUint32(40, true);
  const entry = elf.source.read(table + elf.sections.indexOf(section) * v.getUint16(58, true) + 16, 8);
  if (!entry) throw new ElfError("Section headers reach past the end of the file", table);
  const words = new DataView(entry.buffer);
  return addressOf(words.getUint32(4, true), words.getUint32(0, true));
}

function sorted(addresses: Float64Array, raw: Uint16Array, format: OrcFormat): OrcTable {
  const n = addresses.length;
  const columns = { spOffsets: new Int16Array(n), bpOffsets: new Int16Array(n), bits: new Uint16Array(n) };
  let inOrder = true;
  for (let i = 0, at = 0; i < n; i++, at += 3) {
    columns.spOffsets[i] = raw[at];
    columns.bpOffsets[i] = raw[at + 1];
    columns.bits[i] = unified(raw[at + 2], format);
    // NaN is never in order.
    if (!(addresses[i] >= (i > 0 ? addresses[i - 1] : -Infinity))) inOrder = false;
  }
  // A vmlinux is sorted when it is linked, a module when it is loaded.
  return inOrder ? table(format, addresses, columns) : sortedTable(format, addresses, columns);
}

type Columns = Pick<OrcTable, "spOffsets" | "bpOffsets" | "bits">;

function sortedTable(format: OrcFormat, unordered: Float64Array, columns: Columns): OrcTable {
  // A row that ends a section gives way to what begins at the same place.
  const weak = (i: number): number => (columns.bits[i] >>> 8 & 7) === ORC_TYPE.UNDEFINED ? 0 : 1;
  const order = Uint32Array.from(unordered.keys()).filter((i) => unordered[i] === unordered[i]);
  order.sort((a, b) => unordered[a] - unordered[b] || weak(a) - weak(b));
  return table(format, Float64Array.from(order, (i) => unordered[i]), {
    spOffsets: Int16Array.from(order, (i) => columns.spOffsets[i]),
    bpOffsets: Int16Array.from(order, (i) => columns.bpOffsets[i]),
    bits: Uint16Array.from(order, (i) => columns.bits[i]),
  });
}

function table(format: OrcFormat, addresses: Float64Array, columns: Columns): OrcTable {
  return {
    format,
    addresses,
    ...columns,
    find: (address) => {
      let lo = 0;
      let hi = addresses.length;
      while (lo < hi) {
        const mid = lo + hi >>> 1;
        if (addresses[mid] <= address) lo = mid + 1;
        else hi = mid;
      }
      return lo - 1;
    },
  };
}

/** A row's bits as Linux 6.4 has them. */
function unified(bits: number, format: OrcFormat): number {
  if (format === "type") return bits & 0xfff;
  if (format === "renumbered") {
    // What has no number of ours stays no register.
    return (NEW_NUMBERS[bits & 0xf] ?? 15) | (NEW_NUMBERS[bits >>> 4 & 0xf] ?? 15) << 4 | bits & 0xf00;
  }
  const registers = bits & 0xff;
  const old = bits >>> 8 & 3;
  if ((bits & 0xf) === ORC_REG.UNDEFINED) {
    const end = bits & (format === "end" ? 0x400 : 0x800);
    return registers | (end ? ORC_TYPE.END_OF_STACK : ORC_TYPE.UNDEFINED) << 8;
  }
  // CALL, REGS, REGS_PARTIAL. Where no bit tells of a signal, all saved registers are those of interrupted code.
  const signal = format === "end" ? old !== 0 : (bits & 0x400) !== 0;
  return registers | ORC_TYPE.CALL + old << 8 | (signal ? 0x800 : 0);
}
