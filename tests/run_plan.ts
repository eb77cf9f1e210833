import { enginesOf } from "../cli/engines.ts";
import { pause } from "../core/sys/mod.ts";
import type { Session } from "../cli/session.ts";
import { UnsupportedError } from "../core/data/mod.ts";
import { chooseEngine, requireEngine } from "../core/engine/mod.ts";
import type { ProbeEngine } from "../core/plugin_api/mod.ts";
import { execute, type Plan, type RecipeReport } from "../dsl/mod.ts";

/** How a plan is run. */
export interface RunPlanOptions {
  /** Values of parameters as the user writes them. */
  readonly params?: Readonly<Record<string, string>>;
  /** The engines to choose from; those of this machine by default. */
  readonly engines?: readonly ProbeEngine[];
  /** The load: started when everything is attached; when it ends, the windows do. */
  work(): Promise<void>;
}

/** Runs a plan in this process over a load. The windows that the recipe gives are the longest that the load may take. */
export async function runPlan(plan: Plan, session: Session, options: RunPlanOptions): Promise<RecipeReport> {
  const engines = options.engines ?? await enginesOf(session.host);
  const controller = new AbortController();
  let load: Promise<void> | undefined;
  const report = await execute(plan, {
    context: {
      signal: controller.signal,
      progress(text) {
        if (text.startsWith("Measuring")) load ??= options.work().finally(() => controller.abort());
      },
    },
    collector: (name) => session.registry.collector(name),
    chooseEngine: async (spec) => requireEngine(await chooseEngine(spec, engines), spec),
    save: () => {
      throw new UnsupportedError("a test saves nothing", "");
    },
    untilStopped: true,
    sleep: pause,
  }, options.params);
  await load;
  return report;
}
