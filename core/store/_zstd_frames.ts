const MAGIC = 0xfd2f_b528;
const SKIPPABLE = 0x184d_2a50;
const DICTIONARY_ID_BYTES = [0, 1, 2, 4];
const CONTENT_SIZE_BYTES = [0, 2, 4, 8];

/**
 * The frames of a zstd file, one after the other (RFC 8878, section 3.1): node:zlib reads only the first.
 *
 * @returns the whole frames, and whether the bytes end in the middle of one
 * @throws {SyntaxError} where there should be a frame and is none
 */
export function zstdFrames(bytes: Uint8Array): { readonly frames: Uint8Array[]; readonly truncated: boolean } {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const frames: Uint8Array[] = [];
  let at = 0;
  while (at < bytes.length) {
    const end = frameEnd(view, at);
    if (end === null || end > bytes.length) return { frames, truncated: true };
    if (view.getUint32(at, true) === MAGIC) frames.push(bytes.subarray(at, end));
    at = end;
  }
  return { frames, truncated: false };
}

/** Where the frame that begins at `at` ends; null when the bytes end first. */
function frameEnd(view: DataView, at: number): number | null {
  const has = (n: number): boolean => at + n <= view.byteLength;
  if (!has(5)) return null;
  const magic = view.getUint32(at, true);
  if ((magic & 0xffff_fff0) >>> 0 === SKIPPABLE) return has(8) ? at + 8 + view.getUint32(at + 4, true) : null;
  if (magic !== MAGIC) throw new SyntaxError(`no zstd frame at byte ${at}`);
  const descriptor = view.getUint8(at + 4);
  const singleSegment = (descriptor & 0x20) !== 0;
  const sizeFlag = descriptor >> 6;
  at += 5 + (singleSegment ? 0 : 1) + DICTIONARY_ID_BYTES[descriptor & 3] +
    (sizeFlag === 0 && singleSegment ? 1 : CONTENT_SIZE_BYTES[sizeFlag]);
  for (let last = false; !last;) {
    if (!has(3)) return null;
    const header = view.getUint16(at, true) | view.getUint8(at + 2) << 16;
    last = (header & 1) === 1;
    const runLength = (header >> 1 & 3) === 1;
    at += 3 + (runLength ? 1 : header >> 3);
  }
  return at + ((descriptor & 4) !== 0 ? 4 : 0);
}
