import type { Frame } from "../data/mod.ts";
import { escapeText } from "./escape.ts";
import { baseName, frameName, isUnknown } from "./profile_stats.ts";

/** A stack in one line, leaf first: `leaf ← caller ← main`. Escaped. */
export function stackLine(frames: readonly Frame[]): string {
  return frames.map((f) => escapeText(frameName(f), { limit: 256 })).reverse().join(" ← ");
}

/** A stack as flame graph tools fold it, root first: `main;caller;leaf`. Not escaped. */
export function foldedStack(frames: readonly Frame[]): string {
  return frames.map((f) => frameName(f).replaceAll(";", ":")).join(";");
}

/** One frame: its name, and apart from it where that is, as far as it is known and not said by the name. Escaped. */
export function frameParts(frame: Frame): { readonly name: string; readonly place: string } {
  const name = escapeText(frameName(frame), { limit: 500 });
  if (isUnknown(frame)) return { name, place: "" };
  // That the kernel is in the kernel need not be said on every line; its modules are.
  const module = frame.module.startsWith("[kernel") ? "" : baseName(frame.module);
  const line = frame.file === "" ? "" : `${baseName(frame.file)}${frame.line > 0 ? `:${frame.line}` : ""}`;
  return { name, place: escapeText([module, line].filter(Boolean).join(" "), { limit: 300 }) };
}
