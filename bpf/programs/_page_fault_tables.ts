import type { Cell, Frame } from "../../core/data/mod.ts";
import type { Analysis } from "../../core/plugin_api/mod.ts";
import type { BpfObject } from "../libbpf.ts";
import type { AnalyzerStacks, NamedStacks } from "../user_stacks/mod.ts";
import { type Distribution, distribution } from "./_distribution.ts";
import { forEachEntry, type StructView } from "./_entries.ts";
import { type Place, placeAt } from "./user_copies.ts";

const COMM_BYTES = 16;
const NAME_BYTES = 64;
/** `sum_key.kind` and `sum_key.backing`. */
const KINDS = ["minor", "major"] as const;
const MAJOR = 1;
const BACKINGS = [null, "anon", "file"] as const;
const A_FILE = 2;

/** What is added up: struct sum, or struct place_sum, over all CPUs. */
interface Times {
  readonly pid: number;
  readonly kind: number;
  faults: number;
  timed: number;
  total: number;
  max: number;
}

/** struct sum_key */
interface Sum extends Times {
  readonly backing: number;
  /** Device and inode; empty where no file lies behind. */
  readonly file: string;
}

/** What was counted. */
export interface PageFaultTables {
  readonly tables: Analysis["tables"];
  readonly faults: number;
  /** What is missing of stacks. */
  readonly stacks: ReturnType<NamedStacks["quality"]>;
}

/** The tables of `page_fault_trace`, of what its program has counted. */
export async function pageFaultTables(object: BpfObject, stacks: AnalyzerStacks): Promise<PageFaultTables> {
  const { sums, comms } = readSums(object);
  const distributions = readDistributions(object);
  const process = (s: Times): Record<string, Cell> => ({ pid: s.pid, comm: comms.get(s.pid) ?? "" });
  const faults = groups(sums, (s) => `${s.pid} ${s.kind} ${s.backing}`);
  const files = groups(sums.filter((s) => s.backing === A_FILE), (s) => `${s.pid} ${s.file} ${s.kind}`);
  const named = await stacks.name();
  return {
    tables: {
      faults: faults.map((s) => {
        const times = distributions.get(`${s.pid} ${s.kind} ${s.backing}`);
        return {
          ...process(s),
          kind: KINDS[s.kind],
          backing: BACKINGS[s.backing],
          faults: s.faults,
          total: s.timed > 0 ? s.total : null,
          mean: s.timed > 0 ? Math.round(s.total / s.timed) : null,
          p50: times?.quantile(0.5, s.max) ?? null,
          p99: times?.quantile(0.99, s.max) ?? null,
          max: s.timed > 0 ? s.max : null,
        };
      }),
      files: fileRows(files, readFiles(object), process),
      stacks: stackRows(object, named, process),
    },
    faults: faults.reduce((n, s) => n + s.faults, 0),
    stacks: named.quality(),
  };
}

function readSums(object: BpfObject): { sums: Sum[]; comms: ReadonlyMap<number, string> } {
  const comms = new Map<number, string>();
  const named = new Map<number, number>();
  const sums: Sum[] = [];
  forEachEntry(object.map("sums"), (key, value) => {
    const pid = key.u32(12);
    const last = value.u64(32);
    if (last >= (named.get(pid) ?? 0)) {
      named.set(pid, last);
      comms.set(pid, value.text(40, COMM_BYTES));
    }
    const [kind, backing] = [key.u8(18), key.u8(19)];
    const file = backing === A_FILE ? `${key.u32(8)} ${key.big(0)}` : "";
    sums.push({ pid, kind, backing, file, ...timesAt(value), max: value.u64(24) });
  });
  return { sums, comms };
}

/** The first three words of both structs. */
function timesAt(value: StructView): Pick<Times, "faults" | "timed" | "total"> {
  return { faults: value.u64(0), timed: value.u64(8), total: value.u64(16) };
}

function readDistributions(object: BpfObject): ReadonlyMap<string, Distribution> {
  const all = new Map<string, Distribution>();
  forEachEntry(object.map("buckets"), (key, value) => {
    const group = `${key.u32(0)} ${key.u8(8)} ${key.u8(9)}`;
    let times = all.get(group);
    if (!times) all.set(group, times = distribution());
    times.add(key.u32(4), value.u64(0));
  });
  return all;
}

/** Names of files by device and inode. */
function readFiles(object: BpfObject): ReadonlyMap<string, string> {
  const files = new Map<string, string>();
  forEachEntry(object.map("files"), (key, value) => {
    files.set(`${key.u32(8)} ${key.big(0)}`, value.text(0, NAME_BYTES));
  });
  return files;
}

/** By process and file; major ones first. */
function fileRows(
  sums: readonly Sum[],
  names: ReadonlyMap<string, string>,
  process: (s: Times) => Record<string, Cell>,
): Record<string, Cell>[] {
  const rows = new Map<string, { sum: Sum; major: number; minor: number; waited: number }>();
  for (const sum of sums) {
    const key = `${sum.pid} ${sum.file}`;
    const row = rows.get(key) ?? { sum, major: 0, minor: 0, waited: 0 };
    if (sum.kind === MAJOR) {
      row.major += sum.faults;
      row.waited += sum.total;
    } else row.minor += sum.faults;
    rows.set(key, row);
  }
  return [...rows.values()].sort((a, b) => b.major - a.major || b.minor - a.minor).map(({ sum, ...counts }) => {
    const [device, inode] = sum.file.split(" ");
    return {
      ...process(sum),
      file: names.get(sum.file) ?? null,
      device: deviceText(Number(device)),
      inode: Number(inode),
      ...counts,
    };
  });
}

/** By process, kind and what its stack reads like. */
function stackRows(
  object: BpfObject,
  named: NamedStacks,
  process: (s: Times) => Record<string, Cell>,
): Record<string, Cell>[] {
  const places: (Times & { readonly place: Place; readonly kernel: bigint })[] = [];
  forEachEntry(object.map("places"), (key, value) => {
    const [pid, kind] = [key.u32(32), key.u8(38)];
    places.push({ pid, kind, place: placeAt(key, 0), kernel: key.big(24), ...timesAt(value), max: 0 });
  });
  const rows = new Map<readonly Frame[], Map<string, Times>>();
  for (const { place, kernel, ...times } of places) {
    const frames = named.frames(place, times.pid, kernel, times.faults);
    let known = rows.get(frames);
    if (!known) rows.set(frames, known = new Map());
    add(known, `${times.pid} ${times.kind}`, times);
  }
  return [...rows].flatMap(([stack, known]) =>
    [...known.values()].map((s) => ({
      ...process(s),
      kind: KINDS[s.kind],
      faults: s.faults,
      total: s.timed > 0 ? s.total : null,
      stack,
    }))
  ).sort((a, b) => b.faults - a.faults);
}

/** A device as `/proc/PID/maps` writes it. @param dev as the kernel keeps it: 12 bits of major, 20 of minor */
function deviceText(dev: number): string {
  return `${(dev >>> 20).toString(16).padStart(2, "0")}:${(dev & 0xfffff).toString(16).padStart(2, "0")}`;
}

function groups(all: readonly Sum[], key: (s: Sum) => string): Sum[] {
  const found = new Map<string, Sum>();
  for (const sum of all) add(found, key(sum), sum);
  return [...found.values()].sort((a, b) => b.faults - a.faults);
}

function add<T extends Times>(to: Map<string, T>, key: string, sum: T): void {
  const known = to.get(key);
  if (!known) {
    to.set(key, { ...sum });
    return;
  }
  known.faults += sum.faults;
  known.timed += sum.timed;
  known.total += sum.total;
  known.max = Math.max(known.max, sum.max);
}
