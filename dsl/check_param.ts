import type { FieldType } from "../core/data/mod.ts";
import { adaptLiteral, type ValueType, valueType } from "../core/query/mod.ts";
import type * as ast from "./ast.ts";
import { fits } from "./check_collector.ts";
import { aType, checkExpr, isAddress } from "./check_expr.ts";
import type { State } from "./check_state.ts";
import { didYouMean } from "../core/data/nearest.ts";
import { constantScope } from "./scope.ts";

/** Types that a parameter may have. */
export const PARAM_TYPES: readonly FieldType[] = [
  ...["int", "float", "bool", "string", "duration", "bytes", "rate", "ratio", "pid", "tid", "address", "ip"] as const,
];

/** Constants of these types. */
const EXAMPLES: Readonly<Record<string, string>> = {
  ...{ int: "10", float: "2.5", bool: "true", string: '"text"', duration: "10s", bytes: "4KiB", rate: "99hz" },
  ...{ ratio: "50%", pid: "1", tid: "1", ip: '"10.0.0.1"' },
};

/** Checks `param NAME: TYPE = DEFAULT "doc"` and declares it. */
export function checkParam(s: ast.ParamStatement, state: State): void {
  const { cx } = state;
  const { name, span } = s.name;
  const before = state.params.findIndex((p) => p.name === name);
  const isOwn = span.start <= state.ownLength;
  if (before >= 0 && isOwn === state.params[before].isOwn && isOwn) {
    cx.out.error(span, "duplicate", `There is a parameter "${name}" already`, "Names of parameters are given once");
    return;
  }
  let t: ValueType | null = null;
  if (s.type) {
    const type = PARAM_TYPES.find((p) => p === s.type?.name);
    if (type) t = valueType(type);
    else {
      const hints = [didYouMean(s.type.name, PARAM_TYPES), `Types: ${PARAM_TYPES.join(", ")}`];
      cx.out.error(
        s.type.span,
        "unknown-type",
        `"${s.type.name}" is no type of parameters`,
        hints.filter(Boolean).join("\n"),
      );
    }
  }
  let value = s.default && checkExpr(s.default, constantScope("a default"), cx);
  if (value && t) value = adaptLiteral(value, t);
  if (value && t && !isAddress(value, t, s.default!.span, cx)) value = null;
  if (value && t && !fits(value.t, t)) {
    const hint = Object.hasOwn(EXAMPLES, t.type) ? `Such as: ${EXAMPLES[t.type]}` : "";
    cx.out.error(s.default!.span, "type", `"${name}" is ${aType(t)}, its default ${aType(value.t)}`, hint);
    value = null;
  }
  if (!s.type && !s.default) {
    cx.out.error(span, "param", `"${name}" needs a type or a default`, `Write: param ${name}: duration = 10s`);
  }
  if (!s.type && value?.t.type === "null") {
    cx.out.error(s.default!.span, "param", `"${name}" needs a type`, `null has none. Write: param ${name}: duration`);
  }
  // A parameter of the declared type, whatever is wrong with its default: what uses it can still be checked. A rate
  // keeps the unit of its default.
  const type = t?.type === "rate" && value ? value.t : t ?? value?.t ?? valueType("int");
  const declared = { name, t: type, default: value, doc: s.doc?.value ?? "", isOwn };
  if (before < 0) {
    cx.params.set(name, type);
    state.params.push(declared);
    return;
  }
  // Files that are included together may each want a window: one parameter, as the recipe itself says it, else the first.
  const known = state.params[before];
  if (known.t.type !== type.type || known.t.unit !== type.unit) {
    const hint = "Files that are included share their parameters: their types have to agree";
    cx.out.error(span, "duplicate", `There is a parameter "${name}" already, which is ${aType(known.t)}`, hint);
  } else if (isOwn) state.params[before] = declared;
}
