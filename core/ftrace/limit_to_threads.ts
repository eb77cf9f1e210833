import { writeControl } from "./control_file.ts";

/** A process that starts threads all the time is not followed for ever; those that are listed list theirs. */
const MAX_LOOKS = 16;

/**
 * Limits a tracer to the threads of a process. A thread that is started before its maker is listed is not: it is looked
 * again until there is none. The option `function-fork` has to be set before.
 *
 * @param file `set_ftrace_pid`
 * @param first its threads as of some time ago; not empty, since an empty list means all threads of all processes
 * @param threads lists them now
 */
export function limitToThreads(file: string, first: readonly string[], threads: () => readonly string[]): void {
  const listed = new Set<string>();
  let fresh = first;
  for (let look = 0; look < MAX_LOOKS && fresh.length > 0; look++) {
    writeControl(file, `${fresh.join("\n")}\n`, look === 0 ? "clear" : "keep");
    for (const tid of fresh) listed.add(tid);
    fresh = threads().filter((tid) => !listed.has(tid));
  }
}
