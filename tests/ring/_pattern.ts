/**
 * Records that can be told from any other and from any mixture: 8 to 263 bytes, all of which follow from the record's
 * index. `peer.c` has the same in C.
 */

/** Bytes of record `i`. */
export function lengthOf(i: number): number {
  return 8 + (Math.imul(i, 0x9e3779b1) >>> 24);
}

/** Writes record `i`. */
export function fill(view: DataView, at: number, i: number): void {
  const length = lengthOf(i);
  view.setUint32(at, i, true);
  let k = 4;
  for (; k + 4 <= length; k += 4) view.setInt32(at + k, Math.imul(i + k, 0x85ebca6b), true);
  for (; k < length; k++) view.setUint8(at + k, i);
}

/**
 * Checks a record.
 *
 * @returns its index
 * @throws {Error} when not every byte is that record's
 */
export function check(view: DataView, at: number, length: number): number {
  const i = view.getUint32(at, true);
  if (length !== lengthOf(i)) throw new Error(`record ${i} has ${length} bytes, not ${lengthOf(i)}`);
  let k = 4;
  for (; k + 4 <= length; k += 4) {
    if (view.getInt32(at + k, true) !== Math.imul(i + k, 0x85ebca6b)) throw new Error(`record ${i} is torn at ${k}`);
  }
  for (; k < length; k++) if (view.getUint8(at + k) !== (i & 255)) throw new Error(`record ${i} is torn at ${k}`);
  return i;
}
