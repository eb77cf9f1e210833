import { recordsOf, type Results } from "../../data/mod.ts";
import { escapeText } from "../escape.ts";
import { formatBytes, formatNumber } from "../format_value.ts";
import { message } from "../messages/message.ts";
import type { Lang } from "../options.ts";

/** What kind of machine it is, as far as the calls tell: CPUs, model, memory, kernel. */
export function machineFacts(calls: readonly { readonly results: Results }[], lang: Lang): string[] {
  const value = (result: string, key: string): string | number | null => {
    for (const { results } of calls) {
      const table = results[result];
      if (table?.kind !== "table" || table.length === 0) continue;
      const cell = recordsOf(table)[0][key];
      if (typeof cell === "string" && cell !== "") return escapeText(cell, { limit: 120 });
      if (typeof cell === "number" || typeof cell === "bigint") return Number(cell);
    }
    return null;
  };
  const facts: string[] = [];
  const cpus = value("topology", "cpus_online") ?? value("load", "cpus");
  if (cpus !== null) facts.push(message(lang, "facts.cpus", { n: formatNumber(Number(cpus)) }));
  const memory = value("topology", "memory") ?? value("memory", "total");
  if (memory !== null) facts.push(message(lang, "facts.memory", { size: formatBytes(Number(memory)) }));
  const model = value("topology", "model");
  if (model !== null) facts.push(String(model));
  const release = value("kernel", "release");
  if (release !== null) facts.push(`Linux ${release}`);
  const hypervisor = value("topology", "hypervisor");
  if (hypervisor !== null) facts.push(message(lang, "facts.hypervisor", { name: hypervisor }));
  return facts;
}
