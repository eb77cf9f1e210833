/** A task's name, 16 bytes that end in NUL, or are filled. @param at of the first byte */
export function commIn(bytes: Uint8Array, at: number): string {
  const name = bytes.subarray(at, at + 16);
  const end = name.indexOf(0);
  return decoder.decode(end < 0 ? name : name.subarray(0, end));
}

const decoder = new TextDecoder();
