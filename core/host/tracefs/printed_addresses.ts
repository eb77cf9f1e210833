/** How the bytes of an address of the network lie: 4, 16, or a `struct sockaddr_in` or `sockaddr_in6`. */
export type AddressForm = "ip4" | "ip6" | "sockaddr";

/** A conversion of the kernel's printk (Documentation/core-api/printk-formats.rst); `*` takes an argument of its own. */
const CONVERSION = /%(?:%|[-+ #0]*(\*|\d+)?(?:\.(\*|\d+))?(?:hh|h|ll|l|z|t|j|L)?(p[A-Za-z0-9]*|[A-Za-z]))/g;

/**
 * The fields that a tracepoint prints as addresses of the network: what their types, arrays of bytes, do not tell.
 *
 * @param text of `events/CATEGORY/NAME/format`; its last line is `print fmt: "…%pI4…", …, REC->saddr, …`
 */
export function printedAddresses(text: string): ReadonlyMap<string, AddressForm> {
  const found = new Map<string, AddressForm>();
  const print = /^print fmt: "((?:[^"\\]|\\.)*)"(.*)$/ms.exec(text);
  if (!print) return found;
  const args = topLevelParts(print[2]).slice(1);
  let next = 0;
  for (const [whole, width, precision, kind] of print[1].matchAll(CONVERSION)) {
    if (whole === "%%") continue;
    next += Number(width === "*") + Number(precision === "*");
    const form = formOf(kind);
    const name = /^&?REC->(\w+)$/.exec(args[next++]?.trim() ?? "")?.[1];
    if (form && name) found.set(name, form);
  }
  return found;
}

function formOf(kind: string): AddressForm | null {
  if (/^p[iI]S/.test(kind)) return "sockaddr";
  if (/^p[iI]4/.test(kind)) return "ip4";
  return /^p[iI]6/.test(kind) ? "ip6" : null;
}

/** The text between the commas that stand in no parentheses, braces or quotes. */
function topLevelParts(text: string): string[] {
  const parts = [""];
  let depth = 0;
  for (const [token] of text.matchAll(/"(?:[^"\\]|\\.)*"|[^"]/gs)) {
    if ("({[".includes(token)) depth++;
    else if (")}]".includes(token)) depth--;
    if (token === "," && depth === 0) parts.push("");
    else parts[parts.length - 1] += token;
  }
  return parts;
}
