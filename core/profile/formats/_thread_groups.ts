import type { Profile } from "../../data/mod.ts";

/** Stacks of one thread, or of one process where threads are too many. */
export interface StackGroup {
  /** `comm pid/tid`, as far as known. */
  readonly name: string;
  /** Empty when not known. */
  readonly pid: string;
  readonly tid: string;
  readonly comm: string;
  /** Indexes into `Profile.stacks`. */
  readonly stacks: readonly number[];
}

/**
 * A profile's stacks by the thread they ran on (labels `pid`, `tid`, `comm`; of the idle task also `cpu`); by process where that gives more than
 * `max` groups; as one where even those are more.
 */
export function threadGroups(profile: Profile, max: number): StackGroup[] {
  for (const parts of [["pid", "tid", "comm"], ["pid", "comm"], ["comm"], []]) {
    const groups = groupBy(profile, parts);
    if (groups.length <= max || parts.length === 0) return groups;
  }
  return [];
}

function groupBy(profile: Profile, parts: readonly string[]): StackGroup[] {
  const groups = new Map<string, { pid: string; tid: string; comm: string; stacks: number[] }>();
  profile.stacks.forEach(({ labels }, i) => {
    const [pid, tid, comm] = ["pid", "tid", "comm"].map((l) => parts.includes(l) ? labels[l] ?? "" : "");
    // The idle task is one for each CPU, all with number 0.
    const cpu = tid === "0" || tid === "" && pid === "0" ? labels.cpu ?? "" : "";
    const key = `${pid}\0${tid}\0${comm}\0${cpu}`;
    let group = groups.get(key);
    if (!group) groups.set(key, group = { pid, tid, comm: cpu === "" ? comm : `${comm}/${cpu}`, stacks: [] });
    group.stacks.push(i);
  });
  return [...groups.values()].map((g) => ({ ...g, name: nameOf(g) }));
}

function nameOf({ pid, tid, comm }: { pid: string; tid: string; comm: string }): string {
  const id = tid !== "" && pid !== "" ? `${pid}/${tid}` : pid || tid;
  return [comm, id].filter((t) => t !== "").join(" ") || "all";
}
