import { dirname, resolve } from "node:path";
import { fileURLToPath, pathToFileURL } from "node:url";
import {
  type CompletionItem,
  CompletionItemKind,
  type CompletionList,
  type Diagnostic as LspDiagnostic,
  DiagnosticSeverity,
  type DocumentSymbol,
  type Hover as LspHover,
  type LocationLink,
  MarkupKind,
  type Position as LspPosition,
  type Range,
  SymbolKind,
} from "vscode-languageserver";
import type { TextDocument } from "vscode-languageserver-textdocument";
import type { Completion, Completions } from "../complete.ts";
import type { Definition } from "../definition.ts";
import type { Diagnostic } from "../diagnostic.ts";
import type { Hover } from "../hover.ts";
import type { Position, Span } from "../position.ts";
import type { RecipeSymbol } from "../symbols.ts";

/** Offsets of ours and of the protocol both count UTF-16 code units. */
export function rangeOf(doc: TextDocument, { start, end }: Span): Range {
  return { start: doc.positionAt(start), end: doc.positionAt(end) };
}

/**
 * The hint stands below the message: editors show both as one text. What is wrong with an included file stands at the
 * first `include`.
 */
export function lspDiagnostic(doc: TextDocument, d: Diagnostic): LspDiagnostic {
  const { file } = d.start;
  const message = d.hint ? `${d.message}\n${d.hint}` : d.message;
  return {
    range: rangeOf(doc, file === undefined ? { start: d.start.offset, end: d.end.offset } : firstInclude(doc)),
    severity: d.severity === "error" ? DiagnosticSeverity.Error : DiagnosticSeverity.Warning,
    code: d.code,
    source: "sonde",
    message: file === undefined ? message : `${file}:${d.start.line}:${d.start.column}: ${message}`,
  };
}

function firstInclude(doc: TextDocument): Span {
  const found = /(?<=^|[;\n])[ \t]*include\s*"[^"\n]*"/.exec(doc.getText());
  return found ? { start: found.index, end: found.index + found[0].length } : { start: 0, end: 0 };
}

const KINDS: Readonly<Record<Completion["kind"], CompletionItemKind>> = {
  word: CompletionItemKind.Keyword,
  stage: CompletionItemKind.Keyword,
  aggregation: CompletionItemKind.Function,
  function: CompletionItemKind.Function,
  field: CompletionItemKind.Field,
  parameter: CompletionItemKind.Variable,
  result: CompletionItemKind.Variable,
  collector: CompletionItemKind.Module,
  probe: CompletionItemKind.Event,
  argument: CompletionItemKind.Property,
  type: CompletionItemKind.TypeParameter,
  unit: CompletionItemKind.Unit,
  form: CompletionItemKind.EnumMember,
};

/** They stay in the order in which they were found: that of the fields, of the stages, … */
export function lspCompletions(doc: TextDocument, { items, span, incomplete }: Completions): CompletionList {
  const range = rangeOf(doc, span);
  return {
    isIncomplete: incomplete,
    items: items.map((item, i): CompletionItem => ({
      label: item.label,
      kind: KINDS[item.kind],
      sortText: String(i).padStart(4, "0"),
      textEdit: { range, newText: item.label },
      ...(item.detail && { detail: item.detail }),
      ...(item.doc && { documentation: item.doc }),
    })),
  };
}

/** The code is coloured by the editor's own grammar for recipes. */
export function lspHover(doc: TextDocument, { span, code, text }: Hover): LspHover {
  const value = `\`\`\`perf\n${code}\n\`\`\`${text ? `\n${text}` : ""}`;
  return { range: rangeOf(doc, span), contents: { kind: MarkupKind.Markdown, value } };
}

/** Empty where the file of an include cannot be told, because the document is none. */
export function lspDefinition(doc: TextDocument, { target, origin }: Definition): LocationLink[] {
  const link = (targetUri: string, range: Range): LocationLink[] => [
    { targetUri, targetRange: range, targetSelectionRange: range, originSelectionRange: rangeOf(doc, origin) },
  ];
  switch (target.kind) {
    case "here":
      return link(doc.uri, rangeOf(doc, target.span));
    case "file":
      return link(pathToFileURL(resolve(target.file)).href, {
        start: lspPosition(target.start),
        end: lspPosition(target.end),
      });
    case "include": {
      const own = documentPath(doc.uri);
      const top = { line: 0, character: 0 };
      return own === null ? [] : link(pathToFileURL(resolve(dirname(own), target.file)).href, { start: top, end: top });
    }
  }
}

/** The path of a document, or null for one that is no file. */
export function documentPath(uri: string): string | null {
  // A file of another host is none here.
  return uri.startsWith("file:///") ? fileURLToPath(uri) : null;
}

function lspPosition({ line, column }: Position): LspPosition {
  return { line: line - 1, character: column - 1 };
}

const SYMBOLS: Readonly<Record<RecipeSymbol["kind"], SymbolKind>> = {
  recipe: SymbolKind.Module,
  parameter: SymbolKind.Constant,
  result: SymbolKind.Variable,
};

/** For outlines and breadcrumbs. */
export function lspSymbol(doc: TextDocument, s: RecipeSymbol): DocumentSymbol {
  return {
    name: s.name,
    kind: SYMBOLS[s.kind],
    range: rangeOf(doc, s.span),
    selectionRange: rangeOf(doc, s.nameSpan),
    ...(s.detail && { detail: s.detail }),
  };
}
