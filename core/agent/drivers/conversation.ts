import { type Json, resultsToJson } from "../../data/mod.ts";
import { type DetailLevel, digestLine, digestResults } from "../digest.ts";
import type { Observation } from "../driver.ts";
import { atPointer } from "../json_pointer.ts";
import type { ChatCall, ChatMessage } from "./chat_model.ts";

/** Rounds that stay in the conversation word by word. */
export const WINDOW_ROUNDS = 10;
/** Tokens of one call's results; more are compressed, their statistics kept. */
export const RESULT_TOKENS = 2000;
/** The same at the third level of detail: 1,000 folded lines are what was asked for. */
const DEEP_TOKENS = 12_000;

/** An answer of the model with what came back for its calls. */
interface Turn {
  readonly text: string;
  readonly calls: readonly ChatCall[];
  readonly results: Map<string, { text: string; failed: boolean; line: string }>;
  /** What was said to it instead of results. */
  reminder?: string;
}

/** The conversation with a model: recent rounds word by word, older ones in a line each, cited evidence kept. */
export interface Conversation {
  /** The first message: question and sweep. */
  open(text: string): void;
  /** An answer of the model. */
  answered(text: string, calls: readonly ChatCall[]): void;
  /** What a call of the last answer brought. Answers the text that was added. */
  result(callId: string, text: string, failed: boolean, line: string): string;
  /** Something to tell the model that is no result. */
  remind(text: string): void;
  /** What is sent, with values that the model has cited looked up again when their round has left the window. */
  messages(observations: readonly Observation[]): ChatMessage[];
}

/** An empty conversation. */
export function conversation(): Conversation {
  let opening = "";
  const turns: Turn[] = [];
  return {
    open: (text) => opening = text,
    answered: (text, calls) => turns.push({ text, calls, results: new Map() }),
    result: (callId, text, failed, line) => {
      turns.at(-1)?.results.set(callId, { text, failed, line });
      return text;
    },
    remind: (text) => {
      const last = turns.at(-1);
      if (last) last.reminder = text;
    },
    messages: (observations) => {
      const old = turns.slice(0, Math.max(0, turns.length - WINDOW_ROUNDS));
      const recent = turns.slice(old.length);
      const messages: ChatMessage[] = [{ role: "user", text: opening + summaryOf(old, observations) }];
      for (const turn of recent) {
        messages.push({ role: "assistant", text: turn.text, calls: turn.calls });
        for (const call of turn.calls) {
          const r = turn.results.get(call.id) ?? { text: "not run", failed: true };
          messages.push({ role: "tool", callId: call.id, text: r.text, failed: r.failed });
        }
        if (turn.reminder !== undefined) messages.push({ role: "user", text: turn.reminder });
      }
      return messages;
    },
  };
}

function summaryOf(old: readonly Turn[], observations: readonly Observation[]): string {
  if (old.length === 0) return "";
  const lines = old.map((t, i) => {
    const calls = t.calls.map((c) =>
      `${c.name} ${c.argsText.slice(0, 120)}: ${t.results.get(c.id)?.line ?? "not run"}`
    );
    return `round ${i + 1}: ${t.text.slice(0, 200).replaceAll("\n", " ")} ${calls.join(" | ")}`;
  });
  const pinned = pinnedValues(old.map((t) => t.text).join("\n"), observations);
  return `\n\nEarlier rounds in short:\n${lines.join("\n")}` +
    (pinned.length > 0 ? `\nEvidence cited so far:\n${pinned.join("\n")}` : "");
}

/** Values that the model's own words cited, so that evidence never rolls out of the conversation. */
function pinnedValues(text: string, observations: readonly Observation[]): string[] {
  const out = new Set<string>();
  for (const [, call, path] of text.matchAll(/\[(c\d+)[\s:,#]+(\/results\/[^\]\s]+)\]/g)) {
    const results = observations.find((o) => o.call.id === call)?.results;
    const value = results ? atPointer({ results: resultsToJson(results) } as Json, path) : undefined;
    if (value !== undefined && (typeof value !== "object" || value === null)) {
      out.add(`[${call} ${path}] = ${JSON.stringify(value).slice(0, 100)}`);
    }
  }
  return [...out].slice(0, 40);
}

/** An observation as a model reads it, fenced so that text from the machine cannot pass for anything else. */
export function observationText(o: Observation, level: DetailLevel, nonce: string): string {
  const cached = o.cachedSecs === undefined ? "" : ` (measured ${o.cachedSecs} s ago, from memory)`;
  const deep = o.call.args.output_format === "folded_stacks";
  const body = o.results === null
    ? `error: ${o.error}`
    : digestResults(o.results, deep ? 3 : level, deep ? DEEP_TOKENS : RESULT_TOKENS);
  return `call ${o.call.id} ${o.call.tool}${cached}\n${fence(body, nonce)}`;
}

/** One line for when the round has left the window. */
export function observationLine(o: Observation): string {
  return `${o.call.id} ${o.results === null ? `error: ${o.error?.slice(0, 100)}` : digestLine(o.results)}`;
}

/** Text from the machine between marks that it cannot guess. */
export function fence(text: string, nonce: string): string {
  return `<data-${nonce}>\n${text.replaceAll(nonce, "")}\n</data-${nonce}>`;
}
