import {
  ALU_CODES,
  ATOMIC_FETCH,
  CLASS,
  JUMP_CODES,
  MODE_ATOMIC,
  MODE_MEM,
  PSEUDO_MAP_FD,
  SRC_REG,
  TO_BIG_ENDIAN,
} from "./insn.ts";
import { helperName } from "./helpers.ts";

const ALU_SIGNS: Readonly<Record<string, string>> = {
  add: "+=",
  sub: "-=",
  mul: "*=",
  div: "/=",
  or: "|=",
  and: "&=",
  lsh: "<<=",
  rsh: ">>=",
  mod: "%=",
  xor: "^=",
  mov: "=",
  arsh: "s>>=",
};
const JUMP_SIGNS: Readonly<Record<string, string>> = {
  eq: "==",
  gt: ">",
  ge: ">=",
  set: "&",
  ne: "!=",
  sgt: "s>",
  sge: "s>=",
  lt: "<",
  le: "<=",
  slt: "s<",
  sle: "s<=",
};
const ALU_BY_CODE = new Map(Object.entries(ALU_CODES).map(([name, code]) => [code, name]));
const JUMP_BY_CODE = new Map(Object.entries(JUMP_CODES).map(([name, code]) => [code, name]));
const SIZES = ["u32", "u16", "u8", "u64"];

/**
 * Bytes to text in the notation of `llvm-objdump` and `bpftool`, one instruction a line, with the slot number in front.
 * Calls carry the helper's name, map loads the map's.
 *
 * @param mapName the name of a map by its descriptor, as it stands in the bytes
 */
export function disassemble(bytes: Uint8Array, mapName: (fd: number) => string = (fd) => `map#${fd}`): string {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const lines: string[] = [];
  const slots = bytes.byteLength >> 3;
  const digits = String(slots).length;
  for (let i = 0; i < slots; i++) {
    const text = decode(view, i, mapName);
    lines.push(`${String(i).padStart(digits)}: ${text}`);
    if (view.getUint8(i * 8) === 0x18) i++;
  }
  return lines.join("\n") + "\n";
}

function decode(view: DataView, slot: number, mapName: (fd: number) => string): string {
  const at = slot * 8;
  const opcode = view.getUint8(at);
  const dst = `r${view.getUint8(at + 1) & 15}`;
  const srcNumber = view.getUint8(at + 1) >> 4;
  const src = `r${srcNumber}`;
  const off = view.getInt16(at + 2, true);
  const imm = view.getInt32(at + 4, true);
  const place = (base: string): string => `(${base} ${off < 0 ? "-" : "+"} ${Math.abs(off)})`;
  const size = SIZES[(opcode >> 3) & 3];
  const mode = opcode & 0xe0;
  const operand = opcode & SRC_REG ? src : String(imm);
  switch (opcode & 7) {
    case CLASS.LD: {
      if (opcode !== 0x18) break;
      if (srcNumber === PSEUDO_MAP_FD) return `${dst} = map ${mapName(imm)} ll`;
      const high = view.getInt32(at + 12, true);
      return `${dst} = ${BigInt.asIntN(64, (BigInt(high) << 32n) | BigInt(imm >>> 0))} ll`;
    }
    case CLASS.LDX:
      if (mode === MODE_MEM) return `${dst} = *(${size} *)${place(src)}`;
      break;
    case CLASS.ST:
      if (mode === MODE_MEM) return `*(${size} *)${place(dst)} = ${imm}`;
      break;
    case CLASS.STX:
      if (mode === MODE_MEM) return `*(${size} *)${place(dst)} = ${src}`;
      if (mode === MODE_ATOMIC && imm === 0) return `lock *(${size} *)${place(dst)} += ${src}`;
      if (mode === MODE_ATOMIC && imm === ATOMIC_FETCH) {
        return `${src} = atomic_fetch_add((${size} *)${place(dst)}, ${src})`;
      }
      break;
    case CLASS.ALU:
      if (opcode === (TO_BIG_ENDIAN | CLASS.ALU)) return `${dst} = be${imm} ${dst}`;
      break;
    case CLASS.ALU64: {
      const fn = ALU_BY_CODE.get(opcode & 0xf0);
      if (fn === "neg") return `${dst} = -${dst}`;
      if (fn) return `${dst} ${ALU_SIGNS[fn]} ${operand}`;
      break;
    }
    case CLASS.JMP: {
      const code = opcode & 0xf0;
      if (code === 0x80) return `call ${helperName(imm)}`;
      if (code === 0x90) return "exit";
      if (code === 0) return `goto ${slot + 1 + off}`;
      const fn = JUMP_BY_CODE.get(code);
      if (fn) return `if ${dst} ${JUMP_SIGNS[fn]} ${operand} goto ${slot + 1 + off}`;
      break;
    }
  }
  return `unknown 0x${opcode.toString(16).padStart(2, "0")}`;
}
