import assert from "node:assert/strict";
import { bytesSource } from "./byte_source.ts";
import { ElfError, readElf } from "./elf.ts";
import { ORC_REG, ORC_TYPE, readOrc } from "./orc.ts";

const TEXT = 0xffff_ffff_8100_0000n;
const PLACES = 0xffff_ffff_82e8_db24n;
const NEW_HASH = Uint8Array.fromHex("137c36ad7627c4dd55932176bb0ecdbd5041fc82");

/** A row as objtool writes it, for code at an offset from the start of the text. */
interface Row {
  readonly at: number;
  readonly sp?: number;
  readonly bp?: number;
  readonly bits: number;
}

/** An ELF file with nothing but a table. */
function kernel(rows: readonly Row[], header?: Uint8Array): Uint8Array {
  const names = "\0.orc_unwind_ip\0.orc_unwind\0.orc_header\0.names\0";
  const nameAt = (name: string): number => names.indexOf(`\0${name}\0`) + 1;
  const places = new DataView(new ArrayBuffer(rows.length * 4));
  const packed = new DataView(new ArrayBuffer(rows.length * 6));
  rows.forEach((row, i) => {
    places.setInt32(i * 4, Number(TEXT + BigInt(row.at) - (PLACES + BigInt(i * 4))), true);
    packed.setInt16(i * 6, row.sp ?? 0, true);
    packed.setInt16(i * 6 + 2, row.bp ?? 0, true);
    packed.setUint16(i * 6 + 4, row.bits, true);
  });
  const sections: [string, number, bigint, Uint8Array][] = [
    ["", 0, 0n, new Uint8Array()],
    [".orc_unwind_ip", 1, PLACES, new Uint8Array(places.buffer)],
    [".orc_unwind", 1, 0n, new Uint8Array(packed.buffer)],
    ...(header ? [[".orc_header", 1, 0n, header] as [string, number, bigint, Uint8Array]] : []),
    [".names", 3, 0n, new TextEncoder().encode(names)],
  ];
  const data = 64 + sections.length * 64;
  const out = new Uint8Array(data + sections.reduce((n, s) => n + s[3].length, 0));
  const v = new DataView(out.buffer);
  out.set([0x7f, 0x45, 0x4c, 0x46, 2, 1, 1]);
  v.setUint16(16, 2, true);
  v.setUint16(18, 62, true);
  v.setBigUint64(40, 64n, true);
  v.setUint16(54, 56, true);
  v.setUint16(58, 64, true);
  v.setUint16(60, sections.length, true);
  v.setUint16(62, sections.length - 1, true);
  let at = data;
  sections.forEach(([name, type, address, bytes], i) => {
    const h = 64 + i * 64;
    v.setUint32(h, i === 0 ? 0 : nameAt(name), true);
    v.setUint32(h + 4, type, true);
    v.setBigUint64(h + 16, address, true);
    v.setBigUint64(h + 24, BigInt(at), true);
    v.setBigUint64(h + 32, BigInt(bytes.length), true);
    out.set(bytes, at);
    at += bytes.length;
  });
  return out;
}

const read = (rows: readonly Row[], header?: Uint8Array): ReturnType<typeof readOrc> =>
  readOrc(readElf(bytesSource(kernel(rows, header))));

const bits = (sp: number, bp: number, type: number, signal = 0): number => sp | bp << 4 | type << 8 | signal << 11;

Deno.test("readOrc() reads the form of each kernel to the same rows", () => {
  const { SP, BP, UNDEFINED, PREV_SP } = ORC_REG;
  const expected = [
    bits(SP, UNDEFINED, ORC_TYPE.CALL),
    bits(BP, PREV_SP, ORC_TYPE.CALL),
    bits(SP, UNDEFINED, ORC_TYPE.REGS, 1),
    bits(SP, UNDEFINED, ORC_TYPE.REGS_PARTIAL, 1),
    bits(UNDEFINED, UNDEFINED, ORC_TYPE.END_OF_STACK),
    bits(UNDEFINED, UNDEFINED, ORC_TYPE.UNDEFINED),
  ];
  const rows = (of: readonly number[]): Row[] => of.map((bits, i) => ({ at: i * 16, sp: 8 * i, bp: -8 * i, bits }));
  // Linux 5.10: type in two bits, then the end. 6.3: signal, then the end.
  const oldest = rows([0x005, 0x014, 0x105, 0x205, 0x400, 0x000]);
  const signal = rows([0x005, 0x014, 0x505, 0x605, 0x800, 0x000]);
  const renumbered = rows([0x203, 0x284, 0xb03, 0xc03, 0x100, 0x000]);
  for (
    const [format, table] of [
      ["end", read(oldest)],
      ["signal_end", read(signal)],
      ["type", read(rows(expected), new Uint8Array(20))],
      ["renumbered", read(renumbered, NEW_HASH)],
      ["renumbered", read([...renumbered, { at: 200, bits: 0x203 }], new Uint8Array(20))],
    ] as const
  ) {
    assert.ok(table);
    assert.equal(table.format, format);
    assert.deepEqual([...table.bits.subarray(0, 6)], expected, format);
    assert.deepEqual([...table.spOffsets.subarray(0, 6)], [0, 8, 16, 24, 32, 40]);
    assert.deepEqual([...table.bpOffsets.subarray(0, 6)], [-0, -8, -16, -24, -32, -40].map((n) => n + 0));
  }
});

Deno.test("find() gives the last row that begins at or before an address, to the byte", () => {
  const text = Number(BigInt.asIntN(64, TEXT));
  const table = read([0, 3, 4, 4, 100].map((at) => ({ at, bits: 5 })))!;
  const found = [-1, 0, 2, 3, 4, 99, 100, 5000].map((at) => table.find(text + at));
  assert.deepEqual(found, [-1, 0, 0, 1, 3, 3, 4, 4]);
});

Deno.test("readOrc() sorts what is not sorted; what ends a section gives way to what begins there", () => {
  const table = read([{ at: 8, bits: 5 }, { at: 8, bits: 0 }, { at: 0, bits: 5 }])!;
  assert.deepEqual([...table.addresses].map((a) => a - table.addresses[0]), [0, 8, 8]);
  assert.equal(table.bits[table.find(table.addresses[2])] & 0xf, ORC_REG.SP);
});

Deno.test("readOrc() of a file without a table is null; a broken or unknown one is an ElfError", () => {
  // The same file with other names of sections.
  assert.equal(readOrc(readElf(bytesSource(kernel([]).map((b) => b === 0x6f ? 0x70 : b)))), null);
  const rows = Array.from({ length: 9 }, (_, i) => ({ at: i, bits: 0x202 }));
  assert.throws(() => read(rows, new Uint8Array(20)), ElfError);
  const whole = kernel(rows);
  for (let length = 0; length < whole.length; length++) {
    assert.throws(() => readOrc(readElf(bytesSource(whole.subarray(0, length)))), ElfError);
  }
});
