import type Anthropic from "@anthropic-ai/sdk";
import { UsageError } from "../../data/mod.ts";
import type { AgentDriver } from "../driver.ts";
import {
  type ChatModel,
  type ChatReply,
  type ChatRequest,
  CutStreamError,
  type ModelOptions,
  parameterSchema,
} from "./chat_model.ts";
import { llmDriver } from "./llm.ts";

/** Used when neither option nor SONDE_MODEL names one. */
const DEFAULT_MODEL = "claude-sonnet-4-5";

/**
 * A driver that asks Claude by Anthropic's messages with tool use.
 *
 * @throws {UsageError} when there is neither a key (ANTHROPIC_API_KEY) nor an address of one's own (ANTHROPIC_BASE_URL)
 */
export function anthropicDriver(options: ModelOptions = {}): AgentDriver {
  return llmDriver(anthropicModel(options));
}

/** The model behind {@linkcode anthropicDriver}. */
export function anthropicModel(options: ModelOptions): ChatModel {
  const baseURL = options.baseUrl ?? Deno.env.get("ANTHROPIC_BASE_URL");
  const apiKey = options.apiKey ?? Deno.env.get("ANTHROPIC_API_KEY") ?? (baseURL ? "none" : undefined);
  if (!apiKey) {
    throw new UsageError("ANTHROPIC_API_KEY is not set", "Set it, or use --driver rules, which needs no key");
  }
  const model = options.model ?? Deno.env.get("SONDE_MODEL") ?? DEFAULT_MODEL;
  let client: Promise<Anthropic> | undefined;
  return {
    name: "anthropic",
    send: async (request) => {
      client ??= import("@anthropic-ai/sdk").then(({ Anthropic }) =>
        new Anthropic({ apiKey, baseURL, maxRetries: options.maxRetries ?? 4, timeout: 120_000 })
      );
      return await complete(await client, model, request);
    },
  };
}

async function complete(client: Anthropic, model: string, request: ChatRequest): Promise<ChatReply> {
  const stream = await client.messages.create({
    model,
    stream: true,
    max_tokens: request.maxTokens,
    system: request.system,
    messages: messagesOf(request),
    tools: request.tools.map((t) => ({
      name: t.name,
      description: t.description,
      input_schema: parameterSchema(t) as Anthropic.Tool.InputSchema,
    })),
    tool_choice: request.mustCall === undefined ? { type: "auto" } : { type: "tool", name: request.mustCall },
  }, { signal: request.signal });
  let text = "";
  let finished = false;
  const calls = new Map<number, { id: string; name: string; argsText: string }>();
  try {
    for await (const event of stream) {
      if (event.type === "content_block_start" && event.content_block.type === "tool_use") {
        calls.set(event.index, { id: event.content_block.id, name: event.content_block.name, argsText: "" });
      } else if (event.type === "content_block_delta") {
        if (event.delta.type === "text_delta") text += event.delta.text;
        const call = calls.get(event.index);
        if (event.delta.type === "input_json_delta" && call) call.argsText += event.delta.partial_json;
      } else if (event.type === "message_stop") finished = true;
    }
  } catch (error) {
    if (request.signal.aborted) throw error;
    throw new CutStreamError("the answer's stream broke off", { cause: error });
  }
  if (!finished) throw new CutStreamError("the answer's stream ended before the answer did");
  // A tool without arguments streams no JSON at all.
  return { text, calls: [...calls.values()].map((c) => ({ ...c, argsText: c.argsText || "{}" })) };
}

function messagesOf(request: ChatRequest): Anthropic.MessageParam[] {
  const messages: { role: "user" | "assistant"; content: Anthropic.ContentBlockParam[] }[] = [];
  const add = (role: "user" | "assistant", blocks: Anthropic.ContentBlockParam[]): void => {
    const last = messages.at(-1);
    if (last?.role === role) last.content.push(...blocks);
    else messages.push({ role, content: blocks });
  };
  for (const m of request.messages) {
    if (m.role === "user") add("user", [{ type: "text", text: m.text }]);
    else if (m.role === "tool") {
      add("user", [{ type: "tool_result", tool_use_id: m.callId, content: m.text, is_error: m.failed }]);
    } else {
      add("assistant", [
        ...(m.text ? [{ type: "text" as const, text: m.text }] : []),
        ...m.calls.map((c) => ({ type: "tool_use" as const, id: c.id, name: c.name, input: inputOf(c.argsText) })),
      ]);
    }
  }
  return messages;
}

/** Arguments that were no JSON object go back as an empty one: the protocol takes nothing else. */
function inputOf(argsText: string): { [key: string]: unknown } {
  try {
    const value = JSON.parse(argsText);
    return typeof value === "object" && value !== null && !Array.isArray(value) ? value : {};
  } catch {
    return {}; // the tool's answer tells the model that its arguments were broken
  }
}
