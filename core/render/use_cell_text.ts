import type { UseCell } from "../data/mod.ts";
import { escapeText } from "./escape.ts";
import { message } from "./messages/message.ts";
import type { Lang } from "./options.ts";

/** What a cell of the USE matrix says, without the words that its mark or colour says already. */
export function useCellText(cell: UseCell, lang: Lang): string {
  const text = escapeText(cell.text, { limit: 300 });
  return text.replace(/^not measured:? */i, "") || message(lang, `use.${cell.state}`);
}
