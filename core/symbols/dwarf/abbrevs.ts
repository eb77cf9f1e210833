import { AT, FORM, TAG } from "./_codes.ts";
import { Cursor } from "./_cursor.ts";
import { DwarfError } from "./dwarf_error.ts";
import { fixedFormSize, type UnitFormat } from "./forms.ts";

/** What the entries of one code look like. */
export interface Abbrev {
  readonly tag: number;
  readonly hasChildren: boolean;
  readonly attributes: Uint16Array;
  readonly forms: Uint16Array;
  /** Values of DW_FORM_implicit_const by attribute; null when there are none. */
  readonly implicit: Float64Array | null;
  /** How to move past an entry: numbers of bytes, and below zero forms whose length differs, negated. */
  readonly skips: Int32Array;
  /** Whether it is a function or an inlined one with code of its own. */
  readonly isCode: boolean;
}

/** Entries' layouts by their code. */
export interface AbbrevTable {
  get(code: number): Abbrev | undefined;
}

/**
 * Reads one table of abbreviations (DWARF 5, 7.5.3).
 *
 * @param bytes from the table's first byte on; more may follow
 * @param whole whether these are all bytes up to the section's end, where some producers leave out the last zero
 * @throws {DwarfError} when it is broken or has more than a million entries
 */
export function readAbbrevs(bytes: Uint8Array, format: UnitFormat, whole: boolean): AbbrevTable {
  const cursor = new Cursor(bytes);
  const dense: Abbrev[] = [];
  const sparse = new Map<number, Abbrev>();
  for (let n = 0;; n++) {
    if (n > MAX_ABBREVS) throw new DwarfError(`More than ${MAX_ABBREVS} abbreviations`, cursor.at);
    const code = whole && cursor.at === cursor.end ? 0 : cursor.uleb();
    if (code === 0) break;
    const abbrev = readAbbrev(cursor, format);
    if (code === dense.length + 1) dense.push(abbrev);
    else sparse.set(code, abbrev);
  }
  return { get: (code) => dense[code - 1] ?? sparse.get(code) };
}

function readAbbrev(cursor: Cursor, format: UnitFormat): Abbrev {
  const tag = cursor.uleb();
  const hasChildren = cursor.u8() !== 0;
  const attributes: number[] = [];
  const forms: number[] = [];
  let implicit: number[] | null = null;
  const skips: number[] = [];
  for (;;) {
    const attribute = cursor.uleb();
    const form = cursor.uleb();
    if (attribute === 0 && form === 0) break;
    if (form === FORM.IMPLICIT_CONST) (implicit ??= [])[attributes.length] = cursor.sleb();
    attributes.push(Math.min(attribute, 0xffff));
    forms.push(Math.min(form, 0xffff));
    if (attributes.length > MAX_ATTRIBUTES) throw new DwarfError("An entry has too many attributes", cursor.at);
    const fixed = fixedFormSize(form, format);
    if (fixed < 0) skips.push(-form);
    else if (skips.length > 0 && skips[skips.length - 1] >= 0) skips[skips.length - 1] += fixed;
    else skips.push(fixed);
  }
  const isFunction = tag === TAG.SUBPROGRAM || tag === TAG.INLINED_SUBROUTINE;
  return {
    tag,
    hasChildren,
    attributes: Uint16Array.from(attributes),
    forms: Uint16Array.from(forms),
    implicit: implicit && Float64Array.from(forms, (_, i) => implicit[i] ?? 0),
    skips: Int32Array.from(skips),
    isCode: isFunction && (attributes.includes(AT.LOW_PC) || attributes.includes(AT.RANGES)),
  };
}

const MAX_ABBREVS = 1 << 20;
const MAX_ATTRIBUTES = 1 << 12;
