import { type Quality, quality } from "../../core/data/mod.ts";
import type { Host } from "../../core/host/mod.ts";
import { openAnalyzerStacks } from "../user_stacks/mod.ts";
import { lockTables } from "./_lock_tables.ts";
import type { Variant } from "./_load.ts";
import { startMeasurement } from "./_measurement.ts";
import { analyzerConstants, type AnalyzerOptions, type RunningAnalyzer } from "./analyzer.ts";
import { prepareUserCopies } from "./user_copies.ts";

const FUNCTIONS = ["mutex", "mutex_killable", "mutex_interruptible", "read", "write"];
/**
 * `slab`: tracepoints, and the kernel tells from which slab a lock is (since 6.13); `raw`: tracepoints (since 5.19);
 * `functions`: where waiting for mutexes and semaphores begins and ends. What ends comes first: it finds nothing.
 */
const VARIANTS: readonly Variant[] = [
  { name: "slab", programs: ["end_slab", "begin_slab"] },
  { name: "raw", programs: ["end_raw", "begin_raw"] },
  { name: "functions", programs: [...FUNCTIONS.map((f) => `end_${f}`), ...FUNCTIONS.map((f) => `begin_${f}`)] },
];
/** What a wait costs in both programs, where the kernel does not tell (docs/analyzers.md). */
const ESTIMATED_WAIT_NS = 3100;

/**
 * Measures waits for locks of the kernel from now on: `lock_contention.bpf.c`.
 *
 * @throws {UnsupportedError} without libbpf, type information or permission
 * @throws {LibbpfError} when the kernel refuses for another reason
 */
export function startLockContention(options: AnalyzerOptions): RunningAnalyzer {
  const { host, pid, maxEntries = 16_384 } = options;
  const measurement = startMeasurement({ ...options, variant: options.variant ?? bestVariant(host) }, {
    name: "lock_contention",
    variants: VARIANTS,
    eventNs: ESTIMATED_WAIT_NS,
    prepare(object) {
      object.setConstants({
        ...analyzerConstants(host, pid),
        ...prepareUserCopies(object, host, { copyBytes: 0, maxEntries }),
      });
      for (const map of ["waits", "sites", "locks"]) object.map(map).setMaxEntries(maxEntries);
      object.map("buckets").setMaxEntries(4 * maxEntries);
    },
  });
  const { object, variant } = measurement;
  return {
    variant,
    stop: measurement.stop,
    async read() {
      using stacks = openAnalyzerStacks(object, host, 0);
      const named = await stacks.name();
      const { tables, open, waits } = measurement.costed(() => lockTables(object, host, named));
      const { durationNs, cost, missed, counters } = measurement.window(waits);
      const [waitsFull, sitesFull, locksFull, bucketsFull, begins, again, ends] = counters;
      const { lost_by, ...ofStacks } = named.quality();
      const lost = {
        ...lost_by,
        map_full: waitsFull + sitesFull,
        locks_full: locksFull,
        buckets_full: bucketsFull,
        recursion: missed,
      };
      const found: Partial<Quality> = {
        ...ofStacks,
        events: waits,
        lost_by: Object.fromEntries(Object.entries(lost).filter(([, n]) => n > 0)),
        unmatched: { starts: open, ends, replaced: 0 },
        duration_ns: durationNs,
        cost,
        notes: [
          ...(variant === "functions"
            ? ["This kernel has no tracepoints of locks (since Linux 5.19): mutexes and semaphores only, no spinlocks."]
            : []),
          ...(again > 0
            ? [
              `${begins} times a thread began to wait, ${again} of them again in the same wait: a mutex is spun for and slept for.`,
            ]
            : []),
          ...ofStacks.notes,
        ],
      };
      return { tables, quality: quality(found) };
    },
    [Symbol.dispose]: measurement[Symbol.dispose],
  };
}

/** Tracepoints that are not there are refused only when they are attached to, which is too late to try the next variant. */
function bestVariant(host: Host): string | undefined {
  const [major, minor] = host.features().release.split(".").map((n) => parseInt(n));
  return major < 5 || major === 5 && minor < 19 ? "functions" : undefined;
}
