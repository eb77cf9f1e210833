import { AGGREGATES, SCALARS } from "../core/query/mod.ts";
import { STAGE_NAMES } from "./_vocabulary.ts";
import type { ExprNode, Pipeline, Statement } from "./ast.ts";
import { ENDINGS } from "./endings.ts";

/** Words of a recipe that are none of the language: plugins may know them. */
export interface PluginWords {
  readonly stages: ReadonlySet<string>;
  readonly aggregations: ReadonlySet<string>;
}

/** Looks for stages and calls that are none of the language. */
export function pluginWords(statements: readonly Statement[]): PluginWords {
  const stages = new Set<string>();
  const aggregations = new Set<string>();
  const call = (node: ExprNode | null): void => {
    if (!node) return;
    switch (node.kind) {
      case "call": {
        const { name } = node.name;
        const known = AGGREGATES.has(name) || SCALARS.has(name) || Object.hasOwn(ENDINGS, name);
        if (!known) aggregations.add(name);
        for (const a of node.args) call(a.value);
        break;
      }
      case "unary":
        return call(node.arg);
      case "binary":
        call(node.left);
        return call(node.right);
      case "list":
        return node.items.forEach(call);
    }
  };
  const pipeline = (p: Pipeline): void => {
    for (const stage of p.stages) {
      if (!STAGE_NAMES.includes(stage.name.name)) stages.add(stage.name.name);
      for (const item of stage.items) call(item.expr);
    }
  };
  const walk = (list: readonly Statement[]): void => {
    for (const s of list) {
      if ((s.kind === "let" || s.kind === "pipeline") && s.pipeline) pipeline(s.pipeline);
      else if (s.kind === "when") {
        call(s.condition);
        walk(s.then);
        walk(s.otherwise);
      } else if (s.kind === "every") walk(s.body);
      else if (s.kind === "expect" || s.kind === "alert") call(s.condition);
    }
  };
  walk(statements);
  return { stages, aggregations };
}
