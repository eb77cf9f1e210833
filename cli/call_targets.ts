import { UsageError } from "../core/data/mod.ts";
import type { CallTarget } from "../core/query/mod.ts";
import { readCall } from "../dsl/call_text.ts";

/** What a user wrote for functions. */
export interface WrittenTarget {
  readonly target: CallTarget;
  /** Its name holds wildcards. */
  readonly pattern: boolean;
  /** How it was understood, where that was a guess. */
  readonly note: string | null;
}

/**
 * Reads `kernel:vfs_*`, `user:PATH:FUNCTION`, `syscall:NAME`, and what people write for short: `PATH:FUNCTION`,
 * `libc:malloc`, `fsync`, `vfs_read`.
 *
 * @param isSyscall whether there is a system call of that name
 * @throws {UsageError} when it is none of these
 */
export function readTarget(text: string, isSyscall: (name: string) => boolean): WrittenTarget {
  const colon = text.indexOf(":");
  const kind = colon < 0 ? "" : text.slice(0, colon);
  const written = colon < 0
    ? `${isSyscall(text) ? "syscall" : "kernel"}:${text}`
    : ["kernel", "user", "syscall"].includes(kind) || /^(k|u|kret|uret)probe$|^tracepoint$|^fentry$|^fexit$/.test(kind)
    ? text
    : `user:${text}`;
  const read = readCall(written);
  if (!read.ok) throw new UsageError(read.message, read.hint);
  return {
    target: read.target,
    pattern: read.pattern,
    note: written === text ? null : `"${text}" was taken for ${written}.`,
  };
}
