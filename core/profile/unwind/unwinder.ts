import type { CodeMapping } from "../../symbols/mod.ts";

/** How a stack ended: at its root, or why not there. The names are those of `Quality.unwind_failures_by`. */
export type StackEnd =
  /** The thread's first function: the tables say that it has no caller, or the chain of frame pointers ends in 0. */
  | "root"
  /** The copy of the stack ended first. */
  | "copy_too_short"
  /** The next frame lies on a stack that was not copied: below it, or far away. */
  | "other_stack"
  /** The code lies in no file that is mapped, and frame pointers lead nowhere. */
  | "no_mapping"
  /** The file has no unwind table, or none for this address, and frame pointers lead nowhere. */
  | "no_table"
  /** Frame pointers alone were asked for, and lead nowhere. */
  | "frame_pointer"
  /** The table is broken, or uses what we do not know. */
  | "bad_table"
  /** The table asks for a register whose value is not known. */
  | "unknown_register"
  /** A frame would lie below its callee, or be the same again. */
  | "no_progress"
  /** More frames than the limit. */
  | "depth_limit";

/** The state of a thread in user code, as a sample holds it. */
export interface UserState {
  /**
   * Registers by their DWARF numbers (x86-64: 0–15 are rax rdx rcx rbx rsi rdi rbp rsp r8–r15, 16 the return address,
   * here rip; aarch64: 0–30, 31 sp, 32 pc), as the `Address` reading of their 64 bits; NaN when not known. What is no
   * address may lose precision: so the upper 16 bits of aarch64's x30, which may be a signature, must be cleared.
   */
  readonly registers: Float64Array;
  /** The stack from the stack pointer upwards: 32-bit words, low one first. */
  readonly stack: Uint32Array;
  /** First word of the copy in `stack`. */
  readonly at: number;
  /** Length of the copy in bytes. */
  readonly bytes: number;
}

/** A stack, leaf first. The object is used again by the next call. */
export interface UserStack {
  /** The first is where the thread was; the others are return addresses but where `exact` says otherwise. */
  readonly addresses: Float64Array;
  /**
   * 1 where the address is itself the instruction that ran or would run next (the leaf, a frame that a signal
   * interrupted, the trampoline that a signal handler returns to), 0 for a return address, whose call is the
   * instruction before.
   */
  readonly exact: Uint8Array;
  length: number;
  end: StackEnd;
}

/** Finds the callers of the place where a thread of a process was. It keeps what it learns of files and addresses. */
export interface Unwinder {
  /**
   * Unwinds one sample. Anything may be in its registers and its stack: the answer is a stack, however short.
   *
   * @param pid whose files may have to be opened
   * @param mappings of the process at that moment, ascending; the same array as long as nothing has changed
   * @returns an object that the next call uses again
   */
  unwind(pid: number, mappings: readonly CodeMapping[], state: UserState): UserStack;
  /** Reads the tables of a mapped file, for the case that the process has ended when its samples are unwound. */
  prepare(pid: number, mapping: CodeMapping): void;
}
