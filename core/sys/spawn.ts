import { NR } from "./arch/mod.ts";
import { library } from "./_library.ts";
import { openArena } from "./_arena.ts";
import { kill } from "./process.ts";
import { WAIT, waitChild } from "./ptrace.ts";
import { check } from "./sys_error.ts";
import { syscall, type SyscallArgument } from "./syscall.ts";

/** How a program is started. */
export interface SpawnRequest {
  /** Path of the program; not searched for in PATH. */
  readonly path: string;
  /** All of them, the program's own name first. */
  readonly args: readonly string[];
  readonly env: Readonly<Record<string, string>>;
  /** Signals (numbers) that the program is to find ignored; all others are as they are by default. */
  readonly ignoredSignals: readonly number[];
  /** A seccomp filter for it (`struct sock_filter[]`, at most 4096 instructions); it passes on to its children. */
  readonly filter?: Uint8Array;
  /** Gives up privileges of set-user-ID programs first: a filter needs that, or CAP_SYS_ADMIN. */
  readonly noNewPrivileges?: boolean;
}

/** A child of the calling thread that waits before its first step. */
export interface HeldChild {
  readonly pid: number;
  /** Lets it become the program. */
  go(): void;
  /** What installing the filter answered: 0, or -errno. After the child has got that far. */
  filterResult(): number;
  /** What execve(2) answered when it failed: -errno; 0 so far. */
  execResult(): number;
  /** Kills it, held or let go, and waits for its end: for a child that nobody traces. */
  end(): void;
  /** Gives back the memory that the child begins in: once it has become the program, or has ended. */
  [Symbol.dispose](): void;
}

/**
 * Starts a program as a child of the calling thread, and holds it before its first system call, so that a tracer can take
 * hold of it. It has our standard streams, process group, terminal, working directory and signal mask.
 *
 * Until execve(2) the child runs in our memory (CLONE_VM), but nothing of ours: a few instructions that make the system
 * calls of a table, one after the other, on a stack of their own, with all signals blocked. As long as it waits it dies
 * with the calling thread (unless that ends in the moment before the child's first call): nobody else would let it go.
 *
 * @throws {SysError} when there can be no more processes
 * @throws {TypeError} when a text holds a NUL
 */
export function spawnHeld(request: SpawnRequest): HeldChild {
  const { path, args, filter } = request;
  const env = Object.entries(request.env).map(([name, value]) => `${name}=${value}`);
  const fixed = STACK_BYTES + (LAST_SIGNAL + FIXED_ROWS) * ROW * 8 + (filter?.byteLength ?? 0) + SPARE_BYTES;
  const arena = openArena(fixed, [path, ...args, ...env]);
  const go = arena.words(2);
  const wait: Row = [NR.futex, go.address, FUTEX_WAIT, 0];
  const rows: Row[] = [[NR.prctl, PR_SET_PDEATHSIG, SIGKILL], wait];
  // Whatever has been made of signals here since; execve(2) itself does away with handlers only. SIG_DFL is 0.
  const byDefault = arena.words(4);
  const ignore = arena.words(4);
  ignore.set([SIG_IGN]);
  for (let signal = 1; signal <= LAST_SIGNAL; signal++) {
    if (signal === SIGKILL || signal === SIGSTOP) continue;
    const { address } = request.ignoredSignals.includes(signal) ? ignore : byDefault;
    rows.push([NR.rt_sigaction, signal, address, 0, SIGSET_BYTES]);
  }
  // execve(2) would keep it. Before the filter, which may know nothing of it.
  rows.push([NR.prctl, PR_SET_PDEATHSIG, 0]);
  if (request.noNewPrivileges) rows.push([NR.prctl, PR_SET_NO_NEW_PRIVS, 1]);
  let filterRow = -1;
  if (filter) {
    // struct sock_fprog: unsigned short length, struct sock_filter *.
    const program = arena.words(2);
    program.set([BigInt(filter.byteLength / 8), arena.bytes(filter)]);
    filterRow = rows.push([NR.seccomp, SECCOMP_SET_MODE_FILTER, 0, program.address]) - 1;
  }
  const before = arena.words(1);
  const all = arena.words(1);
  all.set([~0n]);
  rows.push([NR.rt_sigprocmask, SIG_SETMASK, before.address, 0, SIGSET_BYTES]);
  const execRow = rows.push([NR.execve, arena.text(path), arena.pointers(args), arena.pointers(env)]) - 1;
  rows.push([NR.exit_group, FAILED]);
  const table = arena.words(rows.length * ROW);
  table.set(rows.flatMap((row) => Array.from({ length: ROW }, (_, i) => BigInt(row[i] ?? 0))));
  const stack = arena.words(STACK_BYTES / 8);
  const top = (stack.address + BigInt(STACK_BYTES)) & ~15n;

  const mask = (set: bigint, old: bigint): number => syscall(NR.rt_sigprocmask, SIG_SETMASK, set, old, SIGSET_BYTES);
  check(mask(all.address, before.address), "rt_sigprocmask");
  const pid = Number(library().spawn(CLONE_VM | SIGCHLD, top, table.address));
  mask(before.address, 0n);
  if (pid < 0) arena[Symbol.dispose]();
  check(pid, "clone");
  return {
    pid,
    go: () => {
      go.set([1n]);
      syscall(NR.futex, go.address, FUTEX_WAKE, 1);
    },
    filterResult: () => filterRow < 0 ? 0 : Number(BigInt.asIntN(64, table.get(filterRow * ROW + ANSWER))),
    execResult: () => Number(BigInt.asIntN(64, table.get(execRow * ROW + ANSWER))),
    end: () => {
      kill(pid, SIGKILL);
      // Nothing has been waited for when a signal came in between.
      while (waitChild(pid, WAIT.EXITED | WAIT.ALL)?.tid === 0);
    },
    [Symbol.dispose]: () => arena[Symbol.dispose](),
  };
}

/** A system call and up to six arguments. */
type Row = readonly SyscallArgument[];

const STACK_BYTES = 16384;
const SIG_IGN = 1n;
const SIGKILL = 9;
const SIGSTOP = 19;
const LAST_SIGNAL = 64;
/** Rows of the table besides one for each signal. */
const FIXED_ROWS = 8;
/** For the small structs. */
const SPARE_BYTES = 512;
/** Words of a row: number, six arguments, answer. */
const ROW = 8;
const ANSWER = 7;
const FUTEX_WAIT = 0;
const FUTEX_WAKE = 1;
const SIG_SETMASK = 2;
/** Bytes of the kernel's signal set. */
const SIGSET_BYTES = 8;
const PR_SET_PDEATHSIG = 1;
const PR_SET_NO_NEW_PRIVS = 38;
const SECCOMP_SET_MODE_FILTER = 1;
const CLONE_VM = 0x100n;
const SIGCHLD = 17n;
/** Exit code of a child that could not become the program, as shells have it. */
const FAILED = 127;
