import { isNumericType } from "../core/query/mod.ts";
import type * as ast from "./ast.ts";
import type { CheckedStatement } from "./check.ts";
import { checkResult, type Results, type State } from "./check_state.ts";
import { ROUND_TIME } from "./endings.ts";
import type { Diagnostics } from "./diagnostic.ts";
import type { Flow, FlowColumn } from "./flow.ts";
import { didYouMean } from "../core/data/nearest.ts";
import type { FormPlan, ShowForm } from "./plan.ts";

/** Ways in which results are shown, and what each needs. */
export const FORMS: Readonly<Record<ShowForm, string>> = {
  table: "Rows and columns",
  hist: "A histogram: of the column that is one, else of the values of the last column of numbers",
  flame: "A flame graph: of a profile, or of rows with a stack and a number",
  series: "Lines over time: of a series, or of rows with a time and numbers: those of the first one's unit",
  heatmap: "A heat map: rows with a time, and a histogram or a number",
};

/** Reports a result that the statements of a block show in two forms: it is shown once, and one would be left out. */
export function checkShownOnce(statements: readonly ast.Statement[], out: Diagnostics): void {
  const forms = new Map<string, string>();
  for (const s of statements) {
    if (s.kind !== "show") continue;
    for (const { name: { name }, form } of s.items) {
      if (!form) continue;
      const known = forms.get(name) ?? form.name;
      forms.set(name, known);
      if (known === form.name) continue;
      const hint = `Name it again for the other form: let ${name}_2 = ${name}`;
      out.error(form.span, "form", `"${name}" is shown as ${known} already`, hint);
    }
  }
}

/** Checks `show NAME as FORM, …`. Null when something is wrong. */
export function checkShow(
  s: ast.ShowStatement,
  results: Results,
  inEvery: boolean,
  state: State,
): CheckedStatement | null {
  const names: string[] = [];
  const forms: FormPlan[] = [];
  let ok = true;
  for (const item of s.items) {
    const name = checkResult(item.name, results, state);
    const form = item.form && name !== null
      ? checkForm(name, item.form, results.get(name) ?? null, inEvery, state)
      : null;
    if (name === null || (item.form && !form)) ok = false;
    else {
      names.push(name);
      if (form) forms.push(form);
    }
  }
  return ok ? { kind: "show", names, forms } : null;
}

function checkForm(
  result: string,
  form: ast.Ident,
  flow: Flow | null,
  inEvery: boolean,
  state: State,
): FormPlan | null {
  const { out } = state.cx;
  const names = Object.keys(FORMS) as ShowForm[];
  const found = names.find((n) => n === form.name);
  if (!found) {
    const hints = [didYouMean(form.name, names), `Forms: ${names.join(", ")}`];
    out.error(form.span, "form", `Nothing is shown as "${form.name}"`, hints.filter(Boolean).join("\n"));
    return null;
  }
  if (!flow) return null; // its pipeline has errors, which were reported
  const plan = formOf(result, found, flow, inEvery);
  if (typeof plan !== "string") return plan;
  out.error(form.span, "form", `"${result}" cannot be shown as ${found}: ${plan}`, FORMS[found]);
  return null;
}

/** The columns that a form is made of, or why it cannot be. */
function formOf(result: string, form: ShowForm, flow: Flow, inEvery: boolean): FormPlan | string {
  const bare = { result, form, time: null, value: null, keys: [] };
  if (flow.kind !== "rows") {
    const own = flow.kind === "profile" ? "flame" : "series";
    return form === own ? bare : `it is a ${flow.kind}`;
  }
  if (form === "table") return bare;
  const shown = flow.columns.filter((c) => c.shown);
  const stack = shown.find((c) => c.t.type === "stack");
  const histogram = shown.find((c) => c.t.type === "histogram");
  const number = shown.findLast((c) => isNumericType(c.t.type) && isAmount(c));
  const time = shown.find((c) => c.output === "window") ?? shown.find((c) => c.t.type === "time");
  const timeName = time?.output ?? (inEvery ? ROUND_TIME : null);
  switch (form) {
    case "hist": {
      const value = histogram ?? number;
      return value
        ? { ...bare, value: value.output, keys: keysOf(shown, value) }
        : "it has no histogram and no numbers";
    }
    case "flame":
      if (!stack) return "it has no stacks";
      return { ...bare, value: number?.output ?? null, keys: [stack.output] };
    case "series": {
      const [value, ...others] = shown.filter((c) => isNumericType(c.t.type) && isAmount(c));
      if (timeName === null) return "it has no column of times";
      if (!value) return "it has no column of numbers";
      const more = others.filter((c) => isLike(c, value)).map((c) => c.output);
      return {
        ...bare,
        time: timeName,
        value: value.output,
        keys: keysOf(shown, value),
        ...(more.length > 0 && { more }),
      };
    }
    case "heatmap": {
      const value = histogram ?? number;
      if (timeName === null) return "it has no column of times";
      return value ? { ...bare, time: timeName, value: value.output } : "it has no column of numbers";
    }
  }
}

/** Whether two columns of numbers can share an axis. */
function isLike(c: FlowColumn, other: FlowColumn): boolean {
  return c.t.unit === other.t.unit && (c.t.type === other.t.type || c.t.unit !== null);
}

function isAmount(c: FlowColumn): boolean {
  return !["time", "pid", "tid", "address", "bool"].includes(c.t.type);
}

/** Columns that tell rows apart: what is neither an amount nor a time, and no verdict on the value (`anomaly`). */
function keysOf(shown: readonly FlowColumn[], value: FlowColumn): string[] {
  const isVerdict = (c: FlowColumn): boolean => c.t.type === "bool" && shown.indexOf(c) > shown.indexOf(value);
  return shown.filter((c) => c !== value && !isNumberOrTime(c) && !isVerdict(c)).map((c) => c.output);
}

function isNumberOrTime(c: FlowColumn): boolean {
  return c.t.type === "time" || c.t.type === "histogram" || c.t.type === "stack" ||
    (isNumericType(c.t.type) && isAmount(c));
}

/** Checks `save NAME to "file"`. Null when something is wrong. */
export function checkSave(s: ast.SaveStatement, results: Results, state: State): CheckedStatement | null {
  const name = s.name && checkResult(s.name, results, state);
  if (!name || !s.file) return null;
  const endings = state.registry.saveExtensions();
  const list = `Endings: ${endings.join(", ")}`;
  const ending = endingOf(s.file.value);
  if (!endings.includes(ending)) {
    state.cx.out.error(s.file.span, "file", `The ending of "${s.file.value}" names no format`, list);
    return null;
  }
  const flow = results.get(name);
  const wrong = flow && NOT_FOR[ending]?.(flow);
  if (wrong) {
    state.cx.out.error(
      s.file.span,
      "file",
      `Only ${wrong} is saved as ${ending}; "${name}" is a ${kindOf(flow)}`,
      list,
    );
    return null;
  }
  return { kind: "save", result: name, file: s.file.value };
}

/** What formats are for, where a result is not that. */
const NOT_FOR: Readonly<Record<string, (flow: Flow) => string | null>> = {
  ".svg": (flow) => flow.kind !== "rows" || hasPicture(flow) ? null : "a profile, a series or a histogram",
  ".folded": (flow) => flow.kind === "profile" ? null : "a profile",
};

/** One histogram, or one for each of many times: a heat map. */
function hasPicture(flow: Flow): boolean {
  const ofType = (type: string): number => flow.columns.filter((c) => c.shown && c.t.type === type).length;
  return ofType("histogram") === 1 && (flow.oneRow || ofType("time") === 1);
}

function kindOf(flow: Flow): string {
  return flow.kind === "rows" ? "table" : flow.kind;
}

/** `.svg` of `out/cpu.svg`; empty without one. */
function endingOf(file: string): string {
  return /[^/]\.[^./]*$/.exec(file)?.[0].slice(1) ?? "";
}
