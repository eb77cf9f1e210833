import type { ToolParam } from "../../plugin_api/mod.ts";

/** A tool as a model is told of it. */
export interface ChatTool {
  readonly name: string;
  readonly description: string;
  readonly params: Readonly<Record<string, ToolParam>>;
  readonly required: readonly string[];
}

/** A call in a model's answer. */
export interface ChatCall {
  /** The model's own id for it. */
  readonly id: string;
  readonly name: string;
  /** Arguments as the model wrote them: JSON, if all went well. */
  readonly argsText: string;
}

/** One message of a conversation. */
export type ChatMessage =
  | { readonly role: "user"; readonly text: string }
  | { readonly role: "assistant"; readonly text: string; readonly calls: readonly ChatCall[] }
  | { readonly role: "tool"; readonly callId: string; readonly text: string; readonly failed: boolean };

/** What is asked of a model. */
export interface ChatRequest {
  readonly system: string;
  readonly messages: readonly ChatMessage[];
  readonly tools: readonly ChatTool[];
  /** It must call this tool. */
  readonly mustCall?: string;
  readonly maxTokens: number;
  readonly signal: AbortSignal;
}

/** What a model answers. */
export interface ChatReply {
  readonly text: string;
  readonly calls: readonly ChatCall[];
}

/** A model behind a network protocol. */
export interface ChatModel {
  /** `openai`, `anthropic`. */
  readonly name: string;
  /**
   * One answer, read to its end.
   *
   * @throws {CutStreamError} when the stream ended before the answer did
   * @throws {Error} of the client, after its own retries of 429 and 5xx
   */
  send(request: ChatRequest): Promise<ChatReply>;
}

/** The stream of an answer ended before the answer did. */
export class CutStreamError extends Error {
  override readonly name = "CutStreamError";
}

/** How to reach a model. */
export interface ModelOptions {
  /** Default: SONDE_MODEL, else the driver's own. */
  readonly model?: string;
  /** Default: the client's environment variable, else the vendor's address. */
  readonly baseUrl?: string;
  /** Default: the client's environment variable. */
  readonly apiKey?: string;
  /** Retries of 429, 5xx and broken connections, with backoff. Default 4. */
  readonly maxRetries?: number;
}

/** JSON Schema of a tool's arguments. */
export function parameterSchema(tool: ChatTool): { [key: string]: unknown } {
  const properties = Object.fromEntries(
    Object.entries(tool.params).map(([name, p]) => [name, {
      type: p.type,
      description: p.description,
      ...(p.enum ? { enum: p.enum } : {}),
      ...(p.items ? { items: p.items } : p.type === "array" ? { items: { type: "string" } } : {}),
      ...(p.default === undefined ? {} : { default: p.default }),
      ...(p.minimum === undefined ? {} : { minimum: p.minimum }),
      ...(p.maximum === undefined ? {} : { maximum: p.maximum }),
    }]),
  );
  return { type: "object", properties, required: [...tool.required], additionalProperties: false };
}
