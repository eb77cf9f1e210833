import index from "../plugins/index.json" with { type: "json" };
import { type Field, field } from "../core/data/mod.ts";
import type { PluginInfo } from "../core/plugin_api/mod.ts";
import { probePointText } from "../core/query/mod.ts";
import { CALL_FIELDS, TEST_PROBES, TEST_REGISTRY } from "./_testing.ts";
import type { RecipeRegistry } from "./registry.ts";

/** Probes of the language's pages that are not among those of the tests. */
const MORE_PROBES: Readonly<Record<string, readonly Field[]>> = {
  "tracepoint:sock:inet_sock_set_state": [
    ...[field("args.skaddr", "address"), field("args.newstate", "int"), field("args.dport", "int")],
    field("args.daddr_v6", "ip"),
  ],
  "tracepoint:exceptions:page_fault_user": [field("args.address", "int"), field("args.ip", "int")],
  "raw_tracepoint:kfree_skb": [field("args.skb", "address"), field("args.location", "address")],
};

/** The built-in collectors, and a few probes as every machine has them: what the language's pages are checked against. */
export const DOCS_REGISTRY: RecipeRegistry = {
  collector: (name) => COLLECTORS.find((c) => c.name === name),
  collectorNames: () => COLLECTORS.map((c) => c.name),
  probeFields: (point) => {
    // Of a system call the kernel has the text's address.
    const known = TEST_PROBES[probePointText(point)]?.map((f) =>
      f.name === "filename" ? field("args.filename", "address") : { ...f, name: `args.${f.name}` }
    );
    return known ?? MORE_PROBES[probePointText(point)] ?? [field("args.id", "int")];
  },
  probeField: (_point, name) => field(name, "int"),
  matchProbes: TEST_REGISTRY.matchProbes,
  callFields: () => [...CALL_FIELDS, field("args.filename", "address")],
  matchCalls: (target) => ({ points: [target], total: 1 }),
  saveExtensions: () => [".json", ".csv", ".txt", ".svg", ".folded"],
};

const COLLECTORS = (index as unknown as PluginInfo[]).flatMap((p) => p.collectors);
