import type { Lang } from "../options.ts";
import { en } from "./en.ts";
import { zh } from "./zh.ts";

/** Names of the texts that reports say themselves. */
export type MessageKey = keyof typeof en;
/** A catalogue: every key, in one language. */
export type Messages = Readonly<Record<MessageKey, string>>;

const CATALOGUES: Readonly<Record<Lang, Messages>> = { en, zh };

/**
 * A text of the report's own in a language, its `{name}` places filled in. Parameters are taken as they are: escape
 * machine text before.
 */
export function message(
  lang: Lang,
  key: MessageKey,
  params: Readonly<Record<string, string | number>> = {},
): string {
  return CATALOGUES[lang][key].replace(/\{(\w+)\}/g, (place, name: string) => String(params[name] ?? place));
}
