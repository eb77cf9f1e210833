/** One line of `/proc/PID/cgroup` (cgroups(7)). */
export interface CgroupMembership {
  /** 0 for version 2. */
  readonly hierarchy: number;
  /** Controllers of a version 1 hierarchy (`cpu`, `memory`, `name=systemd`); empty for version 2. */
  readonly controllers: readonly string[];
  /** Relative to the reader's cgroup namespace; starts with `/..` when outside of it. */
  readonly path: string;
}

/** Parses `/proc/PID/cgroup`. A path may hold colons. */
export function parsePidCgroup(text: string): CgroupMembership[] {
  const memberships: CgroupMembership[] = [];
  for (const line of text.split("\n")) {
    const m = /^(\d+):([^:]*):(\/.*)$/.exec(line);
    if (m === null) continue;
    memberships.push({
      hierarchy: Number(m[1]),
      controllers: m[2] === "" ? [] : m[2].split(","),
      // The kernel marks the cgroup of a process whose directory was removed.
      path: m[3].replace(/ \(deleted\)$/, ""),
    });
  }
  return memberships;
}
