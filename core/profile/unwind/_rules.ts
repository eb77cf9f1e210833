import { type CfiRow, type CfiSection, type Cie, RULE } from "../../symbols/mod.ts";
import type { UnwindArch } from "./_arch.ts";

/** What a rule is, in the low byte of its first word. */
export const KIND = {
  /** The code lies in no file. */
  ANONYMOUS: 0,
  NO_TABLE: 1,
  BAD: 2,
  /** rt_sigreturn, recognised by its instructions. */
  SIGRETURN: 3,
  ROOT: 4,
  /** CFA = register + offset; return address and registers at offsets from it. */
  SIMPLE: 5,
  /** CFA = what lies at register + offset; the rest as SIMPLE. Functions that align their stack. */
  INDIRECT: 6,
  /** The linkage table's expression: CFA = rsp + 8, and 8 more from a certain byte of each 16 on. */
  PLT: 7,
  /** Anything else: step by a {@linkcode SlowRule}. */
  SLOW: 8,
} as const;

/** Bits of the first word. */
export const FLAG = {
  /** The caller was interrupted by a signal. */
  SIGNAL: 0x100,
  /** The return address is in a register, whose number stands instead of the offset. */
  RA_IN_REGISTER: 0x200,
} as const;

/** A rule of the caller's register. */
interface SlowRegister {
  readonly register: number;
  /** One of `RULE`. */
  readonly rule: number;
  readonly value: number;
  readonly end: number;
}

/** A rule that needs expressions, or registers from registers. */
export interface SlowRule {
  readonly section: CfiSection;
  /** The CFA's register; -1 when an expression gives it, from `cfaFrom` to `cfaEnd` in the section. */
  readonly cfaRegister: number;
  readonly cfaOffset: number;
  readonly cfaFrom: number;
  readonly cfaEnd: number;
  readonly registers: readonly SlowRegister[];
}

/**
 * Rules, packed: a word of kind and flags, the CFA's register, its offset, the offset of the return address, the number
 * of saved registers, and for each its number and offset. The first of each kind without contents lie at the index of
 * their kind.
 */
export interface RuleStore {
  words: Int32Array;
  readonly slow: SlowRule[];
  /** @returns index of its first word */
  add(row: CfiRow, cie: Cie): number;
}

/** breg7 (rsp) +8; breg16 (rip) +0; lit15; and; [lit n]; ge; lit3; shl; plus */
const PLT = [0x77, 0x08, 0x80, 0x00, 0x3f, 0x1a, -1, 0x2a, 0x33, 0x24, 0x22];

/** @returns an empty store */
export function ruleStore(arch: UnwindArch): RuleStore {
  const known = new Map<string, number>();
  let used = KIND.SIMPLE as number;

  const append = (rule: readonly number[]): number => {
    const key = rule.join();
    const at = known.get(key);
    if (at !== undefined) return at;
    if (used + rule.length > store.words.length) {
      const larger = new Int32Array(store.words.length * 2 + rule.length);
      larger.set(store.words);
      store.words = larger;
    }
    store.words.set(rule, used);
    known.set(key, used);
    used += rule.length;
    return used - rule.length;
  };

  const store: RuleStore = {
    words: Int32Array.from({ length: 4096 }, (_, i) => i < KIND.SIMPLE ? i : 0),
    slow: [],
    add: (row, cie) => {
      const ra = row.rules[arch.ra];
      if (cie.returnRegister !== arch.ra) return KIND.BAD;
      if (ra === RULE.UNDEFINED) return KIND.ROOT;
      if (!row.cfaByExpression && row.cfaRegister < 0) return KIND.BAD;
      const flags = cie.signal ? FLAG.SIGNAL : 0;
      return append(packed(row, cie, arch, flags) ?? [KIND.SLOW | flags, store.slow.push(slow(row, cie, arch)) - 1]);
    },
  };
  return store;
}

/** @returns null when the row is not simple enough */
function packed(row: CfiRow, cie: Cie, arch: UnwindArch, flags: number): number[] | null {
  const { rules, values } = row;
  const raRule = rules[arch.ra];
  let ra: number;
  if (raRule === RULE.OFFSET) ra = values[arch.ra];
  else if (arch.link >= 0 && (raRule === RULE.UNSPECIFIED || raRule === RULE.SAME)) {
    flags |= FLAG.RA_IN_REGISTER;
    ra = arch.link;
  } else return null;
  const saved: number[] = [];
  for (let n = 0; n < arch.registers; n++) {
    const rule = rules[n];
    if (rule === RULE.OFFSET && n !== arch.sp) {
      if (n !== arch.pc) saved.push(n, values[n]);
    } else if (rule !== RULE.UNSPECIFIED && rule !== RULE.SAME && rule !== RULE.UNDEFINED) return null;
  }
  const fits = [ra, ...saved].every((v) => v === (v | 0));
  if (!fits) return null;
  const rest = [ra, saved.length / 2, ...saved];
  if (!row.cfaByExpression) {
    if (row.cfaRegister >= arch.registers || row.cfaOffset !== (row.cfaOffset | 0)) return null;
    return [KIND.SIMPLE | flags, row.cfaRegister, row.cfaOffset, ...rest];
  }
  const code = cie.section.bytes.subarray(row.cfaFrom, row.cfaEnd);
  if (
    arch.sp === 7 && code.length === PLT.length && PLT.every((b, i) => b < 0 || b === code[i]) &&
    code[6] >= 0x30 && code[6] <= 0x3f
  ) return [KIND.PLT | flags, arch.sp, code[6] - 0x30, ...rest];
  // breg n, offset in one byte, deref
  if (code.length === 3 && code[0] >= 0x70 && code[0] - 0x70 < arch.registers && code[1] < 0x80 && code[2] === 0x06) {
    return [KIND.INDIRECT | flags, code[0] - 0x70, code[1] << 25 >> 25, ...rest];
  }
  return null;
}

function slow(row: CfiRow, cie: Cie, arch: UnwindArch): SlowRule {
  const registers: SlowRegister[] = [];
  for (let register = 0; register < arch.registers; register++) {
    const rule = row.rules[register];
    if (rule === RULE.UNSPECIFIED || rule === RULE.SAME) continue;
    registers.push({ register, rule, value: row.values[register], end: row.ends[register] });
  }
  const { cfaOffset, cfaFrom, cfaEnd } = row;
  const cfaRegister = row.cfaByExpression ? -1 : row.cfaRegister;
  return { section: cie.section, cfaRegister, cfaOffset, cfaFrom, cfaEnd, registers };
}
