import type { Host, MemoryMapping } from "../../core/host/mod.ts";

/** Where a lock lies. */
export interface FutexPlace {
  /** What tells locks apart: two processes that share memory have one lock at two addresses. */
  readonly id: string;
  /** The file and the offset in it, or what the kernel calls the memory; null where nothing is mapped (any more). */
  readonly text: string | null;
}

/** Looks addresses of locks up in the mappings of their processes, which are read once. */
export function futexPlaces(host: Host): (pid: number, address: bigint, shared: boolean) => FutexPlace {
  const mappings = new Map<number, readonly MemoryMapping[]>();
  return (pid, address, shared) => {
    let known = mappings.get(pid);
    if (!known) mappings.set(pid, known = host.maps(pid));
    const mapping = known.find((m) => m.start <= address && address < m.end);
    // As get_futex_key() of kernel/futex/core.c: shared ones are told apart by inode and offset where they lie in a file that
    // is mapped shared, else by process and address.
    const offset = mapping ? address - mapping.start + mapping.offset : 0n;
    const ofFile = shared && mapping !== undefined && mapping.inode !== 0 && mapping.permissions[3] === "s";
    return {
      id: ofFile ? `${mapping.device} ${mapping.inode} ${offset}` : `${pid} ${address}`,
      text: mapping === undefined
        ? null
        : mapping.inode === 0
        ? mapping.path === "" ? "anonymous" : mapping.path
        : `${mapping.path}+0x${offset.toString(16)}`,
    };
  };
}
