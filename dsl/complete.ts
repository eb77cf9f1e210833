import { AGGREGATES, SCALARS } from "../core/query/mod.ts";
import { analyse, type Analysis, typeLabel } from "./analysis.ts";
import { PARAM_TYPES } from "./check_param.ts";
import { FORMS } from "./check_show.ts";
import { completeFunctions, completeProbes } from "./complete_probes.ts";
import type { Flow } from "./flow.ts";
import { stripHeader } from "./header.ts";
import type { IncludeOptions } from "./include.ts";
import { knownAggregations, knownStages, standsAlone } from "./known_words.ts";
import { readNumber, UNIT_NAMES } from "./literal.ts";
import { type Constant, type Place, placeAt, type Row } from "./place.ts";
import type { Span } from "./position.ts";
import type { RecipeRegistry } from "./registry.ts";
import { CLAUSES, STATEMENTS } from "./statement_words.ts";
import type { WordInfo } from "./words.ts";

/** Something that may stand at a place. */
export interface Completion {
  readonly label: string;
  readonly kind:
    | ("word" | "stage" | "aggregation" | "function" | "field" | "parameter" | "result")
    | ("collector" | "probe" | "argument" | "type" | "unit" | "form");
  /** Its type and unit, or how it is written. */
  readonly detail: string;
  readonly doc: string;
}

/** All that may stand at a place. */
export interface Completions {
  /** What is replaced. */
  readonly span: Span;
  readonly items: readonly Completion[];
  /** There is more: ask again when more is typed. */
  readonly incomplete: boolean;
}

/**
 * What may stand at an offset of a recipe.
 *
 * @param source with or without header
 * @param include how files that it includes are found
 */
export async function complete(
  source: string,
  offset: number,
  registry: RecipeRegistry,
  include: IncludeOptions = {},
): Promise<Completions> {
  const { text } = stripHeader(source);
  const place = placeAt(text, offset);
  const { role, word, span } = place;
  if (word.includes(":") || role.kind === "probe" || role.kind === "function") {
    if (role.kind === "function") return { span, ...completeFunctions(word, registry) };
    if (role.kind === "probe" || role.kind === "source") return { span, ...completeProbes(word, registry) };
  }
  // A name at the place makes the statement whole: what flows there is known to a checker only that comes so far.
  const whole = word === "" || word.endsWith(".") || word === "$" ? "_" : "";
  const analysis = await analyse(source.slice(0, offset) + whole + source.slice(offset), registry, include);
  const prefix = word.slice(0, word.lastIndexOf(".") + 1);
  const items = itemsOf(place, analysis).filter((item) => item.label.startsWith(prefix));
  return { span, items, incomplete: false };
}

function itemsOf({ role, word, span }: Place, a: Analysis): readonly Completion[] {
  const wanted = role.kind !== "constant" ? undefined : role.wanted === "count" ? "int" : role.wanted;
  const params = a.params.filter((p) => wanted === undefined || p.t.type === wanted)
    .map(({ name, t, doc }): Completion => ({ label: `$${name}`, kind: "parameter", detail: typeLabel(t), doc }));
  if (word.startsWith("$")) return ["row", "condition", "constant"].includes(role.kind) ? params : [];
  const results = a.results(span.start);
  const names = [...results].map(([name, flow]) => result(name, flow));
  switch (role.kind) {
    case "statement":
      return [...role.words.map(keyword), ...words(STATEMENTS, "word"), ...names];
    case "words":
      return role.words.map(keyword);
    case "pipeline":
      return [...words(STATEMENTS.filter((s) => s.name === "collect"), "word"), ...names];
    case "source":
      return [...collectors(a.registry), keyword("calls"), keyword("span"), ...completeProbes("", a.registry).items];
    case "collector":
      return collectors(a.registry);
    case "argument":
      return (a.registry.collector(role.collector)?.params ?? []).filter((p) => !role.given.includes(p.name)).map((
        p,
      ) => ({
        label: `${p.name}:`,
        kind: "argument",
        detail: typeLabel({ type: p.type, unit: p.unit ?? null }),
        doc: p.doc,
      }));
    case "constant":
      return [...params, ...constants(role, a.registry)];
    case "unit":
      return UNITS.filter((u) => role.wanted === undefined || u.detail === role.wanted);
    case "type":
      return PARAM_TYPES.map((label) => ({ label, kind: "type", detail: "", doc: "" }));
    case "stage":
      return words(knownStages(a.registry), "stage");
    case "form":
      return Object.entries(FORMS).map(([label, doc]) => ({ label, kind: "form", detail: "", doc }));
    case "result":
      return names;
    case "condition":
      return condition(role.call, results, params);
    case "row":
      return row(role, word, a, params, results);
    default:
      return []; // A new name, a text, a comment.
  }
}

/** What an expression over the rows of a stage may be made of. */
function row(
  role: Row,
  word: string,
  a: Analysis,
  params: readonly Completion[],
  results: ReadonlyMap<string, Flow | null>,
): readonly Completion[] {
  if (role.stage === "aggregate" && !role.by && role.call === null) {
    const all = knownAggregations(a.registry);
    return words(role.item === 0 ? all : all.filter((w) => !standsAlone(w.name)), "aggregation");
  }
  const flow = a.flow(role.at);
  const fields = flow ? fieldsOf(flow, word) : [];
  const theirs = role.stage === "join" && role.by ? columnsOf(results, () => true) : [];
  return [...fields, ...theirs, ...params, ...FUNCTIONS];
}

/** The columns of a flow, each by the name that recipes give it, and the calls that mean one. */
function fieldsOf(flow: Flow, word: string): Completion[] {
  const prefix = word.slice(0, word.lastIndexOf(".") + 1);
  return flow.columns.flatMap((c) => {
    const names = [c.aliases[0] ?? c.field, ...(/(^|\.)args\./.test(prefix) ? [c.field] : []), ...c.calls];
    return [...new Set(names)].map((label): Completion => ({
      label,
      kind: "field",
      detail: typeLabel(c.t),
      doc: c.doc ?? "",
    }));
  });
}

function condition(
  call: string | null,
  results: ReadonlyMap<string, Flow | null>,
  params: readonly Completion[],
): readonly Completion[] {
  if (call !== null && AGGREGATES.has(call)) {
    const tables = call === "count" ? [...results].map(([name, flow]) => result(name, flow)) : [];
    return [...tables, ...columnsOf(results, () => true), ...params];
  }
  const single = columnsOf(results, (flow) => flow.oneRow);
  return [...single, ...(call === null ? words([...AGGREGATES.values()], "aggregation") : []), ...params, ...FUNCTIONS];
}

function columnsOf(results: ReadonlyMap<string, Flow | null>, of: (flow: Flow) => boolean): Completion[] {
  return [...results].flatMap(([name, flow]) =>
    !flow || !of(flow) ? [] : flow.columns.filter((c) => c.shown).map((c): Completion => ({
      label: `${name}.${c.output}`,
      kind: "field",
      detail: typeLabel(c.t),
      doc: c.doc ?? "",
    }))
  );
}

function result(name: string, flow: Flow | null): Completion {
  const columns = flow?.columns.filter((c) => c.shown).map((c) => c.output).join(", ");
  return {
    label: name,
    kind: "result",
    detail: flow === null ? "" : flow.kind === "profile" ? "profile" : columns ?? "",
    doc: "",
  };
}

function collectors(registry: RecipeRegistry): Completion[] {
  return registry.collectorNames().toSorted().map((label) => {
    const info = registry.collector(label);
    return { label, kind: "collector", detail: info?.window ?? "", doc: info?.doc ?? "" };
  });
}

function words(infos: readonly WordInfo[], kind: Completion["kind"]): Completion[] {
  return infos.map(({ name, signature, doc }) => ({ label: name, kind, detail: signature, doc }));
}

function keyword(label: string): Completion {
  const info = CLAUSES.find((c) => c.name === label.split(" ").at(-1));
  return { label, kind: "word", detail: info?.signature ?? "", doc: info?.doc ?? "" };
}

function constants({ wanted, argument }: Constant, registry: RecipeRegistry): Completion[] {
  if (wanted !== undefined) return [];
  const param = argument && registry.collector(argument.collector)?.params.find((p) => p.name === argument.name);
  return argument && param?.type !== "bool" ? [] : ["true", "false"].map(keyword);
}

const FUNCTIONS: readonly Completion[] = words([...SCALARS.values()], "function");

/** Spellings that are read as well, but not offered. */
const OTHER_SPELLINGS: readonly string[] = ["µs", "μs", "min", "Hz", "kHz", "MHz"];
const UNITS: readonly Completion[] = UNIT_NAMES.filter((u) => !OTHER_SPELLINGS.includes(u)).map((label) => ({
  label,
  kind: "unit",
  detail: typeOfUnit(label),
  doc: "",
}));

function typeOfUnit(unit: string): string {
  const read = readNumber(`1${unit}`);
  return read.ok ? read.t.type : "";
}
