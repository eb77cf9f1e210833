import { type Elf, type ElfSection, PT, sectionBytes, sectionNamed, SHT, stringAt } from "./elf.ts";

const NT_GNU_BUILD_ID = 3;
const MAX_NOTES = 1 << 20;

/** The build id as lower-case hex, from its note section or segment; null when the file has none. */
export function buildId(elf: Elf): string | null {
  for (const s of elf.sections) {
    if (s.type !== SHT.NOTE || s.size > MAX_NOTES) continue;
    const id = findBuildId(elf.source.read(s.offset, s.size));
    if (id) return id;
  }
  for (const s of elf.segments) {
    if (s.type !== PT.NOTE || s.fileSize > MAX_NOTES) continue;
    const id = findBuildId(elf.source.read(s.offset, s.fileSize));
    if (id) return id;
  }
  return null;
}

/** `.gnu_debuglink`: the name of the separate debug file and the CRC-32 of its contents; null without one. */
export function debugLink(elf: Elf): { readonly name: string; readonly crc: number } | null {
  const section: ElfSection | null = sectionNamed(elf, ".gnu_debuglink");
  if (!section) return null;
  const bytes = sectionBytes(elf, section, 4096);
  const name = stringAt(bytes, 0);
  const at = (name.length + 4) & ~3;
  // A name with a slash could lead anywhere: the format has none.
  if (name === "" || name.includes("/") || at + 4 > bytes.length) return null;
  return { name, crc: new DataView(bytes.buffer).getUint32(at, true) };
}

/** `.gnu_debugaltlink`: the file that dwz moved shared entries to, and its build id; null without one. */
export function supplementLink(elf: Elf): { readonly path: string; readonly id: string } | null {
  const section = sectionNamed(elf, ".gnu_debugaltlink");
  if (!section) return null;
  const bytes = sectionBytes(elf, section, 8192);
  const nul = bytes.indexOf(0);
  return nul > 0 && nul + 1 < bytes.length
    ? { path: stringAt(bytes, 0), id: hex(bytes.subarray(nul + 1, nul + 65)) }
    : null;
}

/** Notes are: name size, contents size, type, name padded to 4, contents padded to 4 (elf(5), "Notes"). */
function findBuildId(bytes: Uint8Array<ArrayBuffer> | null): string | null {
  if (!bytes) return null;
  const v = new DataView(bytes.buffer);
  for (let at = 0; at + 12 <= bytes.length;) {
    const nameSize = v.getUint32(at, true);
    const size = v.getUint32(at + 4, true);
    const type = v.getUint32(at + 8, true);
    const name = at + 12;
    const contents = name + align4(nameSize);
    const next = contents + align4(size);
    if (next <= at || next > bytes.length + 3) return null;
    const gnu = nameSize === 4 && v.getUint32(name, true) === 0x00554e47;
    if (gnu && type === NT_GNU_BUILD_ID && size > 0 && size <= 64 && contents + size <= bytes.length) {
      return hex(bytes.subarray(contents, contents + size));
    }
    at = next;
  }
  return null;
}

/** Not `& ~3`: sizes are unsigned 32-bit numbers, and hostile ones use the sign bit. */
function align4(n: number): number {
  return Math.ceil(n / 4) * 4;
}

function hex(bytes: Uint8Array): string {
  return Array.from(bytes, (b) => b.toString(16).padStart(2, "0")).join("");
}
