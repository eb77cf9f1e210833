import { fileURLToPath } from "node:url";

/** The pages of the language, relative to the project. */
export const LANGUAGE_PAGES = ["docs/language.md", "docs/language-reference.md"] as const;

/** A fenced block of a page that holds a recipe. */
export interface PageBlock {
  readonly page: string;
  /** Line of the page on which the recipe begins, from 1. */
  readonly line: number;
  readonly source: string;
  /**
   * What stands behind the word `perf`: nothing; `bad`: it has one error, which is shown; `file NAME`: others of the page
   * include it under this name; `with NAME`: it needs this plugin of docs/examples.
   */
  readonly kind: "good" | "bad" | "file" | "with";
  /** Of `file` and `with`. */
  readonly name: string;
  /** The text below a bad one. */
  readonly shown: string;
}

/** The text of a page. */
export function pageText(page: string): string {
  return Deno.readTextFileSync(fileURLToPath(new URL(`../${page}`, import.meta.url)));
}

/** All recipes of the pages, in their order. */
export function pageBlocks(): PageBlock[] {
  return LANGUAGE_PAGES.flatMap((page) => {
    const text = pageText(page);
    const fences = text.matchAll(
      /^```perf(?: (bad|file|with)(?: (\S+))?)?\n([\s\S]*?)^```\n(?:\n```text\n([\s\S]*?)^```)?/gm,
    );
    return [...fences].map(([whole, kind = "good", name = "", source, shown = ""], _i): PageBlock => ({
      page,
      line: text.slice(0, text.indexOf(whole)).split("\n").length + 1,
      source,
      kind: kind as PageBlock["kind"],
      name,
      shown: shown.trimEnd(),
    }));
  });
}

/** The files that the recipes of a page include, by name. */
export function pageFiles(page: string): Readonly<Record<string, string>> {
  const files = pageBlocks().filter((b) => b.page === page && b.kind === "file");
  return Object.fromEntries(files.map((b) => [b.name, b.source]));
}
