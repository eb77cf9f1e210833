import type { Host } from "../host/mod.ts";

/**
 * Tells threads of this process from others'. Our runtime starts some as it goes: a thread that was not seen before is
 * looked for once.
 */
export function ownThreads(host: Pick<Host, "threads">): (tid: number) => boolean {
  const own = new Map(host.threads(Deno.pid).map((tid) => [tid, true]));
  return (tid) => {
    let is = own.get(tid);
    if (is === undefined) own.set(tid, is = host.threads(Deno.pid).includes(tid));
    return is;
  };
}
