import { quality } from "../../core/data/mod.ts";
import type { Host } from "../../core/host/mod.ts";
import { syscallNumber } from "../../core/host/syscall_name.ts";
import type { Analysis } from "../../core/plugin_api/mod.ts";
import { clockNs } from "../../core/sys/mod.ts";
import { openCodeReader } from "../decode/code_reader.ts";
import { type FutexCall, readFutexRecords } from "./_futex_records.ts";
import { futexPlaces } from "./_futex_places.ts";
import { seedFutexCalls } from "./_futex_seeds.ts";
import { futexTables } from "./_futex_tables.ts";
import { isWait } from "./_futex_ops.ts";
import { type MeasuredWindow, startMeasurement } from "./_measurement.ts";
import { analyzerConstants, type AnalyzerOptions, type RunningAnalyzer } from "./analyzer.ts";

/** Frames of a stack (FRAMES). */
const FRAMES = 127;
/** What a call costs in both programs, where the kernel does not tell. */
const CALL_NS = 2500;

/**
 * The analyzer `futex_contention`: waits in futex(2) and the calls beside it by lock, stack and thread, and who wakes; by
 * `futex_contention.bpf.c`.
 */
export function startFutexContention(options: AnalyzerOptions): RunningAnalyzer {
  const { host, pid, maxEntries = 16_384 } = options;
  const constants = analyzerConstants(host, pid);
  const running = startMeasurement(options, {
    name: "futex_contention",
    variants: [{ name: "raw", programs: ["leave", "enter"] }],
    eventNs: CALL_NS,
    prepare(fresh) {
      fresh.setConstants({
        ...constants,
        nr_futex: syscallNumber("futex") ?? 0,
        nr_restart: syscallNumber("restart_syscall") ?? 0,
      });
      for (const map of ["calls", "sums", "locks", "holders", "stacks"]) fresh.map(map).setMaxEntries(maxEntries);
      fresh.map("buckets").setMaxEntries(4 * maxEntries);
    },
  });
  const { object } = running;
  const notes: string[] = [];
  // The program knows threads by the kernel's numbers, which are those of /proc only outside of other namespaces.
  if (constants.ns_ino === 0) running.costed(() => seedFutexCalls(object, host, pid, clockNs()));
  else notes.push("In a pid namespace of its own sonde cannot tell of waits that had begun before the window.");
  let endNs = 0;
  let still: readonly FutexCall[] | null = null;
  return {
    variant: running.variant,
    stop(): void {
      if (endNs > 0) return;
      endNs = clockNs();
      running.stop();
      still = running.costed(() => readFutexRecords(object).calls.filter((call) => isThere(host, call)));
    },
    read(): Analysis {
      return running.costed(() => {
        const code = openCodeReader(host);
        const stacks = code.stacks(object.map("stacks").fd, FRAMES);
        const records = readFutexRecords(object);
        const calls = still ?? records.calls.filter((call) => isThere(host, call));
        const tables = futexTables({ ...records, calls }, {
          place: futexPlaces(host),
          frames: (stack, process) => stacks.frames("user", -1, stack, process),
          comm: (process, tid) => host.processStat(process, tid === process ? undefined : tid)?.comm ?? null,
          endNs: endNs || clockNs(),
        });
        const events = records.sums.reduce((n, s) => n + s.calls, 0);
        const window = running.window(events);
        return {
          tables,
          quality: quality({
            lost_by: lossesOf(window),
            events,
            duration_ns: window.durationNs,
            cost: window.cost,
            notes: [...notes, ...code.notes()],
          }),
        };
      });
    },
    [Symbol.dispose]: running[Symbol.dispose],
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
  const [calls, sums, locks, holders, buckets, collisions, compat] = counters;
  const all = {
    map_full: calls + sums,
    locks_full: locks,
    holders_full: holders,
    buckets_full: buckets,
    stack_collision: collisions,
    calls_of_32_bit: compat,
    recursion: missed,
  };
  return Object.fromEntries(Object.entries(all).filter(([, n]) => n > 0));
}
