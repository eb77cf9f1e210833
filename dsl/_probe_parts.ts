/** A part of a probe between colons. */
export interface ProbePart {
  readonly text: string;
  /** Quoted parts are names as they are: no `*` in them is a wildcard. */
  readonly quoted: boolean;
}

/** Splits at colons that are outside of quotes, and takes the quotes and escapes away. */
export function probeParts(text: string): ProbePart[] {
  const parts: ProbePart[] = [];
  for (const raw of text.match(/(?:"(?:[^"\\]|\\.)*"|[^:"])+|(?<=^|:)(?=:|$)/g) ?? []) {
    const quoted = raw.startsWith('"');
    parts.push({ text: quoted ? raw.slice(1, -1).replace(/\\(.)/g, "$1") : raw.replaceAll("\\/", "/"), quoted });
  }
  return parts;
}

/** Whether a part is a pattern: `*` is any text, `?` any one character. */
export function isPattern(part: ProbePart): boolean {
  return !part.quoted && /[*?]/.test(part.text);
}

/** Whether a text can be the name of a function or tracepoint, `*` and `?` included. */
export function isSymbol(text: string): boolean {
  return /^[A-Za-z_*?][\w.$*?]*$/.test(text);
}
