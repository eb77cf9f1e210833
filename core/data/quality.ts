/**
 * How good a result is. Every {@linkcode Result} carries one; renderers show what is not perfect.
 * The names are those of the JSON form.
 */
export interface Quality {
  /** Events (records, samples, rows) that were seen and are in the result. */
  readonly events: number;
  /** Events known to be lost; the sum of {@linkcode Quality.lost_by}. */
  readonly lost: number;
  /** Lost events by reason: `ring`, `map_full`, `read_error`, … */
  readonly lost_by: Readonly<Record<string, number>>;
  /** Pairs without a partner. Normal at the borders of a window: not loss. */
  readonly unmatched: { readonly starts: number; readonly ends: number; readonly replaced: number };
  /** Values cut to a limit (strings, argument lists, stacks deeper than the limit). */
  readonly truncated: number;
  /** Stacks that ended before their root. */
  readonly unwind_failures: number;
  /**
   * The same by reason, as far as it is known: `no_table`, `copy_too_short`, `frame_pointer`, `stack_collision` (its place in
   * the kernel's map was taken: the stack is null), …
   */
  readonly unwind_failures_by: Readonly<Record<string, number>>;
  /** Fraction of events taken when events were sampled, 0–1; 1 is all of them. */
  readonly sampling: number;
  /** True when values were scaled from a sample or otherwise inferred. */
  readonly estimated: boolean;
  /** Length of the measured window in nanoseconds; 0 for an instant snapshot. */
  readonly duration_ns: number;
  readonly cost: Cost;
  /** Sentences for people: what could not be seen, what was substituted. */
  readonly notes: readonly string[];
}

/** What a measurement cost. */
export interface Cost {
  /** Own CPU time in nanoseconds. */
  readonly cpu_ns: number;
  /** CPU time of probes in the kernel in nanoseconds. */
  readonly probe_ns: number;
  /** (cpu_ns + probe_ns) / duration; one CPU is 1.0. */
  readonly ratio: number;
  /** True when any part was inferred, not measured. */
  readonly estimated: boolean;
}

/** A Quality with nothing to complain about; fields of `over` replace its own. */
export function quality(over: Partial<Quality> = {}): Quality {
  const lost_by = over.lost_by ?? {};
  const unwind_failures_by = over.unwind_failures_by ?? {};
  const lost = over.lost ?? Object.values(lost_by).reduce((a, b) => a + b, 0);
  return {
    events: 0,
    truncated: 0,
    unwind_failures: Object.values(unwind_failures_by).reduce((a, b) => a + b, 0),
    sampling: 1,
    estimated: false,
    duration_ns: 0,
    unmatched: { starts: 0, ends: 0, replaced: 0 },
    cost: { cpu_ns: 0, probe_ns: 0, ratio: 0, estimated: false },
    notes: [],
    ...over,
    unwind_failures_by,
    lost_by,
    lost,
  };
}

/**
 * The Quality of a result made from several parts measured over the same window: counts add, the window is the
 * longest, notes are kept once.
 */
export function mergeQuality(parts: readonly Quality[]): Quality {
  if (parts.length === 1) return parts[0];
  const sum = (f: (q: Quality) => number): number => parts.reduce((a, q) => a + f(q), 0);
  const duration_ns = Math.max(0, ...parts.map((q) => q.duration_ns));
  const cpu_ns = sum((q) => q.cost.cpu_ns);
  const probe_ns = sum((q) => q.cost.probe_ns);
  return quality({
    events: sum((q) => q.events),
    lost_by: sumBy(parts.map((q) => q.lost_by)),
    lost: sum((q) => q.lost),
    unmatched: {
      starts: sum((q) => q.unmatched.starts),
      ends: sum((q) => q.unmatched.ends),
      replaced: sum((q) => q.unmatched.replaced),
    },
    truncated: sum((q) => q.truncated),
    unwind_failures: sum((q) => q.unwind_failures),
    unwind_failures_by: sumBy(parts.map((q) => q.unwind_failures_by)),
    sampling: Math.min(1, ...parts.map((q) => q.sampling)),
    estimated: parts.some((q) => q.estimated),
    duration_ns,
    cost: {
      cpu_ns,
      probe_ns,
      ratio: duration_ns > 0 ? (cpu_ns + probe_ns) / duration_ns : 0,
      estimated: parts.some((q) => q.cost.estimated),
    },
    notes: [...new Set(parts.flatMap((q) => q.notes))],
  });
}

/** Counts by reason, added up. Results of older recordings lack those that came later. */
function sumBy(parts: readonly (Readonly<Record<string, number>> | undefined)[]): Record<string, number> {
  const all: Record<string, number> = {};
  for (const part of parts) {
    for (const [why, n] of Object.entries(part ?? {})) all[why] = (all[why] ?? 0) + n;
  }
  return all;
}
