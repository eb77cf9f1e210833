import { containerId } from "./container_id.ts";
import { type CgroupLayout, type CgroupMount, pathInMount } from "./_cgroup_layout.ts";
import {
  countProcesses,
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
} from "./_cgroup_files.ts";
import { parsePidCgroup } from "./parse_pid_cgroup.ts";
import type { Reader } from "./_reader.ts";
import type { CgroupStat } from "./types.ts";

/** Reads cgroups of all hierarchies, merged by path. */
export interface Cgroups {
  all(): CgroupStat[];
  one(path: string): CgroupStat | null;
  /** Paths of a process, the most telling first. */
  ofProcess(pid: number): string[];
}

/** Hierarchies in which a cgroup's directory was found: the directory's path by controller; `v2` for version 2. */
type Places = Map<string, string>;

/** @param layout where the hierarchies are; read once, mounts hardly change */
export function openCgroups(reader: Reader, layout: CgroupLayout): Cgroups {
  const hierarchies: [string, CgroupMount][] = [...layout.v1];
  if (layout.v2 !== null) hierarchies.push(["v2", layout.v2]);
  const version = layout.v2Controllers.size > 0 || layout.v1.size === 0 ? 2 : 1;
  // Bytes of a device-mapper or RAID device are counted again on the disks below it.
  const stackedDevices = new Map<string, boolean>();
  const stacked = (device: string): boolean => {
    let is = stackedDevices.get(device);
    if (is === undefined) {
      is = reader.list(`/sys/dev/block/${device}/slaves`).length > 0;
      stackedDevices.set(device, is);
    }
    return is;
  };

  const read = (path: string, places: Places, above: CgroupStat | null, processes: number): CgroupStat => {
    const v2 = places.get("v2") ?? null;
    const on2 = (controller: string): boolean => v2 !== null && layout.v2Controllers.has(controller);
    const dir = (controller: string): string | null => places.get(controller) ?? null;
    const memoryDir = dir("memory");
    const ioDir = dir("blkio");
    let cpu = NO_CPU;
    if (on2("cpu")) cpu = readCpuV2(reader, v2!);
    else {
      if (dir("cpu") !== null || dir("cpuacct") !== null) cpu = readCpuV1(reader, dir("cpu"), dir("cpuacct"));
      // Version 2 counts CPU time without any controller.
      if (cpu.cpuNs === null && v2 !== null) cpu = { ...cpu, cpuNs: readCpuV2(reader, v2).cpuNs };
    }
    const memory = on2("memory")
      ? readMemoryV2(reader, v2!)
      : memoryDir !== null
      ? readMemoryV1(reader, memoryDir)
      : NO_MEMORY;
    const io = on2("io") ? readIoV2(reader, v2!, stacked) : ioDir !== null ? readIoV1(reader, ioDir, stacked) : NO_IO;
    return {
      path,
      version,
      container: containerId(path) ?? above?.container ?? null,
      processes,
      ...cpu,
      ...memory,
      memoryLimit: lowest(memory.memoryLimit, above?.memoryLimit ?? null),
      memoryHigh: lowest(memory.memoryHigh, above?.memoryHigh ?? null),
      ...io,
      pressure: readPressures(reader, v2),
    };
  };

  const placesOf = (path: string): Places => {
    const places: Places = new Map();
    for (const [controller, mount] of hierarchies) {
      const dir = path === "/" ? mount.mountPoint : mount.mountPoint + path;
      if (reader.exists(dir)) places.set(controller, dir);
    }
    return places;
  };

  const ownProcesses = (places: Places): number =>
    Math.max(0, ...[...new Set(places.values())].map((dir) => countProcesses(reader, dir)));

  /** Adds the cgroup and all below it to `into`, parents first; answers the processes in all of them. */
  const walk = (path: string, places: Places, above: CgroupStat | null, into: CgroupStat[]): number => {
    const index = into.length;
    const own = read(path, places, above, 0);
    into.push(own);
    let processes = ownProcesses(places);
    for (const [name, below] of childrenOf(reader, places)) {
      processes += walk(path === "/" ? `/${name}` : `${path}/${name}`, below, own, into);
    }
    into[index] = { ...own, processes };
    return processes;
  };

  return {
    all: () => {
      const into: CgroupStat[] = [];
      const places = placesOf("/");
      if (places.size > 0) walk("/", places, null, into);
      return into;
    },
    one: (path) => {
      if (path !== "/" && !/^(\/(?!\.{1,2}(\/|$))[^/\0]+)+$/.test(path)) return null;
      let above: CgroupStat | null = null;
      for (let end = 0; end >= 0 && path !== "/"; end = path.indexOf("/", end + 1)) {
        const ancestor = path.slice(0, end) || "/";
        above = read(ancestor, placesOf(ancestor), above, 0);
      }
      const places = placesOf(path);
      if (places.size === 0) return null;
      const into: CgroupStat[] = [];
      walk(path, places, above, into);
      return into[0];
    },
    ofProcess: (pid) => {
      const paths: string[] = [];
      const memberships = parsePidCgroup(reader.text(`/proc/${pid}/cgroup`) ?? "");
      const order = version === 2 ? ["v2"] : ["memory", "cpu", "cpuacct", "blkio", "v2"];
      for (const controller of order) {
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

function lowest(a: number | null, b: number | null): number | null {
  return a === null ? b : b === null ? a : Math.min(a, b);
}

/** Cgroups directly below, with the hierarchies in which each is. */
function childrenOf(reader: Reader, places: Places): Map<string, Places> {
  const children = new Map<string, Places>();
  const seen = new Map<string, string[]>();
  for (const [controller, dir] of places) {
    let names = seen.get(dir);
    if (names === undefined) {
      names = reader.directories(dir);
      seen.set(dir, names);
    }
    for (const name of names) {
      let below = children.get(name);
      if (below === undefined) children.set(name, below = new Map());
      below.set(controller, `${dir}/${name}`);
    }
  }
  return children;
}
