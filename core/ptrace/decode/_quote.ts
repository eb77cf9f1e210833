/** How each byte is written when no digit follows; escapes as C has them, the rest of control bytes in octal. */
const SHORT: string[] = [];
/** The same before a digit: octal escapes in three digits, or the digit would be taken for a part of them. */
const LONG: string[] = [];
/** 1 for what stands for itself. */
const PLAIN = new Uint8Array(256);
for (let byte = 0; byte < 256; byte++) {
  const named = { 9: "\\t", 10: "\\n", 11: "\\v", 12: "\\f", 13: "\\r", 34: '\\"', 92: "\\\\" }[byte];
  const plain = byte >= 32 && byte < 127 ? String.fromCharCode(byte) : undefined;
  PLAIN[byte] = plain !== undefined && named === undefined ? 1 : 0;
  SHORT.push(named ?? plain ?? `\\${byte.toString(8)}`);
  LONG.push(named ?? plain ?? `\\${byte.toString(8).padStart(3, "0")}`);
}

/**
 * Bytes as text within quotes, as strace writes them: printable ASCII as it is, the rest escaped.
 *
 * @param end where the text ends in `bytes`, exclusive
 */
export function quoted(bytes: Uint8Array, start: number, end: number): string {
  return `"${escapedBytes(bytes, start, end)}"`;
}

/** The same without quotes. */
export function escapedBytes(bytes: Uint8Array, start: number, end: number): string {
  let text = "";
  for (let i = start; i < end; i++) {
    const byte = bytes[i];
    if (PLAIN[byte] === 1) {
      // Most text is plain: eight characters in one step.
      if (
        i + 8 <= end &&
        (PLAIN[bytes[i + 1]] & PLAIN[bytes[i + 2]] & PLAIN[bytes[i + 3]] & PLAIN[bytes[i + 4]] & PLAIN[bytes[i + 5]] &
            PLAIN[bytes[i + 6]] & PLAIN[bytes[i + 7]]) === 1
      ) {
        text += String.fromCharCode(
          byte,
          bytes[i + 1],
          bytes[i + 2],
          bytes[i + 3],
          bytes[i + 4],
          bytes[i + 5],
          bytes[i + 6],
          bytes[i + 7],
        );
        i += 7;
        continue;
      }
      text += SHORT[byte];
      continue;
    }
    const next = i + 1 < end ? bytes[i + 1] : 0;
    text += next >= 48 && next <= 55 ? LONG[byte] : SHORT[byte];
  }
  return text;
}

/** Bytes as hexadecimal escapes within quotes, for what is never text. */
export function quotedHex(bytes: Uint8Array, start: number, end: number): string {
  let text = '"';
  for (let i = start; i < end; i++) text += `\\x${bytes[i].toString(16).padStart(2, "0")}`;
  return `${text}"`;
}

/** A path or other text from outside as strace writes it between angle brackets: control bytes and `<`, `>` escaped. */
export function escapedText(text: string): string {
  if (/^[\x20-\x3b\x3d\x3f-\x5b\x5d-\x7e]*$/.test(text)) return text;
  const bytes = new TextEncoder().encode(text);
  let out = "";
  for (let i = 0; i < bytes.length; i++) {
    const byte = bytes[i];
    const digit = i + 1 < bytes.length && bytes[i + 1] >= 48 && bytes[i + 1] <= 55;
    if (byte === 60 || byte === 62) out += `\\${byte.toString(8)}`;
    else if (byte === 34) out += '"';
    else out += digit ? LONG[byte] : SHORT[byte];
  }
  return out;
}
