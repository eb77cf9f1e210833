/** What a measurement with a budget looks at, once a second. */
export interface Spending {
  /** Part of one CPU that may be spent. */
  readonly budget: number;
  /** Our own CPU time and that of the probes so far, in ns. */
  spentNs(): number;
  /** Of 2^shift events, takes one. */
  sample(shift: number): void;
  /** Detaches for good. */
  detach(): void;
}

/** Keeps a budget while it is there. */
export interface BudgetKeeper extends Disposable {
  /** Highest shift there was; 0 when no event was left out. */
  readonly highest: number;
  /** Why everything was detached, as a sentence; null while it is attached. */
  readonly detached: string | null;
}

/** Time between two looks. The cost is averaged over it. */
const LOOK_MS = 1000;
/** One of 1,024 events: fewer tell little, and what is still too dear then are not the programs. */
const MAX_SHIFT = 10;

/**
 * Starts to keep a budget: over it, events are sampled, rarer as long as it takes; when the rarest sample is still too
 * dear (the traps themselves cost), everything is detached. Far below it, more events are taken again.
 *
 * @param now monotonic milliseconds
 */
export function keepBudget(spending: Spending, now: () => number = () => performance.now()): BudgetKeeper {
  let shift = 0;
  let highest = 0;
  let detached: string | null = null;
  const start = now();
  let before = { ms: start, ns: spending.spentNs() };
  const look = (): void => {
    const at = { ms: now(), ns: spending.spentNs() };
    const ratio = (at.ns - before.ns) / Math.max(1, (at.ms - before.ms) * 1e6);
    before = at;
    const next = nextShift(shift, ratio, spending.budget);
    if (next === null) {
      clearInterval(timer);
      spending.detach();
      detached =
        `Detached after ${((at.ms - start) / 1000).toFixed(1)} s: it cost ${percent(ratio)} of a CPU, over the ` +
        `budget of ${percent(spending.budget)} even with one of ${2 ** shift} events taken`;
    } else if (next !== shift) {
      shift = next;
      highest = Math.max(highest, shift);
      spending.sample(shift);
    }
  };
  const timer = setInterval(look, LOOK_MS);
  return {
    get highest(): number {
      return highest;
    },
    get detached(): string | null {
      return detached;
    },
    [Symbol.dispose]: () => clearInterval(timer),
  };
}

/** How rarely to sample next; null when nothing helps. @param ratio what the last second cost, as a part of one CPU */
export function nextShift(shift: number, ratio: number, budget: number): number | null {
  if (ratio > budget) {
    if (shift === MAX_SHIFT) return null;
    return Math.min(MAX_SHIFT, shift + Math.max(1, Math.ceil(Math.log2(ratio / budget))));
  }
  return shift > 0 && ratio < budget / 4 ? shift - 1 : shift;
}

function percent(ratio: number): string {
  return `${Number((ratio * 100).toPrecision(2))} %`;
}
