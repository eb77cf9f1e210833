import {
  addressArgument,
  addressAt,
  argument,
  decAt,
  type Decoding,
  hex64,
  hexAt,
  i32,
  type Kind,
  number64,
  readAt,
  refNumber,
  u32,
} from "./_decoding.ts";
import { idText, signalText } from "./_kinds_scalar.ts";
import { MAX_ELEMENTS, stringText } from "./_kinds_string.ts";
import { timespecText, timevalText } from "./_kinds_time.ts";
import { struct, structAt } from "./_struct.ts";
import { flagNamer, valueNamer } from "./_xlat.ts";

const CLONE = { VM: 0x100, PARENT_SETTID: 0x10_0000, SETTLS: 0x8_0000, CHILD_TIDS: 0x120_0000, PIDFD: 0x1000 };

function cloneFlags(value: number): string {
  const signal = value & 0xff, flags = value & ~0xff;
  if (flags === 0) return signal === 0 ? "0" : signalText(signal);
  return flagNamer("clone_flags")(flags) + (signal === 0 ? "" : `|${signalText(signal)}`);
}

/** All of clone's arguments by name. The last two stand the other way round on aarch64 (CONFIG_CLONE_BACKWARDS). */
function cloneArguments(d: Decoding): string {
  const flags = d.call.args[0];
  const tls = d.arch === "aarch64" ? 3 : 4, childTid = d.arch === "aarch64" ? 4 : 3;
  let text = `child_stack=${addressArgument(d, 1)}, flags=${cloneFlags(flags)}`;
  if (flags & (CLONE.PARENT_SETTID | CLONE.PIDFD)) text += `, parent_tid=${parentTid(d)}`;
  if (flags & CLONE.SETTLS) text += `, tls=${addressArgument(d, tls)}`;
  if (flags & CLONE.CHILD_TIDS) text += `, child_tidptr=${addressArgument(d, childTid)}`;
  return text;
}

function hexArgument(d: Decoding, i: number): string {
  return hex64(d.call.args[2 * i], d.call.args[2 * i + 1]);
}

function parentTid(d: Decoding): string {
  const shown = addressArgument(d, 2);
  return d.call.error !== 0 ? shown : structAt(d, argument(d, 2), 4, shown, (b) => `[${i32(b, 0)}]`);
}

/**
 * `struct clone_args`: flags 0, pidfd 8, child_tid 16, parent_tid 24, exit_signal 32, stack 40, stack_size 48, tls 56,
 * set_tid 64, set_tid_size 72, cgroup 80.
 */
function clone3Arguments(d: Decoding, i: number): string {
  const size = argument(d, i + 1);
  if (size < 64) return addressArgument(d, i);
  const found = readAt(d, argument(d, i), Math.min(size, 88));
  if (found.length < 64) return addressArgument(d, i);
  const b = found.slice();
  const flags = u32(b, 0);
  const parts = [`flags=${flags === 0 && u32(b, 4) === 0 ? "0" : cloneWide(flags, u32(b, 4))}`];
  if (flags & CLONE.PIDFD) parts.push(`pidfd=${addressAt(b, 8)}`);
  if (flags & CLONE.CHILD_TIDS) parts.push(`child_tid=${addressAt(b, 16)}`);
  if (flags & CLONE.PARENT_SETTID) parts.push(`parent_tid=${addressAt(b, 24)}`);
  const signal = number64(b, 32);
  parts.push(`exit_signal=${signal === 0 ? "0" : signalText(signal)}`, `stack=${addressAt(b, 40)}`);
  parts.push(`stack_size=${hexAt(b, 48)}`);
  if (flags & CLONE.SETTLS) parts.push(`tls=${addressAt(b, 56)}`);
  if (b.length >= 80 && number64(b, 72) !== 0) {
    parts.push(`set_tid=${addressAt(b, 64)}`, `set_tid_size=${decAt(b, 72)}`);
  }
  if (b.length >= 88 && u32(b, 4) & CLONE_INTO_CGROUP) parts.push(`cgroup=${decAt(b, 80)}`);
  const text = `{${parts.join(", ")}}`;
  if (d.call.error !== 0) return text;
  const written: string[] = [];
  const pidfd = number64(b, 8), tid = number64(b, 24);
  if (flags & CLONE.PIDFD) written.push(structAt(d, pidfd, 4, "", (w) => `pidfd=[${i32(w, 0)}]`));
  if (flags & CLONE.PARENT_SETTID) written.push(structAt(d, tid, 4, "", (w) => `parent_tid=[${i32(w, 0)}]`));
  const out = written.filter((w) => w !== "");
  return out.length === 0 ? text : `${text} => {${out.join(", ")}}`;
}

/** Bits 32 and up of clone3's flags: CLONE_CLEAR_SIGHAND, CLONE_INTO_CGROUP. */
const CLONE_CLEAR_SIGHAND = 1, CLONE_INTO_CGROUP = 2;

function cloneWide(lo: number, hi: number): string {
  const CLONE_DETACHED = 0x40_0000;
  const known = (lo & ~CLONE_DETACHED & ~0x7f) >>> 0;
  const parts = known === 0 ? [] : [flagNamer("clone_flags")(known)];
  if (hi & CLONE_CLEAR_SIGHAND) parts.push("CLONE_CLEAR_SIGHAND");
  if (hi & CLONE_INTO_CGROUP) parts.push("CLONE_INTO_CGROUP");
  const restHi = (hi & ~3) >>> 0, restLo = (lo & (CLONE_DETACHED | 0x7f)) >>> 0;
  if (restHi !== 0 || restLo !== 0) parts.push(hex64(restLo, restHi));
  return parts.join("|");
}

/** What wait4 tells of a child: `[{WIFEXITED(s) && WEXITSTATUS(s) == 0}]`; nothing was written when it found none. */
function waitStatus(d: Decoding, i: number): string {
  if (d.call.ret[0] === 0) return addressArgument(d, i);
  return structAt(d, argument(d, i), 4, addressArgument(d, i), (b) => `[${statusText(i32(b, 0))}]`);
}

function statusText(status: number): string {
  const low = status & 0x7f, high = status >> 8 & 0xff;
  if ((status & 0xff) === 0x7f) {
    const event = status >> 16;
    const rest = event === 0 ? "" : ` | ${event}<<16`;
    const stop = high & 0x80 ? `${signalText(high & 0x7f)} | 0x80` : signalText(high);
    return status === 0xffff ? "{WIFCONTINUED(s)}" : `{WIFSTOPPED(s) && WSTOPSIG(s) == ${stop}}${rest}`;
  }
  if (low === 0) return `{WIFEXITED(s) && WEXITSTATUS(s) == ${high}}`;
  return `{WIFSIGNALED(s) && WTERMSIG(s) == ${signalText(low)}${status & 0x80 ? " && WCOREDUMP(s)" : ""}}`;
}

function rusage(b: Uint8Array): string {
  return `{ru_utime=${timevalText(b, 0)}, ru_stime=${timevalText(b, 16)}, ...}`;
}

/** A limit: whole kibibytes as `8192*1024`. */
function limit(b: Uint8Array, at: number): string {
  const lo = u32(b, at), hi = u32(b, at + 4);
  if (lo === 0xffff_ffff && hi === 0xffff_ffff) return "RLIM64_INFINITY";
  const value = number64(b, at);
  return value > 1024 && value % 1024 === 0 && value < 2 ** 53 ? `${value / 1024}*1024` : decAt(b, at);
}

function rlimit(b: Uint8Array): string {
  return `{rlim_cur=${limit(b, 0)}, rlim_max=${limit(b, 8)}}`;
}

const MAX_CPUS = 1024;

/** Processors of a mask: `[0 1]`; ref is the argument with its size, or the result. */
function cpuSet(d: Decoding, i: number, ref: number): string {
  const size = Math.min(refNumber(d, ref), 8192);
  const b = readAt(d, argument(d, i), size);
  if (b.length < size || size === 0) return addressArgument(d, i);
  const cpus: number[] = [];
  for (let cpu = 0; cpu < size * 8 && cpus.length < MAX_CPUS; cpu++) {
    if (b[cpu >> 3] >> (cpu & 7) & 1) cpus.push(cpu);
  }
  return `[${cpus.join(" ")}${cpus.length === MAX_CPUS ? " ..." : ""}]`;
}

function ids(d: Decoding, i: number, count: number): string {
  if (count === 0) return argument(d, i) === 0 ? "NULL" : "[]";
  const n = Math.min(count, MAX_ELEMENTS);
  const b = readAt(d, argument(d, i), 4 * n);
  if (b.length < 4 * n) return addressArgument(d, i);
  const parts: string[] = [];
  for (let k = 0; k < n; k++) parts.push(idText(u32(b, 4 * k)));
  return `[${parts.join(", ")}${count > n ? ", ..." : ""}]`;
}

const FUTEX_PRIVATE = 128, FUTEX_CLOCK_REALTIME = 256;
const FUTEX_OPS = ["FUTEX_OP_SET", "FUTEX_OP_ADD", "FUTEX_OP_OR", "FUTEX_OP_ANDN", "FUTEX_OP_XOR"];
const FUTEX_CMPS = ["EQ", "NE", "LT", "LE", "GT", "GE"].map((w) => `FUTEX_OP_CMP_${w}`);

function futexOp(value: number): string {
  const known = valueNamer("futex_op");
  const base = value & ~(FUTEX_PRIVATE | FUTEX_CLOCK_REALTIME);
  const name = known(base);
  if (name.startsWith("0")) return known(value >>> 0);
  return name + (value & FUTEX_PRIVATE ? "_PRIVATE" : "") +
    (value & FUTEX_CLOCK_REALTIME ? "|FUTEX_CLOCK_REALTIME" : "");
}

/** FUTEX_WAKE_OP's last argument: operation, comparison and their operands, four bits, four, and twelve each. */
function wakeOp(value: number): string {
  const op = value >>> 28, cmp = value >>> 24 & 15;
  const shift = op & 8 ? "FUTEX_OP_OPARG_SHIFT<<28|" : "";
  const operation = FUTEX_OPS[op & 7] ?? `${op & 7}`;
  const comparison = FUTEX_CMPS[cmp] ?? `${cmp}`;
  return `${shift}${operation}<<28|0x${(value >>> 12 & 0xfff).toString(16)}<<12|${comparison}<<24|0x${
    (value & 0xfff).toString(16)
  }`.replaceAll(/0x0(?=<<|$)/g, "0");
}

/** What follows futex's operation, which decides it. */
function futexArguments(d: Decoding): string {
  const op = d.call.args[2] & ~(FUTEX_PRIVATE | FUTEX_CLOCK_REALTIME);
  const value = String(d.call.args[4]);
  const bits = (): string => maskText(d.call.args[10]);
  switch (op) {
    case 0:
      return `${value}, ${timeout(d)}`;
    case 9:
      return `${value}, ${timeout(d)}, ${bits()}`;
    case 10:
      return `${value}, ${bits()}`;
    case 1:
      return value;
    case 3:
      return `${value}, ${d.call.args[6]}, ${addressArgument(d, 4)}`;
    case 4:
    case 12:
      return `${value}, ${d.call.args[6]}, ${addressArgument(d, 4)}, ${d.call.args[10]}`;
    case 5:
      return `${value}, ${d.call.args[6]}, ${addressArgument(d, 4)}, ${wakeOp(d.call.args[10])}`;
    case 6:
    case 13:
      return timeout(d);
    case 7:
    case 8:
      return "";
    case 11:
      return `${value}, ${timeout(d)}, ${addressArgument(d, 4)}`;
    default:
      return `${value}, ${hexArgument(d, 3)}, ${addressArgument(d, 4)}, ${hexOf(d.call.args[10])}`;
  }
}

function hexOf(value: number): string {
  return value === 0 ? "0" : `0x${value.toString(16)}`;
}

function maskText(value: number): string {
  return value === 0xffff_ffff ? "FUTEX_BITSET_MATCH_ANY" : hexOf(value);
}

function timeout(d: Decoding): string {
  return structAt(d, argument(d, 3), 16, addressArgument(d, 3), (b) => timespecText(b, 0));
}

/** How the other arguments of prctl's options are shown: a kind for each, in the order of the arguments. */
const PRCTL: Readonly<Record<number, string>> = {
  1: "signal",
  4: "dumpable",
  8: "ulong",
  15: "string",
  23: "capability",
  24: "capability",
  22: "seccomp_mode address",
  29: "ulong",
  36: "ulong",
  38: "ulong raw raw raw",
  41: "ulong raw raw raw",
  3: "",
  7: "",
  21: "",
  27: "",
  30: "",
  39: "raw raw raw raw",
  42: "raw raw raw raw",
};
const PRCTL_LATE: Readonly<Record<number, string>> = { 2: "signal", 16: "string", 37: "int", 40: "address" };

function prctlArguments(d: Decoding, i: number): string {
  const option = d.call.args[0];
  const late = PRCTL_LATE[option];
  if (late !== undefined) {
    const shown = addressArgument(d, i);
    if (d.call.error !== 0) return shown;
    if (late === "string") return stringText(d, argument(d, i), shown);
    const size = late === "address" ? 8 : 4;
    return structAt(d, argument(d, i), size, shown, (b) => {
      if (late === "signal") return `[${i32(b, 0) === 0 ? "0" : signalText(i32(b, 0))}]`;
      return `[${late === "address" ? addressAt(b, 0) : i32(b, 0)}]`;
    });
  }
  const PR_CAP_AMBIENT = 47, PR_SET_VMA = 0x53564d41;
  if (option === PR_CAP_AMBIENT) {
    const what = d.call.args[2];
    const rest = [3, 4].map((k) => hexArgument(d, k));
    const capability = what < 4 ? valueNamer("capability")(d.call.args[4]) : hexArgument(d, 2);
    return [valueNamer("ambient")(what), capability, ...rest].join(", ");
  }
  if (option === PR_SET_VMA) {
    const name = stringText(d, argument(d, 4), addressArgument(d, 4));
    return `PR_SET_VMA_ANON_NAME, ${hexArgument(d, 2)}, ${d.call.args[6]}, ${name}`;
  }
  const kinds = PRCTL[option];
  if (kinds === undefined) return [1, 2, 3, 4].map((k) => hexArgument(d, k)).join(", ");
  return kinds.split(" ").map((kind, k) => prctlArgument(d, kind, i + k)).filter((text) => text !== "").join(", ");
}

function prctlArgument(d: Decoding, kind: string, i: number): string {
  const value = d.call.args[2 * i];
  switch (kind) {
    case "":
      return "";
    case "signal":
      return value === 0 ? "0" : signalText(value);
    case "string":
      return stringText(d, argument(d, i), addressArgument(d, i));
    case "ulong":
      return String(argument(d, i));
    case "raw":
      return hexArgument(d, i);
    case "address":
      return addressArgument(d, i);
    default:
      return valueNamer(kind)(value);
  }
}

function archPrctl(d: Decoding, i: number, ref: number): string {
  const ARCH_SET_CPUID = 0x1012, ARCH_GET_FS = 0x1003, ARCH_GET_GS = 0x1004, ARCH_GET_CPUID = 0x1011;
  switch (d.call.args[2 * ref]) {
    case ARCH_GET_FS:
    case ARCH_GET_GS:
      if (d.call.error !== 0) return addressArgument(d, i);
      return structAt(d, argument(d, i), 8, addressArgument(d, i), (b) => `[${hexAt(b, 0)}]`);
    case ARCH_GET_CPUID:
      return "";
    case ARCH_SET_CPUID:
      return String(d.call.args[2 * i]);
    default:
      return hexArgument(d, i);
  }
}

function lateArchPrctl(d: Decoding, _: number, ref: number): boolean {
  const code = d.call.args[2 * ref];
  return code === 0x1003 || code === 0x1004;
}

/** Of a filter the number of its instructions: `struct sock_fprog` is a length and, at 8, an address. */
function seccompArgument(d: Decoding, i: number): string {
  const SECCOMP_SET_MODE_FILTER = 1;
  if (d.call.args[0] !== SECCOMP_SET_MODE_FILTER) return addressArgument(d, i);
  return structAt(
    d,
    argument(d, i),
    16,
    addressArgument(d, i),
    (b) => `{len=${b[0] | b[1] << 8}, filter=${addressAt(b, 8)}}`,
  );
}

function ptraceData(d: Decoding, i: number): string {
  const PTRACE_TRACEME = 0, PTRACE_CONT = 7, PTRACE_KILL = 8, PTRACE_DETACH = 17, PTRACE_SYSCALL = 24;
  const PTRACE_SETOPTIONS = 0x4200, PTRACE_SEIZE = 0x4206, PTRACE_ATTACH = 16, PTRACE_INTERRUPT = 0x4207;
  const request = d.call.args[0], data = d.call.args[2 * i];
  switch (request) {
    case PTRACE_SETOPTIONS:
    case PTRACE_SEIZE:
      return flagNamer("ptrace_options")(data);
    case PTRACE_CONT:
    case PTRACE_DETACH:
    case PTRACE_SYSCALL:
    case 9:
      return data === 0 ? "0" : signalText(data);
    case PTRACE_TRACEME:
    case PTRACE_KILL:
    case PTRACE_ATTACH:
    case PTRACE_INTERRUPT:
      return "";
    default:
      return hexArgument(d, i);
  }
}

function ptraceAddress(d: Decoding, i: number): string {
  const request = d.call.args[0];
  if (request === 0 || request === 8 || request === 16 || request === 0x4207) return "";
  const NT_PRSTATUS = 1;
  const regset = request === 0x4204 || request === 0x4205;
  return regset && d.call.args[2 * i] === NT_PRSTATUS ? "NT_PRSTATUS" : addressArgument(d, i);
}

/** Printers of arguments that concern processes and threads. */
export const PROCESS_KINDS: Readonly<Record<string, Kind>> = {
  clone_arguments: { print: cloneArguments, late: (d) => (d.call.args[0] & (CLONE.PARENT_SETTID | CLONE.PIDFD)) !== 0 },
  clone3_arguments: { print: clone3Arguments, late: () => true },
  wait_status: { print: waitStatus },
  rusage: struct(144, rusage),
  rlimit: struct(16, rlimit),
  sched_param: struct(4, (b) => `[${i32(b, 0)}]`),
  cpu_set: { print: cpuSet },
  ids: { print: (d, i, ref) => ids(d, i, refNumber(d, ref)) },
  id_in: struct(4, (b) => `[${idText(u32(b, 0))}]`),
  futex_op: { print: (d, i) => futexOp(d.call.args[2 * i]) },
  futex_arguments: { print: futexArguments },
  prctl_arguments: { print: prctlArguments, late: (d, _, ref) => PRCTL_LATE[d.call.args[2 * ref]] !== undefined },
  arch_prctl_argument: { print: archPrctl, late: lateArchPrctl },
  seccomp_argument: { print: seccompArgument },
  ptrace_address: { print: ptraceAddress },
  ptrace_data: { print: ptraceData },
};
