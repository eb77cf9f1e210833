import { UsageError } from "../../core/data/mod.ts";
import { assetList, assetText } from "../../core/assets/mod.ts";
import { mountTracefs, openTraceEvents } from "../../core/host/mod.ts";
import type { Field } from "../../core/data/mod.ts";
import { probePointText } from "../../core/query/probe_spec.ts";
import type { WordInfo } from "../../dsl/words.ts";
import { openSession } from "../session.ts";
import { print, warn } from "../output.ts";

/** One thing that is listed. */
interface Entry {
  readonly name: string;
  readonly doc: string;
  /** Lines for `-v`. */
  readonly details: readonly string[];
  readonly json: unknown;
}

const KINDS = ["collectors", "tools", "recipes", "stages", "aggregations", "functions", "probes"] as const;
type Kind = (typeof KINDS)[number];

/** Lists what there is. Without a kind: everything but probes, of which there are thousands. */
export async function listCommand(
  kind: string | undefined,
  pattern: string | undefined,
  options: { json?: boolean; verbose?: boolean; plugin: string[] },
): Promise<number> {
  if (kind !== undefined && !(KINDS as readonly string[]).includes(kind)) {
    throw new UsageError(`There is no "${kind}" to list`, `There are: ${KINDS.join(", ")}`);
  }
  const session = await openSession(options.plugin);
  const kinds = kind ? [kind as Kind] : KINDS.filter((k) => k !== "probes");
  const matches = globMatcher(pattern ?? "*");
  const json: Record<string, unknown> = { schema: 1 };
  let text = "";
  for (const k of kinds) {
    const entries = (await entriesOf(k, session, pattern ?? "*", matches, options.verbose ?? false)).filter((e) =>
      matches(e.name)
    );
    json[k] = entries.map((e) => e.json);
    if (kinds.length > 1) text += `${k}\n`;
    const width = Math.min(34, Math.max(0, ...entries.map((e) => e.name.length)));
    for (const e of entries) {
      text += `  ${e.name.padEnd(width)}  ${e.doc.replaceAll("\n", `\n${" ".repeat(width + 4)}`)}\n`;
      if (options.verbose) { for (const line of e.details) text += `      ${line}\n`; }
    }
    if (entries.length === 0) text += pattern ? `  none matches "${pattern}"\n` : "  none\n";
  }
  print(options.json ? JSON.stringify(json, null, 2) + "\n" : text);
  return 0;
}

type Session = Awaited<ReturnType<typeof openSession>>;

async function entriesOf(
  kind: Kind,
  session: Session,
  pattern: string,
  matches: (name: string) => boolean,
  verbose: boolean,
): Promise<Entry[]> {
  switch (kind) {
    case "collectors":
      return session.registry.collectors().map((c) => ({
        name: c.name,
        doc: c.doc,
        details: [
          ...c.params.map((p) => `(${p.name}: ${p.type}${p.default === undefined ? "" : ` = ${p.default}`})  ${p.doc}`),
          ...c.fields.map((f) => `${f.name}: ${f.type}${f.unit ? ` [${f.unit}]` : ""}  ${f.doc ?? ""}`),
        ],
        json: c,
      }));
    case "tools":
      return session.registry.tools().map((t) => ({
        name: t.name,
        doc: t.description,
        details: Object.entries(t.params).map(([name, p]) =>
          `${name}: ${p.enum ? p.enum.join("|") : p.type}` +
          `${
            p.default === undefined ? t.required.includes(name) ? " (required)" : "" : ` = ${p.default}`
          }  ${p.description}`
        ),
        json: t,
      }));
    case "recipes":
      return RECIPE_FOLDERS.flatMap(assetList).filter((f) => f.endsWith(".perf")).map((file) => {
        const doc = /^\s*recipe\s+\w+\s+"([^"]*)"/m.exec(assetText(file))?.[1] ?? "";
        return { name: file, doc, details: [], json: { name: file, doc } };
      });
    case "stages": {
      const { STAGES } = await import("../../dsl/mod.ts");
      const { stageSignature } = await import("../../dsl/check_plugin_stage.ts");
      const added = session.registry.stages().map((s) => ({ ...s, signature: stageSignature(s) }));
      return [...STAGES, ...added].map(wordEntry);
    }
    case "aggregations": {
      const { AGGREGATIONS } = await import("../../dsl/mod.ts");
      const added = session.registry.aggregations().map((a) => ({ ...a, signature: `${a.name}(x)` }));
      return [...AGGREGATIONS, ...added].map(wordEntry);
    }
    case "functions": {
      const { SCALARS } = await import("../../core/query/mod.ts");
      return [...SCALARS.values()].map(({ name, signature, doc }) => wordEntry({ name, signature, doc }));
    }
    case "probes": {
      const { builtinFields, listPoints, loadCodeFiles, probeFields } = await import("../../bpf/mod.ts");
      await loadCodeFiles();
      mountTracefs(session.host);
      const { problem } = openTraceEvents(session.host);
      if (problem !== null) warn(`Tracepoints cannot be listed: ${problem}`);
      const builtins = new Set(builtinFields().map((f) => f.name));
      // Functions of one file, or of one kind, are listed when they are asked for.
      const points = listPoints(/^[a-z_]+:/.test(pattern) ? pattern : "*", session.host);
      const named = points.map((point) => ({ point, name: probePointText(point) })).filter(({ name }) => matches(name));
      return named.map(({ point, name }) => {
        const fields = verbose ? probeFields(point, session.host) ?? [] : [];
        const own = fields.filter((f) => !builtins.has(f.name));
        const line = (f: Field): string => `${f.name}: ${f.type}${f.unit ? ` [${f.unit}]` : ""}  ${f.doc ?? ""}`;
        const rest = fields.filter((f) => builtins.has(f.name)).map((f) => f.name).join(" ");
        return {
          name,
          doc: "",
          details: [...own.map(line), ...(rest ? [`and ${rest}`] : [])],
          json: verbose ? { name, fields } : { name },
        };
      });
    }
  }
}

function wordEntry(word: WordInfo): Entry {
  return { name: word.name, doc: word.doc, details: [word.signature], json: word };
}

/** Where recipes that ship with us lie. */
const RECIPE_FOLDERS = ["recipes", "recipes/oneliners"] as const;

/** Matches names against a pattern with `*` and `?`; a bare word matches anywhere in the name. */
function globMatcher(pattern: string): (name: string) => boolean {
  if (!/[*?]/.test(pattern)) return (name) => name.includes(pattern);
  const source = pattern.replace(/[.+^${}()|[\]\\]/g, "\\$&").replaceAll("*", ".*").replaceAll("?", ".");
  const re = new RegExp(`^${source}$`);
  // "sched_*" means tracepoint:sched:sched_switch, "top*" recipes/top_memory.perf as well.
  return (name) => re.test(name) || re.test(name.slice(Math.max(name.lastIndexOf(":"), name.lastIndexOf("/")) + 1));
}
