import { readPointer } from "./_cfi_pointer.ts";
import { CfiReader } from "./_cfi_reader.ts";
import type { Cie, Fde } from "./cfi_entries.ts";
import { type CfiRow, copyRow, emptyRow, MAX_REGISTERS, RULE } from "./cfi_row.ts";

/** Rows that instructions may remember at once: compilers nest them two deep. */
const MAX_REMEMBERED = 64;

/** Instructions of one entry, in bytes, run anew for each address: the largest functions that we know have some ten thousand. */
const MAX_INSTRUCTIONS = 64 << 10;

/** Runs the instructions of unwind entries. The rows it gives are used again by the next call. */
export interface CfiRows {
  /**
   * The row for an address inside an entry's range.
   *
   * @throws {ElfError} when the instructions are broken or not known
   */
  at(fde: Fde, address: number): CfiRow;
  /** Calls back for each row of an entry, in the order of addresses. @throws {ElfError} as `at` */
  each(fde: Fde, seen: (row: CfiRow) => void): void;
}

/** Makes a machine that runs call frame instructions (DWARF 5, 6.4.2 and 7.24; gcc's extensions). */
export function cfiRows(): CfiRows {
  const row = emptyRow();
  const initial = emptyRow();
  const remembered: CfiRow[] = [];
  let depth = 0;

  /** @returns whether it stopped because the next row begins behind `until` */
  const run = (
    reader: CfiReader,
    cie: Cie,
    from: number,
    to: number,
    until: number,
    seen: ((row: CfiRow) => void) | null,
  ): boolean => {
    reader.seek(from, to);
    if (to - from > MAX_INSTRUCTIONS) reader.fail(`${to - from} bytes of instructions`);
    const register = (): number => {
      const n = reader.uleb();
      return n < MAX_REGISTERS ? n : reader.fail(`register ${n} is not known`);
    };
    const set = (n: number, rule: number, value: number): void => {
      row.rules[n] = rule;
      row.values[n] = value;
    };
    const expression = (n: number, rule: number): void => {
      const length = reader.uleb();
      set(n, rule, reader.skip(length));
      row.ends[n] = reader.at;
    };
    const restore = (n: number): void => {
      set(n, initial.rules[n], initial.values[n]);
      row.ends[n] = initial.ends[n];
    };
    while (reader.at < reader.end) {
      const op = reader.u8();
      const low = op & 0x3f;
      let location = -1;
      switch (op >>> 6) {
        case 1: // DW_CFA_advance_loc
          location = row.location + low * cie.codeAlign;
          break;
        case 2: // DW_CFA_offset
          set(low, RULE.OFFSET, reader.uleb() * cie.dataAlign);
          continue;
        case 3: // DW_CFA_restore
          restore(low);
          continue;
        default:
          switch (low) {
            case 0x00: // DW_CFA_nop
              continue;
            case 0x01: // DW_CFA_set_loc
              location = readPointer(reader, cie.section, cie.pointerEncoding, 0, cie.addressSize);
              break;
            case 0x02: // DW_CFA_advance_loc1
              location = row.location + reader.u8() * cie.codeAlign;
              break;
            case 0x03:
              location = row.location + reader.u16() * cie.codeAlign;
              break;
            case 0x04:
              location = row.location + reader.u32() * cie.codeAlign;
              break;
            case 0x05: // DW_CFA_offset_extended
              set(register(), RULE.OFFSET, reader.uleb() * cie.dataAlign);
              continue;
            case 0x06: // DW_CFA_restore_extended
              restore(register());
              continue;
            case 0x07: // DW_CFA_undefined
              set(register(), RULE.UNDEFINED, 0);
              continue;
            case 0x08: // DW_CFA_same_value
              set(register(), RULE.SAME, 0);
              continue;
            case 0x09: // DW_CFA_register
              set(register(), RULE.REGISTER, register());
              continue;
            case 0x0a: { // DW_CFA_remember_state
              if (depth >= MAX_REMEMBERED) reader.fail("more rows are remembered than any program needs");
              const kept = remembered[depth] ??= emptyRow();
              depth++;
              copyRow(kept, row);
              continue;
            }
            case 0x0b: // DW_CFA_restore_state
              if (depth === 0) reader.fail("no row is remembered");
              copyRow(row, remembered[--depth]);
              continue;
            case 0x0c: // DW_CFA_def_cfa
              row.cfaByExpression = false;
              row.cfaRegister = register();
              row.cfaOffset = reader.uleb();
              continue;
            case 0x0d: // DW_CFA_def_cfa_register
              // After an expression, the offset of before it counts again, as libgcc has it.
              row.cfaByExpression = false;
              row.cfaRegister = register();
              continue;
            case 0x0e: // DW_CFA_def_cfa_offset
              row.cfaOffset = reader.uleb();
              continue;
            case 0x0f: { // DW_CFA_def_cfa_expression
              const length = reader.uleb();
              row.cfaByExpression = true;
              row.cfaFrom = reader.skip(length);
              row.cfaEnd = reader.at;
              continue;
            }
            case 0x10: // DW_CFA_expression
              expression(register(), RULE.EXPRESSION);
              continue;
            case 0x11: // DW_CFA_offset_extended_sf
              set(register(), RULE.OFFSET, reader.sleb() * cie.dataAlign);
              continue;
            case 0x12: // DW_CFA_def_cfa_sf
              row.cfaByExpression = false;
              row.cfaRegister = register();
              row.cfaOffset = reader.sleb() * cie.dataAlign;
              continue;
            case 0x13: // DW_CFA_def_cfa_offset_sf
              row.cfaOffset = reader.sleb() * cie.dataAlign;
              continue;
            case 0x14: // DW_CFA_val_offset
              set(register(), RULE.VAL_OFFSET, reader.uleb() * cie.dataAlign);
              continue;
            case 0x15: // DW_CFA_val_offset_sf
              set(register(), RULE.VAL_OFFSET, reader.sleb() * cie.dataAlign);
              continue;
            case 0x16: // DW_CFA_val_expression
              expression(register(), RULE.VAL_EXPRESSION);
              continue;
            case 0x1d: // DW_CFA_MIPS_advance_loc8
              location = row.location + reader.i64() * cie.codeAlign;
              break;
            case 0x2d: // DW_CFA_AARCH64_negate_ra_state (DW_CFA_GNU_window_save on SPARC)
              row.signed = !row.signed;
              continue;
            case 0x2e: // DW_CFA_GNU_args_size: of use for exceptions only
              reader.uleb();
              continue;
            case 0x2f: // DW_CFA_GNU_negative_offset_extended
              set(register(), RULE.OFFSET, -reader.uleb() * cie.dataAlign);
              continue;
            default:
              reader.fail(`call frame instruction 0x${op.toString(16)} is not known`);
          }
      }
      if (location > until) return true;
      if (!(location >= row.location)) reader.fail("rows go back to lower addresses");
      seen?.(row);
      row.location = location;
    }
    return false;
  };

  const start = (fde: Fde): CfiReader => {
    const { cie } = fde;
    const reader = new CfiReader(cie.section.bytes, `.${cie.section.kind}`);
    row.rules.fill(RULE.UNSPECIFIED);
    row.cfaByExpression = false;
    row.cfaRegister = -1;
    row.cfaOffset = 0;
    row.signed = false;
    row.location = fde.start;
    depth = 0;
    run(reader, cie, cie.from, cie.to, Infinity, null);
    row.location = fde.start;
    copyRow(initial, row);
    return reader;
  };

  return {
    at: (fde, address) => {
      run(start(fde), fde.cie, fde.from, fde.to, address, null);
      return row;
    },
    each: (fde, seen) => {
      run(start(fde), fde.cie, fde.from, fde.to, Infinity, seen);
      seen(row);
    },
  };
}
