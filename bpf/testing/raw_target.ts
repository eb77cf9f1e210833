/** For tests of generated code: a raw tracepoint whose arguments are whatever the test hands to a test run. */
import { openHost } from "../../core/host/mod.ts";
import type { Machine } from "../codegen/gen.ts";
import type { Plan, TargetFinder } from "../codegen/plan.ts";
import { PROBE } from "../codegen/program.ts";
import { type LoadedPlan, loadPlan } from "../load.ts";
import type { Access } from "../codegen/access.ts";

/** `args.N` are the arguments, unsigned words; `comm` and what else is given are as always. */
export function rawFinder(more: (name: string) => Access | null = () => null): TargetFinder {
  return {
    targets: () => [{
      text: "a test run",
      attach: { kind: "raw_tracepoint", name: "sys_enter" },
      guards: [],
      surroundings: PROBE,
      access: (name) =>
        more(name) ??
          (name === "comm"
            ? { kind: "builtin", name: "comm" }
            : { kind: "context", offset: Number(name.slice(5)) * 8, width: 8, signed: false }),
    }],
    calls: () => {
      throw new TypeError("A test run makes no calls");
    },
  };
}

/** The source of such a spec. */
export const RAW_SOURCE = { kind: "event", probes: [{ kind: "raw_tracepoint", name: "sys_enter" }] } as const;

export const TEST_MACHINE: Machine = { cpus: 2, stream: "ring", fetchAtomics: true, numbersOf: () => null };

/** Loads a plan without anything that differs from run to run. */
export function loadForTest(plan: Plan): LoadedPlan {
  return loadPlan(plan, openHost(), { variables: { realtime_offset: 0n, self_tgid: 0n } });
}
