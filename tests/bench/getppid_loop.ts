import { compileC } from "../compile_c.ts";

/** A process that calls getppid in a loop when it is told to, on one CPU. */
export interface GetppidLoop extends AsyncDisposable {
  readonly pid: number;
  /** What a call costs now, in ns of the thread's CPU time: the lower quartile of short batches. */
  callNs(): Promise<number>;
  /** Calls getppid until told to stop. @returns how often, and how long that took in ns */
  during(work: () => Promise<void>): Promise<{ readonly calls: number; readonly ns: number }>;
}

const SOURCE = `
#define _GNU_SOURCE
#include <poll.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>
#define BATCHES 80
#define CALLS 4000
static double now(clockid_t clock) { struct timespec t; clock_gettime(clock, &t); return t.tv_sec * 1e9 + t.tv_nsec; }
static int order(const void *a, const void *b) { double d = *(const double *)a - *(const double *)b; return (d > 0) - (d < 0); }
static void quartile(void) {
  double ns[BATCHES];
  for (int b = 0; b < BATCHES; b++) {
    double start = now(CLOCK_THREAD_CPUTIME_ID);
    for (int i = 0; i < CALLS; i++) syscall(SYS_getppid);
    ns[b] = (now(CLOCK_THREAD_CPUTIME_ID) - start) / CALLS;
  }
  qsort(ns, BATCHES, sizeof *ns, order);
  printf("%.3f\\n", ns[BATCHES / 4]);
}
static void flood(void) {
  struct pollfd in = { 0, POLLIN, 0 };
  double start = now(CLOCK_MONOTONIC);
  long calls = 0;
  do {
    for (int i = 0; i < CALLS; i++) syscall(SYS_getppid);
    calls += CALLS;
  } while (poll(&in, 1, 0) == 0);
  printf("%ld %.0f\\n", calls, now(CLOCK_MONOTONIC) - start);
}
int main(int argc, char **argv) {
  char line[16];
  cpu_set_t cpu;
  CPU_ZERO(&cpu);
  CPU_SET(atoi(argv[1]), &cpu);
  if (sched_setaffinity(0, sizeof cpu, &cpu)) return 1;
  setvbuf(stdin, NULL, _IONBF, 0);
  while (fgets(line, sizeof line, stdin)) {
    if (line[0] == 'q') quartile();
    if (line[0] == 'f') flood();
    fflush(stdout);
  }
  return 0;
}
`;

/**
 * Starts it on the last CPU. The system call itself is the kernel's shortest: what a probe adds shows.
 *
 * @throws {Error} when there is no C compiler
 */
export async function getppidLoop(): Promise<GetppidLoop> {
  const dir = await Deno.makeTempDir();
  const path = `${dir}/getppid_loop`;
  if (!await compileC(SOURCE, path, ["-O2"])) throw new Error("No C compiler here: install gcc");
  const cpu = String(navigator.hardwareConcurrency - 1);
  const child = new Deno.Command(path, { args: [cpu], stdin: "piped", stdout: "piped" }).spawn();
  const writer = child.stdin.getWriter();
  const lines = child.stdout.pipeThrough(new TextDecoderStream()).getReader();
  const say = (text: string): Promise<void> => writer.write(new TextEncoder().encode(text));
  const answer = async (): Promise<string> => {
    let text = "";
    while (!text.endsWith("\n")) {
      const { value, done } = await lines.read();
      if (done) throw new Error("The getppid loop has ended");
      text += value;
    }
    return text.trim();
  };
  return {
    pid: child.pid,
    async callNs(): Promise<number> {
      await say("q\n");
      return Number(await answer());
    },
    async during(work): Promise<{ calls: number; ns: number }> {
      await say("f\n");
      await work();
      await say("s\n");
      const [calls, ns] = (await answer()).split(" ").map(Number);
      return { calls, ns };
    },
    async [Symbol.asyncDispose](): Promise<void> {
      await writer.close();
      await lines.cancel();
      await child.status;
      await Deno.remove(dir, { recursive: true });
    },
  };
}
