import { type Quality, quality } from "../../core/data/mod.ts";
import { PERF_TYPE, SW } from "../../core/perf/mod.ts";
import type { Analysis } from "../../core/plugin_api/mod.ts";
import { attach } from "../kernel/attach.ts";
import { LibbpfError } from "../libbpf_error.ts";
import { ANALYZER_COPY_BYTES, openAnalyzerStacks } from "../user_stacks/mod.ts";
import { analyzerConstants, type AnalyzerOptions, type RunningAnalyzer } from "./analyzer.ts";
import type { Variant } from "./_load.ts";
import { startMeasurement } from "./_measurement.ts";
import { pageFaultTables } from "./_page_fault_tables.ts";
import { prepareUserCopies } from "./user_copies.ts";

const BEGINS = ["begin_user", "begin_kernel"];
/** `plain` is for kernels before 5.17: it does not tell what lies behind a page. */
const VARIANTS: readonly Variant[] = ["full", "plain"].map((name) => ({
  name,
  programs: [...BEGINS, "end", `minor_${name}`, `major_${name}`],
}));
const EVENTS = [["minor", SW.PAGE_FAULTS_MIN], ["major", SW.PAGE_FAULTS_MAJ]] as const;
/** What a fault costs in all programs, where the kernel does not tell (docs/analyzers/page_fault_trace.md). */
const ESTIMATED_FAULT_NS = 1500;

/**
 * Counts page faults from now on, with stacks, times and what lies behind the pages: `page_fault_trace.bpf.c`.
 *
 * @throws {UnsupportedError} without libbpf, type information or permission
 * @throws {LibbpfError} when the kernel refuses for another reason
 */
export function startPageFaultTrace(options: AnalyzerOptions): RunningAnalyzer {
  const { host, pid, maxEntries = 16_384 } = options;
  let timed = true;
  const running = startMeasurement(options, {
    name: "page_fault_trace",
    variants: VARIANTS,
    eventNs: ESTIMATED_FAULT_NS,
    prepare(fresh): void {
      const copies = prepareUserCopies(fresh, host, { copyBytes: ANALYZER_COPY_BYTES, maxEntries, pid });
      fresh.setConstants({ ...analyzerConstants(host, pid), ...copies });
      for (const map of ["threads", "sums", "places", "buckets", "files"]) fresh.map(map).setMaxEntries(maxEntries);
    },
    attach(object, variant): readonly Disposable[] {
      using links = new DisposableStack();
      links.use(object.program("end").attach());
      for (const name of BEGINS) timed = attached(() => links.use(object.program(name).attach())) && timed;
      for (const [kind, config] of EVENTS) {
        const every = { kind: "perf_event", type: PERF_TYPE.SOFTWARE, config, period: 1, frequencyHz: null } as const;
        const { fd } = object.program(`${kind}_${variant}`);
        for (const event of attach(fd, { ...every, everyCpu: true }, host)) links.use(event);
      }
      return [links.move()];
    },
  });
  using undo = new DisposableStack();
  undo.use(running);
  const { object, variant } = running;
  const stacks = undo.use(openAnalyzerStacks(object, host));
  const owned = undo.move();
  const drain = (): number => running.costed(stacks.drain);
  return {
    variant,
    drain,
    stop(): void {
      running.stop();
      drain();
    },
    async read(): Promise<Analysis> {
      const read = await pageFaultTables(object, stacks);
      const { durationNs, cost, missed, counters } = running.window(read.faults);
      const notes = [
        ...(timed ? [] : ["This kernel has no tracepoints where page faults begin: no times."]),
        ...(variant === "plain" ? ["What lies behind a page is told from Linux 5.17 on only."] : []),
        ...read.stacks.notes,
      ];
      return {
        tables: read.tables,
        quality: quality({
          ...read.stacks,
          lost_by: added(losses(counters, missed), read.stacks.lost_by),
          events: read.faults,
          duration_ns: durationNs,
          cost,
          notes,
        }),
      };
    },
    [Symbol.dispose]: () => owned.dispose(),
  };
}

/** False where the kernel has no such tracepoint. */
function attached(attempt: () => unknown): boolean {
  try {
    attempt();
    return true;
  } catch (error) {
    if (error instanceof LibbpfError && error.code === "ENOENT") return false;
    throw error;
  }
}

function losses(counters: readonly number[], recursion: number): Quality["lost_by"] {
  const [threads, sums, places, buckets, files] = counters;
  const all = {
    map_full: sums,
    // Of these only the stack is not known, the time, its distribution, and the name of the file.
    stacks_full: places,
    times_full: threads,
    buckets_full: buckets,
    files_full: files,
    recursion,
  };
  return Object.fromEntries(Object.entries(all).filter(([, n]) => n > 0));
}

function added(a: Quality["lost_by"], b: Quality["lost_by"]): Quality["lost_by"] {
  const names = new Set([...Object.keys(a), ...Object.keys(b)]);
  return Object.fromEntries([...names].map((name) => [name, (a[name] ?? 0) + (b[name] ?? 0)]));
}
