import { escapeXml } from "../escape.ts";

/** Text that is markup already. Made by {@linkcode h} and, for what was built elsewhere, {@linkcode raw}. */
export interface Markup {
  readonly markup: string;
}

/** What may stand in a template: text and numbers are escaped, lists joined, null and false leave nothing. */
export type Part = string | number | Markup | null | undefined | false | readonly Part[];

/**
 * HTML from a template. Every value is escaped, in content and in quoted attributes, unless it is {@linkcode Markup}: what
 * is forgotten errs on the safe side. A line break in the template is one space.
 */
export function h(strings: TemplateStringsArray, ...parts: readonly Part[]): Markup {
  let out = oneLine(strings[0]);
  parts.forEach((part, i) => out += text(part) + oneLine(strings[i + 1]));
  return { markup: out };
}

/** Declares a text to be safe markup. For our own generated SVG, styles and scripts only. */
export function raw(markup: string): Markup {
  return { markup };
}

function oneLine(literal: string): string {
  return literal.replace(/\n\s*/g, " ");
}

function text(part: Part): string {
  if (part === null || part === undefined || part === false) return "";
  if (typeof part === "number") return String(part);
  if (typeof part === "string") return escapeXml(part);
  if ("markup" in part) return part.markup;
  return part.map(text).join("");
}
