import {
  type Batch,
  type Cell,
  mergeQuality,
  type Profile,
  type Quality,
  quality,
  type Result,
  type Table,
  UsageError,
} from "../../core/data/mod.ts";
import type {
  Collector,
  ParamValues,
  ProbeSession,
  ProfileCollector,
  RowsCollector,
} from "../../core/plugin_api/mod.ts";
import type { Bindings, Expr, SourceSpec } from "../../core/query/mod.ts";
import type { PipelinePlan, SourcePlan, StagePlan } from "../plan.ts";
import { constantValue } from "./bind.ts";
import type { PipelineReport } from "./report.ts";
import type { RunServices } from "./services.ts";
import { type Split, split } from "./split.ts";
import { bindStages, conjuncts } from "./stage_exprs.ts";
import { type StageRunner, stageRunner } from "./stage_runner.ts";

/** What came of a pipeline. */
export interface PipelineOutcome {
  readonly result: Result;
  readonly report: PipelineReport;
  /** The user ended its window before its time. */
  readonly cut: boolean;
}

/** A pipeline about to run: everything that can be refused has been asked. */
export interface ReadyPipeline {
  /** Attaches what has to be attached. Synchronous and quick, so that pipelines of a phase start together. */
  attach(): void;
  /** Runs to the end of its window. */
  run(): Promise<PipelineOutcome>;
  /** Detaches; after `run` there is nothing left to do. */
  dispose(): void;
}

/** Milliseconds between two looks into a ring. */
const DRAIN_MS = 100;

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
): Promise<ReadyPipeline> {
  const { source } = plan;
  if (source.kind === "result") throw new TypeError(`"${plan.name}" does not collect`);
  const durationNs = windowOf(plan, bindings, services);
  const stages = bindStages(plan.stages, bindings);
  if (source.kind === "probes") {
    return probePipeline(
      plan,
      { kind: "event", probes: source.probes },
      source.includeSelf,
      stages,
      durationNs,
      services,
    );
  }
  const collector = await services.collector(source.collector);
  const params = paramsOf(source, collector, bindings);
  switch (collector.kind) {
    case "view": {
      const view = collector.view(params);
      const over: StagePlan[] = [
        ...view.filters.map((expr): StagePlan => ({ kind: "filter", expr })),
        { kind: "select", columns: view.fields },
        ...stages,
      ];
      return probePipeline(plan, view.source, source.includeSelf, over, durationNs, services);
    }
    case "rows":
      return rowsPipeline(plan, collector, params, stages, durationNs, services);
    case "profile":
      return profilePipeline(plan, collector, params, durationNs, services);
  }
}

/**
 * The window of a pipeline in nanoseconds; null: until stopped, or the collector's own.
 *
 * @throws {UsageError} when it would never end and nobody watches
 */
export function windowOf(plan: PipelinePlan, bindings: Bindings, services: RunServices): number | null {
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

async function probePipeline(
  plan: PipelinePlan,
  source: SourceSpec,
  includeSelf: boolean,
  stages: readonly StagePlan[],
  durationNs: number | null,
  services: RunServices,
): Promise<ReadyPipeline> {
  const cut = await split(source, includeSelf, stages, services.chooseEngine);
  let session: ProbeSession | null = null;
  return {
    attach: () => void (session = cut.engine.open(cut.spec)),
    async run(): Promise<PipelineOutcome> {
      if (!session) throw new TypeError("run before attach");
      try {
        return await drainSession(plan, cut, session, durationNs, services);
      } finally {
        session = null;
      }
    },
    dispose: () => session?.[Symbol.dispose](),
  };
}

async function drainSession(
  plan: PipelinePlan,
  cut: Split,
  session: ProbeSession,
  durationNs: number | null,
  services: RunServices,
): Promise<PipelineOutcome> {
  using _detach = session;
  const now = services.now ?? (() => performance.now());
  const { signal } = services.context;
  const start = now();
  const end = durationNs === null ? Infinity : start + durationNs / 1e6;
  const streams = cut.spec.output.kind === "stream";
  let runner: StageRunner | null = null;
  let localMs = 0;
  const timed = (work: () => void): void => {
    const before = now();
    work();
    localMs += now() - before;
  };
  const push = (batch: Batch): void =>
    timed(() => {
      runner ??= stageRunner(cut.rest, batch.fields);
      runner.push(batch);
    });
  const stopped = abortion(signal);
  while (now() < end && !signal.aborted && !(runner as StageRunner | null)?.full) {
    const left = Math.max(1, end - now());
    await Promise.race([session.wait(streams ? Math.min(DRAIN_MS, left) : Math.min(1000, left)), stopped.promise]);
    if (streams) push(session.drain());
  }
  stopped.forget();
  const last = session.finish();
  push(last.batch);
  const measured = last.quality.duration_ns || (now() - start) * 1e6;
  return outcome(
    plan,
    runner!,
    last.quality,
    measured,
    durationNs,
    durationNs !== null && signal.aborted && now() < end,
    {
      name: plan.name,
      engine: cut.engine.name,
      pushed: cut.pushed,
      local: cut.rest.length,
    },
  );
}

function rowsPipeline(
  plan: PipelinePlan,
  collector: RowsCollector,
  params: ParamValues,
  stages: readonly StagePlan[],
  durationNs: number | null,
  services: RunServices,
): ReadyPipeline {
  return {
    attach(): void {},
    async run(): Promise<PipelineOutcome> {
      const now = services.now ?? (() => performance.now());
      const start = now();
      const request = { params, durationNs, pushed: pushedEqualities(collector, stages) };
      using stream = await collector.rows(request, services.context);
      const runner = stageRunner(stages, collector.fields);
      let rows = 0;
      for await (const batch of stream.batches()) {
        rows += batch.length;
        runner.push(batch);
        if (runner.full) break;
      }
      const { signal } = services.context;
      const q = stream.quality();
      const elapsed = (now() - start) * 1e6;
      const cut = signal.aborted && (collector.window === "interval" || (durationNs !== null && elapsed < durationNs));
      return outcome(plan, runner, { ...q, events: q.events || rows }, q.duration_ns, durationNs, cut, {
        name: plan.name,
        engine: null,
        pushed: 0,
        local: stages.length,
      });
    },
    dispose(): void {},
  };
}

/** Filters `field == constant` on fields that the collector takes over; they are applied again here. */
function pushedEqualities(collector: RowsCollector, stages: readonly StagePlan[]): Readonly<Record<string, Cell>> {
  const pushed: Record<string, Cell> = {};
  for (const stage of stages) {
    if (stage.kind !== "filter") break;
    for (const e of conjuncts(stage.expr)) {
      if (e.op !== "binary" || e.fn !== "==" || e.left.op !== "field" || e.right.op !== "lit") continue;
      const { name } = e.left;
      if (collector.pushes?.includes(name) && !Object.hasOwn(pushed, name)) pushed[name] = e.right.value;
    }
  }
  return pushed;
}

function profilePipeline(
  plan: PipelinePlan,
  collector: ProfileCollector,
  params: ParamValues,
  durationNs: number | null,
  services: RunServices,
): ReadyPipeline {
  return {
    attach(): void {},
    async run(): Promise<PipelineOutcome> {
      const { context } = services;
      const profile: Profile = await collector.profile({ params, durationNs, pushed: {} }, context);
      const cut = context.signal.aborted && durationNs !== null && profile.quality.duration_ns < durationNs * 0.99;
      const q = cut ? withNotes(profile.quality, [cutNote(profile.quality.duration_ns, durationNs)]) : profile.quality;
      return {
        result: { ...profile, quality: q },
        report: { name: plan.name, engine: null, pushed: 0, local: 0 },
        cut,
      };
    },
    dispose(): void {},
  };
}

function outcome(
  plan: PipelinePlan,
  runner: StageRunner,
  q: Quality,
  measuredNs: number,
  wantedNs: number | null,
  cut: boolean,
  report: PipelineReport,
): PipelineOutcome {
  const { batch, lostBy } = runner.finish(measuredNs);
  const notes = cut && wantedNs !== null
    ? [cutNote(measuredNs, wantedNs)]
    : cut
    ? ["Stopped before the interval was over"]
    : [];
  const local = quality({ lost_by: lostBy, duration_ns: measuredNs, notes });
  const merged = local.lost > 0 || notes.length > 0 ? mergeQuality([q, local]) : q;
  return { result: tableOf(plan, batch, merged), report, cut };
}

/** The final rows as a result, with what the plan knows of its fields. */
export function tableOf(plan: PipelinePlan, batch: Batch, q: Quality): Table {
  const fields = batch.fields.map((f, i) => {
    const known = plan.fields[i];
    return known?.name === f.name && known.type === f.type ? { ...f, ...known } : f;
  });
  return { kind: "table", length: batch.length, fields, columns: batch.columns, quality: q };
}

function cutNote(measuredNs: number, wantedNs: number): string {
  return `Stopped after ${(measuredNs / 1e9).toFixed(1)} s of ${(wantedNs / 1e9).toFixed(1)} s`;
}

function withNotes(q: Quality, notes: readonly string[]): Quality {
  return { ...q, notes: [...q.notes, ...notes] };
}

/** A promise that resolves when the user stops us, and a way not to wait for it any more. */
function abortion(signal: AbortSignal): { promise: Promise<void>; forget(): void } {
  const { promise, resolve } = Promise.withResolvers<void>();
  const stop = (): void => resolve();
  signal.addEventListener("abort", stop, { once: true });
  if (signal.aborted) resolve();
  return { promise, forget: () => signal.removeEventListener("abort", stop) };
}
