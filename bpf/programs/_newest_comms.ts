/** Names of processes as they were last: a process takes another by exec, and a number may pass on to a stranger. */
export interface NewestComms {
  /** @param last when the process had this name, by the kernel's clock, ns */
  seen(pid: number, last: number, comm: string): void;
  /** Empty of a process that was not seen. */
  of(pid: number): string;
}

/** No names yet. */
export function newestComms(): NewestComms {
  const comms = new Map<number, { readonly last: number; readonly comm: string }>();
  return {
    seen(pid, last, comm): void {
      if (last >= (comms.get(pid)?.last ?? 0)) comms.set(pid, { last, comm });
    },
    of: (pid) => comms.get(pid)?.comm ?? "",
  };
}
