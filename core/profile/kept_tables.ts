import type { Host } from "../host/mod.ts";
import { createSymbolisers } from "../symbols/mod.ts";
import type { UnwindMethod } from "./sampler.ts";
import { createUnwinder, type Unwinder } from "./unwind/mod.ts";

/** What was read of symbols and unwind tables for one profile, and serves the next, whoever samples it. */
export interface KeptTables {
  readonly symbolisers: ReturnType<typeof createSymbolisers>;
  unwinder(method: Exclude<UnwindMethod, "lbr">): Unwinder;
}

const known = new WeakMap<Host, KeptTables>();

/** Those of a machine, the same each time. */
export function keptTables(host: Host): KeptTables {
  let kept = known.get(host);
  if (kept) return kept;
  const unwinders = new Map<string, Unwinder>();
  kept = {
    symbolisers: createSymbolisers(host),
    unwinder: (method) => {
      let unwinder = unwinders.get(method);
      if (!unwinder) unwinders.set(method, unwinder = createUnwinder(host, { method }));
      return unwinder;
    },
  };
  known.set(host, kept);
  return kept;
}
