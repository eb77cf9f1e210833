/** How a file is packed, by its first bytes (RFC 1952, RFC 8878); null when it is not. */
export function packing(head: Uint8Array): "gzip" | "zstd" | null {
  if (head[0] === 0x1f && head[1] === 0x8b) return "gzip";
  return head[0] === 0x28 && head[1] === 0xb5 && head[2] === 0x2f && head[3] === 0xfd ? "zstd" : null;
}
