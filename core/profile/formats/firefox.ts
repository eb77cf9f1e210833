/**
 * The processed profile format of the Firefox Profiler (profiler.firefox.com; its types: src/types/profile.ts, versions:
 * docs-developer/CHANGELOG-formats.md), version 58. A thread for each thread of the profile, in the order of time where
 * there is a timeline; without one samples lie side by side, each a millisecond a unit of its weight.
 *
 * Weights are values of the first sample type, or of the one that was asked for. Labels other than process and thread,
 * and the other sample types, have no place.
 */
import type { Frame, FrameKind, Profile } from "../../data/mod.ts";
import { pieces } from "./_pieces.ts";
import { shownName } from "./_shown_name.ts";
import { type ThreadSamples, threadSamples } from "./_thread_samples.ts";
import type { ProfileFormat, WriteOptions } from "./format.ts";

/** For profiler.firefox.com. */
export const firefoxFormat: ProfileFormat = {
  name: "firefox",
  endings: [".firefox.json"],
  doc: "Profile for profiler.firefox.com: threads, call tree, stack chart over time (written only)",
  write: (profile, options) => pieces(document(profile, options ?? {})),
};

/** Texts by number, each once. */
interface Strings {
  readonly list: string[];
  of(text: string): number;
}

function* document(profile: Profile, { sampleType = 0, title = "Sonde" }: WriteOptions): Generator<string> {
  if (sampleType >= profile.sampleTypes.length) throw new RangeError(`No sample type ${sampleType}`);
  const threads = threadSamples(profile, sampleType, MAX_THREADS);
  const strings = stringTable();
  const sources = sourceTable(strings);
  const libs = libTable(profile);
  const times = threads.flatMap((t) => t.timeNs.length > 0 ? [t.timeNs[0], t.timeNs[t.timeNs.length - 1]] : []);
  const startMs = Number((profile.timeline?.startNs ?? 0n) / 1_000_000n);
  const endMs = times.reduce((a, b) => Math.max(a, b), 0) / 1e6;
  yield `{"meta":${JSON.stringify(meta(profile, title, startMs, endMs, intervalMs(threads)))},\n`;
  yield `"libs":${JSON.stringify(libs.list)},\n"threads":[`;
  for (const [i, thread] of threads.entries()) {
    yield `${i > 0 ? "," : ""}\n${
      JSON.stringify(threadJson(profile, thread, i, sampleType, { strings, sources, libs }))
    }`;
  }
  yield `\n],\n"shared":${JSON.stringify({ stringArray: strings.list, sources: sources.table() })}}\n`;
}

function meta(profile: Profile, title: string, startTime: number, endMs: number, interval: number): unknown {
  return {
    interval,
    startTime,
    profilingStartTime: 0,
    profilingEndTime: endMs,
    processType: 0,
    product: title,
    importedFrom: "Sonde",
    stackwalk: 1,
    debug: false,
    version: 31,
    preprocessedProfileVersion: 58,
    symbolicated: true,
    symbolicationNotSupported: true,
    usesOnlyOneStackType: true,
    sourceCodeIsNotOnSearchfox: true,
    keepProfileThreadOrder: true,
    platform: "Linux",
    categories: CATEGORIES.map(({ name, color }) => ({ name, color, subcategories: ["Other"] })),
    markerSchema: [],
    sampleUnits: { time: "ms", eventDelay: "ms", threadCPUDelta: "ns" },
    extra: profile.quality.notes.length === 0 ? [] : [{
      label: "Quality",
      entries: profile.quality.notes.map((value, i) => ({ label: `Note ${i + 1}`, format: "string", value })),
    }],
  };
}

/** The usual distance of two samples of a thread, milliseconds. */
function intervalMs(threads: readonly ThreadSamples[]): number {
  const steps = threads.flatMap((t) => t.timeNs.slice(1, 1000).map((at, i) => at - t.timeNs[i])).filter((d) => d > 0);
  steps.sort((a, b) => a - b);
  return steps.length > 0 ? steps[steps.length >> 1] / 1e6 : 1;
}

function threadJson(
  profile: Profile,
  { group, timeNs, stacks, values }: ThreadSamples,
  index: number,
  sampleType: number,
  shared: { strings: Strings; sources: Sources; libs: Libs },
): unknown {
  const tables = threadTables(profile.frames, shared);
  const weights = profile.sampleTypes[sampleType].unit === "ns" ? values.map((v) => v / 1e6) : values;
  const { unit } = profile.sampleTypes[sampleType];
  const stack = stacks.map((s) => tables.stackOf(profile.stacks[s].frames));
  const pid = group.pid || group.tid || "0";
  const tid = Number(group.tid || group.pid);
  return {
    processType: "default",
    processName: group.comm || "process",
    processStartupTime: 0,
    processShutdownTime: null,
    registerTime: 0,
    unregisterTime: null,
    pausedRanges: [],
    name: group.comm || group.name,
    isMainThread: group.tid === "" || group.tid === group.pid,
    pid,
    tid: Number.isInteger(tid) && tid > 0 ? tid : index,
    samples: {
      stack,
      time: timeNs.map((t) => t / 1e6),
      weight: weights,
      weightType: unit === "ns" ? "tracing-ms" : unit === "bytes" ? "bytes" : "samples",
      length: stack.length,
    },
    markers: { data: [], name: [], startTime: [], endTime: [], phase: [], category: [], length: 0 },
    ...tables.json(),
  };
}

interface ThreadTables {
  stackOf(frames: readonly number[]): number | null;
  json(): Record<string, unknown>;
}

function threadTables(
  all: readonly Frame[],
  { strings, sources, libs }: { strings: Strings; sources: Sources; libs: Libs },
): ThreadTables {
  const resources = indexer<number>();
  const funcs = indexer<{ name: number; resource: number; source: number | null }>();
  const frames = indexer<{ func: number; kind: FrameKind; line: number | null }>();
  const stacks = indexer<{ prefix: number | null; frame: number }>();
  const frameOf = new Map<number, number>();
  const place = (index: number): number => {
    const known = frameOf.get(index);
    if (known !== undefined) return known;
    const { module, file, line, kind } = all[index];
    const lib = module === "" ? null : libs.of(module);
    const resource = lib === null ? -1 : resources.of(String(lib), () => lib);
    const source = file === "" ? null : sources.of(file);
    const text = strings.of(shownName(all[index]));
    const func = funcs.of(`${text} ${resource} ${source}`, () => ({ name: text, resource, source }));
    const frame = frames.of(`${func} ${kind} ${line}`, () => ({ func, kind, line: line > 0 ? line : null }));
    frameOf.set(index, frame);
    return frame;
  };
  return {
    stackOf: (list) => {
      let prefix: number | null = null;
      for (const f of list) {
        const frame = place(f);
        const above: number | null = prefix;
        prefix = stacks.of(`${above} ${frame}`, () => ({ prefix: above, frame }));
      }
      return prefix;
    },
    json: () => ({
      stackTable: {
        frame: stacks.list.map((s) => s.frame),
        prefix: stacks.list.map((s) => s.prefix),
        length: stacks.list.length,
      },
      frameTable: {
        address: frames.list.map(() => -1),
        inlineDepth: frames.list.map((f) => f.kind === "inlined" ? 1 : 0),
        category: frames.list.map((f) => CATEGORIES.findIndex((c) => c.kind === f.kind)),
        subcategory: frames.list.map(() => 0),
        func: frames.list.map((f) => f.func),
        nativeSymbol: frames.list.map(() => null),
        innerWindowID: frames.list.map(() => 0),
        line: frames.list.map((f) => f.line),
        column: frames.list.map(() => null),
        length: frames.list.length,
      },
      funcTable: {
        name: funcs.list.map((f) => f.name),
        isJS: funcs.list.map(() => false),
        relevantForJS: funcs.list.map(() => false),
        resource: funcs.list.map((f) => f.resource),
        source: funcs.list.map((f) => f.source),
        lineNumber: funcs.list.map(() => null),
        columnNumber: funcs.list.map(() => null),
        length: funcs.list.length,
      },
      resourceTable: {
        lib: resources.list,
        name: resources.list.map((lib) => strings.of(libs.list[lib].name)),
        host: resources.list.map(() => null),
        type: resources.list.map(() => 1),
        length: resources.list.length,
      },
      nativeSymbols: { libIndex: [], address: [], name: [], functionSize: [], length: 0 },
    }),
  };
}

interface Indexer<T> {
  readonly list: T[];
  of(key: string, make: () => T): number;
}

function indexer<T>(): Indexer<T> {
  const list: T[] = [];
  const index = new Map<string, number>();
  return {
    list,
    of: (key, make) => {
      let i = index.get(key);
      if (i === undefined) index.set(key, i = list.push(make()) - 1);
      return i;
    },
  };
}

function stringTable(): Strings {
  const { list, of } = indexer<string>();
  return { list, of: (text) => of(text, () => text) };
}

interface Sources {
  of(file: string): number;
  table(): unknown;
}

function sourceTable(strings: Strings): Sources {
  const { list, of } = indexer<number>();
  return {
    of: (file) => of(file, () => strings.of(file)),
    table: () => ({ uuid: list.map(() => null), filename: list, length: list.length }),
  };
}

interface Libs {
  readonly list: { readonly name: string }[];
  of(module: string): number;
}

function libTable({ frames }: Profile): Libs {
  const { list, of } = indexer<
    { name: string; path: string; arch: string; debugName: string; debugPath: string; breakpadId: string; codeId: null }
  >();
  const add = (module: string): number =>
    of(module, () => {
      const name = module.slice(module.lastIndexOf("/") + 1);
      return { arch: "", name, path: module, debugName: name, debugPath: module, breakpadId: "", codeId: null };
    });
  for (const { module } of frames) if (module !== "") add(module);
  return { list, of: add };
}

const MAX_THREADS = 1024;
const CATEGORIES: readonly { readonly kind: FrameKind; readonly name: string; readonly color: string }[] = [
  { kind: "unknown", name: "Other", color: "grey" },
  { kind: "user", name: "User", color: "yellow" },
  { kind: "kernel", name: "Kernel", color: "orange" },
  { kind: "inlined", name: "Inlined", color: "lightblue" },
  { kind: "interpreted", name: "Interpreted or compiled just in time", color: "blue" },
  { kind: "gpu", name: "GPU", color: "green" },
];
