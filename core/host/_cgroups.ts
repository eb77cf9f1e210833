import { type CgroupLayout, type CgroupMount, pathInMount } from "./_cgroup_layout.ts";
import {
  type CpuFigures,
  type IoFigures,
  type MemoryFigures,
  NO_CPU,
  NO_IO,
  NO_MEMORY,
  readCpuV1,
  readCpuV2,
  readIoV1,
  readIoV2,
  readMemoryV1,
  readMemoryV2,
  readPressures,
  type ReadText,
} from "./_cgroup_files.ts";
import type { Reader } from "./_reader.ts";
import { containerId } from "./container_id.ts";
import { parsePidCgroup } from "./parse_pid_cgroup.ts";
import type { CgroupStat } from "./types.ts";

/** Reads cgroups of all hierarchies, merged by path. */
export interface Cgroups {
  all(): CgroupStat[];
  one(path: string): CgroupStat | null;
  /** Paths of a process, the most telling first. */
  ofProcess(pid: number): string[];
}

/** Hierarchies in which a cgroup's directory was found: the directory by controller; `v2` for version 2. */
type Places = ReadonlyMap<string, string>;

/** What is read of one cgroup by itself, and what must not have changed for it to be taken as it was. */
interface Known {
  readonly vitals: string;
  readonly atMs: number;
  readonly figures: CpuFigures & MemoryFigures & IoFigures;
  readonly ownProcesses: number;
}

/** What a cgroup takes over from those above it. */
type Inherited = Pick<CgroupStat, "container" | "memoryLimit" | "memoryHigh">;

const NOTHING: Inherited = { container: null, memoryLimit: null, memoryHigh: null };

/** How long an idle cgroup's limits and counts are taken as they were. */
const MAX_AGE_MS = 10_000;

/** Trees are not deeper; a recorded one may be a trap. */
const MAX_DEPTH = 64;

/**
 * @param layout where the hierarchies are; found once, mounts hardly change
 */
export function openCgroups(reader: Reader, layout: CgroupLayout): Cgroups {
  const hierarchies: [string, CgroupMount][] = [...layout.v1];
  if (layout.v2 !== null) hierarchies.push(["v2", layout.v2]);
  const version = layout.v2Controllers.size > 0 || layout.v1.size === 0 ? 2 : 1;
  const stacked = stackedDevices(reader);
  const countsIo = v1CountsIo(reader, layout);
  let known = new Map<string, Known>();

  /** Reads one cgroup, or takes it as it was when its vital signs show that nothing happened in it. */
  const look = (path: string, places: Places, read: ReadText): Known => {
    const files = vitalFiles(places, layout, countsIo);
    const vitals = files.map((file) => file.endsWith(".pressure") ? stalls(read(file)) : read(file)).join("\0");
    const before = known.get(path);
    const nowMs = performance.now();
    if (before !== undefined && before.vitals === vitals && nowMs - before.atMs < MAX_AGE_MS) return before;
    const figures = readFigures(read, places, layout, stacked, countsIo);
    const fresh = { vitals, atMs: nowMs, figures, ownProcesses: countProcesses(reader, places) };
    // Without its CPU time nothing tells that a cgroup at its limit is idle: its usage stands still.
    if (figures.cpuNs !== null) known.set(path, fresh);
    return fresh;
  };

  /** Adds the cgroup and all below it to `into`, parents first. */
  const walk = (path: string, places: Places, above: Inherited, into: CgroupStat[], depth: number): void => {
    const texts = new Map<string, string | null>();
    const read = (file: string): string | null => {
      let text = texts.get(file);
      if (text === undefined) texts.set(file, text = reader.text(file, true));
      return text;
    };
    const { figures, ownProcesses } = look(path, places, read);
    const index = into.length;
    const stat: CgroupStat = {
      path,
      version,
      processes: ownProcesses,
      ...figures,
      ...inherit(above, path, figures),
      pressure: readPressures(read, places.get("v2") ?? null),
    };
    into.push(stat);
    if (depth >= MAX_DEPTH) return;
    let processes = ownProcesses;
    for (const [name, below] of childrenOf(reader, places)) {
      const child = into.length;
      walk(path === "/" ? `/${name}` : `${path}/${name}`, below, stat, into, depth + 1);
      processes += into[child].processes;
    }
    into[index] = { ...stat, processes };
  };

  const placesOf = (path: string): Places => {
    const places = new Map<string, string>();
    for (const [controller, mount] of hierarchies) {
      const dir = path === "/" ? mount.mountPoint : mount.mountPoint + path;
      if (reader.exists(dir)) places.set(controller, dir);
    }
    return places;
  };

  /** What a cgroup takes over, without walking the trees beside it. */
  const fromAbove = (path: string): Inherited => {
    let above = NOTHING;
    for (let end = 0; end >= 0 && path !== "/"; end = path.indexOf("/", end + 1)) {
      const ancestor = path.slice(0, end) || "/";
      const { figures } = look(ancestor, placesOf(ancestor), (file) => reader.text(file, true));
      above = inherit(above, ancestor, figures);
    }
    return above;
  };

  return {
    all: () => {
      const into: CgroupStat[] = [];
      const places = placesOf("/");
      if (places.size > 0) walk("/", places, NOTHING, into, 0);
      const paths = new Set(into.map((c) => c.path));
      known = new Map([...known].filter(([path]) => paths.has(path)));
      return into;
    },
    one: (path) => {
      // Also keeps a path from leaving the hierarchy.
      if (path !== "/" && !/^(\/(?!\.{1,2}(\/|$))[^/\0]+)+$/.test(path)) return null;
      const places = placesOf(path);
      if (places.size === 0) return null;
      const into: CgroupStat[] = [];
      walk(path, places, fromAbove(path), into, 0);
      return into[0];
    },
    ofProcess: (pid) => {
      const memberships = parsePidCgroup(reader.text(`/proc/${pid}/cgroup`) ?? "");
      const paths: string[] = [];
      for (const controller of version === 2 ? ["v2"] : ["memory", "cpu", "cpuacct", "blkio", "v2"]) {
        const mount = controller === "v2" ? layout.v2 : layout.v1.get(controller);
        const membership = memberships.find((m) =>
          controller === "v2" ? m.hierarchy === 0 : m.controllers.includes(controller)
        );
        if (membership !== undefined) paths.push(mount ? pathInMount(membership.path, mount) : membership.path);
      }
      const unique = [...new Set(paths)];
      return unique.filter((p) => p !== "/").concat(unique.includes("/") ? ["/"] : []);
    },
  };
}

/**
 * Files that show whether anything happened in a cgroup: work uses CPU time, memory or a disk, and what waits for them
 * adds to the totals of pressure.
 */
function vitalFiles(places: Places, layout: CgroupLayout, countsIo: () => boolean): string[] {
  const v2 = places.get("v2");
  const files: string[] = [];
  const add = (controller: string, name: string): void => {
    const dir = places.get(controller);
    if (dir !== undefined) files.push(`${dir}/${name}`);
  };
  if (v2 !== undefined) {
    files.push(`${v2}/cpu.pressure`, `${v2}/memory.pressure`, `${v2}/io.pressure`);
    if (layout.v2Controllers.has("cpu") || !places.has("cpuacct")) files.push(`${v2}/cpu.stat`);
    if (layout.v2Controllers.has("memory")) files.push(`${v2}/memory.current`);
    if (layout.v2Controllers.has("io")) files.push(`${v2}/io.stat`);
  }
  add("cpu", "cpu.stat");
  add("cpuacct", "cpuacct.usage");
  add("memory", "memory.usage_in_bytes");
  if (places.has("blkio") && countsIo()) add("blkio", "blkio.throttle.io_service_bytes_recursive");
  return files;
}

/** The totals of a pressure file: its averages fade while nothing happens. */
function stalls(text: string | null): string {
  let totals = "";
  for (let at = 0; text !== null && (at = text.indexOf("total=", at)) >= 0; at++) {
    totals += text.slice(at, text.indexOf("\n", at));
  }
  return totals;
}

/** Takes each resource from the version that controls it. */
function readFigures(
  read: ReadText,
  places: Places,
  layout: CgroupLayout,
  stacked: (device: string) => boolean,
  countsIo: () => boolean,
): Known["figures"] {
  const v2 = places.get("v2") ?? null;
  const on2 = (controller: string): string | null => layout.v2Controllers.has(controller) ? v2 : null;
  const dir = (controller: string): string | null => places.get(controller) ?? null;
  const [cpuV2, memoryV2, ioV2] = [on2("cpu"), on2("memory"), on2("io")];
  let cpu = cpuV2 === null ? readCpuV1(read, dir("cpu"), dir("cpuacct")) : readCpuV2(read, cpuV2);
  // Version 2 counts CPU time without any controller.
  if (cpu.cpuNs === null && v2 !== null) cpu = { ...cpu, cpuNs: readCpuV2(read, v2).cpuNs };
  const memoryV1 = dir("memory");
  const ioV1 = ioV2 === null && dir("blkio") !== null && countsIo() ? dir("blkio") : null;
  return {
    ...NO_CPU,
    ...cpu,
    ...(memoryV2 !== null
      ? readMemoryV2(read, memoryV2)
      : memoryV1 !== null
      ? readMemoryV1(read, memoryV1)
      : NO_MEMORY),
    ...(ioV2 !== null ? readIoV2(read, ioV2, stacked) : ioV1 !== null ? readIoV1(read, ioV1, stacked) : NO_IO),
  };
}

/**
 * Tells whether version 1 counts I/O. Kernels from about 6.1 on keep its files at 0 until a limit is set (block/
 * blk-throttle.c), and then 0 is no answer: the root stands for all, and a machine that runs has read something.
 */
function v1CountsIo(reader: Reader, layout: CgroupLayout): () => boolean {
  let counts = false;
  const root = layout.v1.get("blkio")?.mountPoint;
  return () => {
    if (!counts && root !== undefined) {
      const io = readIoV1((file) => reader.text(file), root, () => false);
      counts = (io.ioReadBytes ?? 0) + (io.ioWriteBytes ?? 0) > 0;
    }
    return counts;
  };
}

/** Processes directly in a cgroup. With version 1 a process may be in it in one hierarchy and not in another. */
function countProcesses(reader: Reader, places: Places): number {
  let most = 0;
  for (const dir of new Set(places.values())) {
    const length = reader.bytes(`${dir}/cgroup.procs`);
    const bytes = reader.buffer;
    let lines = 0;
    for (let i = 0; i < length; i++) if (bytes[i] === 0x0a) lines++;
    most = Math.max(most, lines);
  }
  return most;
}

/** Cgroups directly below, with the hierarchies in which each is. */
function childrenOf(reader: Reader, places: Places): Map<string, Places> {
  const children = new Map<string, Map<string, string>>();
  const namesIn = new Map<string, string[]>();
  for (const [controller, dir] of places) {
    let names = namesIn.get(dir);
    if (names === undefined) namesIn.set(dir, names = reader.directories(dir));
    for (const name of names) {
      let below = children.get(name);
      if (below === undefined) children.set(name, below = new Map());
      below.set(controller, `${dir}/${name}`);
    }
  }
  return children;
}

/** Tells block devices that stand on others (device-mapper, RAID): their bytes are counted again on those below. */
function stackedDevices(reader: Reader): (device: string) => boolean {
  const known = new Map<string, boolean>();
  return (device) => {
    let is = known.get(device);
    if (is === undefined) known.set(device, is = reader.list(`/sys/dev/block/${device}/slaves`).length > 0);
    return is;
  };
}

/** Limits are the lowest on the way down; the innermost container counts. */
function inherit(above: Inherited, path: string, own: MemoryFigures): Inherited {
  return {
    container: containerId(path) ?? above.container,
    memoryLimit: lowest(own.memoryLimit, above.memoryLimit),
    memoryHigh: lowest(own.memoryHigh, above.memoryHigh),
  };
}

function lowest(a: number | null, b: number | null): number | null {
  return a === null ? b : b === null ? a : Math.min(a, b);
}
