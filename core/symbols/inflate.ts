/** How a section was compressed: `ch_type` of elf.h. */
export type Compression = "zlib" | "zstd";

/**
 * Unpacks a compressed section.
 *
 * @param size of the contents in bytes, as the section says; more is refused
 * @returns null when the bytes are broken, or unpack to another size
 */
export function inflate(bytes: Uint8Array, compression: Compression, size: number): Uint8Array<ArrayBuffer> | null {
  const zlib = process.getBuiltinModule("node:zlib");
  // The limit has no room for "exactly": zero is refused by node.
  const options = { maxOutputLength: Math.max(1, size) };
  try {
    const out = compression === "zlib" ? zlib.inflateSync(bytes, options) : zlib.zstdDecompressSync(bytes, options);
    return out.length === size ? new Uint8Array(out.buffer as ArrayBuffer, out.byteOffset, out.length) : null;
  } catch {
    return null;
  }
}
