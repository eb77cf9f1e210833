import type { EvidenceItem } from "../../data/mod.ts";
import { type CellRef, type Citation, citationOf } from "./facts.ts";

/** Evidence items as they are collected; one for each cell and claim. */
export interface EvidenceList {
  readonly items: EvidenceItem[];
  /** The id of the item that claims this of this cell. */
  add(claim: string, cell: CellRef): string;
  /** The same for a value that was looked up by its pointer. */
  addCitation(claim: string, citation: Citation): string;
}

/** An empty list. Ids are `e1`, `e2`, … */
export function evidenceList(): EvidenceList {
  const items: EvidenceItem[] = [];
  const ids = new Map<string, string>();
  const addCitation = (claim: string, citation: Citation): string => {
    const key = `${citation.call} ${citation.path} ${claim}`;
    let id = ids.get(key);
    if (id === undefined) {
      id = `e${items.length + 1}`;
      ids.set(key, id);
      items.push({ id, claim, ...citation });
    }
    return id;
  };
  return { items, addCitation, add: (claim, cell) => addCitation(claim, citationOf(cell)) };
}
