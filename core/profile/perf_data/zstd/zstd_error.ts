/** Bytes that are no Zstandard stream, or a broken one. */
export class ZstdError extends SyntaxError {
  override readonly name: string = "ZstdError";
}
