import { type Elf, sectionBytes, sectionNamed, stringAt, vaddrToFileOffset } from "./elf.ts";

/** A place that a program's authors marked for tracing (USDT). One probe may stand at several. */
export interface StaticProbe {
  readonly provider: string;
  readonly name: string;
  /** Where the probe is, in bytes from the start of the file. */
  readonly offset: number;
  /** Where the counter is that is above 0 while somebody traces; 0 for none. */
  readonly semaphore: number;
  /** As the assembler wrote them: `-4@%edi 8@-24(%rbp)`. */
  readonly arguments: string;
}

const NT_STAPSDT = 3;
const MAX_NOTES = 16 << 20;

/**
 * The USDT probes of a file: notes of the section `.note.stapsdt`, each with three addresses (probe, `.stapsdt.base` as
 * it was when linked, semaphore) and three texts (SystemTap's sys/sdt.h; its wiki, "UserSpaceProbeImplementation").
 *
 * @throws {ElfError} when the section does not lie inside the file
 */
export function staticProbes(elf: Elf): StaticProbe[] {
  const section = sectionNamed(elf, ".note.stapsdt");
  if (!section) return [];
  const bytes = sectionBytes(elf, section, MAX_NOTES);
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  // Tools that move code after linking (prelink) move the section as well: by as much the addresses are off.
  const base = sectionNamed(elf, ".stapsdt.base")?.addr ?? 0;
  const probes: StaticProbe[] = [];
  for (let at = 0; at + 12 <= bytes.length;) {
    const nameSize = view.getUint32(at, true);
    const size = view.getUint32(at + 4, true);
    const contents = at + 12 + align4(nameSize);
    const next = contents + align4(size);
    if (next <= at || contents + size > bytes.length) break;
    if (view.getUint32(at + 8, true) === NT_STAPSDT && stringAt(bytes, at + 12) === "stapsdt" && size > 24) {
      const [pc, linkedBase, semaphore] = [0, 8, 16].map((i) => Number(view.getBigUint64(contents + i, true)));
      const moved = base !== 0 && linkedBase !== 0 ? base - linkedBase : 0;
      const provider = stringAt(bytes, contents + 24);
      const nameAt = contents + 24 + encodedLength(provider) + 1;
      const name = stringAt(bytes, nameAt);
      const offset = vaddrToFileOffset(elf, pc + moved);
      if (offset !== null) {
        probes.push({
          provider,
          name,
          offset,
          semaphore: semaphore === 0 ? 0 : vaddrToFileOffset(elf, semaphore + moved) ?? 0,
          arguments: stringAt(bytes, nameAt + encodedLength(name) + 1),
        });
      }
    }
    at = next;
  }
  return probes;
}

function align4(n: number): number {
  return Math.ceil(n / 4) * 4;
}

function encodedLength(text: string): number {
  return new TextEncoder().encode(text).length;
}
