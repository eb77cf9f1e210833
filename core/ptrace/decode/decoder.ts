import { type Decoding } from "./_decoding.ts";
import { specsOf } from "./_specs.ts";
import { resultText } from "./_result.ts";
import type { TracedCall, TracedMemory } from "./traced_call.ts";

/** What a decoder needs to know besides the calls. */
export interface DecoderOptions {
  /** `x86_64` or `aarch64`: numbers and, for `clone`, the order of arguments; that of this machine without. */
  readonly arch?: string;
  /** Longest string or buffer shown, in bytes, 0 to 65535 (strace's `-s`); paths are shown whole. 32 without. */
  readonly stringLimit?: number;
  /** What a descriptor of a process refers to, unescaped, or null; shown as `3</etc/passwd>` (strace's `-y`). */
  readonly fdPath?: (pid: number, fd: number) => string | null;
}

/** Makes text of system calls, as strace writes it. */
export interface Decoder {
  /**
   * The call up to the first argument that is only known at exit: `openat(AT_FDCWD, "x", O_RDONLY` or `read(3, `.
   * The rest is always {@linkcode Decoder.exit}'s, the closing parenthesis included.
   */
  entry(call: TracedCall): string;
  /**
   * The rest of the call, with its result: `"abc", 4096) = 3`.
   *
   * @param call as at entry, its arguments included, with what it returned
   * @param column characters that the line has already: the result is moved to column 40, as strace does. Without,
   *   one space
   */
  exit(call: TracedCall, column?: number): string;
  /** The end of a call that does not return (exit, a killed thread): `) = ?`. @param column as for `exit` */
  unfinished(column?: number): string;
  /** A thread has ended: what was kept of its call is dropped. */
  forget(tid: number): void;
}

/**
 * Makes a decoder. It never throws: what cannot be read is shown as an address, and whatever the traced process
 * wrote is escaped.
 *
 * @param memory how memory of traced processes is read
 * @example
 * ```ts
 * import assert from "node:assert/strict";
 * import { createDecoder } from "./mod.ts";
 *
 * const path = new TextEncoder().encode("/etc/passwd\0");
 * const decoder = createDecoder({ read: () => path }, { arch: "x86_64" });
 * // openat(AT_FDCWD, address, O_RDONLY)
 * const args = Uint32Array.of(0xffff_ff9c, 0xffff_ffff, 0x1000, 0, 0, 0, 0, 0, 0, 0, 0, 0);
 * const call = { pid: 1, tid: 1, nr: 257, args, ret: Uint32Array.of(3, 0), error: 0 };
 * assert.equal(decoder.entry(call) + decoder.exit(call), 'openat(AT_FDCWD, "/etc/passwd", O_RDONLY) = 3');
 * ```
 */
export function createDecoder(memory: TracedMemory, options: DecoderOptions = {}): Decoder {
  const arch = options.arch ?? Deno.build.arch;
  const specs = specsOf(arch);
  const saved = new Map<number, number>();
  const d: Decoding = {
    call: NO_CALL,
    memory,
    arch,
    stringLimit: Math.min(Math.max(options.stringLimit ?? 32, 0), 65535),
    fdPath: options.fdPath,
    saved: 0,
  };
  return {
    entry: (call) => {
      d.call = call;
      const spec = specs.get(call.nr);
      let text = spec.open;
      let first = true;
      for (let i = 0; i < spec.kinds.length; i++) {
        const kind = spec.kinds[i];
        const ref = spec.refs[i];
        if (kind.late !== undefined && kind.late(d, i, ref)) {
          for (; spec.remembers && i < spec.kinds.length; i++) {
            const remember = spec.kinds[i].remember;
            if (remember !== undefined) saved.set(call.tid, remember(d, i, spec.refs[i]));
          }
          return first ? text : `${text}, `;
        }
        const shown = kind.print(d, i, ref);
        if (shown === "") continue;
        text += first ? shown : `, ${shown}`;
        first = false;
      }
      return text;
    },
    exit: (call, column) => {
      d.call = call;
      const spec = specs.get(call.nr);
      if (spec.remembers) {
        d.saved = saved.get(call.tid) ?? 0;
        saved.delete(call.tid);
      }
      let text = "";
      let first = true;
      let late = false;
      for (let i = 0; i < spec.kinds.length; i++) {
        const kind = spec.kinds[i];
        const ref = spec.refs[i];
        late ||= kind.late !== undefined && kind.late(d, i, ref);
        if (!late) continue;
        const shown = kind.print(d, i, ref);
        if (shown === "") continue;
        text += first ? shown : `, ${shown}`;
        first = false;
      }
      return ending(text, column) + resultText(d, spec.result);
    },
    unfinished: (column) => `${ending("", column)}?`,
    forget: (tid) => void saved.delete(tid),
  };
}

/** Closes the arguments and moves on to where strace writes results. */
function ending(text: string, column: number | undefined): string {
  if (column === undefined) return `${text}) = `;
  const spaces = RESULT_COLUMN - column - text.length - 1;
  return `${text})${spaces > 1 ? PADDING.slice(0, spaces) : " "}= `;
}

const RESULT_COLUMN = 40;
const PADDING = " ".repeat(RESULT_COLUMN);
const NO_CALL: TracedCall = { pid: 0, tid: 0, nr: -1, args: new Uint32Array(12), ret: new Uint32Array(2), error: 0 };
