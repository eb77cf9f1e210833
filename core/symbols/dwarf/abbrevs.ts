import { AT, FORM, TAG } from "./_codes.ts";
import { Cursor } from "./_cursor.ts";
import { DwarfError } from "./dwarf_error.ts";
import { fixedFormSize, type UnitFormat } from "./forms.ts";

/** What the entries of one code look like. */
export interface Abbrev {
  readonly tag: number;
  readonly hasChildren: boolean;
  readonly attributes: readonly number[];
  readonly forms: readonly number[];
  /** Values of DW_FORM_implicit_const by attribute; null when there are none. */
  readonly implicit: readonly number[] | null;
  /** How to move past an entry: numbers of bytes, and below zero forms whose length differs, negated. */
  readonly skips: readonly number[];
  /** Bytes of an entry behind its code, when all are of the same length; else -1. */
  readonly size: number;
  /** Where in an entry, behind its code, the four bytes say where its children end that hold no code; else -1. */
  readonly siblingAt: number;
  /** Whether it is a function or an inlined one with code of its own. */
  readonly isCode: boolean;
}

/** Entries' layouts by their code. */
export interface AbbrevTable {
  get(code: number): Abbrev | undefined;
}

/**
 * One table of abbreviations (DWARF 5, 7.5.3), read as far as codes are asked for: of most units only the first entry
 * is ever looked at.
 *
 * @param read bytes of the section from an offset on, at least `length` where there are as many
 * @throws {DwarfError} on asking, when the table is broken or has more than a million entries
 */
export function abbrevTable(
  read: (offset: number, length: number) => Uint8Array,
  offset: number,
  format: UnitFormat,
): AbbrevTable {
  const dense: Abbrev[] = [];
  const sparse = new Map<number, Abbrev>();
  let at = offset;
  let window = FIRST_WINDOW;
  let cursor = new Cursor(read(at, window));
  let done = false;
  let n = 0;
  const next = (): void => {
    const from = cursor.at;
    try {
      // Some producers leave out the last zero at the section's end.
      const code = cursor.at === cursor.end && cursor.end < window ? 0 : cursor.uleb();
      if (code === 0) {
        done = true;
        return;
      }
      const abbrev = readAbbrev(cursor, format);
      if (code === dense.length + 1) dense.push(abbrev);
      else sparse.set(code, abbrev);
      if (++n > MAX_ABBREVS) throw new DwarfError(`More than ${MAX_ABBREVS} abbreviations`, at + from);
    } catch (error) {
      if (!(error instanceof DwarfError) || cursor.end < window || window >= MAX_WINDOW) throw error;
      // The entry goes on behind what was read.
      at += from;
      window *= 16;
      cursor = new Cursor(read(at, window));
    }
  };
  return {
    get: (code) => {
      for (;;) {
        const known = dense[code - 1] ?? sparse.get(code);
        if (known !== undefined || done) return known;
        next();
      }
    },
  };
}

function readAbbrev(cursor: Cursor, format: UnitFormat): Abbrev {
  const tag = cursor.uleb();
  const hasChildren = cursor.u8() !== 0;
  const attributes: number[] = [];
  const forms: number[] = [];
  let implicit: number[] | null = null;
  const skips: number[] = [];
  let hasCode = false;
  // Bytes so far, while they are the same in each entry.
  let size = 0, siblingAt = -1;
  for (;;) {
    const attribute = cursor.uleb();
    const form = cursor.uleb();
    if (attribute === 0 && form === 0) break;
    if (form === FORM.IMPLICIT_CONST) (implicit ??= [])[attributes.length] = cursor.sleb();
    attributes.push(Math.min(attribute, 0xffff));
    forms.push(Math.min(form, 0xffff));
    if (attributes.length > MAX_ATTRIBUTES) throw new DwarfError("An entry has too many attributes", cursor.at);
    if (attribute === AT.LOW_PC || attribute === AT.RANGES) hasCode = true;
    else if (attribute === AT.SIBLING && form === FORM.REF4 && hasChildren && isCodeless(tag)) siblingAt = size;
    const fixed = fixedFormSize(form, format);
    if (fixed < 0) {
      skips.push(-form);
      size = -1;
    } else {
      if (size >= 0) size += fixed;
      if (skips.length > 0 && skips[skips.length - 1] >= 0) skips[skips.length - 1] += fixed;
      else skips.push(fixed);
    }
  }
  return {
    tag,
    hasChildren,
    attributes,
    forms,
    implicit: implicit && forms.map((_, i) => implicit![i] ?? 0),
    skips,
    size,
    siblingAt,
    isCode: hasCode && (tag === TAG.SUBPROGRAM || tag === TAG.INLINED_SUBROUTINE),
  };
}

/** Whether an entry's children are never functions with code: types without members, and parameters of calls. */
function isCodeless(tag: number): boolean {
  return tag === TAG.ARRAY_TYPE || tag === TAG.ENUMERATION_TYPE || tag === TAG.SUBROUTINE_TYPE ||
    tag === TAG.CALL_SITE || tag === TAG.GNU_CALL_SITE;
}

const FIRST_WINDOW = 1 << 12;
const MAX_WINDOW = 1 << 24;
const MAX_ABBREVS = 1 << 20;
const MAX_ATTRIBUTES = 1 << 12;
