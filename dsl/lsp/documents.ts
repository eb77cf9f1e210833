import type { TextDocument } from "vscode-languageserver-textdocument";
import { analyse, type Analysis } from "../analysis.ts";
import type { RecipeRegistry } from "../registry.ts";

/** What is known of the open recipes. */
export interface Analyses {
  /** The analysis of a document as it is now; made once for each of its versions. */
  of(doc: TextDocument): Promise<Analysis>;
  forget(uri: string): void;
}

/** @param registry what the checker asks, for the text of a recipe */
export function analyses(registry: (text: string) => Promise<RecipeRegistry>): Analyses {
  const known = new Map<string, { readonly version: number; readonly analysis: Promise<Analysis> }>();
  return {
    of(doc): Promise<Analysis> {
      const last = known.get(doc.uri);
      if (last?.version === doc.version) return last.analysis;
      const text = doc.getText();
      const analysis = registry(text).then((r) => analyse(text, r));
      known.set(doc.uri, { version: doc.version, analysis });
      return analysis;
    },
    forget: (uri) => void known.delete(uri),
  };
}
