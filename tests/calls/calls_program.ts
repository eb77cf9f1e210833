/**
 * A program whose calls are known: it prints, a line each, how long it took for some of them by its own clock, `nap 5 NS`.
 * Linked statically, so that its system calls are its own; and how many they are is no matter of chance: one malloc arena (a
 * thread's own is cut out of a larger mapping, by one munmap or two, as the address falls), and four threads that all live
 * before one ends (a stack is reused from then on).
 */
export const CALLS_PROGRAM = `
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <malloc.h>
#include <pthread.h>
#include <setjmp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>
#define NOINLINE __attribute__((noinline, noclone))

static long now(void) {
  struct timespec t;
  clock_gettime(CLOCK_MONOTONIC, &t);
  return t.tv_sec * 1000000000L + t.tv_nsec;
}

NOINLINE int nap(int ms) {
  struct timespec t = {ms / 1000, ms % 1000 * 1000000L};
  nanosleep(&t, NULL);
  return ms;
}

static void timed_nap(int ms) {
  long start = now();
  nap(ms);
  printf("nap %d %ld\\n", ms, now() - start);
}

NOINLINE long fact(long n) {
  long r = n <= 1 ? 1 : n * fact(n - 1);
  __asm__ volatile("" : "+r"(r));
  return r;
}

static jmp_buf jump;
NOINLINE void leap(int n) {
  if (n == 0) longjmp(jump, 1);
  leap(n - 1);
  __asm__ volatile("" ::: "memory");
}

NOINLINE void work(long n) { __asm__ volatile("" : "+r"(n)); }
static pthread_barrier_t all_live;
static void *worker(void *arg) {
  pthread_barrier_wait(&all_live);
  for (long i = 0; i < 100; i++) work(i);
  return arg;
}
NOINLINE void gone(void) {
  pthread_exit(NULL);
}
static void *leaver(void *arg) {
  gone();
  return arg;
}

NOINLINE void mark(unsigned long n) { __asm__ volatile("" : "+r"(n)); }

int main(int argc, char **argv) {
  pthread_t threads[4];
  const char *action = argc > 1 ? argv[1] : "all";
  if (!strcmp(action, "marks")) {
    // Numbers of a known sequence: each once, in no order.
    unsigned long n = 1, count = strtoul(argv[2], NULL, 10);
    for (unsigned long i = 0; i < count; i++) {
      n = n * 6364136223846793005UL + 1442695040888963407UL;
      mark(n >> 33);
    }
    return 0;
  }
  mallopt(M_ARENA_MAX, 1);
  pthread_barrier_init(&all_live, NULL, 4);
  for (int i = 0; i < 20; i++) nap(1);
  timed_nap(60);
  timed_nap(30);
  timed_nap(90);
  for (int i = 0; i < 10; i++) fact(6);
  for (int i = 0; i < 5; i++)
    if (!setjmp(jump)) leap(3);
  for (int i = 0; i < 4; i++) pthread_create(&threads[i], NULL, worker, NULL);
  for (int i = 0; i < 4; i++) pthread_join(threads[i], NULL);
  for (int i = 0; i < 3; i++) {
    pthread_create(&threads[i], NULL, leaver, NULL);
    pthread_join(threads[i], NULL);
  }
  for (int i = 0; i < 7; i++) close(-1);
  for (int i = 0; i < 5; i++) open("/nonexistent/sonde", O_RDONLY);
  for (int i = 0; i < 2; i++) {
    pid_t child = fork();
    if (child == 0) {
      for (int j = 0; j < 3; j++) close(-1);
      _exit(0);
    }
    waitpid(child, NULL, 0);
  }
  return 0;
}
`;
