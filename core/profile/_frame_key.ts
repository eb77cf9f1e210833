import type { Frame } from "../data/mod.ts";

/** Tells frames apart: two frames with one key are the same. */
export function frameKey(f: Frame): string {
  return `${f.kind}\0${f.line}\0${f.function}\0${f.module}\0${f.file}`;
}
