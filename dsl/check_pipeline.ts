import type * as ast from "./ast.ts";
import { checkSource } from "./check_source.ts";
import { checkStage } from "./check_stage.ts";
import { checkResult, type Results, type State } from "./check_state.ts";
import type { PipelineContext } from "./checked_stage.ts";
import { type Flow, implicitSelect, namedColumn, outputFields } from "./flow.ts";
import type { PipelinePlan, StagePlan } from "./plan.ts";
import { columnScope } from "./scope.ts";

/** A checked pipeline. */
export interface CheckedPipeline {
  readonly plan: PipelinePlan;
  /** Pipelines that collect what it needs beside its source. */
  readonly feeds: readonly PipelinePlan[];
  /** What others see of its result. */
  readonly flow: Flow;
}

/** Checks a source and its stages. Null when something is wrong. */
export function checkPipeline(
  name: string,
  p: ast.Pipeline,
  results: Results,
  state: State,
): CheckedPipeline | null {
  const source = checkPipelineSource(p.source, results, state);
  if (!source) return null;
  const { registry, stages: plugins } = state;
  const cx: PipelineContext = { ...state.cx, registry, results, stages: plugins, name, feeds: [] };
  let { flow } = source;
  const stages: StagePlan[] = [];
  for (const stage of p.stages) {
    cx.observer?.flow(stage.span.start, flow);
    const scope = columnScope(flow.of, flow.columns, flow);
    const checked = checkStage(stage, flow, scope, cx);
    if (!checked) return null;
    stages.push(...checked.plans);
    flow = checked.flow;
  }
  cx.observer?.flow(p.span.end, flow);
  const select = implicitSelect(flow);
  if (select) stages.push({ kind: "select", columns: select });
  const fields = outputFields(flow);
  const output: Flow = {
    ...flow,
    of: `"${name}"`,
    note: undefined,
    member: undefined,
    refuse: undefined,
    atSource: undefined,
    ending: undefined,
    columns: flow.columns.filter((c) => c.shown).map((c) => ({
      ...namedColumn(c.output, c.t, c.doc, c.calls),
      aliases: [...new Set([c.output, ...c.aliases])],
    })),
  };
  const { ending } = flow;
  return {
    plan: { name, source: source.plan, stages, fields, ...(ending && { ending }) },
    feeds: cx.feeds,
    flow: output,
  };
}

function checkPipelineSource(source: ast.Source, results: Results, state: State): ReturnType<typeof checkSource> {
  if (source.kind === "collect") return checkSource(source, state.registry, state.cx);
  const name = checkResult(source.name, results, state);
  const flow = name === null ? null : results.get(name);
  return name !== null && flow ? { plan: { kind: "result", result: name }, flow } : null;
}
