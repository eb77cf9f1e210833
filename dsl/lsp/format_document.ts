import type { TextEdit } from "vscode-languageserver";
import type { TextDocument } from "vscode-languageserver-textdocument";
import { format } from "../format.ts";
import { rangeOf } from "./convert.ts";

/** What makes a recipe look as `sonde fmt` writes it: one edit, or none where it looks so, or has errors. */
export async function formatDocument(doc: TextDocument): Promise<TextEdit[]> {
  const before = doc.getText();
  const { text } = await format(before);
  if (text === before) return [];
  // Only what differs: editors keep the cursor and the selection outside of it.
  let start = 0;
  while (start < before.length && before[start] === text[start]) start++;
  let end = 0;
  while (end < Math.min(before.length, text.length) - start && before.at(-1 - end) === text.at(-1 - end)) end++;
  const range = rangeOf(doc, { start, end: before.length - end });
  return [{ range, newText: text.slice(start, text.length - end) }];
}
