/**
 * Joins many short texts into pieces of some size, as bytes: a file of any size is never one string.
 *
 * @param texts in order
 */
export function* pieces(texts: Iterable<string>): Generator<Uint8Array> {
  const encoder = new TextEncoder();
  let text = "";
  for (const part of texts) {
    text += part;
    if (text.length < PIECE) continue;
    yield encoder.encode(text);
    text = "";
  }
  if (text !== "") yield encoder.encode(text);
}

const PIECE = 1 << 16;
