import { compileC } from "./compile_c.ts";

/**
 * A program whose CPU time goes 6 : 3 : 1 into three functions, by construction: each step is one chain of dependent
 * multiplications, whose speed does not depend on where the code lies. Their lengths vary at random about the mean: work
 * with a fixed period would be sampled at the same few places of it, over and over. First argument: what to do.
 */
export const SOURCE = `
#define _GNU_SOURCE
#include <pthread.h>
#include <setjmp.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>
#ifdef FRAMES /* gcc gives functions that call nothing a frame only when they ask where it is */
#define FRAME __asm__ volatile("" :: "r"(__builtin_frame_address(0)));
#else
#define FRAME
#endif
static __thread unsigned long seed;
static long vary(long mean) { /* uniform, from a half to three halves of the mean; all the same before sow() */
  if (!seed) return mean;
  seed ^= seed << 13; seed ^= seed >> 7; seed ^= seed << 17;
  return mean / 2 + (long)(seed % (unsigned long)mean);
}
#define WORK(name, n) __attribute__((noinline, aligned(64))) unsigned long name(unsigned long x) { FRAME \\
  for (long i = vary(n); i > 0; i--) { x = x * 6364136223846793005UL + 1; __asm__ volatile("" : "+r"(x)); } return x + 1; }
WORK(spend_six, 60000)
WORK(spend_three, 30000)
WORK(spend_one, 10000)
volatile unsigned long out;
static void sow(void) { struct timespec t; clock_gettime(CLOCK_MONOTONIC, &t); seed = t.tv_nsec * 2654435761UL + getpid() + (unsigned long)&t | 1; }
__attribute__((noinline)) void round_of_work(void) { if (!seed) sow(); out = spend_six(out); out = spend_three(out); out = spend_one(out); }
__attribute__((noinline)) void recurse(int depth) { if (depth > 0) recurse(depth - 1); else round_of_work(); out++; }
static void handler(int unused) { round_of_work(); out++; }
static jmp_buf back;
__attribute__((noinline)) void jump(int depth) { if (depth > 0) jump(depth - 1); else { round_of_work(); longjmp(back, 1); } out++; }
static void *sleeper(void *unused) { for (;;) pause(); }
static void *thread(void *name) { prctl(PR_SET_NAME, name); for (;;) round_of_work(); }
int main(int argc, char **argv) {
  const char *mode = argv[1];
  if (!strcmp(mode, "crowd")) {
    pthread_attr_t small;
    pthread_t t;
    pthread_attr_init(&small);
    pthread_attr_setstacksize(&small, 65536);
    for (int i = 0; i < atoi(argv[2]); i++) pthread_create(&t, &small, sleeper, 0);
    mode = "spin";
  }
  printf("ready\\n");
  fflush(stdout);
  if (!strcmp(mode, "spin")) for (;;) round_of_work();
  if (!strcmp(mode, "recurse")) for (;;) recurse(40);
  if (!strcmp(mode, "deep")) for (;;) recurse(atoi(argv[2]));
  if (!strcmp(mode, "signal")) { signal(SIGUSR1, handler); for (;;) raise(SIGUSR1); }
  if (!strcmp(mode, "longjmp")) for (;;) if (!setjmp(back)) jump(20);
  if (!strcmp(mode, "syscalls")) for (;;) syscall(SYS_getppid);
  if (!strcmp(mode, "comm")) { prctl(PR_SET_NAME, argv[2]); for (;;) round_of_work(); }
  if (!strcmp(mode, "threads")) {
    pthread_t t;
    pthread_create(&t, 0, thread, "worker-a");
    thread("worker-b");
  }
  if (!strcmp(mode, "children")) for (;;) {
    pid_t child = fork();
    if (child == 0) { sow(); for (int i = 0; i < 40; i++) round_of_work(); _exit(0); }
    waitpid(child, 0, 0);
  }
  if (!strcmp(mode, "exec")) for (;;) {
    pid_t child = fork();
    if (child == 0) { execl(argv[2], argv[2], "short", (char *)0); _exit(1); }
    waitpid(child, 0, 0);
  }
  if (!strcmp(mode, "short")) for (int i = 0; i < 40; i++) round_of_work();
  if (!strcmp(mode, "rounds")) { /* a fixed piece of work; tells the CPU time that it took */
    struct timespec t;
    for (int i = 0; i < atoi(argv[2]); i++) round_of_work();
    clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &t);
    printf("%ld\\n", t.tv_sec * 1000000000L + t.tv_nsec);
  }
  if (!strcmp(mode, "half")) { for (int i = 0; i < 6000; i++) round_of_work(); }
  if (!strcmp(mode, "seconds")) { for (int i = 0; i < 30000; i++) round_of_work(); }
  if (!strcmp(mode, "fixed")) { /* so many rounds; then what they took: ms of CPU, ms by the clock */
    struct timespec a, b, c;
    clock_gettime(CLOCK_MONOTONIC, &a);
    for (int i = atoi(argv[2]); i > 0; i--) { out = spend_six(out); out = spend_three(out); out = spend_one(out); }
    clock_gettime(CLOCK_MONOTONIC, &b);
    clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &c);
    printf("%f %f\\n", c.tv_sec * 1e3 + c.tv_nsec / 1e6, (b.tv_sec - a.tv_sec) * 1e3 + (b.tv_nsec - a.tv_nsec) / 1e6);
  }
  return 0;
}
`;

/** A compiled program, and a folder that goes with it. */
export interface HotProgram extends AsyncDisposable {
  readonly path: string;
  /** Starts it, and waits until it works. */
  start(...args: string[]): Promise<Started>;
}

/** A started program, killed at the end of the block. */
export interface Started extends AsyncDisposable {
  readonly pid: number;
}

/** @returns null when there is no C compiler */
export async function hotProgram(
  options: readonly string[] = ["-fno-omit-frame-pointer", "-DFRAMES"],
): Promise<HotProgram | null> {
  const dir = await Deno.makeTempDir();
  const path = `${dir}/hot_program`;
  if (
    !await compileC(SOURCE, path, [
      ...options,
      "-mno-omit-leaf-frame-pointer",
      "-fno-optimize-sibling-calls",
      "-pthread",
    ])
  ) {
    await Deno.remove(dir, { recursive: true });
    return null;
  }
  return {
    path,
    start: async (...args) => {
      const child = new Deno.Command(path, { args, stdout: "piped", stdin: "null" }).spawn();
      const reader = child.stdout.getReader();
      await reader.read();
      return {
        pid: child.pid,
        [Symbol.asyncDispose]: async () => {
          try {
            child.kill("SIGKILL");
          } catch {
            // It has ended by itself.
          }
          await reader.cancel();
          await child.status;
        },
      };
    },
    [Symbol.asyncDispose]: () => Deno.remove(dir, { recursive: true }),
  };
}
