import type { Frame, FrameKind } from "../../data/mod.ts";

/**
 * A frame's line of `perf script`: `ADDRESS SYMBOL+0xOFFSET (MODULE)`, symbol and module as far as printed. Null when
 * the line is none.
 */
export function parsePerfScriptFrame(text: string): Frame | null {
  const line = text.trim();
  const space = line.indexOf(" ");
  const address = space < 0 ? line : line.slice(0, space);
  if (!/^[0-9a-f]{1,16}$/.test(address)) return null;
  const [named, module] = space < 0 ? ["", ""] : splitModule(line.slice(space + 1));
  const name = named.replace(/\+0x[0-9a-f]+$/, "");
  return {
    // A symbol may have no name, as may all of them where `-F` leaves them out.
    function: name === "" && module === "" ? "[unknown]" : name,
    module: module === "[unknown]" || module === "inlined" ? "" : module,
    file: "",
    line: 0,
    kind: kindOf(address, module),
  };
}

/** The module stands in the last parentheses, which may hold others: `(/opt/my app (deleted))`. */
function splitModule(text: string): [name: string, module: string] {
  if (!text.endsWith(")")) return [text, ""];
  let depth = 0;
  let open = text.length - 1;
  for (; open >= 0; open--) {
    const c = text.charCodeAt(open);
    if (c === 41) depth++;
    else if (c === 40 && --depth === 0) break;
  }
  // The name of a file may hold one parenthesis without the other.
  if (open < 0 || open > 0 && text[open - 1] !== " ") open = text.lastIndexOf(" (") + 1;
  if (open === 0 && text[0] !== "(") return [text, ""];
  return [text.slice(0, open).trimEnd(), text.slice(open + 1, -1).replace(/\+0x[0-9a-f]+$/, "")];
}

function kindOf(address: string, module: string): FrameKind {
  if (module === "inlined") return "inlined";
  if (/^\/tmp\/perf-\d+\.map$|\/jitted-\d+-\d+\.so$/.test(module)) return "interpreted";
  if (/^\[(vdso|vsyscall|heap|stack|anon|uprobes)/.test(module)) return "user";
  if (/^\[(?!unknown\])|vmlinux(-[^/]*)?$|\.ko(\.[gx]z|\.zst)?$/.test(module)) return "kernel";
  return (module === "" || module === "[unknown]") && address.length === 16 && address.startsWith("ffff")
    ? "kernel"
    : "user";
}
