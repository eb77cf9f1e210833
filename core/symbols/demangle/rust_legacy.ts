/**
 * Demangles a name of rustc's older scheme: `_ZN4core3fmt5write17h0123456789abcdefE` is `core::fmt::write`. It looks like
 * C++, and is told from it by the hash at its end (rustc_symbol_mangling, legacy.rs).
 *
 * @returns null when the name is none
 */
export function demangleRustLegacy(mangled: string): string | null {
  const m = /^_ZN((?:\d+.+)?)17h[0-9a-f]{16}E(?:\.[\w.]+)?$/.exec(mangled);
  if (!m) return null;
  const text = m[1];
  const parts: string[] = [];
  for (let at = 0; at < text.length;) {
    const length = /^\d{1,6}/.exec(text.slice(at, at + 6))?.[0] ?? "";
    const start = at + length.length;
    at = start + Number(length);
    if (length === "" || Number(length) === 0 || at > text.length) return null;
    parts.push(unescapePart(text.slice(start, at)));
  }
  return parts.length > 0 ? parts.join("::") : null;
}

function unescapePart(part: string): string {
  // An identifier cannot begin with a dollar sign: an underscore goes before.
  const text = part.startsWith("_$") ? part.slice(1) : part;
  return text.replace(/\$(\w+)\$|\.\./g, (all, code: string | undefined) => {
    if (code === undefined) return "::";
    if (code in ESCAPES) return ESCAPES[code];
    const point = /^u([0-9a-f]{1,6})$/.exec(code);
    const value = point ? parseInt(point[1], 16) : -1;
    return value >= 0x20 && value <= 0x10ffff ? String.fromCodePoint(value) : all;
  });
}

const ESCAPES: Readonly<Record<string, string>> = {
  SP: "@",
  BP: "*",
  RF: "&",
  LT: "<",
  GT: ">",
  LP: "(",
  RP: ")",
  C: ",",
};
