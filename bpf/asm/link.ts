import {
  ALU_CODES,
  ATOMIC_FETCH,
  CLASS,
  type Insn,
  JUMP_CODES,
  type Label,
  MODE_ATOMIC,
  MODE_MEM,
  PSEUDO_MAP_FD,
  SRC_REG,
  TO_BIG_ENDIAN,
  type Variable,
  WIDTH_CODES,
} from "./insn.ts";
import { optimize } from "./_optimize.ts";

/** Most instructions (slots of 8 bytes) that we hand to the kernel; jumps reach 16 bits. */
export const MAX_SLOTS = 32_000;

/**
 * Encodes a program for this machine's byte order (little-endian everywhere that we run).
 *
 * @param mapFd the descriptor of a map by its name
 * @param variables their values; all 0 when absent
 * @throws {RangeError} when the program is too long
 */
export function link(
  insns: readonly Insn[],
  mapFd: (name: string) => number,
  variables: Readonly<Partial<Record<Variable, bigint>>> = {},
): Uint8Array<ArrayBuffer> {
  const code = optimize(insns);
  const places = new Map<number, number>();
  let slots = 0;
  for (const insn of code) {
    if (insn.op === "label") places.set(insn.label.id, slots);
    else slots += slotsOf(insn);
  }
  if (slots > MAX_SLOTS) throw new RangeError(`Program of ${slots} instructions exceeds ${MAX_SLOTS}`);
  const bytes = new Uint8Array(slots * 8);
  const view = new DataView(bytes.buffer);
  let at = 0;
  const put = (opcode: number, dst: number, src: number, off: number, imm: number): void => {
    view.setUint8(at * 8, opcode);
    view.setUint8(at * 8 + 1, dst | (src << 4));
    view.setInt16(at * 8 + 2, off, true);
    view.setInt32(at * 8 + 4, imm, true);
    at++;
  };
  const distance = (to: Label): number => {
    const place = places.get(to.id);
    if (place === undefined) throw new RangeError(`Label "${to.name}" was never marked`);
    return place - at - 1;
  };
  for (const i of code) {
    switch (i.op) {
      case "label":
        break;
      case "alu":
        put(ALU_CODES[i.fn] | (i.src === null ? 0 : SRC_REG) | CLASS.ALU64, i.dst, i.src ?? 0, 0, i.imm);
        break;
      case "to_be":
        put(TO_BIG_ENDIAN | CLASS.ALU, i.dst, 0, 0, i.bits);
        break;
      case "ld_imm64":
      case "ld_variable":
      case "ld_map": {
        const value = i.op === "ld_map"
          ? BigInt(mapFd(i.map))
          : BigInt.asUintN(64, i.op === "ld_imm64" ? i.value : variables[i.variable] ?? 0n);
        const src = i.op === "ld_map" ? PSEUDO_MAP_FD : 0;
        put(WIDTH_CODES[8] | CLASS.LD, i.dst, src, 0, Number(BigInt.asIntN(32, value)));
        put(0, 0, 0, 0, Number(BigInt.asIntN(32, value >> 32n)));
        break;
      }
      case "load":
        put(MODE_MEM | WIDTH_CODES[i.width] | CLASS.LDX, i.dst, i.src, i.off, 0);
        break;
      case "store":
        put(MODE_MEM | WIDTH_CODES[i.width] | CLASS.STX, i.dst, i.src, i.off, 0);
        break;
      case "store_imm":
        put(MODE_MEM | WIDTH_CODES[i.width] | CLASS.ST, i.dst, 0, i.off, i.imm);
        break;
      case "atomic_add":
        put(MODE_ATOMIC | WIDTH_CODES[8] | CLASS.STX, i.dst, i.src, i.off, 0);
        break;
      case "atomic_fetch_add":
        put(MODE_ATOMIC | WIDTH_CODES[8] | CLASS.STX, i.dst, i.src, i.off, ATOMIC_FETCH);
        break;
      case "jump":
        put(JUMP_CODES[i.fn] | (i.src === null ? 0 : SRC_REG) | CLASS.JMP, i.dst, i.src ?? 0, distance(i.to), i.imm);
        break;
      case "goto":
        put(CLASS.JMP, 0, 0, distance(i.to), 0);
        break;
      case "call":
        put(0x80 | CLASS.JMP, 0, 0, 0, i.helper);
        break;
      case "exit":
        put(0x90 | CLASS.JMP, 0, 0, 0, 0);
        break;
    }
  }
  return bytes;
}

/** Slots of 8 bytes an instruction takes. */
export function slotsOf(insn: Insn): number {
  if (insn.op === "label") return 0;
  return insn.op === "ld_imm64" || insn.op === "ld_map" || insn.op === "ld_variable" ? 2 : 1;
}
