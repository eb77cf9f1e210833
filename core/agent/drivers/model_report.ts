import {
  BOTTLENECK_TYPES,
  type BottleneckType,
  type Culprit,
  type Json,
  resultsToJson,
  SEVERITIES,
  type Severity,
} from "../../data/mod.ts";
import type { Tool, ToolParam } from "../../plugin_api/mod.ts";
import type { AgentState, Draft, Observation } from "../driver.ts";
import { atPointer } from "../json_pointer.ts";
import { type Citation, factsOf } from "../rules/facts.ts";
import { evidenceList } from "../rules/evidence.ts";
import type { Knowledge } from "../rules/knowledge.ts";
import { useMatrix } from "../rules/use_matrix.ts";
import { checkToolArgs } from "../tool_args.ts";
import type { ChatTool } from "./chat_model.ts";

const text = (description: string): ToolParam => ({ type: "string", description });

/** The tool by which a model reports: that of the schema, with confidence and culprit added. */
export const MODEL_REPORT: ChatTool = {
  name: "generate_diagnosis_report",
  description: "Ends the investigation with a structured report.",
  params: {
    severity: { type: "string", enum: SEVERITIES, description: "How bad it is; info when nothing is wrong" },
    bottleneck_type: { type: "string", enum: BOTTLENECK_TYPES, description: "What the machine is short of" },
    root_cause: text("The cause in one to three sentences, with numbers"),
    evidence: {
      type: "array",
      items: { type: "string" },
      description: 'Each "[CALL POINTER] claim", such as "[c2 /results/cpu/rows/0/1] CPUs are 97 % busy"',
    },
    recommendations: { type: "array", items: { type: "string" }, description: "Concrete steps" },
    confidence: { type: "number", minimum: 0, maximum: 1, description: "Probability that type and culprit are right" },
    culprit_pid: { type: "integer", minimum: 0, description: "Process that causes it" },
    culprit_comm: text("Its name"),
    culprit_function: text("Its hottest function, if that is the cause"),
  },
  required: ["severity", "bottleneck_type", "root_cause", "evidence", "recommendations"],
};

/** A report that can be used, or what the model must correct. */
export type ParsedReport =
  | { readonly ok: true; readonly draft: Draft; readonly unresolved: readonly string[] }
  | { readonly ok: false; readonly error: string };

/**
 * Checks a model's report. Claims whose citation does not resolve are left out of the evidence and named in
 * `not_known`; with fewer than two that do, the confidence is bounded.
 */
export function parseReport(args: Json, state: AgentState, knowledge: Knowledge): ParsedReport {
  const checked = checkToolArgs(MODEL_REPORT as Pick<Tool, "name" | "params" | "required">, args);
  if (!checked.ok) return checked;
  const a = checked.args;
  const evidence = evidenceList();
  const lines: string[] = [];
  const unresolved: string[] = [];
  // One number said twice is one piece of evidence.
  const cells = new Set<string>();
  for (const entry of a.evidence as readonly string[]) {
    const found = citedValue(entry, state.observations);
    if (found === null) unresolved.push(entry);
    else {
      cells.add(`${found.citation.call} ${found.citation.path}`);
      lines.push(`[${evidence.addCitation(found.claim, found.citation)}] ${found.claim}`);
    }
  }
  const facts = factsOf(state.observations, knowledge.scopes);
  const matrix = useMatrix(facts, knowledge, state.lang, evidence);
  const given = typeof a.confidence === "number" ? a.confidence : 0.7;
  const most = cells.size >= 2 ? 0.95 : cells.size === 1 ? 0.79 : 0.49;
  const confidence = Math.min(given, most);
  const claimed = a.bottleneck_type as BottleneckType;
  const healthy = claimed === "unknown" && a.severity === "info";
  const undecided = !healthy && confidence < 0.5;
  const culprit = healthy ? null : culpritOf(a);
  const draft: Draft = {
    severity: undecided ? "warning" : a.severity as Severity,
    bottleneck_type: undecided ? "unknown" : claimed,
    root_cause: a.root_cause as string,
    recommendations: a.recommendations as readonly string[],
    confidence,
    culprit: undecided ? null : culprit,
    findings: [{
      bottleneck_type: claimed,
      cause: a.root_cause as string,
      confidence,
      culprit,
      evidence: lines.map((l) => l.slice(1, l.indexOf("]"))),
    }],
    evidence: lines,
    evidence_items: evidence.items,
    use_matrix: matrix,
    not_known: [
      ...unresolved.map((u) => `Claimed by the model, not found in any result: ${u.slice(0, 300)}`),
      ...state.observations.flatMap((o) => o.error === undefined ? [] : [`${o.call.tool}: ${o.error.slice(0, 300)}`]),
    ],
  };
  return { ok: true, draft, unresolved };
}

/** Splits `[c2 /results/cpu/rows/0/1] claim` and looks the value up; null when it does not resolve to a single value. */
export function citedValue(
  entry: string,
  observations: readonly Observation[],
): { readonly claim: string; readonly citation: Citation } | null {
  const m = /^\s*\[\s*(c\d+|given)[\s:,#]*(\/results\/[^\]\s]+)\s*\]\s*[:\-–]?\s*(\S.*)$/s.exec(entry);
  if (!m) return null;
  const [, call, path, claim] = m;
  const observation = observations.find((o) => o.call.id === call && o.results !== null);
  if (!observation) return null;
  const value = atPointer({ results: resultsToJson(observation.results!) } as Json, path);
  if (value === undefined || typeof value === "object" && value !== null) return null;
  return { claim, citation: { tool: observation.call.tool, call, path, value, unit: unitAt(observation, path) } };
}

function unitAt(observation: Observation, path: string): string | null {
  const m = /^\/results\/([^/]+)\/rows\/\d+\/(\d+)$/.exec(path);
  const name = m?.[1].replaceAll("~1", "/").replaceAll("~0", "~") ?? "";
  const result = observation.results?.[name];
  return m && result?.kind === "table" ? result.fields[Number(m[2])]?.unit ?? null : null;
}

function culpritOf(a: { readonly [key: string]: unknown }): Culprit | null {
  if (typeof a.culprit_pid !== "number" || a.culprit_pid === 0 || typeof a.culprit_comm !== "string") return null;
  const fn = a.culprit_function;
  return { pid: a.culprit_pid, comm: a.culprit_comm, ...(typeof fn === "string" && fn !== "" ? { function: fn } : {}) };
}
