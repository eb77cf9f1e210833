import type { Leaf } from "../btf/mod.ts";

/** Values that a program asks the kernel for, whatever it is attached to. */
export type Builtin = "pid" | "tid" | "uid" | "cpu" | "time" | "ktime" | "comm" | "cgroup_id" | "cookie";

/**
 * Where a walk through the kernel's structs starts: the current task, the object that an iterator stands at, or a
 * pointer in the context (its offset).
 */
export type MemberBase = "task" | "item" | number;

/** Texts that the kernel knows by number: programs compare and keep the number, the text is found afterwards. */
export type NameTable =
  | { readonly kind: "listed"; readonly names: ReadonlyMap<bigint, string> }
  /** Paths of control groups (v2) by their id. */
  | { readonly kind: "cgroup" }
  /** Containers by the id of their control group; null outside of any. */
  | { readonly kind: "container" };

/** Which frames a stack holds. */
export type StackPart = "kernel" | "user" | "both";

/** A value reached by following pointers, as `MemberPath` describes it. */
export interface MemberAccess {
  readonly kind: "member";
  readonly base: MemberBase;
  readonly offsets: readonly number[];
  readonly leaf: Leaf;
  /** The base is known to be there: reading cannot fail. */
  readonly certain?: boolean;
}

/** How a program gets at a field. Offsets are bytes. */
export type Access =
  | { readonly kind: "builtin"; readonly name: Builtin }
  /** A number in the context: a raw tracepoint's argument, a field of a tracepoint's record. */
  | { readonly kind: "context"; readonly offset: number; readonly width: 1 | 2 | 4 | 8; readonly signed: boolean }
  /** `char name[size]` in a tracepoint's record. */
  | { readonly kind: "context_text"; readonly offset: number; readonly size: number }
  /** An address of the network in a tracepoint's record. */
  | { readonly kind: "context_ip"; readonly offset: number; readonly form: "ip4" | "ip6" | "sockaddr" }
  /** `__data_loc char[]` in a tracepoint's record: 16 bits of length, 16 bits of offset. */
  | { readonly kind: "data_loc"; readonly offset: number }
  | MemberAccess
  /** A task's number in our pid namespace: null when the task is in none that we see. */
  | { readonly kind: "namespaced"; readonly number: MemberAccess; readonly inode: MemberAccess; readonly ours: number }
  /** Text behind a pointer, which may lead into the kernel or the process. */
  | { readonly kind: "pointed_text"; readonly pointer: Access }
  /** The same for every event of a program. */
  | { readonly kind: "constant"; readonly value: bigint }
  | { readonly kind: "sum"; readonly of: Access; readonly add: bigint }
  | { readonly kind: "name"; readonly number: Access; readonly table: NameTable }
  | StackAccess
  /** Where the context lies: the same for the two sides of one call that a trampoline shows. */
  | { readonly kind: "context_address" }
  /** A number in the process's memory, at registers (offsets in the context) and a distance. */
  | {
    readonly kind: "user_memory";
    readonly base: number | null;
    readonly index: { readonly offset: number; readonly scale: number } | null;
    readonly distance: bigint;
    readonly width: 1 | 2 | 4 | 8;
    readonly signed: boolean;
  }
  /** The error number in what a function returned; 0 for none. */
  | { readonly kind: "errno"; readonly of: Access }
  /** Bytes of a packet. */
  | { readonly kind: "packet_length" }
  /** A value kept from the start of a pair, in the stack slot or scratch place where the program copied it. */
  | { readonly kind: "carried"; readonly index: number; readonly textBytes: number | null; readonly nullable: boolean }
  /** Nanoseconds from the start of a pair to its end. */
  | { readonly kind: "duration" };

/** A stack of the current task, or one that was kept from the start of a pair. */
export interface StackAccess {
  readonly kind: "stack";
  readonly part: StackPart;
  /** Whose code the user frames are. */
  readonly pid: Access;
  /** Index of the carried value. */
  readonly carried?: number;
}

/** Bytes of a `comm`, NUL included (include/linux/sched.h, TASK_COMM_LEN). */
export const COMM_BYTES = 16;
/** Bytes kept of any other text, NUL included: longer ones are cut and counted as truncated. */
export const TEXT_BYTES = 256;
/** Bytes kept of a process's arguments. */
export const ARGV_BYTES = 4096;

/** Whether reading it can give nothing: a pointer on the way may lead nowhere. */
export function accessNullable(access: Access): boolean {
  switch (access.kind) {
    case "member":
      return !access.certain && (access.base !== "task" || access.offsets.length > 1);
    case "namespaced":
    case "pointed_text":
    case "user_memory":
      return true;
    case "context_ip":
      return access.form === "sockaddr";
    case "sum":
    case "errno":
      return accessNullable(access.of);
    case "name":
      return access.table.kind === "container" || accessNullable(access.number);
    case "carried":
      return access.nullable;
    default:
      return false;
  }
}

/** Bytes of a text's buffer, a multiple of 8, NUL included; null when it is a number. */
export function accessTextBytes(access: Access): number | null {
  switch (access.kind) {
    case "builtin":
      return access.name === "comm" ? COMM_BYTES : null;
    case "context_text":
      return Math.min(TEXT_BYTES, roundUp8(access.size));
    case "data_loc":
    case "pointed_text":
      return TEXT_BYTES;
    case "member":
      return access.leaf.kind === "chars" ? Math.min(TEXT_BYTES, roundUp8(access.leaf.size)) : null;
    case "carried":
      return access.textBytes;
    default:
      return null;
  }
}

export function roundUp8(n: number): number {
  return (n + 7) & ~7;
}
