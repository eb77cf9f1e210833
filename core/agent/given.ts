import type { Results } from "../data/mod.ts";
import type { Observation } from "./driver.ts";

/** Results handed in from outside (`ask … with`) as the first observation, call `given`. */
export function givenObservation(results: Results): Observation {
  return {
    call: { id: "given", tool: "given", args: {}, start_ns: 0, duration_ns: 0, ok: true, command: "" },
    round: 0,
    results,
  };
}
