import { addressOf, findMapping, type UsedCode } from "../symbols/mod.ts";
import type { RawProfile } from "./build_profile.ts";

/** The files of code that samples lie in, each once for a process. Nothing is done before the first is asked for. */
export function* usedCode({ stacks, spaces }: Pick<RawProfile, "stacks" | "spaces">): Generator<UsedCode> {
  const used = new Map<string, UsedCode>();
  stacks.each(({ words, space }) => {
    const { pid, mappings } = spaces[space];
    for (let i = 0; i + 1 < words.length; i += 2) {
      const address = addressOf(words[i + 1], words[i]);
      const mapping = address < 0 ? null : findMapping(mappings, address);
      if (mapping) used.set(`${pid} ${mapping.path}`, { pid, mapping });
    }
  });
  yield* used.values();
}
