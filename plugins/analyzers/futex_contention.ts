import type { SondeApi } from "../../core/plugin_api/mod.ts";
import { futexContentionFromProc } from "./_futex_contention_proc.ts";
import { futexContentionFromRecipe } from "./_futex_contention_recipe.ts";
import type { Analyzer } from "./analyzer.ts";

/** The analyzer `futex_contention`: which locks of programs are waited for, where in the code, and who wakes. */
export function futexContention(sonde: SondeApi): Analyzer {
  const { field } = sonde.data;
  const where = [
    field("pid", "pid", "Process; null where several share the lock"),
    field("comm", "string", "Its name"),
  ];
  const thread = [
    field("pid", "pid", "Process"),
    field("tid", "tid", "Thread"),
    field("comm", "string", "Its name"),
  ];
  const address = field("address", "address", "Of the lock's word in the process");
  const operation = field(
    "operation",
    "string",
    "Of futex(2): wait, wait_bitset, lock_pi, wake, cmp_requeue, …; futex_waitv and the like are calls of their own",
  );
  const kind = field(
    "kind",
    "string",
    "What it is, by the functions that wait: mutex, condition, semaphore, rwlock, join, …; null when they do not tell",
  );
  const waits = field("waits", "int", "Waits that ended: woken, timed out or interrupted", "count");
  const delay = field("delay", "duration", "Time that was waited in all, waits that go on at the end too");
  const max = field("max", "duration", "The longest wait");
  const still = field("still", "int", "Threads that wait on at the end", "count");
  const timeouts = field("timeouts", "int", "Waits that ran into their timeout", "count");
  const missed = field("missed", "int", "Calls that found the value changed already, and did not sleep", "count");
  const sums = [waits, delay, max, still, timeouts, missed];
  const stack = field("stack", "stack", "The code that made the call");
  return {
    name: "futex_contention",
    collector: "futex.contention",
    doc: "Which locks of programs are waited for, by whom, where in the code, and who wakes",
    tables: [
      {
        name: "locks",
        fields: [
          ...where,
          address,
          kind,
          waits,
          delay,
          field("p99", "duration", "99 % of the waits that ended were no longer"),
          field("at_once", "int", "Most threads that waited at once", "count"),
          field(
            "holder",
            "tid",
            "A hint: the thread that had the lock while most was waited for it, as glibc and musl note it in a mutex",
          ),
          field("holder_comm", "string", "Its name"),
          field("holder_share", "ratio", "Part of the waiting that began while it had the lock, of what is known"),
          field("p50", "duration", "Half of the waits that ended were no longer"),
          max,
          field("threads", "int", "Different threads that waited", "count"),
          still,
          timeouts,
          field("interrupted", "int", "Waits that a signal ended", "count"),
          missed,
          field("wakes", "int", "Calls that wake", "count"),
          field("woken", "int", "Threads that they woke, or moved to another lock", "count"),
          field("place", "string", "Memory that it lies in: a file with the offset in it, [heap], [stack], anonymous"),
          field("shared", "bool", "Not marked as private to the process"),
          field("processes", "int", "Processes that use the lock", "count"),
        ],
      },
      {
        name: "holders",
        fields: [
          ...where,
          address,
          field("holder", "tid", "A hint: a thread that had the lock when others began to wait for it"),
          field("holder_comm", "string", "Its name"),
          field("waits", "int", "Waits that began then", "count"),
          field("delay", "duration", "Time of those waits"),
          field("share", "ratio", "Of the time of all waits of which the holder is known"),
        ],
      },
      { name: "stacks", fields: [...where, address, operation, kind, ...sums, stack] },
      {
        name: "wakers",
        fields: [
          ...thread,
          address,
          operation,
          field("calls", "int", "Calls", "count"),
          field("woken", "int", "Threads that they woke", "count"),
          field("requeued", "int", "Threads that they made wait for another lock", "count"),
          field("nobody", "int", "Calls that woke nobody", "count"),
          stack,
        ],
      },
      { name: "waiters", fields: [...thread, address, operation, ...sums] },
    ],
    flame: { table: "stacks", values: [{ name: "delay", unit: "ns" }, { name: "waits", unit: "count" }] },
    recipe: "futex_contention",
    fromRecipe: (results) => futexContentionFromRecipe(sonde, results),
    fromProc: (request) => futexContentionFromProc(sonde, request),
  };
}
