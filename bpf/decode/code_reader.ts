import type { Host } from "../../core/host/mod.ts";
import { type CodeNames, openCodeNames } from "./code_names.ts";
import { openStacks, type StackReader } from "./stacks.ts";

/** What a session needs to name stacks and functions. In a module of its own, since few plans have either. */
export interface CodeReader extends Pick<CodeNames, "function" | "notes"> {
  /** @param map descriptor of the map of stacks @param frames most in one stack */
  stacks(map: number, frames: number): StackReader;
}

/** {@linkcode openCodeReader}, which those who need it load. */
export type OpenCodeReader = typeof openCodeReader;

/** Opens the names of one session. Nothing is read before the first is asked for. */
export function openCodeReader(host: Host): CodeReader {
  const names = openCodeNames(host);
  return {
    function: names.function,
    notes: names.notes,
    stacks: (map, frames) => openStacks(map, frames, names),
  };
}
