import type { ProbeEvent } from "../../perf/mod.ts";
import type { ProbeDefinition } from "../../ftrace/define_probes.ts";
import { probePointText } from "../../query/mod.ts";
import { SIDE } from "./pairs.ts";
import type { PerfPlan, RolePlan } from "./plan.ts";

/** Whose row a sample becomes. */
export interface EventUse {
  /** One of {@linkcode SIDE}; events of no pair count as starts. */
  readonly side: number;
  /** Index among the role's points. */
  readonly probe: number;
}

/** A perf event to open, and what its samples are for. */
export interface PlannedEvent extends ProbeEvent {
  readonly uses: readonly EventUse[];
  /** What it is to be defined as, before it can be opened. */
  readonly define?: ProbeDefinition;
}

/**
 * The events of a plan, in the order in which they are to be switched on: ends first, so that a start that is seen can
 * find its end. A point with several parts is one event: the end that it is comes before the start that it is.
 */
export function perfEvents({ source }: PerfPlan): PlannedEvent[] {
  const roles: readonly (readonly [number, RolePlan])[] = source.kind === "event"
    ? [[SIDE.START, source.events]]
    : [[SIDE.END, source.end], [SIDE.CANCEL, source.cancel], [SIDE.MARK, source.mark], [SIDE.START, source.start]];
  const found = new Map<string, { event: ProbeEvent; uses: EventUse[]; define?: ProbeDefinition }>();
  for (const [side, role] of roles) {
    const stack = stackOf(role);
    role.points.forEach((p, probe) => {
      // A name may stand for several places.
      const text = `${probePointText(p.point)} ${p.define?.place ?? ""}`;
      const known = found.get(text);
      if (!known) found.set(text, { event: { ...p.event, stack }, uses: [{ side, probe }], define: p.define });
      else {
        known.uses.push({ side, probe });
        known.event = { ...known.event, stack: union(known.event.stack, stack) };
      }
    });
  }
  return [...found.values()].map(({ event, uses, define }) => ({ ...event, uses, define }));
}

type Stack = ProbeEvent["stack"];

function stackOf(role: RolePlan): Stack {
  const names = new Set(role.fields.map((f) => f.name));
  if (names.has("stack")) return "both";
  return union(names.has("kstack") ? "kernel" : null, names.has("ustack") ? "user" : null);
}

function union(a: Stack, b: Stack): Stack {
  if (a === null || a === b) return b;
  return b === null ? a : "both";
}
