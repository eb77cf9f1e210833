import type { Cell, Frame } from "../../core/data/mod.ts";
import type { Analysis } from "../../core/plugin_api/mod.ts";
import { quantileOf } from "../../core/query/quantile_layout.ts";
import type { BpfObject } from "../libbpf.ts";
import { forEachEntry } from "./_entries.ts";
import type { ProcessCode } from "./_process_code.ts";

const COMM_BYTES = 16;
const NAME_BYTES = 64;
const FRAMES = 127;
/** Of the exponent in `core/query/quantile_layout.ts`, which the program leaves out: 1022 << 6. */
const BUCKET_BIAS = 1022 << 6;
/** `sum_key.kind` and `sum_key.backing`. */
const KINDS = ["minor", "major"] as const;
const BACKINGS = [null, "anon", "file"] as const;

/** What is added up: struct sum, or struct place, over all CPUs. */
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

/** struct place_key */
interface Place extends Times {
  readonly kernelStack: bigint;
  readonly userStack: bigint;
}

/** What was counted. */
export interface PageFaultTables {
  readonly tables: Analysis["tables"];
  readonly faults: number;
  readonly notes: readonly string[];
}

/** The tables of `page_fault_trace`, of what its program has counted. */
export async function pageFaultTables(object: BpfObject, code: ProcessCode): Promise<PageFaultTables> {
  const comms = new Map<number, { comm: string; last: number }>();
  const sums = new Map<string, Sum>();
  forEachEntry(object.map("sums"), (key, value) => {
    const pid = key.u32(12);
    const last = value.u64(32);
    if (last >= (comms.get(pid)?.last ?? 0)) comms.set(pid, { comm: value.text(40, COMM_BYTES), last });
    const [kind, backing] = [key.u8(18), key.u8(19)];
    const file = backing === 2 ? `${key.u32(8)} ${key.big(0)}` : "";
    const times = { faults: value.u64(0), timed: value.u64(8), total: value.u64(16), max: value.u64(24) };
    add(sums, `${pid} ${kind} ${backing} ${file}`, { pid, kind, backing, file, ...times });
  });
  const places = new Map<string, Place>();
  forEachEntry(object.map("places"), (key, value) => {
    const [kernelStack, userStack, pid, kind] = [key.big(0), key.big(8), key.u32(16), key.u8(22)];
    const times = { faults: value.u64(0), timed: value.u64(8), total: value.u64(16), max: 0 };
    add(places, `${pid} ${kind} ${userStack} ${kernelStack}`, { pid, kind, kernelStack, userStack, ...times });
  });
  const buckets = new Map<string, [number, number][]>();
  forEachEntry(object.map("buckets"), (key, value) => {
    const group = `${key.u32(0)} ${key.u8(6)} ${key.u8(7)}`;
    const which = key.u16(4);
    const entry: [number, number] = [which === 0 ? 0 : which + BUCKET_BIAS, value.u64(0)];
    const all = buckets.get(group);
    if (all) all.push(entry);
    else buckets.set(group, [entry]);
  });
  const files = new Map<string, string>();
  forEachEntry(object.map("files"), (key, value) => {
    files.set(`${key.u32(8)} ${key.big(0)}`, value.text(0, NAME_BYTES));
  });
  const stacks = new Map<bigint, BigUint64Array>();
  forEachEntry(object.map("stacks"), (key, value) => {
    stacks.set(key.big(0), new BigUint64Array(value.bytes(8, Math.min(value.u64(0), FRAMES) * 8).buffer));
  });

  const names = await code.names([...places.values()].flatMap(({ pid, userStack }) => {
    const stack = stacks.get(userStack);
    return stack ? [{ pid, stack }] : [];
  }));
  const wholes = new Map<string, readonly Frame[]>();
  const stackOf = ({ pid, kernelStack, userStack }: Place): readonly Frame[] => {
    const key = `${pid} ${userStack} ${kernelStack}`;
    let frames = wholes.get(key);
    if (!frames) {
      const [user, kernel] = [stacks.get(userStack), stacks.get(kernelStack)];
      frames = [
        ...(user ? names.user(pid, userStack, user) : []),
        ...(kernel ? names.kernel(kernelStack, kernel) : []),
      ];
      wholes.set(key, frames);
    }
    return frames;
  };
  const all = [...sums.values()];
  const by = (key: (s: Sum) => string): Sum[] => {
    const groups = new Map<string, Sum>();
    for (const sum of all) add(groups, key(sum), sum);
    return [...groups.values()].sort((a, b) => b.faults - a.faults);
  };
  const process = (s: Times): Record<string, Cell> => ({ pid: s.pid, comm: comms.get(s.pid)?.comm ?? "" });
  const times = (s: Times): Record<string, Cell> => ({
    total: s.timed > 0 ? s.total : null,
    mean: s.timed > 0 ? Math.round(s.total / s.timed) : null,
    max: s.timed > 0 ? s.max : null,
  });
  return {
    tables: {
      faults: by((s) => `${s.pid} ${s.kind} ${s.backing}`).map((s) => {
        const group = (buckets.get(`${s.pid} ${s.kind} ${s.backing}`) ?? []).sort(([a], [b]) => a - b);
        const counted = group.reduce((n, [, count]) => n + count, 0);
        const at = (q: number): Cell => {
          const value = quantileOf(group, counted, q, true);
          // A bucket's middle may lie beyond the longest of its values.
          return value === null ? null : Math.min(Number(value), s.max);
        };
        const quantiles = { p50: at(0.5), p99: at(0.99) };
        return {
          ...process(s),
          kind: KINDS[s.kind],
          backing: BACKINGS[s.backing],
          faults: s.faults,
          ...times(s),
          ...quantiles,
        };
      }),
      files: fileRows(by((s) => `${s.pid} ${s.file}`), all, files, process),
      stacks: [...places.values()].sort((a, b) => b.faults - a.faults).map((s) => ({
        ...process(s),
        kind: KINDS[s.kind],
        faults: s.faults,
        total: times(s).total,
        stack: stackOf(s),
      })),
    },
    faults: all.reduce((n, s) => n + s.faults, 0),
    notes: names.notes(),
  };
}

/** Faults of pages of files, by process and file; major ones first. */
function fileRows(
  groups: readonly Sum[],
  all: readonly Sum[],
  names: ReadonlyMap<string, string>,
  process: (s: Times) => Record<string, Cell>,
): Record<string, Cell>[] {
  const major = new Map<string, { count: number; time: number }>();
  for (const s of all) {
    if (s.kind !== 1) continue;
    const sum = major.get(`${s.pid} ${s.file}`) ?? { count: 0, time: 0 };
    major.set(`${s.pid} ${s.file}`, { count: sum.count + s.faults, time: sum.time + s.total });
  }
  return groups.filter((s) => s.file !== "").map((s) => {
    const [device, inode] = s.file.split(" ");
    const { count, time } = major.get(`${s.pid} ${s.file}`) ?? { count: 0, time: 0 };
    return {
      ...process(s),
      ...{ file: names.get(s.file) ?? null, device: deviceText(Number(device)), inode: Number(inode) },
      ...{ major: count, minor: s.faults - count, waited: time },
    };
  }).sort((a, b) => b.major - a.major || b.minor - a.minor);
}

/** A device as `/proc/PID/maps` writes it. @param dev as the kernel keeps it: 12 bits of major, 20 of minor */
function deviceText(dev: number): string {
  return `${(dev >>> 20).toString(16).padStart(2, "0")}:${(dev & 0xfffff).toString(16).padStart(2, "0")}`;
}

function add<T extends Times>(groups: Map<string, T>, key: string, sum: T): void {
  const group = groups.get(key);
  if (!group) {
    groups.set(key, { ...sum });
    return;
  }
  group.faults += sum.faults;
  group.timed += sum.timed;
  group.total += sum.total;
  group.max = Math.max(group.max, sum.max);
}
