import { createDecoder } from "../../core/ptrace/decode/mod.ts";
import { PTRACE, ptrace, ptraceRegisters, readProcessMemory, WAIT, waitChild } from "../../core/sys/mod.ts";

/**
 * Runs a program and decodes its system calls: a tracer as small as can be, for one process on x86-64, whose children
 * are not followed. Synchronous, since ptrace wants one thread.
 *
 * @returns a line for each call, as `strace -o` writes it
 */
export function decodeCalls(program: string, cwd: string, stringLimit = 32): string[] {
  const shell = new Deno.Command("/bin/sh", {
    args: ["-c", 'kill -STOP $$; exec "$0"', program],
    cwd,
    stdin: "null",
    stdout: "null",
    stderr: "null",
  }).spawn();
  const { pid } = shell;
  const buffer = new Uint8Array(new ArrayBuffer(65536));
  const memory = {
    read: (_: number, address: number, length: number) => {
      const got = readProcessMemory(pid, BigInt(address), buffer, length);
      return buffer.subarray(0, Math.max(got, 0));
    },
  };
  const decoder = createDecoder(memory, { arch: "x86_64", stringLimit });
  const registers = new BigUint64Array(new ArrayBuffer(27 * 8));
  const halves = new Uint32Array(registers.buffer);
  const call = { pid, tid: pid, nr: -1, args: new Uint32Array(12), ret: new Uint32Array(2), error: 0 };
  // Numbers of the words in struct user_regs_struct: rdi rsi rdx r10 r8 r9, then rax and orig_rax.
  const ARGS = [14, 13, 12, 7, 9, 8], RAX = 10, ORIG_RAX = 15;
  const lines: string[] = [];
  const EXECVE = 59, SYSCALL = 24, SIGSTOP = 19, SIGTRAP = 5, SIGCONT = 18;
  until(() => waitStopped(pid));
  const seized = ptrace(PTRACE.SEIZE, pid, 0, 1 | PTRACE.O_TRACEEXEC);
  if (seized < 0) throw new Error(`PTRACE_SEIZE: ${seized}`);
  Deno.kill(pid, "SIGCONT");
  let entered = false, traced = false, line = "";
  while (true) {
    const found = waitChild(pid, WAIT.STOPPED | WAIT.EXITED | WAIT.NOWAIT | WAIT.ALL);
    if (!found || found.ended) break;
    waitChild(pid, WAIT.STOPPED | WAIT.ALL);
    const { status } = found;
    const signal = status & 0xff, event = status >> 8;
    if (signal === (SIGTRAP | 0x80)) {
      ptraceRegisters(PTRACE.GETREGSET, pid, registers);
      if (!entered) {
        call.nr = halves[2 * ORIG_RAX] | 0;
        ARGS.forEach((word, i) => {
          call.args[2 * i] = halves[2 * word];
          call.args[2 * i + 1] = halves[2 * word + 1];
        });
        line = decoder.entry(call);
      } else {
        call.ret[0] = halves[2 * RAX];
        call.ret[1] = halves[2 * RAX + 1];
        const low = call.ret[0] | 0;
        call.error = call.ret[1] === 0xffff_ffff && low < 0 && low >= -4095 ? -low : 0;
        // The shell's own calls are not shown: the program begins with its execve.
        if (call.error === 0 && call.nr === EXECVE) traced = true;
        if (traced) lines.push(line + decoder.exit(call, line.length));
      }
      entered = !entered;
      ptrace(SYSCALL, pid, 0, 0);
    } else if (event !== 0 && signal === SIGTRAP) {
      ptrace(SYSCALL, pid, 0, 0);
    } else if (event === PTRACE.EVENT_STOP) {
      ptrace(SYSCALL, pid, 0, 0);
    } else {
      if (traced) lines.push(`--- signal ${signal}`);
      ptrace(SYSCALL, pid, 0, signal === SIGSTOP || signal === SIGCONT ? 0 : signal);
    }
  }
  if (entered) lines.push(line + decoder.unfinished(line.length));
  void shell.status;
  return lines;
}

function waitStopped(pid: number): boolean {
  return /^State:\s+T/m.test(Deno.readTextFileSync(`/proc/${pid}/status`));
}

function until(condition: () => boolean): void {
  while (!condition());
}
