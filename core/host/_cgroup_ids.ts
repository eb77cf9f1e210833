import type { CgroupMount } from "./_cgroup_layout.ts";
import type { Reader } from "./_reader.ts";

/** Control groups of version 2 by the number that the kernel has for each. */
export interface CgroupIds {
  pathOf(id: number): string | null;
  idOf(path: string): number | null;
}

/** More than this many control groups are not looked through for one number. */
const MAX_GROUPS = 100_000;

/**
 * Ids are the inode numbers of the folders (kernel/cgroup/cgroup.c, cgroup_id; fs/kernfs). The tree is walked when a
 * number is not known yet, at most once for each: groups come and go.
 */
export function openCgroupIds(reader: Reader, mount: CgroupMount | null): CgroupIds {
  const paths = new Map<number, string>();
  const unknown = new Set<number>();
  const fileOf = (path: string): string => reader.at(`${mount!.mountPoint}${path === "/" ? "" : path}`);
  const inodeOf = (path: string): number | null => {
    try {
      return Deno.statSync(fileOf(path)).ino;
    } catch (error) {
      if (error instanceof Deno.errors.NotFound || error instanceof Deno.errors.NotADirectory) return null;
      throw error;
    }
  };
  const walk = (): void => {
    const open = ["/"];
    for (let n = 0; open.length > 0 && n < MAX_GROUPS; n++) {
      const path = open.pop()!;
      const inode = inodeOf(path);
      if (inode === null) continue;
      paths.set(inode, path);
      try {
        for (const entry of Deno.readDirSync(fileOf(path))) {
          if (entry.isDirectory) open.push(path === "/" ? `/${entry.name}` : `${path}/${entry.name}`);
        }
      } catch (error) {
        if (!(error instanceof Deno.errors.NotFound)) throw error;
      }
    }
  };
  return {
    pathOf(id): string | null {
      if (mount === null) return null;
      if (!paths.has(id) && !unknown.has(id)) {
        walk();
        if (!paths.has(id)) unknown.add(id);
      }
      return paths.get(id) ?? null;
    },
    idOf(path): number | null {
      if (mount === null || !path.startsWith("/") || path.split("/").includes("..")) return null;
      const id = inodeOf(path.length > 1 ? path.replace(/\/+$/, "") : path);
      if (id !== null) paths.set(id, path);
      return id;
    },
  };
}
