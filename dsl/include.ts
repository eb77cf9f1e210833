import type { Statement, Tree } from "./ast.ts";
import type { Diagnostics } from "./diagnostic.ts";
import { parseInto } from "./parse.ts";
import type { Sources, Span } from "./position.ts";

/** A recipe that another one includes. */
export interface IncludedFile {
  /** One name for each file, however it was written: its real path. */
  readonly id: string;
  /** What it is called in messages. */
  readonly name: string;
  readonly text: string;
}

/**
 * Reads a file that a recipe includes.
 *
 * @param file as written
 * @param from id of the file in which it was written; null for the recipe itself
 * @returns why it cannot be read, as a sentence without a full stop, where it cannot
 */
export type ReadInclude = (file: string, from: string | null) => Promise<IncludedFile | string>;

/** What includes are read with. */
export interface IncludeOptions {
  /** The recipe itself, where it is a file. */
  readonly file?: Pick<IncludedFile, "id" | "name">;
  readonly read?: ReadInclude;
}

type InChain = Pick<IncludedFile, "id" | "name">;

/** How deep files may include one another, and how many there may be. */
const MAX_DEPTH = 16;
const MAX_FILES = 64;

/**
 * Puts the statements of included files in the place of `include`: each file once, its `recipe` line left out. Spans of
 * what was included lie behind those of the recipe.
 */
export async function expandIncludes(
  tree: Tree,
  sources: Sources,
  out: Diagnostics,
  { file: own, read }: IncludeOptions,
): Promise<Tree> {
  if (!tree.statements.some((s) => s.kind === "include")) return tree;
  const seen = new Set<string>();
  const expand = async (statements: readonly Statement[], chain: readonly InChain[]): Promise<Statement[]> => {
    const all: Statement[] = [];
    for (const s of statements) {
      if (s.kind !== "include") {
        all.push(s);
        continue;
      }
      if (!s.file) continue; // reported by the parser
      const { span, value } = s.file;
      const refuse = (message: string, hint: string): void => out.error(span, "include", message, hint);
      const file = read ? await read(value, chain.at(-1)?.id ?? null) : "there are no files here";
      if (typeof file === "string") {
        refuse(`Cannot include "${value}": ${file}`, "Paths are relative to the file that includes");
        continue;
      }
      const at = chain.findIndex((c) => c.id === file.id);
      if (at >= 0) {
        const names = [...chain.slice(at), file].map((c) => c.name);
        refuse(`"${value}" includes itself`, names.join(" → "));
        continue;
      }
      if (seen.has(file.id)) continue;
      if (chain.length >= MAX_DEPTH || seen.size >= MAX_FILES) {
        refuse(`"${value}" is one include too many`, `At most ${MAX_FILES} files, ${MAX_DEPTH} deep`);
        continue;
      }
      seen.add(file.id);
      const base = sources.add(file.name, file.text);
      const inner = await parseInto(file.text, shifted(out, base));
      const statements = inner.statements.filter((i) => i.kind !== "recipe").map((i) => moved(i, base));
      all.push(...await expand(statements, [...chain, file]));
    }
    return all;
  };
  return { ...tree, statements: await expand(tree.statements, own ? [own] : []) };
}

function shifted(out: Diagnostics, base: number): Diagnostics {
  const at = (span: Span): Span => ({ start: span.start + base, end: span.end + base });
  return {
    ...out,
    error: (span, code, message, hint) => out.error(at(span), code, message, hint),
    warn: (span, code, message, hint) => out.warn(at(span), code, message, hint),
    get hasErrors(): boolean {
      return out.hasErrors;
    },
    get full(): boolean {
      return out.full;
    },
  };
}

/** The same node with all its places moved. Whatever has `start` and `end` is a place: the tree has no others. */
function moved<T>(node: T, base: number): T {
  if (typeof node !== "object" || node === null) return node;
  if (Array.isArray(node)) return node.map((n) => moved(n, base)) as T;
  const o = node as Record<string, unknown>;
  if (typeof o.start === "number" && typeof o.end === "number") {
    return { start: o.start + base, end: o.end + base } as T;
  }
  return Object.fromEntries(Object.entries(o).map(([key, value]) => [key, moved(value, base)])) as T;
}
