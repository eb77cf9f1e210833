import { pltStubs } from "./_plt.ts";
import { type Elf, ElfError, type ElfSection, sectionBytes, SHF, SHT, stringAt } from "./elf.ts";
import { type SymbolColumns, symbolRank } from "./symbol_table.ts";

const SYM_SIZE = 24;
const STT_NOTYPE = 0;
const STT_FUNC = 2;
const STT_GNU_IFUNC = 10;
const STB_GLOBAL = 1;
const STB_WEAK = 2;
const MAX_TABLE = 512 << 20;

/** A table of symbols and its names, as the file has them. */
interface RawSymbols {
  readonly words: Uint32Array;
  readonly strings: Uint8Array;
}

/** Whether the file has a full symbol table, not only that of the dynamic linker. */
export function hasSymtab(elf: Elf): boolean {
  return elf.sections.some((s) => s.type === SHT.SYMTAB && s.size >= 2 * SYM_SIZE);
}

/** Whether the file says from which source its code was made. */
export function hasDebugInfo(elf: Elf): boolean {
  return elf.sections.some((s) =>
    (s.name === ".debug_info" || s.name === ".zdebug_info") && s.type !== SHT.NOBITS && s.size > 0
  );
}

/**
 * The functions of a file: those of `.symtab`, or where it was stripped those of `.dynsym`, and the entries of the
 * procedure linkage table as `name@plt`.
 *
 * @throws {ElfError} when a table does not lie inside the file or is larger than 512 MiB
 */
export function elfFunctions(elf: Elf): SymbolColumns {
  const symtab = readSymbols(elf, SHT.SYMTAB);
  const dynsym = readSymbols(elf, SHT.DYNSYM);
  const main = symtab ?? dynsym;
  const functions = main ? selectFunctions(elf, main) : EMPTY;
  return dynsym ? concat(functions, pltEntries(elf, dynsym)) : functions;
}

function readSymbols(elf: Elf, type: number): RawSymbols | null {
  const section = elf.sections.find((s) => s.type === type && s.size >= 2 * SYM_SIZE);
  if (!section) return null;
  const strings: ElfSection | undefined = elf.sections[section.link];
  if (!strings) throw new ElfError(`Section ${section.name} names no string table`, section.offset);
  const bytes = sectionBytes(elf, section, MAX_TABLE);
  if (bytes.length === 0) return null;
  return {
    words: new Uint32Array(bytes.buffer, 0, Math.floor(bytes.length / SYM_SIZE) * 6),
    strings: sectionBytes(elf, strings, MAX_TABLE),
  };
}

function selectFunctions(elf: Elf, { words, strings }: RawSymbols): SymbolColumns {
  const executable = elf.sections.map((s) => (s.flags & SHF.EXECINSTR) !== 0);
  const total = words.length / 6;
  const starts = new Float64Array(total);
  const sizes = new Float64Array(total);
  const limits = new Float64Array(total);
  const ranks = new Uint8Array(total);
  const names = new Uint32Array(total);
  let n = 0;
  // Entry (elf(5), Elf64_Sym): name u32, info u8, other u8, section u16, value u64, size u64.
  for (let w = 0; w < words.length; w += 6) {
    const info = words[w + 1];
    const type = info & 0xf;
    const section = info >>> 16;
    const name = words[w];
    if (section === 0 || name === 0 || name >= strings.length || strings[name] === 0) continue;
    if (type !== STT_FUNC && type !== STT_GNU_IFUNC) {
      // Assembly without `.type`: code all the same. Mapping symbols of aarch64 (`$x`) and local labels are not.
      if (type !== STT_NOTYPE || executable[section] !== true) continue;
      const first = strings[name];
      if (first === 0x24 || (first === 0x2e && strings[name + 1] === 0x4c)) continue;
    }
    const bind = (info >>> 4) & 0xf;
    const size = words[w + 5] * 4294967296 + words[w + 4];
    starts[n] = words[w + 3] * 4294967296 + words[w + 2];
    sizes[n] = size;
    const inside = elf.sections[section];
    limits[n] = inside && inside.addr + inside.size > starts[n] ? inside.addr + inside.size : Infinity;
    ranks[n] = symbolRank(size > 0, bind === STB_WEAK, bind === STB_GLOBAL);
    names[n] = name;
    n++;
  }
  return { length: n, starts, sizes, limits, ranks, nameOf: (i) => stringAt(strings, names[i]) };
}

/** Names the stubs through which calls to other modules go. */
function pltEntries(elf: Elf, dynsym: RawSymbols): SymbolColumns {
  const stubs = pltStubs(elf);
  return {
    length: stubs.length,
    starts: Float64Array.from(stubs, (s) => s.address),
    sizes: Float64Array.from(stubs, (s) => s.size),
    ranks: new Uint8Array(stubs.length),
    nameOf: (i) => {
      const symbol = stubs[i].symbol * 6;
      const name = symbol < dynsym.words.length ? stringAt(dynsym.strings, dynsym.words[symbol]) : "";
      return name === "" ? "[plt]" : `${name}@plt`;
    },
  };
}

function concat(a: SymbolColumns, b: SymbolColumns): SymbolColumns {
  if (b.length === 0) return a;
  const length = a.length + b.length;
  const join = <T extends Float64Array | Uint8Array>(out: T, x: T, y: T): T => {
    out.set(x.subarray(0, a.length));
    out.set(y.subarray(0, b.length), a.length);
    return out;
  };
  return {
    length,
    starts: join(new Float64Array(length), a.starts, b.starts),
    sizes: join(new Float64Array(length), a.sizes, b.sizes),
    limits: a.limits ? join(new Float64Array(length).fill(Infinity), a.limits, new Float64Array(0)) : undefined,
    ranks: join(new Uint8Array(length), a.ranks, b.ranks),
    nameOf: (i) => i < a.length ? a.nameOf(i) : b.nameOf(i - a.length),
  };
}

const EMPTY: SymbolColumns = {
  length: 0,
  starts: new Float64Array(0),
  sizes: new Float64Array(0),
  ranks: new Uint8Array(0),
  nameOf: () => "",
};
