/**
 * The address of a buffer's first byte, to be stored in a struct that a system call will read.
 *
 * **The address does not keep the buffer alive.** Hold the buffer until the kernel is done with it: hand it to
 * {@linkcode call} or {@linkcode bpf} in `keep`. A buffer that is collected while its address is in use corrupts
 * memory.
 *
 * @param bytes not empty
 */
export function bytesAddress(bytes: ArrayBufferView): bigint {
  // V8 keeps small arrays inside its moving heap until somebody asks for their buffer: asking pins the bytes.
  const buffer = bytes.buffer;
  return Deno.UnsafePointer.value(Deno.UnsafePointer.of(new Uint8Array(buffer, bytes.byteOffset, bytes.byteLength)));
}
