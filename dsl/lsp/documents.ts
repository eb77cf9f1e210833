import type { TextDocument } from "vscode-languageserver-textdocument";
import { analyse, type Analysis } from "../analysis.ts";
import type { IncludeOptions } from "../include.ts";
import type { RecipeRegistry } from "../registry.ts";

/** What the checker asks for one recipe. */
export interface RecipeWorld {
  readonly registry: RecipeRegistry;
  readonly include: IncludeOptions;
}

/** What is known of the open recipes. */
export interface Analyses {
  /** The analysis of a document as it is now; made once for each of its versions. */
  of(doc: TextDocument): Promise<Analysis>;
  forget(uri: string): void;
}

/** @param world what the checker asks for a document */
export function analyses(world: (doc: TextDocument) => Promise<RecipeWorld>): Analyses {
  const known = new Map<string, { readonly version: number; readonly analysis: Promise<Analysis> }>();
  return {
    of(doc): Promise<Analysis> {
      const last = known.get(doc.uri);
      if (last?.version === doc.version) return last.analysis;
      const text = doc.getText();
      const analysis = world(doc).then(({ registry, include }) => analyse(text, registry, include));
      known.set(doc.uri, { version: doc.version, analysis });
      // What failed is tried again: it need not be the text's fault.
      analysis.catch(() => known.delete(doc.uri));
      return analysis;
    },
    forget: (uri) => void known.delete(uri),
  };
}
