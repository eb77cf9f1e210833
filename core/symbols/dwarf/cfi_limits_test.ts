import assert from "node:assert/strict";
import { ElfError } from "../elf.ts";
import { cfiRows } from "./cfi_rows.ts";
import type { CfiSection } from "./cfi_section.ts";
import { cfiTable } from "./cfi_table.ts";

/** An `.eh_frame` without a header to search by: a CIE, then entries of 16 bytes of code each. */
function sectionOf(entries: number, instructions = 0): CfiSection {
  const size = 24 + instructions;
  const bytes = new Uint8Array(20 + entries * size);
  const v = new DataView(bytes.buffer);
  // Length, id 0, version 1, no augmentation, code and data alignment 1, return address 16; padded by DW_CFA_nop.
  v.setUint32(0, 16, true);
  bytes.set([1, 0, 1, 1, 16], 8);
  for (let i = 0; i < entries; i++) {
    const at = 20 + i * size;
    v.setUint32(at, size - 4, true);
    v.setUint32(at + 4, at + 4, true);
    v.setUint32(at + 8, 0x1000 + i * 16, true);
    v.setUint32(at + 16, 16, true);
  }
  return { kind: "eh_frame", bytes, address: 0, textBase: 0, dataBase: 0, header: null };
}

Deno.test("a section is searched without its header up to a million entries; more is an ElfError, told at once again", () => {
  assert.equal(cfiTable(sectionOf(1000)).find(0x1000 + 999 * 16 + 3)?.start, 0x1000 + 999 * 16);
  const table = cfiTable(sectionOf(1_000_001));
  let first: unknown;
  assert.throws(() => table.find(0x1000), (error) => {
    first = error;
    return error instanceof ElfError && /More than 1000000/.test(error.message);
  });
  assert.throws(() => table.find(0x2000), (error) => error === first);
});

Deno.test("an entry of more than 64 KiB of instructions is an ElfError", () => {
  const machine = cfiRows();
  const fits = cfiTable(sectionOf(1, 64 << 10)).find(0x1000)!;
  assert.equal(machine.at(fits, 0x1000).location, 0x1000);
  const long = cfiTable(sectionOf(1, (64 << 10) + 1)).find(0x1000)!;
  assert.throws(() => machine.at(long, 0x1000), ElfError);
});
