import { closeRaw, openRaw, pread } from "../sys/mod.ts";
import type { Host } from "../host/mod.ts";

const MAX_VDSO = 1 << 20;

/** The ELF image that the kernel maps into every process: one for all, so it is read from our own memory. */
export function readVdsoImage(host: Host): Uint8Array<ArrayBuffer> | null {
  const mapping = host.maps(Deno.pid).find((m) => m.path === "[vdso]");
  if (!mapping || mapping.end - mapping.start > BigInt(MAX_VDSO)) return null;
  const bytes = new Uint8Array(Number(mapping.end - mapping.start));
  const fd = openRaw(host.path("pid_mem", Deno.pid));
  if (fd < 0) return null;
  const n = pread(fd, bytes, mapping.start);
  closeRaw(fd);
  return n === bytes.length ? bytes : null;
}
