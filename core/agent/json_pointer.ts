import type { Json } from "../data/mod.ts";

/** One reference token of a JSON Pointer, escaped (RFC 6901 §3). */
export function pointerToken(name: string | number): string {
  return String(name).replaceAll("~", "~0").replaceAll("/", "~1");
}

/** The value at a JSON Pointer, or undefined where there is none. */
export function atPointer(root: Json, pointer: string): Json | undefined {
  if (pointer === "") return root;
  if (!pointer.startsWith("/")) return undefined;
  let at: Json | undefined = root;
  for (const raw of pointer.slice(1).split("/")) {
    const token = raw.replaceAll("~1", "/").replaceAll("~0", "~");
    if (at === null || typeof at !== "object") return undefined;
    if (Array.isArray(at)) at = /^(0|[1-9]\d*)$/.test(token) ? at[Number(token)] : undefined;
    else at = Object.hasOwn(at, token) ? (at as { readonly [key: string]: Json })[token] : undefined;
    if (at === undefined) return undefined;
  }
  return at;
}
