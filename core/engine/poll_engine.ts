import { UnsupportedError } from "../data/mod.ts";
import type { ProbeEngine } from "../plugin_api/mod.ts";
import { sourceText } from "../query/mod.ts";

/**
 * What is left where the kernel lets nothing be attached: reading `/proc` and `/sys` again and again. Collectors do
 * that by themselves, without an engine; an event cannot be found so, and is never approximated. This engine says so.
 */
export function pollEngine(): ProbeEngine {
  const reason = "Polling sees states, not events: what happens between two looks leaves no trace";
  const remedy = "Use a collector, which needs no engine (`sonde list collectors`), or give the privileges that " +
    "`sonde doctor` names.";
  return {
    name: "poll",
    supports: () => ({ ok: false, reason, remedy }),
    open(spec): never {
      throw new UnsupportedError(`Cannot watch ${sourceText(spec.source)} by polling: ${reason}`, remedy);
    },
  };
}
