import type { Batch } from "../../core/data/mod.ts";
import type { ProbeSession } from "../../core/plugin_api/mod.ts";
import type { SourceSpec } from "../../core/query/mod.ts";
import type { PipelinePlan, StagePlan } from "../plan.ts";
import { cutNote, type PipelineOutcome, type ReadyPipeline, resultOf, sampleNote, withLocalWork } from "./outcome.ts";
import type { RunServices } from "./services.ts";
import { type Split, split } from "./split.ts";
import { type MoreStages, sampleRowsOf } from "./stage_context.ts";
import { type StageRunner, stageRunner } from "./stage_runner.ts";

/** Milliseconds between two looks: into a ring, and for the end of the window without one. */
const DRAIN_MS = 100;
const LOOK_MS = 1000;
/** The part of a window that is as good as all of it. */
const WHOLE = 0.99;

/**
 * A pipeline over probes: cut between an engine and the stages here.
 *
 * @throws {UnsupportedError} when no engine serves the probes
 */
export async function probePipeline(
  plan: PipelinePlan,
  source: SourceSpec,
  includeSelf: boolean,
  stages: readonly StagePlan[],
  durationNs: number | null,
  services: RunServices,
  more: MoreStages | null,
): Promise<ReadyPipeline> {
  const cut = await split(source, includeSelf, stages, services.chooseEngine, services.budget);
  let session: ProbeSession | null = null;
  return {
    attach: () => void (session = cut.engine.open(cut.spec)),
    async run(): Promise<PipelineOutcome> {
      if (!session) throw new TypeError("run before attach");
      try {
        return await drain(plan, cut, session, durationNs, services, more);
      } finally {
        session = null;
      }
    },
    dispose: () => session?.[Symbol.dispose](),
  };
}

async function drain(
  plan: PipelinePlan,
  cut: Split,
  session: ProbeSession,
  durationNs: number | null,
  services: RunServices,
  more: MoreStages | null,
): Promise<PipelineOutcome> {
  using _detach = session;
  const now = services.now ?? ((): number => performance.now());
  const { signal } = services.context;
  const start = now();
  const end = durationNs === null ? Infinity : start + durationNs / 1e6;
  const streams = cut.spec.output.kind === "stream";
  const local = localStages(cut.rest, more, now);
  const stopped = abortion(signal);
  while (now() < end && !signal.aborted && !local.full) {
    const pause = Math.min(streams ? DRAIN_MS : LOOK_MS, Math.max(1, end - now()));
    await Promise.race([session.wait(pause), stopped.promise]);
    if (streams) local.push(session.drain());
  }
  stopped.forget();
  const { full } = local;
  const endedEarly = durationNs !== null && signal.aborted && now() < end;
  const { batch: last, quality: q } = session.finish();
  const measuredNs = q.duration_ns || (now() - start) * 1e6;
  local.push(last);
  const { batch, effects } = local.finish(measuredNs);
  // An engine whose probes cost more than they may ends by itself, and says why.
  const gaveUp = durationNs !== null && !endedEarly && !full && measuredNs < durationNs * WHOLE;
  const notes = endedEarly ? [cutNote(measuredNs, durationNs)] : [];
  // Over its budget an engine takes a part of the events. What it counts it scales; we cannot.
  const sampled = q.estimated && q.sampling < 1;
  if (sampled && streams) notes.push(sampleNote(q.sampling, "events"));
  const taken = !sampled ? Infinity : streams ? q.events : q.events * q.sampling;
  return {
    result: resultOf(plan, batch, withLocalWork(q, { effects, cpuNs: local.cpuNs(), notes }), more),
    report: { name: plan.name, engine: cut.engine.name, pushed: cut.pushed, local: cut.rest.length },
    cut: endedEarly || gaveUp,
    sampleRows: Math.min(sampleRowsOf(effects), taken),
  };
}

interface LocalStages extends StageRunner {
  /** What the stages cost so far. They do not wait: elapsed time is CPU time. */
  cpuNs(): number;
}

/** The stages that are done here; their fields are those of the first batch. */
function localStages(stages: readonly StagePlan[], more: MoreStages | null, now: () => number): LocalStages {
  let runner: StageRunner | null = null;
  let spentMs = 0;
  const timed = <T>(work: () => T): T => {
    const before = now();
    try {
      return work();
    } finally {
      spentMs += now() - before;
    }
  };
  return {
    get full(): boolean {
      return runner?.full ?? false;
    },
    push: (batch: Batch): void =>
      timed(() => {
        runner ??= stageRunner(stages, batch.fields, more);
        runner.push(batch);
      }),
    finish(durationNs): ReturnType<StageRunner["finish"]> {
      if (!runner) throw new TypeError("finish before the last batch");
      const { finish } = runner;
      return timed(() => finish(durationNs));
    },
    cpuNs: () => spentMs * 1e6,
  };
}

/** A promise that resolves when the user stops us, and a way not to wait for it any more. */
function abortion(signal: AbortSignal): { promise: Promise<void>; forget(): void } {
  const { promise, resolve } = Promise.withResolvers<void>();
  const stop = (): void => resolve();
  signal.addEventListener("abort", stop, { once: true });
  if (signal.aborted) resolve();
  return { promise, forget: () => signal.removeEventListener("abort", stop) };
}
