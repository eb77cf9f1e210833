/**
 * Whether x86-64 machine code begins with a string instruction that repeats itself (REP, REPNE before MOVS, CMPS, STOS,
 * LODS, SCAS, INS, OUTS; Intel's manual, volume 2, chapter 2.1): a processor that single-steps stops in the midst of it,
 * after each repetition.
 */
export function isRepeated(code: Uint8Array): boolean {
  let repeats = false;
  for (const byte of code) {
    if (byte === 0xf2 || byte === 0xf3) repeats = true;
    // Other prefixes: operand and address size, segments, lock, REX.
    else if (byte !== 0x66 && byte !== 0x67 && !SEGMENTS.has(byte) && (byte & 0xf0) !== 0x40) {
      return repeats && (byte >= 0xa4 && byte <= 0xa7 || byte >= 0xaa && byte <= 0xaf || byte >= 0x6c && byte <= 0x6f);
    }
  }
  return false;
}

const SEGMENTS = new Set([0x26, 0x2e, 0x36, 0x3e, 0x64, 0x65, 0xf0]);
