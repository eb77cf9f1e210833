import type { Profile } from "../../data/mod.ts";
import { escapeText } from "../escape.ts";

/** Labels of stacks as numbers: `sets[i][k]` is an index into `values[k]`, −1 when the set lacks the key. */
export interface EncodedLabels {
  readonly keys: readonly string[];
  readonly values: readonly (readonly string[])[];
  readonly sets: readonly (readonly number[])[];
}

/** More keys than this are not offered as filters; a profile of other tools may have one for every sample. */
const MOST_KEYS = 12;

/** The distinct label sets of profiles, and which one each stack has. */
export function encodeLabels(profiles: readonly Profile[]): { encoded: EncodedLabels; setOf: Uint32Array[] } {
  const keys: string[] = [];
  const values: string[][] = [];
  const valueIndex: Map<string, number>[] = [];
  const sets: number[][] = [];
  const setIndex = new Map<string, number>();
  const setOf = profiles.map((profile) =>
    Uint32Array.from(profile.stacks, ({ labels }) => {
      const set: number[] = [];
      for (const [key, text] of Object.entries(labels)) {
        let k = keys.indexOf(key);
        if (k < 0) {
          if (keys.length === MOST_KEYS) continue;
          k = keys.push(key) - 1;
          values.push([]);
          valueIndex.push(new Map());
        }
        let v = valueIndex[k].get(text);
        if (v === undefined) valueIndex[k].set(text, v = values[k].push(escapeText(text, { limit: 200 })) - 1);
        set[k] = v;
      }
      for (let k = 0; k < keys.length; k++) set[k] ??= -1;
      while (set.at(-1) === -1) set.pop();
      const id = set.join();
      let s = setIndex.get(id);
      if (s === undefined) setIndex.set(id, s = sets.push(set) - 1);
      return s;
    })
  );
  const full = sets.map((set) => keys.map((_, k) => set[k] ?? -1));
  return { encoded: { keys: keys.map((k) => escapeText(k, { limit: 60 })), values, sets: full }, setOf };
}
