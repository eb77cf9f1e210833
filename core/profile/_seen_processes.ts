import { parseMaps } from "../host/parse_maps.ts";
import type { Host } from "../host/mod.ts";
import { type CodeMapping, codeMappings, findMapping } from "../symbols/mod.ts";
import type { AddressSpace, TaskLabel } from "./process_table.ts";

/**
 * Processes as somebody sees them who is told of their mappings and names from time to time, and not of each change.
 */
export interface SeenProcesses {
  readonly spaces: readonly AddressSpace[];
  readonly labels: readonly TaskLabel[];
  /** What `/proc/PID/maps` said. */
  maps(pid: number, text: string): void;
  comm(pid: number, tid: number, name: string): void;
  /** The memory of a process when code at `pc` ran in it: looked at again when that lies in no mapping. */
  space(pid: number, pc: number): AddressSpace;
  /** Index into `labels`. @param state what the thread was doing; empty when that is not told */
  label(pid: number, tid: number, state: string): number;
}

/** What nobody told of is read from the machine when it is needed. */
export function createSeenProcesses(host: Host): SeenProcesses {
  const spaces: AddressSpace[] = [];
  const labels: TaskLabel[] = [];
  const labelIndex = new Map<string, number>();
  const current = new Map<number, AddressSpace>();
  const looked = new Map<number, number>();
  const comms = new Map<number, string>();

  const take = (pid: number, mappings: readonly CodeMapping[]): AddressSpace => {
    const space = current.get(pid);
    if (space && space.mappings.every((m) => mappings.some((n) => isSame(m, n)))) {
      if (space.mappings.length !== mappings.length) space.mappings = mappings;
      return space;
    }
    // Addresses mean something else by now: samples that were taken before keep what they meant.
    const made: AddressSpace = { id: spaces.length, pid, mappings };
    spaces.push(made);
    current.set(pid, made);
    return made;
  };
  const look = (pid: number): AddressSpace | null => {
    const now = performance.now();
    if (now - (looked.get(pid) ?? -Infinity) < LOOK_AGAIN_MS) return null;
    looked.set(pid, now);
    const mappings = codeMappings(host.maps(pid));
    return mappings.length > 0 ? take(pid, mappings) : null;
  };
  const commOf = (pid: number, tid: number): string => {
    let comm = comms.get(tid);
    if (comm === undefined) comms.set(tid, comm = host.processStat(pid, tid)?.comm ?? comms.get(pid) ?? "");
    return comm;
  };
  return {
    spaces,
    labels,
    maps: (pid, text) => void take(pid, codeMappings(parseMaps(text))),
    comm: (_pid, tid, name) => void comms.set(tid, name),
    space: (pid, pc) => {
      const known = current.get(pid);
      if (known && findMapping(known.mappings, pc)) return known;
      return look(pid) ?? known ?? take(pid, []);
    },
    label: (pid, tid, state) => {
      const comm = commOf(pid, pid);
      const own = tid === pid ? comm : commOf(pid, tid);
      const thread = own === comm ? "" : own;
      const key = `${pid}\0${comm}\0${thread}\0${state}`;
      let label = labelIndex.get(key);
      if (label === undefined) {
        labelIndex.set(key, label = labels.length);
        labels.push({ pid, comm, thread, ...(state !== "" && { state }) });
      }
      return label;
    },
  };
}

function isSame(a: CodeMapping, b: CodeMapping): boolean {
  return a.start === b.start && a.end === b.end && a.offset === b.offset && a.inode === b.inode && a.path === b.path;
}

/** Code without a file, as just-in-time compilers make it, lies in no mapping of a file, however often one looks. */
const LOOK_AGAIN_MS = 1000;
