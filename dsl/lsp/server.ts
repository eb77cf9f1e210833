import {
  createConnection,
  type InitializeResult,
  PositionEncodingKind,
  ProposedFeatures,
  TextDocuments,
  TextDocumentSyncKind,
} from "vscode-languageserver";
import { createProtocolConnection, StreamMessageReader, StreamMessageWriter } from "vscode-languageserver/node";
import { TextDocument } from "vscode-languageserver-textdocument";
import { complete } from "../complete.ts";
import { definition } from "../definition.ts";
import { hover } from "../hover.ts";
import { symbols } from "../symbols.ts";
import { cachedRegistry, type RegistryCache } from "./cached_registry.ts";
import { documentPath, lspCompletions, lspDefinition, lspDiagnostic, lspHover, lspSymbol } from "./convert.ts";
import { analyses, type RecipeWorld } from "./documents.ts";
import { formatDocument } from "./format_document.ts";

/** What a language server works with. */
export interface LanguageServices {
  readonly version: string;
  /** What the checker asks, for a recipe. @param path null for one that is no file yet */
  world(text: string, path: string | null): Promise<RecipeWorld>;
  /** Aborted: the server stops. */
  readonly signal: AbortSignal;
}

type Input = ConstructorParameters<typeof StreamMessageReader>[0];
type Output = ConstructorParameters<typeof StreamMessageWriter>[0];

/** Milliseconds without a change after which a recipe is checked: while somebody types, half of it is wrong. */
const DEBOUNCE_MS = 150;

/**
 * Serves the Language Server Protocol until the client says that it is enough, or goes.
 *
 * @param input messages of the client; nothing but the protocol is written to `output`
 * @returns the exit code that the protocol asks for: 1 when the client ends without a shutdown, else 0
 */
export function serve(input: Input, output: Output, services: LanguageServices): Promise<number> {
  const { promise, resolve } = Promise.withResolvers<number>();
  const watchDog = { shutdownReceived: false, initialize: (): void => {}, exit: resolve };
  const connection = createConnection(
    (logger) => {
      const protocol = createProtocolConnection(
        new StreamMessageReader(input),
        new StreamMessageWriter(output),
        logger,
      );
      // A client that is gone needs no exit.
      protocol.onClose(() => resolve(0));
      return protocol;
    },
    watchDog,
    ProposedFeatures.all,
  );
  input.on("end", () => resolve(0));
  services.signal.addEventListener("abort", () => resolve(0));

  const cache: RegistryCache = new Map();
  const world = async (doc: TextDocument): Promise<RecipeWorld> => {
    const { registry, include } = await services.world(doc.getText(), documentPath(doc.uri));
    return { registry: cachedRegistry(registry, cache), include };
  };
  const documents = new TextDocuments(TextDocument);
  const known = analyses(world);
  const waiting = new Map<string, ReturnType<typeof setTimeout>>();

  connection.onInitialize((): InitializeResult => ({
    serverInfo: { name: "sonde", version: services.version },
    capabilities: {
      positionEncoding: PositionEncodingKind.UTF16,
      textDocumentSync: { openClose: true, change: TextDocumentSyncKind.Incremental },
      completionProvider: { triggerCharacters: [".", ":", "$", "|", "("] },
      hoverProvider: true,
      definitionProvider: true,
      documentSymbolProvider: true,
      documentFormattingProvider: true,
    },
  }));

  const publish = async (uri: string): Promise<void> => {
    waiting.delete(uri);
    const doc = documents.get(uri);
    if (!doc) return;
    const { version } = doc;
    const { diagnostics } = await known.of(doc);
    if (documents.get(uri)?.version !== version) return; // What came meanwhile is checked in its turn.
    await connection.sendDiagnostics({ uri, version, diagnostics: diagnostics.map((d) => lspDiagnostic(doc, d)) });
  };
  const check = (uri: string, afterMs: number): void => {
    clearTimeout(waiting.get(uri));
    const ask = (): void => void publish(uri).catch((e: Error) => connection.console.error(`${uri}: ${e.stack ?? e}`));
    waiting.set(uri, setTimeout(ask, afterMs));
  };
  const open = new Set<string>();
  documents.onDidChangeContent(({ document: { uri } }) => {
    check(uri, open.has(uri) ? DEBOUNCE_MS : 0);
    open.add(uri);
  });
  // It may be included by the others.
  documents.onDidSave(({ document: { uri: saved } }) => {
    for (const { uri } of documents.all().filter((d) => d.uri !== saved)) {
      known.forget(uri);
      check(uri, 0);
    }
  });
  documents.onDidClose(({ document: { uri } }) => {
    clearTimeout(waiting.get(uri));
    waiting.delete(uri);
    open.delete(uri);
    known.forget(uri);
    void connection.sendDiagnostics({ uri, diagnostics: [] });
  });

  connection.onCompletion(async ({ textDocument, position }) => {
    const doc = documents.get(textDocument.uri);
    if (!doc) return null;
    const { registry, include } = await world(doc);
    return lspCompletions(doc, await complete(doc.getText(), doc.offsetAt(position), registry, include));
  });
  connection.onHover(async ({ textDocument, position }) => {
    const doc = documents.get(textDocument.uri);
    const found = doc && hover(await known.of(doc), doc.offsetAt(position));
    return found ? lspHover(doc, found) : null;
  });
  connection.onDefinition(async ({ textDocument, position }) => {
    const doc = documents.get(textDocument.uri);
    const found = doc && definition(await known.of(doc), doc.offsetAt(position));
    return found ? lspDefinition(doc, found) : null;
  });
  connection.onDocumentSymbol(async ({ textDocument }) => {
    const doc = documents.get(textDocument.uri);
    return doc ? symbols(await known.of(doc)).map((s) => lspSymbol(doc, s)) : null;
  });
  connection.onDocumentFormatting(async ({ textDocument }) => {
    const doc = documents.get(textDocument.uri);
    return doc ? await formatDocument(doc) : null;
  });

  documents.listen(connection);
  connection.listen();
  return promise.finally(() => {
    for (const timer of waiting.values()) clearTimeout(timer);
  });
}
