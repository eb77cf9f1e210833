import type { Inquiry, Investigator, RunContext, Tool } from "../plugin_api/mod.ts";
import type { AgentDriver, Lang } from "./driver.ts";
import { investigate } from "./investigate.ts";
import type { CallSink } from "./tool_runner.ts";

/** What the agent needs to serve as an Investigator. */
export interface AgentInvestigatorOptions {
  readonly tools: () => readonly Tool[] | Promise<readonly Tool[]>;
  /** A driver for each investigation; the rules, when absent. */
  readonly driver?: () => AgentDriver | Promise<AgentDriver>;
  readonly thinkNs?: number;
  readonly lang?: Lang;
  readonly recorder?: CallSink;
}

/** The agent as recipes (`ask`, `investigate`) and the monitor reach it. */
export function agentInvestigator(options: AgentInvestigatorOptions): Investigator {
  return {
    name: "agent",
    doc: "Observes, thinks and acts with the tools until it knows why; works without a model",
    async investigate(inquiry: Inquiry, context: RunContext) {
      const { diagnosis } = await investigate({
        tools: inquiry.mayCallTools ? await options.tools() : [],
        driver: await options.driver?.(),
        thinkNs: options.thinkNs,
        lang: options.lang,
        recorder: options.recorder,
        question: inquiry.question,
        pid: inquiry.pid,
        measureNs: inquiry.measureNs,
        given: inquiry.given,
        mayCallTools: inquiry.mayCallTools,
        signal: context.signal,
        onEvent: (event) => {
          if (event.kind === "progress") context.progress(event.text);
        },
      });
      return diagnosis;
    },
  };
}
