import type { Host } from "../core/host/mod.ts";
import type { ProbeSpec } from "../core/query/mod.ts";
import type { Machine } from "./codegen/gen.ts";
import { type Plan, planProbe } from "./codegen/plan.ts";
import { numbersOf } from "./decode/names.ts";
import { catalogOf } from "./list_probes.ts";
import { works } from "./mechanisms.ts";
import { possibleCpus } from "./possible_cpus.ts";

/** A plan, and whether it may be used again later, by another process. */
export interface Planned {
  readonly plan: Plan;
  /** False for what is of this moment: places in files, which are replaced, and control groups, which come and go. */
  readonly keeps: boolean;
}

/** The code generator and the kernel's types, which a run with a kept plan does without. */
export interface Planner {
  readonly planFor: typeof planFor;
  readonly selfTgidOf: typeof selfTgidOf;
}

/**
 * Plans a spec for a machine.
 *
 * @throws {CannotGenerate} with the reason when the kernel cannot run it
 */
export function planFor(spec: ProbeSpec, host: Host, stream: Machine["stream"]): Planned {
  let ofNow = false;
  const machine: Machine = {
    cpus: possibleCpus(host),
    stream,
    get fetchAtomics(): boolean {
      return works("atomic_fetch", host);
    },
    numbersOf(table, text) {
      ofNow = true;
      return numbersOf(table, text, host);
    },
  };
  const plan = planProbe(spec, catalogOf(host), machine);
  return { plan, keeps: !ofNow && plan.programs.every((p) => p.attach.kind !== "uprobe") };
}

/** Our process in the initial pid namespace. @throws {SysError} when the kernel does not let us ask */
export function selfTgidOf(host: Host): number {
  return catalogOf(host).namespace().selfTgid;
}
