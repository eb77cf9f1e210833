/** `sonde lsp` as an editor sees it: messages of the protocol over pipes. */
import assert from "node:assert/strict";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { SONDE, sonde } from "./sonde.ts";

interface Message {
  readonly id?: number;
  readonly method?: string;
  // deno-lint-ignore no-explicit-any
  readonly params?: any;
  // deno-lint-ignore no-explicit-any
  readonly result?: any;
  readonly error?: unknown;
}

/** A client that waits for messages. What the server says beside the protocol makes it fail. */
class Client {
  private readonly child = new Deno.Command(SONDE, {
    args: ["lsp", "--stdio"],
    stdin: "piped",
    stdout: "piped",
    stderr: "piped",
  }).spawn();
  private readonly writer = this.child.stdin.getWriter();
  private readonly messages = this.read();
  private readonly early: Message[] = [];
  private id = 0;

  private async *read(): AsyncGenerator<Message, void> {
    let bytes = new Uint8Array();
    for await (const chunk of this.child.stdout) {
      bytes = Uint8Array.from([...bytes, ...chunk]);
      for (;;) {
        const text = new TextDecoder("latin1").decode(bytes);
        const head = /^Content-Length: (\d+)\r\n(?:[^\r\n]+\r\n)*\r\n/.exec(text);
        if (!head) {
          assert.ok("Content-Length: ".startsWith(text.slice(0, 16)), `no message: ${JSON.stringify(text)}`);
          break;
        }
        const end = head[0].length + Number(head[1]);
        if (bytes.length < end) break;
        const body = new TextDecoder().decode(bytes.subarray(head[0].length, end));
        bytes = bytes.slice(end);
        yield JSON.parse(body);
      }
    }
  }

  async notify(method: string, params?: unknown, id?: number): Promise<void> {
    const body = new TextEncoder().encode(JSON.stringify({ jsonrpc: "2.0", id, method, params }));
    await this.writer.write(new TextEncoder().encode(`Content-Length: ${body.length}\r\n\r\n`));
    await this.writer.write(body);
  }

  /** The next message that is one of those; the others are kept. */
  async next(wanted: (m: Message) => boolean): Promise<Message> {
    const at = this.early.findIndex(wanted);
    if (at >= 0) return this.early.splice(at, 1)[0];
    for (;;) {
      const { value, done } = await this.messages.next();
      if (done || !value) throw new Error(`The server ended: ${new TextDecoder().decode((await this.rest()).stderr)}`);
      if (wanted(value)) return value;
      this.early.push(value);
    }
  }

  // deno-lint-ignore no-explicit-any
  async ask(method: string, params?: unknown): Promise<any> {
    const id = ++this.id;
    await this.notify(method, params, id);
    const answer = await this.next((m) => m.id === id);
    assert.equal(answer.error, undefined, JSON.stringify(answer.error));
    return answer.result;
  }

  // deno-lint-ignore no-explicit-any
  async diagnostics(uri: string): Promise<any[]> {
    const told = await this.next((m) => m.method === "textDocument/publishDiagnostics" && m.params.uri === uri);
    return told.params.diagnostics;
  }

  /** How it ended. */
  async rest(): Promise<{ code: number; stderr: Uint8Array }> {
    const [status, stderr] = await Promise.all([this.child.status, new Response(this.child.stderr).bytes()]);
    return { code: status.code, stderr };
  }

  async closeInput(): Promise<void> {
    await this.writer.close();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    try {
      this.child.kill("SIGKILL");
      await this.rest();
    } catch {
      // It ended, and was waited for.
    }
  }
}

const place = (line: number, character: number): { line: number; character: number } => ({ line, character });

Deno.test("sonde lsp answers an editor: diagnostics, completion, hover, definition, formatting, symbols", async () => {
  const dir = await Deno.makeTempDir();
  await Deno.writeTextFile(join(dir, "lib.perf"), "param budget: ratio = 80%\nlet all = collect proc.list\n");
  const uri = pathToFileURL(join(dir, "a b.perf")).href;
  const libUri = pathToFileURL(join(dir, "lib.perf")).href;
  const textDocument = { uri };
  await using client = new Client();

  const { capabilities, serverInfo } = await client.ask("initialize", {
    processId: null,
    rootUri: null,
    capabilities: {},
  });
  assert.equal(serverInfo.name, "sonde");
  assert.equal(capabilities.positionEncoding, "utf-16");
  await client.notify("initialized", {});

  // The face is one character of two UTF-16 code units: what stands behind it is counted as editors count.
  const text = 'include "lib.perf"\nlet busy = all |filter "😀" != comm and rrs > 5MiB\n' +
    "expect max(busy.cpu) < $budget\n";
  await client.notify("textDocument/didOpen", {
    textDocument: { uri, languageId: "perf", version: 1, text },
  });
  const [problem, ...others] = await client.diagnostics(uri);
  assert.deepEqual(others, []);
  assert.deepEqual(problem.range, { start: place(1, 40), end: place(1, 43) });
  assert.deepEqual([problem.severity, problem.code, problem.source], [1, "unknown-field", "sonde"]);
  assert.match(problem.message, /^"all" has no field "rrs"\nDid you mean rss\?\nFields: /);

  // Mended by an incremental change.
  await client.notify("textDocument/didChange", {
    textDocument: { uri, version: 2 },
    contentChanges: [{ range: problem.range, text: "rss" }],
  });
  assert.deepEqual(await client.diagnostics(uri), []);

  const list = await client.ask("textDocument/completion", { textDocument, position: place(1, 41) });
  assert.equal(list.isIncomplete, false);
  const rss = list.items.find((i: { label: string }) => i.label === "rss");
  assert.equal(rss.detail, "bytes");
  assert.deepEqual(rss.textEdit, { range: { start: place(1, 40), end: place(1, 43) }, newText: "rss" });

  const hover = await client.ask("textDocument/hover", { textDocument, position: place(1, 42) });
  assert.match(hover.contents.value, /^```perf\nrss: bytes\n```/);
  assert.deepEqual(hover.range, { start: place(1, 40), end: place(1, 43) });

  const here = await client.ask("textDocument/definition", { textDocument, position: place(2, 12) });
  assert.deepEqual([here[0].targetUri, here[0].targetRange], [uri, { start: place(1, 4), end: place(1, 8) }]);
  const there = await client.ask("textDocument/definition", { textDocument, position: place(2, 26) });
  assert.deepEqual([there[0].targetUri, there[0].targetRange], [libUri, { start: place(0, 6), end: place(0, 12) }]);
  const file = await client.ask("textDocument/definition", { textDocument, position: place(0, 12) });
  assert.equal(file[0].targetUri, libUri);

  const [edit, ...more] = await client.ask("textDocument/formatting", {
    textDocument,
    options: { tabSize: 2, insertSpaces: true },
  });
  assert.deepEqual(more, []);
  assert.ok(edit.newText.includes("\n") || edit.newText.includes(" "), JSON.stringify(edit));
  await client.notify("textDocument/didChange", {
    textDocument: { uri, version: 3 },
    contentChanges: [{ range: edit.range, text: edit.newText }],
  });
  assert.deepEqual(await client.diagnostics(uri), []);
  assert.deepEqual(
    await client.ask("textDocument/formatting", { textDocument, options: { tabSize: 2, insertSpaces: true } }),
    [],
  );

  const symbols = await client.ask("textDocument/documentSymbol", { textDocument });
  assert.deepEqual(symbols.map((s: { name: string }) => s.name), ["busy"]);

  await client.notify("textDocument/didClose", { textDocument });
  assert.deepEqual(await client.diagnostics(uri), []);
  assert.equal(await client.ask("shutdown"), null);
  await client.notify("exit");
  const { code, stderr } = await client.rest();
  assert.deepEqual([code, new TextDecoder().decode(stderr)], [0, ""]);
  await Deno.remove(dir, { recursive: true });
});

Deno.test("sonde lsp ends with 0 when its input ends, and with 1 for an exit without a shutdown", async () => {
  assert.deepEqual(await sonde(["lsp"]), { code: 0, out: "", err: "" });
  await using gone = new Client();
  await gone.ask("initialize", { processId: null, rootUri: null, capabilities: {} });
  await gone.closeInput();
  assert.equal((await gone.rest()).code, 0);
  await using rude = new Client();
  await rude.ask("initialize", { processId: null, rootUri: null, capabilities: {} });
  await rude.notify("exit");
  assert.equal((await rude.rest()).code, 1);
});
