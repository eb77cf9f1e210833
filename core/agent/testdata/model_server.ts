/** What the scripted server answers to one request. */
export type Reply =
  | { readonly kind: "answer"; readonly text?: string; readonly calls?: readonly ScriptedCall[] }
  /** Ends the stream in the middle of a call. */
  | { readonly kind: "cut" }
  | { readonly kind: "status"; readonly status: number };

/** A call as the model would write it; `args` is sent as it is. */
export interface ScriptedCall {
  readonly name: string;
  readonly args: string | Readonly<Record<string, unknown>>;
}

/** A server that speaks a vendor's streaming protocol and plays a script. */
export interface ModelServer extends AsyncDisposable {
  readonly url: string;
  /** Bodies of the requests, in order. */
  // deno-lint-ignore no-explicit-any -- test helper: whatever the client sent
  readonly requests: any[];
}

/**
 * Starts the server on 127.0.0.1. When the script ends, its last reply is repeated.
 *
 * @param script replies, or a function of the request's number and body
 */
export function modelServer(
  vendor: "openai" | "anthropic",
  // deno-lint-ignore no-explicit-any -- test helper: whatever the client sent
  script: readonly Reply[] | ((n: number, body: any) => Reply),
): ModelServer {
  // deno-lint-ignore no-explicit-any -- test helper: whatever the client sent
  const requests: any[] = [];
  const server = Deno.serve({ hostname: "127.0.0.1", port: 0, onListen: () => {} }, async (request) => {
    const body = await request.json();
    requests.push(body);
    const n = requests.length - 1;
    const reply = typeof script === "function" ? script(n, body) : script[Math.min(n, script.length - 1)];
    if (reply.kind === "status") {
      return Response.json({ error: { type: "test", message: `status ${reply.status}` } }, {
        status: reply.status,
        headers: { "retry-after-ms": "1" },
      });
    }
    const events = vendor === "openai" ? openaiEvents(reply, n) : anthropicEvents(reply, n);
    return new Response(events.join(""), { headers: { "content-type": "text/event-stream" } });
  });
  return {
    url: `http://127.0.0.1:${server.addr.port}${vendor === "openai" ? "/v1" : ""}`,
    requests,
    [Symbol.asyncDispose]: () => server.shutdown(),
  };
}

type StreamReply = Exclude<Reply, { kind: "status" }>;

function argsText(call: ScriptedCall): string {
  return typeof call.args === "string" ? call.args : JSON.stringify(call.args);
}

/** Halves of a text, so that the client has to put them together. */
function halves(text: string): [string, string] {
  const middle = Math.floor(text.length / 2);
  return [text.slice(0, middle), text.slice(middle)];
}

function openaiEvents(reply: StreamReply, n: number): string[] {
  const chunk = (delta: unknown, finish: string | null = null): string =>
    `data: ${
      JSON.stringify({
        id: `r${n}`,
        object: "chat.completion.chunk",
        created: 0,
        model: "test",
        choices: [{ index: 0, delta, finish_reason: finish }],
      })
    }\n\n`;
  if (reply.kind === "cut") {
    return [chunk({
      role: "assistant",
      tool_calls: [{ index: 0, id: "x", type: "function", function: { name: "cpu_profile", arguments: '{"pi' } }],
    })];
  }
  const calls = reply.calls ?? [];
  return [
    chunk({ role: "assistant", content: reply.text ?? "" }),
    ...calls.flatMap((c, index) => {
      const [a, b] = halves(argsText(c));
      const id = `call_${n}_${index}`;
      return [
        chunk({ tool_calls: [{ index, id, type: "function", function: { name: c.name, arguments: a } }] }),
        chunk({ tool_calls: [{ index, function: { arguments: b } }] }),
      ];
    }),
    chunk({}, calls.length > 0 ? "tool_calls" : "stop"),
    "data: [DONE]\n\n",
  ];
}

function anthropicEvents(reply: StreamReply, n: number): string[] {
  const event = (type: string, fields: object): string =>
    `event: ${type}\ndata: ${JSON.stringify({ type, ...fields })}\n\n`;
  const start = event("message_start", {
    message: {
      id: `m${n}`,
      type: "message",
      role: "assistant",
      model: "test",
      content: [],
      stop_reason: null,
      stop_sequence: null,
      usage: { input_tokens: 1, output_tokens: 1 },
    },
  });
  const block = (index: number, content_block: object, deltas: readonly object[]): string[] => [
    event("content_block_start", { index, content_block }),
    ...deltas.map((delta) => event("content_block_delta", { index, delta })),
    event("content_block_stop", { index }),
  ];
  const tool = (index: number, c: ScriptedCall): string[] =>
    block(
      index,
      { type: "tool_use", id: `toolu_${n}_${index}`, name: c.name, input: {} },
      halves(argsText(c)).map((partial_json) => ({ type: "input_json_delta", partial_json })),
    );
  if (reply.kind === "cut") return [start, ...tool(0, { name: "cpu_profile", args: '{"pi' }).slice(0, 2)];
  return [
    start,
    ...(reply.text ? block(0, { type: "text", text: "" }, [{ type: "text_delta", text: reply.text }]) : []),
    ...(reply.calls ?? []).flatMap((c, i) => tool(i + 1, c)),
    event("message_delta", {
      delta: { stop_reason: reply.calls?.length ? "tool_use" : "end_turn", stop_sequence: null },
      usage: { output_tokens: 9 },
    }),
    event("message_stop", {}),
  ];
}
