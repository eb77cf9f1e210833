import type { Parenthesis, PlaceState } from "./_place_state.ts";
import type { Role } from "./place.ts";
import * as t from "./tokens.ts";

const NOTHING: Role = { kind: "nothing" };
const OPERATORS = ["and", "or", "not", "in", "like"];

/** Words that may follow an expression in a stage, beside operators. */
const AFTER_ITEM: Readonly<Record<string, readonly string[]>> = {
  filter: [],
  derive: ["as"],
  select: ["as"],
  distinct: ["as"],
  aggregate: ["as", "by"],
  sort: ["asc", "desc"],
  top: ["by"],
  limit: [],
  sample: [],
  window: [],
  enrich: ["by"],
  join: ["by"],
  detect: ["by"],
};
const AFTER_KEY: Readonly<Record<string, readonly string[]>> = {
  aggregate: ["as"],
  sort: ["asc", "desc"],
  top: ["asc", "desc"],
};

/** Stages whose items are single values, or calls. */
const NO_EXPRESSIONS: readonly string[] = ["aggregate", "top", "limit", "sample", "enrich", "join"];

/** Stages of which some items are no expressions over the rows. */
const ITEMS: Readonly<Record<string, (comma: number) => Role | null>> = {
  top: () => ({ kind: "constant", wanted: "count" }),
  limit: () => ({ kind: "constant", wanted: "count" }),
  sample: () => ({ kind: "constant" }),
  window: (i) => i === 0 ? { kind: "constant", wanted: "duration" } : null,
  enrich: () => ({ kind: "collector" }),
  join: (i) => i === 0 ? { kind: "result" } : { kind: "words", words: ["inner", "left", "anti"] },
  detect: (i) => i === 0 ? null : i === 1 ? { kind: "words", words: ["mad", "ema", "cusum"] } : { kind: "constant" },
};

/**
 * What may stand behind the tokens of a state.
 *
 * @param newLine whether the place is on another line than the last of them
 */
export function roleAt(s: PlaceState, newLine: boolean): Role {
  const inner = s.open.at(-1);
  if (inner) return parenthesis(s, inner);
  if (s.clause === "start") return { kind: "statement", words: [] };
  if (newLine && s.ended) return { kind: "statement", words: continuing(s) };
  return clause(s);
}

/** Words that may stand on a line of their own behind what was written. */
function continuing(s: PlaceState): readonly string[] {
  return ["source", "probes", "calls", "on", "for"].includes(s.clause) ? afterSource(s) : [];
}

function clause(s: PlaceState): Role {
  const { ended } = s;
  const type = s.last?.tokenType;
  const then = (role: Role, ...words: string[]): Role => ended ? { kind: "words", words } : role;
  switch (s.clause) {
    case "type":
      return then({ kind: "type" });
    case "name":
      return ended ? NOTHING : { kind: "new" };
    case "default":
      return then({ kind: "constant" });
    case "assigned":
      return then({ kind: "pipeline" });
    case "source":
      return then({ kind: "source" }, ...afterSource(s));
    case "probes":
      return then({ kind: "probe" }, ...afterSource(s));
    case "calls":
      return then({ kind: "function" }, ...afterSource(s));
    case "on":
      return then(
        { kind: "row", at: s.at, stage: "on", by: false, item: 0, call: null },
        ...OPERATORS,
        ...afterSource(s),
      );
    case "self":
      return type === t.Self ? { kind: "words", words: ["for"] } : { kind: "words", words: ["self"] };
    case "for":
      return then({ kind: "constant", wanted: "duration" }, ...afterSource(s));
    case "stageName":
      return { kind: "stage" };
    case "items":
    case "by":
      return stageItem(s);
    case "condition":
      return then(
        { kind: "condition", call: null },
        ...OPERATORS,
        ...(s.statement === "expect" ? ["tolerate", "else"] : s.statement === "alert" ? ["for", "with"] : []),
      );
    case "period":
      return then({ kind: "constant", wanted: "duration" }, "for");
    case "tolerate":
      return then({ kind: "constant", wanted: "ratio" }, "else");
    case "text":
      return textClause(s);
    case "names":
      if (type === t.As) return { kind: "form" };
      return then({ kind: "result" }, ...AFTER_NAME[s.statement] ?? []);
    default:
      return NOTHING;
  }
}

const AFTER_NAME: Readonly<Record<string, readonly string[]>> = { show: ["as"], save: ["to"], investigate: ["for"] };

function textClause(s: PlaceState): Role {
  if (!s.ended) return NOTHING;
  if (s.statement === "alert") return { kind: "words", words: ["when", "with"] };
  return s.statement === "include" ? NOTHING : { kind: "words", words: ["with", ...AFTER_NAME[s.statement] ?? []] };
}

function afterSource(s: PlaceState): string[] {
  if (!["pipeline", "let"].includes(s.statement)) return s.statement === "alert" ? ["with"] : [];
  if (s.clause === "for") return ["include self"];
  if (s.inSpan && !s.arrow) return [];
  return [...(s.inSpan && s.clause === "probes" ? ["on"] : []), ...(s.inSpan ? ["cancel"] : []), "for", "include self"];
}

function stageItem(s: PlaceState): Role {
  if (s.last?.tokenType === t.As) return { kind: "new" };
  const by = s.clause === "by";
  if (s.ended) {
    const words = (by ? AFTER_KEY : AFTER_ITEM)[s.stage] ?? (by ? [] : ["as", "by"]);
    const operators = NO_EXPRESSIONS.includes(s.stage) && !by ? [] : OPERATORS;
    return { kind: "words", words: [...words, ...operators] };
  }
  const special = by ? null : ITEMS[s.stage]?.(s.commas) ?? null;
  return special ?? { kind: "row", at: s.at, stage: s.stage, by, item: s.commas, call: null };
}

function parenthesis(s: PlaceState, inner: Parenthesis): Role {
  const { last } = s;
  const call = s.open.findLast((p) => p.call !== null)?.call ?? null;
  const isCollector = s.clause === "source" || (s.stage === "enrich" && s.clause === "items");
  if (isCollector && s.open.length === 1) {
    if (last?.tokenType === t.Colon) {
      return { kind: "constant", argument: { collector: call ?? "", name: inner.given.at(-1) ?? "" } };
    }
    const begins = last?.tokenType === t.OpenParen || last?.tokenType === t.Comma;
    return begins ? { kind: "argument", collector: call ?? "", given: inner.given } : NOTHING;
  }
  if (s.ended) return { kind: "words", words: OPERATORS };
  switch (s.clause) {
    case "condition":
      return { kind: "condition", call };
    case "on":
      return { kind: "row", at: s.at, stage: "on", by: false, item: 0, call };
    case "items":
    case "by":
      return { kind: "row", at: s.at, stage: s.stage, by: s.clause === "by", item: s.commas, call };
    default:
      return { kind: "constant" };
  }
}
