import type { Frame } from "../../data/mod.ts";

/** What people see as a frame's name: that of the function, or of its module in brackets where it is not known. */
export function shownName({ function: name, module }: Frame): string {
  if (name !== "" && name !== "[unknown]") return name;
  if (module === "") return "[unknown]";
  return `[${module.slice(module.lastIndexOf("/") + 1).replace(/^\[(.*)\]$/, "$1")}]`;
}
