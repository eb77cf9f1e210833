import { compileC, outputOf } from "../compile_c.ts";

/**
 * What it does is known: `inner` is called once for each pass of a USDT probe.
 *
 * - `loop`: prints "ready", and calls until it is killed
 * - `calls N`: prints "ready", waits for a line, calls N times, ends
 * - `getppid N NAME`: takes the name, prints "ready", waits for a line, asks for its parent's number N times, ends
 */
const SOURCE = `
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <unistd.h>
__attribute__((noinline, noclone)) long inner(long a) { __asm__ volatile("" ::: "memory"); return a * 2; }
__attribute__((noinline)) void pass(long n) {
  __asm__ volatile("990: nop\\n.pushsection .note.stapsdt,\\"?\\",\\"note\\"\\n.balign 4\\n.4byte 992f-991f, 994f-993f, 3\\n"
    "991: .asciz \\"stapsdt\\"\\n992: .balign 4\\n993: .8byte 990b\\n.8byte _.stapsdt.base\\n.8byte 0\\n"
    ".asciz \\"demo\\"\\n.asciz \\"step\\"\\n.asciz \\"-8@%0\\"\\n994: .balign 4\\n.popsection\\n"
    ".ifndef _.stapsdt.base\\n.pushsection .stapsdt.base,\\"aG\\",\\"progbits\\",.stapsdt.base,comdat\\n.weak _.stapsdt.base\\n"
    ".hidden _.stapsdt.base\\n_.stapsdt.base: .space 1\\n.size _.stapsdt.base, 1\\n.popsection\\n.endif\\n" :: "r"(n));
}
static void go(void) { puts("ready"); fflush(stdout); if (getchar() == EOF) exit(1); }
int main(int argc, char **argv) {
  long n = argc > 2 ? atol(argv[2]) : 0;
  if (!strcmp(argv[1], "loop")) { puts("ready"); fflush(stdout); for (long i = 0;; i++) { inner(i); pass(i); usleep(500); } }
  if (argc > 3) prctl(PR_SET_NAME, argv[3]);
  go();
  if (!strcmp(argv[1], "calls")) for (long i = 0; i < n; i++) { inner(i); pass(i); }
  if (!strcmp(argv[1], "getppid")) for (long i = 0; i < n; i++) syscall(SYS_getppid);
  return 0;
}`;

/** The program in a folder of its own. */
export interface TargetProgram extends AsyncDisposable {
  readonly folder: string;
  readonly path: string;
  /** Where `inner` begins, as `nm` has it: `0x1169`. */
  readonly inner: string;
}

/** A running one that waits to be told to go on; killed at the end of the block. */
export interface RunningTarget extends AsyncDisposable {
  readonly pid: number;
  /** Lets it go on, and waits for its end. */
  finish(): Promise<void>;
}

/** @returns null without gcc or nm */
export async function targetProgram(): Promise<TargetProgram | null> {
  const folder = await Deno.makeTempDir();
  const path = `${folder}/target`;
  const remove = (): Promise<void> => Deno.remove(folder, { recursive: true });
  const compiled = await compileC(SOURCE, path, ["-O2"]);
  const address = /^0*([0-9a-f]+) T inner$/m.exec(await outputOf("nm", [path]) ?? "");
  if (!compiled || !address) {
    await remove();
    return null;
  }
  return { folder, path, inner: `0x${address[1]}`, [Symbol.asyncDispose]: remove };
}

/** Starts one, and waits until it is ready. */
export async function startTarget(path: string, ...args: string[]): Promise<RunningTarget> {
  const child = new Deno.Command(path, { args, stdin: "piped", stdout: "piped" }).spawn();
  const reader = child.stdout.getReader();
  await reader.read();
  const writer = child.stdin.getWriter();
  let over = false;
  child.status.then(() => over = true);
  return {
    pid: child.pid,
    async finish(): Promise<void> {
      await writer.write(new TextEncoder().encode("\n"));
      await child.status;
    },
    async [Symbol.asyncDispose](): Promise<void> {
      if (!over) child.kill("SIGKILL");
      await child.status;
      await reader.cancel();
      await writer.abort().catch(() => {});
    },
  };
}
