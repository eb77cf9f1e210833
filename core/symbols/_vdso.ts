import type { Host } from "../host/mod.ts";
import { bytesSource } from "./byte_source.ts";
import { type CodeModule, loadModule } from "./code_module.ts";
import { readVdsoImage } from "./vdso_image.ts";

/** The kernel's code in every process. @returns null when it has none */
export function loadVdso(host: Host): CodeModule | null {
  const image = readVdsoImage(host);
  return image && loadModule(bytesSource(image), "[vdso]", () => null);
}
