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

/**
 * What tells the frame of a line from others, without making a text of it: the line without its offset, and of its
 * address whether it is one of the kernel.
 *
 * @param key takes it
 * @returns the key's length; -1 when the line is no frame, 0 when only {@linkcode parsePerfScriptFrame} can tell
 */
export function frameKey(bytes: Uint8Array, from: number, to: number, key: Uint8Array): number {
  let at = from;
  while (at < to && isHex(bytes[at])) at++;
  if (at === from || at - from > 16 || at < to && bytes[at] !== SPACE) return -1;
  if (to - at >= key.length || bytes[to - 1] !== CLOSE) return 0;
  let open = to - 1;
  for (let depth = 0; open > at; open--) {
    if (bytes[open] === CLOSE) depth++;
    else if (bytes[open] === OPEN && --depth === 0) break;
  }
  if (open === at || bytes[open - 1] !== SPACE) return 0;
  let end = open - 1;
  while (end > at && isHex(bytes[end - 1])) end--;
  const offset = end < open - 1 && bytes[end - 1] === 120 && bytes[end - 2] === 48 && bytes[end - 3] === PLUS;
  let length = 0;
  key[length++] = at - from === 16 && bytes[from] === 102 && bytes[from + 1] === 102 ? 1 : 0;
  for (let i = at; i < (offset ? end - 3 : open - 1); i++) key[length++] = bytes[i];
  for (let i = open - 1; i < to; i++) key[length++] = bytes[i];
  return length;
}

function isHex(byte: number): boolean {
  return byte >= 48 && byte <= 57 || byte >= 97 && byte <= 102;
}

const SPACE = 32;
const OPEN = 40;
const CLOSE = 41;
const PLUS = 43;

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
  return (module === "" || module === "[unknown]") && address.length === 16 && address.startsWith("ff")
    ? "kernel"
    : "user";
}
