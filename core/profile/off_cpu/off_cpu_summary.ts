import { type Text } from "../../data/mod.ts";
import type { OffCpuMeasurement } from "./off_cpu_sampler.ts";

/**
 * A measurement in two sentences: how much of the threads' time was on and off the CPU, and what most of it was.
 *
 * @param duration how a length of time in ns is written
 */
export function offCpuSummary(measured: OffCpuMeasurement, duration: (ns: number) => string): Text {
  const { threads, waits, quality } = measured;
  const sum = (of: (t: OffCpuMeasurement["threads"][number]) => number): number =>
    threads.reduce((n, t) => n + of(t), 0);
  const on = sum((t) => t.onNs);
  const off = sum((t) => t.offNs);
  const queued = sum((t) => t.queuedNs);
  const short = sum((t) => t.shortNs);
  const percent = (part: number, whole: number): string => whole > 0 ? `${(part / whole * 100).toFixed(1)} %` : "0 %";
  const known = !Number.isNaN(on);
  const lines = [
    `${count(threads.length, "thread")} in ${duration(quality.duration_ns)}: ` +
    (known
      ? `on a CPU ${duration(on)} (${percent(on, on + off)}), off ${duration(off)} (${percent(off, on + off)})`
      : `off the CPU ${duration(off)}`) +
    `; of that ${duration(queued)} waiting for a CPU.`,
  ];
  if (short > 0) {
    const shorts = sum((t) => t.shorts);
    lines.push(
      `${duration(short)} of it were ${count(shorts, "time")} shorter than ${
        duration(measured.minBlockNs)
      }: they are in this sum only.`,
    );
  }
  const throughout = new Set(waits.filter((w) => w.sinceStart && w.open).map((w) => w.tid)).size;
  if (throughout > 0) {
    lines.push(`${count(throughout, "thread")} did not run at all: off the CPU from before the start to the end.`);
  }
  return { kind: "text", text: lines.join("\n"), quality };
}

function count(n: number, what: string): string {
  return `${n} ${what}${n === 1 ? "" : "s"}`;
}
