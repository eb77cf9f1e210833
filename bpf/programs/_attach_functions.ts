import type { Host } from "../../core/host/mod.ts";
import { attachUprobe } from "../kernel/attach.ts";
import { ATTACH_TYPE } from "../kernel/commands.ts";
import { linkUprobeMulti } from "../kernel/link.ts";
import type { BpfObject, BpfProgram } from "../libbpf.ts";

/** A place in a file of code, by the path that the kernel finds it by. */
export interface FunctionPlace {
  readonly path: string;
  /** Bytes from the start of the file. */
  readonly offset: number;
}

/** Before loading: programs on functions will be attached by one link for all places of a file (since Linux 6.6). */
export function attachAtOnce(object: BpfObject): void {
  for (const program of object.programs) {
    if (/^uret?probe|^uprobe/.test(program.section)) program.setAttachType(ATTACH_TYPE.TRACE_UPROBE_MULTI);
  }
}

/**
 * Attaches a program to functions of one process; no other process gets a breakpoint.
 *
 * @param atOnce whether `attachAtOnce` was called before loading
 * @throws {SysError} what was attached until then is detached again
 */
export function attachFunctions(
  program: BpfProgram,
  places: readonly FunctionPlace[],
  { host, pid, atOnce }: { readonly host: Host; readonly pid: number; readonly atOnce: boolean },
): Disposable[] {
  const returns = program.section.startsWith("uretprobe");
  using undo = new DisposableStack();
  const links: Disposable[] = [];
  for (const [path, all] of Map.groupBy(places, (p) => p.path)) {
    if (atOnce) {
      links.push(undo.use(linkUprobeMulti(program.fd, path, all.map((p) => p.offset), all.map(() => 0), returns, pid)));
      continue;
    }
    for (const { offset } of all) {
      links.push(undo.use(attachUprobe(program.fd, path, { offset, semaphore: 0 }, returns, host, pid)));
    }
  }
  undo.move();
  return links;
}
