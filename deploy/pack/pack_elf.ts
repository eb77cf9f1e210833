import { globalSlot } from "./global_slot.ts";
import stubs from "./stubs.json" with { type: "json" };

// elf(5)
const PT_LOAD = 1;
const PT_NOTE = 4;
const PHDR = 56;
/** Largest page size of our processors: a segment must lie alike in file and memory, modulo the page. */
const PAGE = 0x10000;

const MACHINES: Readonly<Record<number, keyof typeof stubs>> = { 62: "x86_64", 183: "aarch64" };

/**
 * Puts a JavaScript program into a copy of the `deno` executable, for machines that cannot download the runtime of
 * `deno compile`. The program header of the notes, which nothing needs at run time, becomes one more segment at the end
 * of file and memory: a stub (stub_x64.S) and the program. The entry point becomes the stub, which starts Deno on the
 * program with the user's arguments.
 *
 * @param deno a position-independent ELF64 executable
 * @param bundle the program: JavaScript that imports no file
 * @param data what it wants to read from its own executable: placed at `deno.length`, not mapped into memory
 * @throws {TypeError} when the file is not what was expected; it says what was found
 */
export function packElf(deno: Uint8Array, bundle: Uint8Array, data = new Uint8Array()): Uint8Array<ArrayBuffer> {
  const old = new DataView(deno.buffer, deno.byteOffset, deno.byteLength);
  const refuse = (found: string): never => {
    throw new TypeError(`Cannot pack into this deno executable: ${found}`);
  };
  if (deno.length < 64 || old.getUint32(0) !== 0x7f454c46 || deno[4] !== 2 || deno[5] !== 1) {
    refuse("it is no little-endian ELF64 file");
  }
  if (old.getUint16(16, true) !== 3) refuse("it is not position independent (ET_DYN)");
  const machine = MACHINES[old.getUint16(18, true)] ?? refuse(`it is for machine ${old.getUint16(18, true)}`);
  const stub = Uint8Array.fromBase64(stubs[machine]);

  const headers = Number(old.getBigUint64(32, true));
  const count = old.getUint16(56, true);
  let note = -1;
  let lastLoad = -1;
  let memoryEnd = 0;
  for (let i = 0; i < count; i++) {
    const at = headers + i * PHDR;
    const type = old.getUint32(at, true);
    if (type === PT_LOAD) {
      lastLoad = at;
      memoryEnd = Math.max(memoryEnd, Number(old.getBigUint64(at + 16, true) + old.getBigUint64(at + 40, true)));
    } else if (type === PT_NOTE) note = at;
  }
  // Kernels before 5.18 take the last PT_LOAD for the highest: ours has to come after all others.
  if (note < lastLoad) refuse("it has no notes behind its segments, or is packed already");

  const fileOffset = roundUp(deno.length + data.length);
  const address = roundUp(memoryEnd);
  const bundleOffset = roundUp(stub.length, 16);
  const size = bundleOffset + bundle.length;
  const out = new Uint8Array(fileOffset + size);
  out.set(deno);
  out.set(data, deno.length);
  out.set(stub, fileOffset);
  out.set(bundle, fileOffset + bundleOffset);

  const view = new DataView(out.buffer);
  const u64 = (at: number, value: number): void => view.setBigInt64(at, BigInt(value), true);
  const entry = Number(old.getBigUint64(24, true));
  const numbers = fileOffset + stub.length - 32;
  u64(numbers, bundleOffset);
  u64(numbers + 8, bundle.length);
  u64(numbers + 16, entry - address);
  const environ = globalSlot(old, "environ");
  u64(numbers + 24, environ === null ? 0 : environ - address);

  u64(24, address);
  view.setUint32(note, PT_LOAD, true);
  view.setUint32(note + 4, 5, true); // readable, executable
  u64(note + 8, fileOffset);
  u64(note + 16, address);
  u64(note + 24, address);
  u64(note + 32, size);
  u64(note + 40, size);
  u64(note + 48, PAGE);
  return out;
}

function roundUp(n: number, to = PAGE): number {
  return Math.ceil(n / to) * to;
}
