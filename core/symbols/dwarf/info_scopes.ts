import type { Abbrev } from "./abbrevs.ts";
import { AT, FORM, TAG } from "./_codes.ts";
import { Cursor } from "./_cursor.ts";
import { DwarfError } from "./dwarf_error.ts";
import { type FlatRanges, flattenRanges } from "./flatten.ts";
import { isAddressIndex, readNumber, skipForm } from "./forms.ts";
import { addressAt, readRanges } from "./ranges.ts";
import { readReference, type Unit } from "./units.ts";

/** The functions of a unit that have code, and those inlined into them. Numbers of scopes are indexes. */
export interface Scopes {
  readonly ranges: FlatRanges;
  /** The scope that a function was inlined into; -1 for functions of their own. */
  readonly parents: Int32Array;
  /**
   * Offsets in `.debug_info` of the entries that name them: of functions their own, of inlined ones that of the
   * function, which all calls share; -2 - offset for one in the supplementary file.
   */
  readonly entries: Float64Array;
  /** Where an inlined function was called from: number in the unit's table of files, and line. */
  readonly callFiles: Uint32Array;
  readonly callLines: Uint32Array;
}

/**
 * Walks all entries of a unit for functions with code.
 *
 * @throws {DwarfError} when the unit is broken, or has more in it than is kept of a file
 */
export function readScopes(unit: Unit): Scopes {
  const length = unit.end - unit.first;
  if (length > MAX_UNIT) throw new DwarfError(`A unit of ${length} bytes: more than ${MAX_UNIT}`, unit.offset);
  const bytes = unit.file.info.at(unit.first, length);
  const cursor = new Cursor(bytes);
  const abbrevs = unit.file.abbrevs(unit.abbrevOffset, unit);
  const layouts: (Abbrev | undefined)[] = [];
  const parents: number[] = [], entries: number[] = [], callFiles: number[] = [], callLines: number[] = [];
  const starts: number[] = [], ends: number[] = [], owners: number[] = [];
  const add = (start: number, end: number): void => {
    unit.file.spend("scopes", 1);
    starts.push(start);
    ends.push(end);
    owners.push(parents.length);
  };
  // The scope around the children of each open entry.
  const around: number[] = [];
  let scope = -1;
  // Nine of ten entries are only passed over, and how fast that goes is how fast a unit is read: no calls here.
  for (let next = 0; next < length;) {
    const at = next;
    let code = bytes[next++];
    if (code >= 0x80) {
      cursor.at = at;
      code = cursor.uleb();
      next = cursor.at;
    }
    if (code === 0) {
      // Padding behind the last entry closes more than was opened.
      if (around.length === 0) continue;
      scope = around.pop()!;
      continue;
    }
    let abbrev = code < MAX_DENSE ? layouts[code] : undefined;
    if (abbrev === undefined) {
      abbrev = abbrevs.get(code);
      if (!abbrev) throw new DwarfError(`No abbreviation ${code}`, unit.first + at);
      if (code < MAX_DENSE) {
        while (layouts.length < code) layouts.push(undefined);
        layouts[code] = abbrev;
      }
    }
    let inner = scope;
    if (!abbrev.isCode) {
      if (abbrev.siblingAt >= 0) {
        const s = next + abbrev.siblingAt;
        const sibling = unit.offset - unit.first + (bytes[s] | bytes[s + 1] << 8 | bytes[s + 2] << 16) +
          bytes[s + 3] * 0x1000000;
        if (sibling > s && sibling <= length) {
          next = sibling;
          continue;
        }
      }
      if (abbrev.tag === TAG.SUBPROGRAM) inner = -1;
      if (abbrev.size >= 0) next += abbrev.size;
      else {
        const { skips } = abbrev;
        for (let i = 0; i < skips.length; i++) {
          const skip = skips[i];
          if (skip >= 0) next += skip;
          else if (skip === -FORM.EXPRLOC && bytes[next] < 0x80) next += 1 + bytes[next];
          else if (skip === -FORM.UDATA || skip === -FORM.SDATA) { while (bytes[next++] >= 0x80); }
          else {
            cursor.at = Math.min(next, length);
            skipForm(cursor, -skip, unit);
            next = cursor.at;
          }
        }
      }
      if (next > length) throw new DwarfError("The data ends inside an entry", unit.first + at);
    } else {
      cursor.at = next;
      let low = NaN,
        high = NaN,
        lowForm = 0,
        highForm = 0,
        ranges = NaN,
        rangesForm = 0,
        file = 0,
        line = 0,
        origin = -1;
      const { attributes, forms, implicit } = abbrev;
      for (let i = 0; i < attributes.length; i++) {
        let form = forms[i];
        if (form === FORM.INDIRECT) form = cursor.uleb();
        const value = implicit === null ? 0 : implicit[i];
        switch (attributes[i]) {
          case AT.LOW_PC:
            low = readNumber(cursor, form, unit, value);
            lowForm = form;
            break;
          case AT.HIGH_PC:
            high = readNumber(cursor, form, unit, value);
            highForm = form;
            break;
          case AT.RANGES:
            ranges = readNumber(cursor, form, unit, value);
            rangesForm = form;
            break;
          case AT.ABSTRACT_ORIGIN:
            if (abbrev.tag === TAG.INLINED_SUBROUTINE) origin = readReference(unit, cursor, form);
            else skipForm(cursor, form, unit);
            break;
          case AT.CALL_FILE:
            file = readNumber(cursor, form, unit, value);
            break;
          case AT.CALL_LINE:
            line = readNumber(cursor, form, unit, value);
            break;
          default:
            skipForm(cursor, form, unit);
        }
      }
      next = cursor.at;
      const before = starts.length;
      if (!Number.isNaN(ranges)) readRanges(unit, rangesForm, ranges, add);
      else {
        if (isAddressIndex(lowForm)) low = addressAt(unit, low);
        if (isAddressIndex(highForm)) high = addressAt(unit, high);
        else if (highForm !== FORM.ADDR) high += low;
        if (high > low && unit.file.isCode(low)) add(low, high);
      }
      // What was thrown away has children without code too, or with addresses that now are another function's.
      if (starts.length > before) {
        inner = parents.length;
        unit.file.spend("scopes", 1);
        parents.push(abbrev.tag === TAG.INLINED_SUBROUTINE ? scope : -1);
        entries.push(origin === -1 ? unit.first + at : origin);
        callFiles.push(file);
        callLines.push(line);
      }
    }
    if (abbrev.hasChildren) {
      if (around.length > MAX_DEPTH) throw new DwarfError("Entries are nested too deep", unit.first + at);
      around.push(scope);
      scope = inner;
    }
  }
  return {
    ranges: flattenRanges(starts, ends, owners),
    parents: new Int32Array(parents),
    entries: new Float64Array(entries),
    callFiles: new Uint32Array(callFiles),
    callLines: new Uint32Array(callLines),
  };
}

/** Link-time optimisation makes one unit of a whole program. */
const MAX_UNIT = 256 << 20;
/** Codes are given from 1 on; a table by code would be large where they are not. */
const MAX_DENSE = 1 << 14;
const MAX_DEPTH = 1 << 14;
