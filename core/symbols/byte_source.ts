/** Random access to the bytes of a file that may be too large to read whole. */
export interface ByteSource {
  /** In bytes. */
  readonly size: number;
  /**
   * A fresh copy of bytes, at offset 0 of its own buffer, so that typed arrays may be laid over it.
   *
   * @returns null when the range is not wholly inside the source, or can no longer be read
   */
  read(offset: number, length: number): Uint8Array<ArrayBuffer> | null;
}

/** A source over bytes in memory. */
export function bytesSource(bytes: Uint8Array): ByteSource {
  return {
    size: bytes.length,
    read: (offset, length) => {
      if (!(offset >= 0 && length >= 0 && offset + length <= bytes.length)) return null;
      return new Uint8Array(bytes.subarray(offset, offset + length));
    },
  };
}
