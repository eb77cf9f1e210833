import { closeRaw, openRaw, pread } from "../sys/mod.ts";
import type { Host } from "../host/mod.ts";
import { bytesSource } from "./byte_source.ts";
import { type CodeModule, loadModule } from "./code_module.ts";

const MAX_VDSO = 1 << 20;

/** The kernel's code in every process: one image for all, so our own will do. @returns null when it has none */
export function loadVdso(host: Host): CodeModule | null {
  const mapping = host.maps(Deno.pid).find((m) => m.path === "[vdso]");
  if (!mapping || mapping.end - mapping.start > BigInt(MAX_VDSO)) return null;
  const bytes = new Uint8Array(Number(mapping.end - mapping.start));
  const fd = openRaw(host.path("pid_mem", Deno.pid));
  if (fd < 0) return null;
  const n = pread(fd, bytes, mapping.start);
  closeRaw(fd);
  return n === bytes.length ? loadModule(bytesSource(bytes), "[vdso]", () => null) : null;
}
