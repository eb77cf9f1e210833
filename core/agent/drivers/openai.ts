import type OpenAI from "openai";
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
const DEFAULT_MODEL = "gpt-4.1";

/**
 * A driver that asks any endpoint which speaks OpenAI's chat completions with function calling.
 *
 * @throws {UsageError} when there is neither a key (OPENAI_API_KEY) nor an address of one's own (OPENAI_BASE_URL)
 */
export function openaiDriver(options: ModelOptions = {}): AgentDriver {
  return llmDriver(openaiModel(options));
}

/** The model behind {@linkcode openaiDriver}. */
export function openaiModel(options: ModelOptions): ChatModel {
  const baseURL = options.baseUrl ?? Deno.env.get("OPENAI_BASE_URL");
  // Local endpoints need no key, but the client insists on one.
  const apiKey = options.apiKey ?? Deno.env.get("OPENAI_API_KEY") ?? (baseURL ? "none" : undefined);
  if (!apiKey) throw new UsageError("OPENAI_API_KEY is not set", "Set it, or use --driver rules, which needs no key");
  const model = options.model ?? Deno.env.get("SONDE_MODEL") ?? DEFAULT_MODEL;
  let client: Promise<OpenAI> | undefined;
  return {
    name: "openai",
    send: async (request) => {
      client ??= import("openai").then(({ OpenAI }) =>
        new OpenAI({ apiKey, baseURL, maxRetries: options.maxRetries ?? 4, timeout: 120_000 })
      );
      return await complete(await client, model, request);
    },
  };
}

async function complete(client: OpenAI, model: string, request: ChatRequest): Promise<ChatReply> {
  const stream = await client.chat.completions.create({
    model,
    stream: true,
    messages: messagesOf(request),
    tools: request.tools.map((t) => ({
      type: "function" as const,
      function: { name: t.name, description: t.description, parameters: parameterSchema(t) },
    })),
    tool_choice: request.mustCall === undefined ? "auto" : { type: "function", function: { name: request.mustCall } },
  }, { signal: request.signal });
  let text = "";
  let finished = false;
  const calls: { id: string; name: string; argsText: string }[] = [];
  try {
    for await (const chunk of stream) {
      const choice = chunk.choices?.[0];
      if (!choice) continue;
      text += choice.delta?.content ?? "";
      for (const d of choice.delta?.tool_calls ?? []) {
        const call = calls[d.index] ??= { id: "", name: "", argsText: "" };
        if (d.id) call.id = d.id;
        if (d.function?.name) call.name += d.function.name;
        call.argsText += d.function?.arguments ?? "";
      }
      if (choice.finish_reason) finished = true;
    }
  } catch (error) {
    if (request.signal.aborted) throw error;
    throw new CutStreamError("the answer's stream broke off", { cause: error });
  }
  if (!finished) throw new CutStreamError("the answer's stream ended before the answer did");
  return { text, calls: calls.filter(Boolean).map((c, i) => ({ ...c, id: c.id || `call_${i}` })) };
}

function messagesOf(request: ChatRequest): OpenAI.ChatCompletionMessageParam[] {
  return [
    { role: "system", content: request.system },
    ...request.messages.map((m): OpenAI.ChatCompletionMessageParam => {
      switch (m.role) {
        case "user":
          return { role: "user", content: m.text };
        case "tool":
          return { role: "tool", tool_call_id: m.callId, content: m.text };
        case "assistant":
          return {
            role: "assistant",
            content: m.text || null,
            ...(m.calls.length > 0
              ? {
                tool_calls: m.calls.map((c) => ({
                  id: c.id,
                  type: "function" as const,
                  function: { name: c.name, arguments: c.argsText },
                })),
              }
              : {}),
          };
      }
    }),
  ];
}
