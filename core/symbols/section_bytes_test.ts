import assert from "node:assert/strict";
import { deflateSync } from "node:zlib";
import { bytesSource } from "./byte_source.ts";
import { loadModule } from "./code_module.ts";
import { openDwarf } from "./dwarf/mod.ts";
import { ElfError, readElf } from "./elf.ts";
import { openSection } from "./section_bytes.ts";

interface Part {
  readonly name: string;
  readonly type: number;
  readonly flags: number;
  readonly link: number;
  readonly entry: number;
  readonly bytes: Uint8Array;
}

/** A 64-bit little-endian file of one segment, one function `main` at 0x1000, and sections. */
function elfOf(more: readonly Part[]): Uint8Array {
  const symbols = new Uint8Array(48);
  const s = new DataView(symbols.buffer, 24);
  s.setUint32(0, 1, true);
  s.setUint8(4, 0x12); // STB_GLOBAL, STT_FUNC
  s.setUint16(6, 4, true);
  s.setBigUint64(8, 0x1000n, true);
  s.setBigUint64(16, 16n, true);
  const text = (t: string): Uint8Array => new TextEncoder().encode(t);
  const parts: Part[] = [
    { name: "", type: 0, flags: 0, link: 0, entry: 0, bytes: new Uint8Array(0) },
    { name: ".symtab", type: 2, flags: 0, link: 2, entry: 24, bytes: symbols },
    { name: ".strtab", type: 3, flags: 0, link: 0, entry: 0, bytes: text("\0main\0") },
    ...more,
  ];
  let names = "";
  const nameAt = [...parts, { name: ".shstrtab" }].map(({ name }) => (names += `${name}\0`).length - name.length - 1);
  parts.push({ name: ".shstrtab", type: 3, flags: 0, link: 0, entry: 0, bytes: text(names) });
  const out = new Uint8Array(0x2000 + parts.reduce((sum, p) => sum + p.bytes.length + 8, 0) + 64 * parts.length);
  let at = 0x2000;
  const places = parts.map(({ bytes }) => {
    const place = at;
    out.set(bytes, place);
    at = (at + bytes.length + 7) & ~7;
    return place;
  });
  out.set([0x7f, 0x45, 0x4c, 0x46, 2, 1, 1]);
  const v = new DataView(out.buffer);
  v.setUint16(16, 3, true);
  v.setUint16(18, 62, true);
  v.setUint32(20, 1, true);
  v.setBigUint64(32, 64n, true);
  v.setBigUint64(40, BigInt(at), true);
  [64, 56, 1, 64, parts.length, parts.length - 1].forEach((n, i) => v.setUint16(52 + i * 2, n, true));
  v.setUint32(64, 1, true);
  v.setUint32(68, 5, true);
  [0x1000n, 0x1000n, 0x1000n, 0x1000n, 0x1000n, 0x1000n].forEach((n, i) => v.setBigUint64(72 + i * 8, n, true));
  parts.forEach((p, i) => {
    const h = at + i * 64;
    v.setUint32(h, nameAt[i], true);
    v.setUint32(h + 4, p.type, true);
    v.setBigUint64(h + 8, BigInt(p.flags), true);
    v.setBigUint64(h + 24, BigInt(places[i]), true);
    v.setBigUint64(h + 32, BigInt(p.bytes.length), true);
    v.setUint32(h + 40, p.link, true);
    v.setBigUint64(h + 56, BigInt(p.entry), true);
  });
  return out;
}

/** A section of debugging information, packed by zlib. @param claimed size in its head, bytes */
function packed(name: string, contents: Uint8Array, claimed = contents.length): Part {
  const body = deflateSync(contents);
  const bytes = new Uint8Array(24 + body.length);
  const v = new DataView(bytes.buffer);
  v.setUint32(0, 1, true);
  v.setBigUint64(8, BigInt(claimed), true);
  bytes.set(body, 24);
  return { name, type: 1, flags: 0x800, link: 0, entry: 0, bytes };
}

const plain = (name: string, bytes: Uint8Array): Part => ({ name, type: 1, flags: 0, link: 0, entry: 0, bytes });

Deno.test("a section of zeros that unpacks to a thousand times its size is refused; symbols still name the code", () => {
  const zeros = packed(".debug_info", new Uint8Array(32 << 20));
  assert.ok(zeros.bytes.length < (32 << 20) / 900);
  const file = elfOf([zeros, plain(".debug_abbrev", Uint8Array.of(0))]);
  assert.throws(() => openSection(readElf(bytesSource(file)), ".debug_info"), ElfError);
  const module = loadModule(bytesSource(file), "/none", () => null);
  assert.deepEqual(module.frames(0x1004, true).map((f) => f.name), ["main"]);
  assert.match(module.problems()[0], /unpacks to 33554432: more than/);
});

Deno.test("small sections may be all zeros; a section of more than 256 MiB is refused however well it packs", () => {
  const small = openSection(readElf(bytesSource(elfOf([packed(".debug_str", new Uint8Array(1 << 20))]))), ".debug_str");
  assert.equal(small?.whole()?.length, 1 << 20);
  let x = 1;
  const noise = Uint8Array.from({ length: 3 << 20 }, () => (x = Math.imul(x, 1664525) + 1013904223 | 0) >>> 24);
  const file = elfOf([packed(".debug_str", noise, (256 << 20) + 1)]);
  assert.throws(() => openSection(readElf(bytesSource(file)), ".debug_str"), /more than 268435456/);
});

Deno.test("what fails to unpack is not unpacked again", () => {
  const file = elfOf([packed(".debug_str", new Uint8Array(1000), 999)]);
  let reads = 0;
  const source = bytesSource(file);
  const counted = { size: source.size, read: (at: number, n: number) => (reads++, source.read(at, n)) };
  const section = openSection(readElf(counted), ".debug_str")!;
  assert.throws(() => section.whole(), ElfError);
  const before = reads;
  assert.throws(() => section.at(0, 1), ElfError);
  assert.equal(reads, before);
});

Deno.test("what is kept of a file's debugging information is counted, functions and rows apart", () => {
  const parts = [plain(".debug_info", new Uint8Array(16)), plain(".debug_abbrev", Uint8Array.of(0))];
  const file = openDwarf(readElf(bytesSource(elfOf(parts))))!;
  file.spend("scopes", 16 << 20);
  assert.throws(() => file.spend("scopes", 1), {
    name: "DwarfError",
    message: /more than 16777216 functions and ranges/,
  });
  file.spend("rows", 32 << 20);
  assert.throws(() => file.spend("rows", 1), { name: "DwarfError" });
});
