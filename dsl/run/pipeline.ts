import { type Cell, UsageError } from "../../core/data/mod.ts";
import type { Collector, ParamValues, ProfileCollector, RowsCollector } from "../../core/plugin_api/mod.ts";
import type { Bindings, Expr, SourceSpec } from "../../core/query/mod.ts";
import type { PipelinePlan, SourcePlan, StagePlan } from "../plan.ts";
import { bindExpr, constantValue } from "./bind.ts";
import { profilePipeline, rowsPipeline } from "./collector_pipeline.ts";
import type { ReadyPipeline } from "./outcome.ts";
import { probePipeline } from "./probe_pipeline.ts";
import { readColumns } from "./read_columns.ts";
import type { RunServices } from "./services.ts";
import type { MoreStages } from "./stage_context.ts";
import { bindStages } from "./stage_exprs.ts";

/**
 * Makes a collecting pipeline ready: loads its collector, chooses its engine.
 *
 * @throws {UnsupportedError} when no engine serves it
 * @throws {UsageError} when its parameters make no sense
 */
export async function readyPipeline(
  plan: PipelinePlan,
  bindings: Bindings,
  services: RunServices,
  more: MoreStages | null = null,
): Promise<ReadyPipeline> {
  const durationNs = windowOf(plan, bindings, services);
  const lowered = await lowerSource(plan, bindings, services);
  switch (lowered.kind) {
    case "probes": {
      const { source, includeSelf, stages } = lowered;
      return probePipeline(plan, source, includeSelf, stages, durationNs, services, more);
    }
    case "rows":
      return rowsPipeline(plan, lowered.collector, lowered.params, lowered.stages, durationNs, services, more);
    case "profile":
      return profilePipeline(plan, lowered.collector, lowered.params, durationNs, services);
  }
}

/** Where the rows of a run come from, parameters bound and views seen through, and what is done with them. */
export type LoweredSource =
  | {
    readonly kind: "probes";
    readonly source: SourceSpec;
    readonly includeSelf: boolean;
    readonly stages: readonly StagePlan[];
  }
  | {
    readonly kind: "rows";
    readonly collector: RowsCollector;
    readonly params: ParamValues;
    readonly stages: readonly StagePlan[];
  }
  | {
    readonly kind: "profile";
    readonly collector: ProfileCollector;
    readonly params: ParamValues;
    readonly stages: readonly StagePlan[];
  };

/**
 * Loads the collector of a pipeline and binds its parameters.
 *
 * @throws {UsageError} when the parameters make no sense
 */
export async function lowerSource(
  plan: PipelinePlan,
  bindings: Bindings,
  services: Pick<RunServices, "collector">,
): Promise<LoweredSource> {
  const { source } = plan;
  if (source.kind === "result") throw new TypeError(`"${plan.name}" does not collect`);
  const stages = bindStages(plan.stages, bindings);
  const { includeSelf } = source;
  if (source.kind === "probes") {
    return { kind: "probes", source: bindSource(source.source, bindings), includeSelf, stages };
  }
  const collector = await services.collector(source.collector);
  const params = paramsOf(source, collector, bindings);
  switch (collector.kind) {
    case "view": {
      const view = collector.view(params);
      const read = readColumns(stages);
      // What nobody reads is not measured: stacks and marks cost. Rows that are only counted need a column too.
      const columns = read ? view.fields.filter((f) => read.has(f.name)) : view.fields;
      const over: StagePlan[] = [
        ...view.filters.map((expr): StagePlan => ({ kind: "filter", expr })),
        { kind: "select", columns: columns.length > 0 ? columns : view.fields.slice(0, 1) },
        ...stages,
      ];
      return { kind: "probes", source: view.source, includeSelf, stages: over };
    }
    case "rows":
      return { kind: "rows", collector, params, stages };
    case "profile":
      return { kind: "profile", collector, params, stages };
  }
}

/**
 * The window of a pipeline in nanoseconds; null: until stopped, or the collector's own.
 *
 * @throws {UsageError} when it would never end and nobody watches
 */
export function windowOf(
  plan: PipelinePlan,
  bindings: Bindings,
  services: Pick<RunServices, "untilStopped">,
): number | null {
  const { source } = plan;
  if (source.kind === "result") return null;
  if (source.duration) {
    const ns = Number(constantValue(source.duration, bindings));
    if (!(ns > 0)) throw new UsageError(`The window of "${plan.name}" is longer than 0`, "Such as: for 10s");
    return ns;
  }
  const endless = source.kind === "probes" || source.window === "stream";
  if (endless && !services.untilStopped && !plan.stages.some((s) => s.kind === "limit")) {
    throw new UsageError(
      `"${plan.name}" has no "for": it would run until it is stopped`,
      "Add a window: collect … for 10s",
    );
  }
  return null;
}

function paramsOf(
  source: Extract<SourcePlan, { kind: "collector" }>,
  collector: Collector,
  bindings: Bindings,
): ParamValues {
  const given = new Map(source.args.map((a): [string, Expr] => [a.name, a.expr]));
  return Object.fromEntries(collector.params.map((p): [string, Cell] => {
    const expr = given.get(p.name);
    const value = expr ? constantValue(expr, bindings) : p.default ?? null;
    const safe = typeof value === "bigint" && value <= Number.MAX_SAFE_INTEGER && value >= Number.MIN_SAFE_INTEGER;
    return [p.name, safe ? Number(value) : value];
  }));
}

/** The source of a run: keys of a span without parameters. */
function bindSource(source: SourceSpec, bindings: Bindings): SourceSpec {
  if (source.kind !== "pair") return source;
  const bound = (keys: readonly Expr[]): Expr[] => keys.map((e) => bindExpr(e, bindings));
  return {
    ...source,
    startKey: bound(source.startKey),
    endKey: bound(source.endKey),
    cancelKey: bound(source.cancelKey),
    ...(source.markKey ? { markKey: bound(source.markKey) } : {}),
  };
}
