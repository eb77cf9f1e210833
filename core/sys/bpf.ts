import { library } from "./_library.ts";
import { NR } from "./arch/mod.ts";
import { keeping } from "./syscall.ts";

/**
 * `bpf(2)`.
 *
 * @param command `enum bpf_cmd` (include/uapi/linux/bpf.h)
 * @param attr `union bpf_attr`; the kernel writes some answers back into it
 * @param keep every buffer whose address stands in `attr`: alive until the call has returned
 * @returns a value or descriptor, or -errno: many errors are normal answers here
 */
export function bpf(command: number, attr: Uint8Array<ArrayBuffer>, keep: readonly ArrayBufferView[] = []): number {
  if (keep.length === 0) return library().bufferSecond(NR.bpf, command, attr, attr.byteLength);
  return keeping(keep, () => library().bufferSecond(NR.bpf, command, attr, attr.byteLength));
}
