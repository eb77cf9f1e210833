import { quality } from "../../core/data/mod.ts";
import type { Host } from "../../core/host/mod.ts";
import { syscallNumber } from "../../core/host/syscall_name.ts";
import type { Analysis } from "../../core/plugin_api/mod.ts";
import { clockNs } from "../../core/sys/mod.ts";
import { ANALYZER_COPY_BYTES, openAnalyzerStacks } from "../user_stacks/mod.ts";
import { type FutexCall, readFutexRecords } from "./_futex_records.ts";
import { futexPlaces } from "./_futex_places.ts";
import { seedFutexCalls } from "./_futex_seeds.ts";
import { futexTables } from "./_futex_tables.ts";
import { isWait } from "./_futex_ops.ts";
import { type MeasuredWindow, startMeasurement } from "./_measurement.ts";
import { analyzerConstants, type AnalyzerOptions, type RunningAnalyzer } from "./analyzer.ts";
import { prepareUserCopies } from "./user_copies.ts";

/** What a call costs in both programs, where the kernel does not tell. */
const CALL_NS = 7500;

/**
 * The analyzer `futex_contention`: waits in futex(2) and the calls beside it by lock, stack and thread, and who wakes; by
 * `futex_contention.bpf.c`.
 */
export function startFutexContention(options: AnalyzerOptions): RunningAnalyzer {
  const { host, pid, maxEntries = 16_384 } = options;
  const constants = analyzerConstants(host, pid);
  const running = startMeasurement(options, {
    name: "futex_contention",
    variants: [{ name: "raw", programs: ["thread_ends", "leave", "enter"] }],
    eventNs: CALL_NS,
    prepare(fresh) {
      fresh.setConstants({
        ...constants,
        ...prepareUserCopies(fresh, host, { copyBytes: ANALYZER_COPY_BYTES, maxEntries, pid }),
        nr_futex: syscallNumber("futex") ?? 0,
        nr_restart: syscallNumber("restart_syscall") ?? 0,
      });
      for (const map of ["calls", "paused", "sums", "locks", "holders"]) fresh.map(map).setMaxEntries(maxEntries);
      fresh.map("buckets").setMaxEntries(4 * maxEntries);
    },
  });
  const { object } = running;
  const stacks = openAnalyzerStacks(object, host);
  const notes: string[] = [];
  // The program knows threads by the kernel's numbers, which are those of /proc only outside of other namespaces.
  if (constants.ns_ino === 0) running.costed(() => seedFutexCalls(object, host, pid, clockNs()));
  else notes.push("In a pid namespace of its own sonde cannot tell of waits that had begun before the window.");
  let endNs = 0;
  let still: readonly FutexCall[] | null = null;
  return {
    variant: running.variant,
    drain: () => running.costed(stacks.drain),
    stop(): void {
      if (endNs > 0) return;
      endNs = clockNs();
      running.stop();
      still = running.costed(() => readFutexRecords(object).calls.filter((call) => isThere(host, call)));
    },
    async read(): Promise<Analysis> {
      const named = await stacks.name();
      return running.costed(() => {
        const records = readFutexRecords(object);
        const calls = still ?? records.calls.filter((call) => isThere(host, call));
        const tables = futexTables({ ...records, calls }, {
          place: futexPlaces(host),
          frames({ pid, place }) {
            const frames = place.sp === 0n && place.chain === 0n ? [] : named.frames(place, pid, 0n);
            return frames.length > 0 ? frames : null;
          },
          comm: (process, tid) => host.processStat(process, tid === process ? undefined : tid)?.comm ?? null,
          endNs: endNs || clockNs(),
        });
        const events = records.sums.reduce((n, s) => n + s.calls, 0);
        const window = running.window(events);
        const of_stacks = named.quality();
        return {
          tables,
          quality: quality({
            ...of_stacks,
            lost_by: { ...lossesOf(window), ...of_stacks.lost_by },
            events,
            duration_ns: window.durationNs,
            cost: window.cost,
            notes: [...notes, ...of_stacks.notes],
          }),
        };
      });
    },
    [Symbol.dispose](): void {
      stacks[Symbol.dispose]();
      running[Symbol.dispose]();
    },
  };
}

/** Whether a wait goes on. One that was there before the window may have ended while it was entered. */
function isThere(host: Host, call: FutexCall): boolean {
  if (!isWait(call.op)) return false;
  if (!call.before) return true;
  const now = host.threadCall(call.pid, call.tid);
  return now?.name?.startsWith("futex") === true && (now.args[0] === call.address || now.name === "futex_waitv");
}

function lossesOf({ counters, missed }: MeasuredWindow): Record<string, number> {
  const [calls, sums, locks, holders, buckets, compat] = counters;
  const all = {
    map_full: calls + sums,
    locks_full: locks,
    holders_full: holders,
    buckets_full: buckets,
    calls_of_32_bit: compat,
    recursion: missed,
  };
  return Object.fromEntries(Object.entries(all).filter(([, n]) => n > 0));
}
