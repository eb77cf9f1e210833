import type { Frame, Profile, ProfileStack } from "../../data/mod.ts";
import type { OffCpuMeasurement } from "./off_cpu_sampler.ts";
import type { Wait } from "./wait.ts";

/** What stands between a thread's stack and that of its waker. */
export const WAKER_SEPARATOR: Frame = { function: "--", module: "", file: "", line: 0, kind: "unknown" };

/**
 * Time off the CPU by stack: sample types `off_cpu` (ns), `waits` (count) and `queued` (ns, the part in which it waited for a
 * CPU), labels `pid`, `comm`, `thread`, `reason`.
 *
 * @param options.wakers puts the stack of who ended the wait on top, turned round, so that the two meet at `--`: the
 *   function that it waits in, and the one that woke it up; then the label `waker`, too
 */
export function offCpuProfile(measured: OffCpuMeasurement, options: { readonly wakers?: boolean } = {}): Profile {
  const frames: Frame[] = [];
  const index = new Map<string, number>();
  const intern = (frame: Frame): number => {
    const key = `${frame.kind}\0${frame.function}\0${frame.module}\0${frame.file}\0${frame.line}`;
    let i = index.get(key);
    if (i === undefined) index.set(key, i = frames.push(frame) - 1);
    return i;
  };
  const folded = new Map<
    string,
    { frames: number[]; values: [number, number, number]; labels: ProfileStack["labels"] }
  >();
  for (const wait of measured.waits) {
    const stack = (options.wakers ? withWaker(wait) : wait.frames).map(intern);
    const labels = labelsOf(wait, options.wakers === true);
    const key = `${Object.values(labels).join("\0")}\0${stack.join(",")}`;
    const known = folded.get(key);
    const values: [number, number, number] = [wait.totalNs, wait.count, wait.queuedNs];
    if (known) values.forEach((v, i) => known.values[i] += v);
    else folded.set(key, { frames: stack, values, labels });
  }
  return {
    kind: "profile",
    sampleTypes: [{ name: "off_cpu", unit: "ns" }, { name: "waits", unit: "count" }, { name: "queued", unit: "ns" }],
    frames,
    stacks: [...folded.values()].sort((a, b) => b.values[0] - a.values[0]),
    quality: measured.quality,
  };
}

function labelsOf(wait: Wait, wakers: boolean): ProfileStack["labels"] {
  const { pid, comm, thread, reason, waker } = wait;
  return {
    pid: String(pid),
    comm,
    ...(thread === "" ? {} : { thread }),
    reason,
    ...(wakers && waker !== null ? { waker: waker.name } : {}),
  };
}

function withWaker({ frames, waker }: Wait): readonly Frame[] {
  if (waker === null) return frames;
  const who: Frame = { function: waker.name, module: "", file: "", line: 0, kind: "unknown" };
  return [...frames, WAKER_SEPARATOR, ...[...waker.frames].reverse(), who];
}
