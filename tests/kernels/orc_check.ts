import { zstdDecompressSync } from "node:zlib";
import { createOrcUnwinder, type LoadedOrc, type StackEnd } from "../../core/profile/unwind/mod.ts";
import { type Address, addressOf, bytesSource, readElf, readOrc } from "../../core/symbols/mod.ts";
import type { OrcCapture, OrcSample } from "./orc_capture.ts";

/** What came of the comparison of our stacks with the kernel's. */
export interface OrcComparison {
  readonly samples: number;
  readonly frames: number;
  /** Stacks that are the same to the last frame. */
  readonly same: number;
  /** Stacks that are the same as far as the copy of the stack goes, and say that it ended. */
  readonly cut: number;
  readonly ends: Readonly<Record<string, number>>;
  /** Those that are not, as sentences. */
  readonly wrong: readonly string[];
}

/** Unwinds what was captured on a kernel and compares each frame. @param folder of the kernel in the matrix's cache */
export async function checkOrc(capture: OrcCapture, folder: string): Promise<OrcComparison> {
  const unwinder = createOrcUnwinder(await loadedTables(capture, folder));
  const ends: Partial<Record<StackEnd, number>> = {};
  const wrong: string[] = [];
  let frames = 0;
  let same = 0;
  let cut = 0;
  for (const sample of capture.samples) {
    const state = stateOf(sample);
    const stack = unwinder.unwind(state);
    ends[stack.end] = (ends[stack.end] ?? 0) + 1;
    const ours = Array.from(stack.addresses.subarray(0, stack.length), hex);
    frames += sample.frames.length;
    const isCut = stack.end === "other_stack" || stack.end === "copy_too_short";
    // An interrupt's stack is copied up to its end only: the kernel goes on below, on the thread's.
    const expected = isCut ? sample.frames.slice(0, ours.length) : sample.frames;
    if ((!isCut && stack.end !== "root") || ours.join(" ") !== expected.join(" ")) {
      wrong.push(`${sample.probe}: we ${ours.join(" ")} (${stack.end})\n  kernel ${sample.frames.join(" ")}`);
    } else if (isCut) cut++;
    else same++;
  }
  return { samples: capture.samples.length, frames, same, cut, ends, wrong };
}

async function loadedTables(capture: OrcCapture, folder: string): Promise<LoadedOrc[]> {
  const table = readOrc(readElf(bytesSource(await vmlinuxOf(`${folder}/vmlinuz`))));
  if (!table) throw new Error(`${folder} has no ORC table`);
  // Linked for 0xffffffff81000000, where .text and with it _stext begins.
  const slide = address(capture.stext) - addressOf(0xffffffff, 0x81000000);
  const tables: LoadedOrc[] = [{ table, slide }];
  const files = new Map<string, string>();
  for await (const path of walk(`${folder}/lib/modules`)) {
    const name = /([^/]+)\.ko(\.xz|\.zst)?$/.exec(path)?.[1];
    if (name !== undefined) files.set(name.replaceAll("-", "_"), path);
  }
  for (const { name, sections } of capture.modules) {
    const path = files.get(name);
    if (path === undefined) continue;
    const elf = readElf(bytesSource(await unpacked(path)));
    const table = readOrc(elf, (section) => sections[section] === undefined ? null : address(sections[section]));
    if (table && table.addresses.length > 0) tables.push({ table, slide: 0 });
  }
  return tables;
}

/** The ELF file inside a bzImage: Documentation/arch/x86/boot.rst, setup_sects, payload_offset, payload_length. */
export async function vmlinuxOf(path: string): Promise<Uint8Array> {
  const image = await Deno.readFile(path);
  const v = new DataView(image.buffer);
  const start = ((image[0x1f1] || 4) + 1) * 512 + v.getUint32(0x248, true);
  return await decompressed(image.subarray(start, start + v.getUint32(0x24c, true)));
}

async function unpacked(path: string): Promise<Uint8Array> {
  const bytes = await Deno.readFile(path);
  return bytes[0] === 0x7f ? bytes : await decompressed(bytes);
}

async function decompressed(bytes: Uint8Array): Promise<Uint8Array> {
  // The kernel's build appends the size; neither tool likes what follows the end.
  if (bytes[0] === 0x28) return zstdDecompressSync(bytes);
  const child = new Deno.Command("xz", { args: ["-dc", "--single-stream"], stdin: "piped", stdout: "piped" }).spawn();
  const output = child.output();
  const writer = child.stdin.getWriter();
  await writer.write(bytes);
  await writer.close();
  return (await output).stdout;
}

async function* walk(folder: string): AsyncGenerator<string> {
  for await (const entry of Deno.readDir(folder)) {
    const path = `${folder}/${entry.name}`;
    if (entry.isDirectory) yield* walk(path);
    else yield path;
  }
}

/** `struct pt_regs` (arch/x86/include/asm/ptrace.h) by DWARF number. */
const PT_REGS = [80, 96, 88, 40, 104, 112, 32, 152, 72, 64, 56, 48, 24, 16, 8, 0, 128];

function stateOf(sample: OrcSample): Parameters<ReturnType<typeof createOrcUnwinder>["unwind"]>[0] {
  const v = new DataView(Uint8Array.fromHex(sample.regs).buffer);
  const registers = Float64Array.from(PT_REGS, (at) => addressOf(v.getUint32(at + 4, true), v.getUint32(at, true)));
  const stack = new Uint32Array(Uint8Array.fromHex(sample.stack).buffer);
  return { registers, stack, at: 0, bytes: stack.byteLength };
}

function address(text: string): Address {
  return Number(BigInt.asIntN(64, BigInt(`0x${text}`)));
}

function hex(address: Address): string {
  return BigInt.asUintN(64, BigInt(address)).toString(16);
}
