/**
 * Compiles a `like` pattern: `%` is any text, `_` any one character, a backslash takes the next character as it is.
 * The whole text has to match. Runs in at most text × pattern steps.
 */
export function compileLike(pattern: string): (text: string) => boolean {
  const parts = parse(pattern);
  const any = parts.filter((p) => p === ANY).length;
  const simple = !parts.includes(ONE);
  const plain = parts.filter((p) => typeof p === "string").join("");
  if (simple && any === 0) return (text) => text === plain;
  if (simple && any === 1 && parts[parts.length - 1] === ANY) return (text) => text.startsWith(plain);
  if (simple && any === 1 && parts[0] === ANY) return (text) => text.endsWith(plain);
  if (simple && any === 2 && parts[0] === ANY && parts[parts.length - 1] === ANY && parts.length > 2) {
    return (text) => text.includes(plain);
  }
  return (text) => matches(parts, Array.from(text));
}

const ANY = Symbol("%");
const ONE = Symbol("_");
type Part = string | typeof ANY | typeof ONE;

function parse(pattern: string): Part[] {
  const parts: Part[] = [];
  let escaped = false;
  for (const c of pattern) {
    if (escaped) parts.push(c);
    else if (c === "%") {
      if (parts[parts.length - 1] !== ANY) parts.push(ANY);
    } else if (c === "_") parts.push(ONE);
    else if (c !== "\\") parts.push(c);
    escaped = !escaped && c === "\\";
  }
  if (escaped) parts.push("\\");
  return parts;
}

/** Only the last `%` ever has to be tried again: what lies before it has matched as early as it can. */
function matches(parts: readonly Part[], text: readonly string[]): boolean {
  let p = 0, t = 0, retryPart = -1, retryText = 0;
  while (t < text.length) {
    const part = parts[p];
    if (part === ANY) {
      retryPart = ++p;
      retryText = t;
    } else if (p < parts.length && (part === ONE || part === text[t])) {
      p++;
      t++;
    } else if (retryPart >= 0) {
      p = retryPart;
      t = ++retryText;
    } else return false;
  }
  while (parts[p] === ANY) p++;
  return p === parts.length;
}
