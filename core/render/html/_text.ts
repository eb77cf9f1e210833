import type { ToolCallRecord } from "../../data/mod.ts";
import { escapeText } from "../escape.ts";
import { h, type Markup, raw } from "./markup.ts";

/** Text of the report in which backticks mark code. Line breaks count where the text may have several lines. */
export function prose(text: string, newlines = false): Markup {
  const parts = escapeText(text, { newlines, limit: 8000 }).split(/`([^`\n]+)`/);
  return h`${parts.map((part, i) => i % 2 === 1 ? h`<code>${part}</code>` : lines(part))}`;
}

function lines(text: string): Markup {
  return h`${text.split("\n").map((line, i) => h`${i > 0 && raw("<br>")}${line}`)}`;
}

/** The command that repeats a call. */
export function command(call: ToolCallRecord): Markup {
  return h`<pre class="command"><code>${escapeText(call.command, { limit: 2000 })}</code></pre>`;
}
