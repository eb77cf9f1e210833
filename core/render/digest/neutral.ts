import { escapeText } from "../escape.ts";

/**
 * Text from the machine for a prompt: on one line, what cannot be seen written out, cut to a length, and without the
 * marks by which models tell who speaks or where a block ends. It still is text that others chose: whoever builds
 * the prompt fences it.
 *
 * @param limit most UTF-16 units
 */
export function neutral(text: string, limit: number): string {
  return escapeText(text, { limit }).replaceAll("```", "'''").replace(
    /<(?=[|/])|<(?=(system|user|assistant)\b)/gi,
    "‹",
  );
}
