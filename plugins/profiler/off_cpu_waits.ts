import type { RowsCollector, SondeApi } from "../../core/plugin_api/mod.ts";

/**
 * The collector `offcpu.waits`: what threads waited for in a window, added up by thread, stack, reason and waker. Where
 * `offcpu.stacks` tells single times, this one knows who ended them, and what waited all the time.
 */
export function offCpuWaits(sonde: SondeApi): RowsCollector {
  const { field, tableFromRows, UsageError } = sonde.data;
  const fields = [
    field("pid", "pid", "Process"),
    field("tid", "tid", "Thread"),
    field("comm", "string", "Name of the process"),
    field("thread", "string", "Name of the thread"),
    field("reason", "string", "lock, disk, sleep, pipe, socket, events, page fault, preempted, …"),
    field("duration", "duration", "Time off the CPU, of all these waits together"),
    field("queued", "duration", "Part of it in which the thread could have run: it waited for a CPU"),
    field("waits", "int", "How many times", "count"),
    field("max", "duration", "The longest"),
    field(
      "waker",
      "string",
      "Thread that ended them, or the part of the machine: [timer], [disk], [network]; null when nobody did",
    ),
    field("waker_pid", "pid", "Its process; null for the machine"),
    field("syscall", "string", "System call that it is in; null for none"),
    field("channel", "string", "Function of the kernel that it waits in"),
    field("throughout", "bool", "It did not run in the window at all"),
    field("stack", "stack", "Where it left: user frames, kernel frames on top"),
    field("waker_stack", "stack", "Where it was ended"),
  ];
  return {
    kind: "rows",
    name: "offcpu.waits",
    doc: "What threads waited for, where in the code, and who ended it: sums of the window",
    params: [
      { name: "pid", type: "pid", default: 0, doc: "Only this process and the children that it makes; 0: all" },
      { name: "min", type: "duration", default: 1_000_000, doc: "Shorter times are left out" },
    ],
    window: "stream",
    fields,
    async rows({ params, durationNs }, { signal }) {
      if (durationNs === null) throw new UsageError("offcpu.waits needs a window", 'Write "for 10s"');
      const { waits, quality } = await sonde.samplers.offCpu({
        pid: Number(params.pid),
        minBlockNs: Number(params.min),
        durationNs,
        signal,
      });
      const rows = waits.map((w) => {
        const stack = (frames: typeof w.frames): typeof w.frames | null => frames.length > 0 ? frames : null;
        return [
          ...[w.pid, w.tid, w.comm, w.thread || w.comm, w.reason, w.totalNs, w.queuedNs, w.count, w.maxNs],
          ...[
            w.waker?.name ?? null,
            w.waker && w.waker.pid > 0 ? w.waker.pid : null,
            w.syscall || null,
            w.channel || null,
          ],
          ...[w.sinceStart && w.open, stack(w.frames), w.waker && stack(w.waker.frames)],
        ];
      });
      const table = tableFromRows(fields, rows, quality);
      return {
        async *batches() {
          yield table;
        },
        quality: () => quality,
        [Symbol.dispose]() {},
      };
    },
  };
}
