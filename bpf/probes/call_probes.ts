import { didYouMean } from "../../core/data/mod.ts";
import { syscallNames } from "../../core/host/mod.ts";
import { type CallTarget, callTargetText, type ProbePoint } from "../../core/query/mod.ts";
import { PT_REGS } from "../../core/sys/arch/pt_regs.ts";
import type { Access } from "../codegen/access.ts";
import { CannotGenerate } from "../codegen/cannot_generate.ts";
import type { Mechanism } from "../mechanisms.ts";
import { tracepointOfSyscall } from "./syscall_probe.ts";

/** Both sides of a call, as probe points. */
export interface CallPoints {
  readonly start: ProbePoint;
  readonly end: ProbePoint;
  /** What the call is named in results. */
  readonly text: string;
}

/** Functions up to this many get trampolines, which the kernel makes one by one (some milliseconds each). */
const MAX_TRAMPOLINES = 32;

/**
 * The best pair of probes that the kernel allows for the entry and return of functions: trampolines, else breakpoints;
 * of system calls the tracepoints.
 *
 * @param attachBy the way that is wanted
 * @param readable whether a trampoline's program may read the arguments of a function
 * @throws {CannotGenerate} when there is no way
 */
export function callPoints(
  targets: readonly CallTarget[],
  works: (which: Mechanism) => boolean,
  readable: (symbol: string) => boolean,
  attachBy?: "fentry" | "kprobe",
): CallPoints[] {
  const kernel = targets.filter((t) => t.kind === "kernel");
  const byTrampoline = attachBy !== undefined
    ? attachBy === "fentry"
    : kernel.length > 0 && works("fentry") && works("fexit") && kernel.every((t) => readable(t.symbol)) &&
      (kernel.length <= MAX_TRAMPOLINES || !works("kprobe_multi"));
  return targets.map((target): CallPoints => {
    const text = callTargetText(target);
    switch (target.kind) {
      case "kernel": {
        const { symbol } = target;
        return byTrampoline
          ? { start: { kind: "fentry", symbol }, end: { kind: "fexit", symbol }, text }
          : { start: { kind: "kprobe", symbol }, end: { kind: "kretprobe", symbol }, text };
      }
      case "user": {
        const { path, symbol } = target;
        return { start: { kind: "uprobe", path, symbol }, end: { kind: "uretprobe", path, symbol }, text };
      }
      case "syscall": {
        const name = tracepointOfSyscall(target.name);
        if (name === null) {
          throw new CannotGenerate(
            `there is no system call "${target.name}"`,
            didYouMean(target.name, syscallNames()) || "`sonde list probes 'tracepoint:syscalls:*'` lists them.",
          );
        }
        const category = "syscalls";
        return {
          start: { kind: "tracepoint", category, name: `sys_enter_${name}` },
          end: { kind: "tracepoint", category, name: `sys_exit_${name}` },
          text,
        };
      }
    }
  });
}

/**
 * What tells a call from the calls of the same function inside it: the place of its frame on the thread's stack, which
 * is exact also where a longjmp or an exception skips returns; of trampolines the context, which entry and return
 * share. Where many kernel functions are attached to at once, their number: the registers at the return are no help
 * there (Linux 6.14 and newer), so a function that calls itself is measured for its innermost call only, and the others
 * count as replaced. A thread has one system call at a time.
 */
export function frameAccess(point: ProbePoint, function_: Access | null): Access {
  switch (point.kind) {
    case "fentry":
    case "fexit":
      return { kind: "context_address" };
    case "tracepoint":
      return { kind: "constant", value: 0n };
    case "kprobe":
    case "kretprobe":
      return function_ ?? stackPointer(point.kind === "kretprobe");
    default:
      return stackPointer(point.kind === "uretprobe");
  }
}

/** The stack pointer as it was at the function's first instruction. */
function stackPointer(returned: boolean): Access {
  const pointer: Access = { kind: "context", offset: PT_REGS.stackPointer, width: 8, signed: false };
  return returned ? { kind: "sum", of: pointer, add: BigInt(-PT_REGS.popped) } : pointer;
}
