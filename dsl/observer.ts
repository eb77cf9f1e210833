import type { Flow } from "./flow.ts";

/** Who is told, while a recipe is checked, what is known at each place of its text: editors ask that afterwards. */
export interface Observer {
  /** What flows into the stage, or into the condition of the span, that begins at an offset. */
  flow(at: number, flow: Flow): void;
  /** The results that are known from an offset on; null for those whose pipeline has errors. The map changes later. */
  results(at: number, results: ReadonlyMap<string, Flow | null>): void;
}
