import { parseMountInfo } from "./parse_mountinfo.ts";
import type { Reader } from "./_reader.ts";

/** Where one cgroup hierarchy is mounted. */
export interface CgroupMount {
  readonly mountPoint: string;
  /** Cgroup at the mount point, relative to our cgroup namespace: `/` unless a part of the hierarchy is mounted. */
  readonly root: string;
}

/** The hierarchies of a machine, by mountinfo: distributions and containers mount them in different places. */
export interface CgroupLayout {
  readonly kind: "v1" | "v2" | "hybrid" | "none";
  readonly v2: CgroupMount | null;
  /** Of `cpu`, `memory` and `io` those that v2 offers at its mount point; none in the usual hybrid layout. */
  readonly v2Controllers: ReadonlySet<string>;
  /** By controller. */
  readonly v1: ReadonlyMap<string, CgroupMount>;
  /** The hierarchy by which perf events know cgroups: that of `perf_event` in v1 where it is mounted, else v2. */
  readonly perf: CgroupMount | null;
}

/** Controllers of version 1 that we read. Others on a mount's options are flags (`rw`, `xattr`, `clone_children`). */
const V1_CONTROLLERS = ["cpu", "cpuacct", "memory", "blkio"];

/** Controllers of version 2 that we read. A hybrid machine may still offer others there, such as `hugetlb`. */
const V2_CONTROLLERS = ["cpu", "memory", "io"];

/** Reads where the hierarchies are. Of several mounts of one hierarchy, the one that shows most of it wins. */
export function readCgroupLayout(reader: Reader): CgroupLayout {
  let v2: CgroupMount | null = null;
  let perf: CgroupMount | null = null;
  const v1 = new Map<string, CgroupMount>();
  for (const mount of parseMountInfo(reader.text("/proc/self/mountinfo") ?? "")) {
    if (mount.type === "cgroup2") {
      if (v2 === null || mount.root.length < v2.root.length) v2 = mount;
    } else if (mount.type === "cgroup") {
      if (mount.superOptions.includes("perf_event") && !(perf && perf.root.length <= mount.root.length)) perf = mount;
      for (const controller of V1_CONTROLLERS) {
        const known = v1.get(controller);
        if (!mount.superOptions.includes(controller)) continue;
        if (known === undefined || mount.root.length < known.root.length) v1.set(controller, mount);
      }
    }
  }
  const controllers = v2 === null ? "" : reader.word(`${v2.mountPoint}/cgroup.controllers`) ?? "";
  return {
    kind: v2 === null ? (v1.size === 0 ? "none" : "v1") : v1.size === 0 ? "v2" : "hybrid",
    v2,
    v2Controllers: new Set(controllers.split(" ").filter((c) => V2_CONTROLLERS.includes(c))),
    v1,
    perf: perf ?? v2,
  };
}

/**
 * Path relative to the mount of a cgroup as `/proc/PID/cgroup` names it. Inside a container without a cgroup namespace
 * the files name the whole path, while only the container's own part is mounted.
 */
export function pathInMount(path: string, mount: CgroupMount): string {
  if (mount.root === "/" || !path.startsWith(mount.root)) return path;
  const rest = path.slice(mount.root.length);
  return rest === "" ? "/" : rest.startsWith("/") ? rest : path;
}
