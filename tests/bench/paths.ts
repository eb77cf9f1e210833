import { fileURLToPath } from "node:url";

/** The file path of a place relative to this folder. */
export function fromFileUrl(relative: string): string {
  return fileURLToPath(new URL(relative, import.meta.url));
}
