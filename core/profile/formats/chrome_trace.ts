/**
 * Chrome's trace events ("Trace Event Format", its JSON object form): a flame chart, frames as pairs of `B` and `E`, for
 * Perfetto, chrome://tracing and speedscope. With a timeline a frame lasts from the sample that saw it first to the first
 * one that does not; where four times the usual distance passes without a sample, the thread did not run. Without one stacks lie side by side, each as long as its
 * value. Then there are `stackFrames` and `samples` as well, for tools that draw those.
 *
 * Times are microseconds. Modules, files, lines and kinds are arguments of the events.
 */
import type { Frame, Profile } from "../../data/mod.ts";
import { pieces } from "./_pieces.ts";
import { shownName } from "./_shown_name.ts";
import { type ThreadSamples, threadSamples } from "./_thread_samples.ts";
import type { ProfileFormat, WriteOptions } from "./format.ts";

/** For Perfetto and chrome://tracing. */
export const chromeTraceFormat: ProfileFormat = {
  name: "chrome-trace",
  endings: [".trace.json"],
  doc: "Trace events for Perfetto and chrome://tracing: a flame chart of each thread (written only)",
  write: (profile, options) => pieces(document(profile, options ?? {})),
};

function* document(profile: Profile, { sampleType = 0, title = "Sonde" }: WriteOptions): Generator<string> {
  if (sampleType >= profile.sampleTypes.length) throw new RangeError(`No sample type ${sampleType}`);
  const threads = threadSamples(profile, sampleType, MAX_THREADS);
  const timed = profile.timeline !== undefined && sampleType === 0;
  const type = profile.sampleTypes[sampleType];
  const about = {
    title,
    exporter: "sonde",
    sampleType: type.name,
    unit: type.unit ?? "none",
    axis: timed ? "time" : "values: stacks lie side by side, not in the order of time",
  };
  yield `{"displayTimeUnit":"ms","otherData":${JSON.stringify(about)},"traceEvents":[`;
  let first = true;
  for (const event of events(profile, threads)) {
    yield `${first ? "" : ","}\n${JSON.stringify(event)}`;
    first = false;
  }
  yield "\n]";
  if (!timed) yield* samples(profile, threads, type.name);
  yield "}\n";
}

/** Numbers of processes and threads: those that are known, and beyond those of Linux where they are not. */
function idsOf(thread: ThreadSamples, index: number): { pid: number; tid: number } {
  const { pid, tid } = thread.group;
  const main = Number(tid || pid);
  return {
    pid: Number.isInteger(Number(pid)) && pid !== ""
      ? Number(pid)
      : tid !== "" && Number.isInteger(main)
      ? main
      : NO_PID,
    tid: Number.isInteger(main) && main > 0 ? main : NO_PID + index,
  };
}

function* events(profile: Profile, threads: readonly ThreadSamples[]): Generator<unknown> {
  const shown = profile.frames.map(eventFrame);
  for (const [i, thread] of threads.entries()) {
    const ids = idsOf(thread, i);
    yield { ph: "M", name: "process_name", ...ids, args: { name: thread.group.comm || thread.group.name } };
    yield { ph: "M", name: "thread_name", ...ids, args: { name: thread.group.name } };
    // The end as well has name and arguments: speedscope pairs events by these.
    yield* spans(
      profile,
      thread,
      (ph, frame, ns) => ({ ph, ts: ns / 1e3, ...ids, ...shown[frame] }),
    );
  }
}

function* spans(
  { stacks }: Profile,
  { timeNs, stacks: list, lastsNs }: ThreadSamples,
  event: (ph: "B" | "E", frame: number, ns: number) => unknown,
): Generator<unknown> {
  const gap = Math.min(MAX_GAP_NS, 4 * medianStep(timeNs));
  let open: readonly number[] = [];
  let end = 0;
  for (const [i, s] of list.entries()) {
    const { frames } = stacks[s];
    const start = timeNs[i];
    const next = timeNs[i + 1] ?? Infinity;
    // What lasts no time at all would end before it begins for readers that sort events.
    if (!lastsNs && next === start) continue;
    // Nobody saw the thread for a while: it did not run on.
    const keep = start > end ? 0 : common(open, frames);
    for (let f = open.length - 1; f >= keep; f--) yield event("E", open[f], end);
    for (let f = keep; f < frames.length; f++) yield event("B", frames[f], start);
    open = frames;
    end = lastsNs ? start + lastsNs[i] : next - start <= gap ? next : start + gap / 4;
  }
  for (let f = open.length - 1; f >= 0; f--) yield event("E", open[f], end);
}

function common(a: readonly number[], b: readonly number[]): number {
  let n = 0;
  while (n < a.length && n < b.length && a[n] === b[n]) n++;
  return n;
}

/** The usual distance of two samples, ns. */
function medianStep(timeNs: readonly number[]): number {
  const steps = timeNs.slice(1).map((t, i) => t - timeNs[i]).filter((d) => d > 0).sort((a, b) => a - b);
  return steps.length > 0 ? steps[steps.length >> 1] : 1e6;
}

function* samples(profile: Profile, threads: readonly ThreadSamples[], name: string): Generator<string> {
  const tree = new Map<string, number>();
  const nodes: string[] = [];
  const leafOf = profile.stacks.map(({ frames }) => {
    let node = -1;
    for (const f of frames) {
      const key = `${node} ${f}`;
      let next = tree.get(key);
      if (next === undefined) {
        next = tree.size;
        tree.set(key, next);
        const { name, cat } = eventFrame(profile.frames[f]);
        nodes.push(
          `"${next}":${JSON.stringify({ name, category: cat, ...node >= 0 ? { parent: String(node) } : {} })}`,
        );
      }
      node = next;
    }
    return node;
  });
  yield `,\n"stackFrames":{`;
  for (const [i, node] of nodes.entries()) yield `${i > 0 ? "," : ""}\n${node}`;
  yield `\n},\n"samples":[`;
  let first = true;
  for (const [t, thread] of threads.entries()) {
    const { tid } = idsOf(thread, t);
    for (const [i, s] of thread.stacks.entries()) {
      if (leafOf[s] < 0) continue;
      const sample = { cpu: 0, tid, ts: thread.timeNs[i] / 1e3, name, sf: leafOf[s], weight: thread.values[i] };
      yield `${first ? "" : ","}\n${JSON.stringify(sample)}`;
      first = false;
    }
  }
  yield "\n]";
}

function eventFrame(frame: Frame): { name: string; cat: string; args: unknown } {
  const { module, file, line, kind } = frame;
  return {
    name: shownName(frame),
    cat: kind,
    args: { ...module !== "" ? { module } : {}, ...file !== "" ? { source: line > 0 ? `${file}:${line}` : file } : {} },
  };
}

const MAX_THREADS = 4096;
/** The kernel's largest number of a process is 2^22. */
const NO_PID = 1 << 23;
const MAX_GAP_NS = 5e8;
