/**
 * A C program that allocates, frees and leaks what it knows, in functions of its own, without frame pointers. It says `ready`; at
 * a line on its standard input it works, prints its own counters, `NAME ALLOCATED BYTES HELD HELD_BYTES` for each function, and ends
 * when its input does. It writes with write(2): stdio would allocate.
 *
 * `leak_two` is called by two functions with equal frames, which are two stacks; `moved` is a block that realloc moves 20
 * times; four threads run `of_thread`; `freed_elsewhere` is freed by another thread.
 */
export const LEAKING_PROGRAM = `
#define _GNU_SOURCE
#include <malloc.h>
#include <pthread.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define NOINLINE __attribute__((noinline, noclone))
static void *volatile sink;
static void *volatile held[4096];
static int n_held;

static void say(const char *name, long n, long bytes, long h, long hbytes) {
  char line[160];
  int len = snprintf(line, sizeof line, "%s %ld %ld %ld %ld\\n", name, n, bytes, h, hbytes);
  if (write(1, line, len) != len) _exit(1);
}

NOINLINE void leak_small(void) {
  for (int i = 0; i < 100; i++) held[n_held++] = malloc(100);
}
NOINLINE void free_all(void) {
  for (int i = 0; i < 1000; i++) { sink = malloc(1 + i); free(sink); }
}
NOINLINE void leak_zeroed(void) {
  for (int i = 0; i < 50; i++) held[n_held++] = calloc(3, 40);
}
NOINLINE void *leak_two(int n) {
  void *p = malloc(n);
  sink = p;
  return p;
}
NOINLINE void first_caller(void) { held[n_held++] = leak_two(1000); sink = 0; }
NOINLINE void second_caller(void) { held[n_held++] = leak_two(3000); sink = 0; }
NOINLINE void moved(void) {
  char *p = 0;
  for (int i = 1; i <= 20; i++) p = realloc(p, i * 500);
  held[n_held++] = p;
}
NOINLINE void moved_away(void) {
  char *p = malloc(10);
  for (int i = 0; i < 10; i++) p = reallocarray(p, i + 1, 1000);
  /* Fails, and leaves the block as it was. */
  if (realloc(p, 1L << 47)) _exit(2);
  free(p);
}
NOINLINE void aligned(void) {
  void *p;
  for (int i = 0; i < 10; i++) {
    if (posix_memalign(&p, 64, 640)) _exit(3);
    held[n_held++] = p;
    held[n_held++] = aligned_alloc(128, 1280);
    held[n_held++] = memalign(32, 320);
    free(memalign(32, 32));
  }
}
NOINLINE void *of_thread(void *arg) {
  void **mine = arg;
  for (int i = 0; i < 500; i++) {
    void *p = malloc(64 + i);
    if (i % 20 == 0) mine[i / 20] = p; else free(p);
  }
  return 0;
}
NOINLINE void freed_elsewhere(void **out) {
  for (int i = 0; i < 200; i++) out[i] = malloc(222);
}
NOINLINE void *free_others(void *arg) {
  void **p = arg;
  for (int i = 0; i < 150; i++) free(p[i]);
  return 0;
}

static void *of_threads[4][25], *elsewhere[200], *volatile before[10];

int main(void) {
  char line[16];
  pthread_t t[4];
  long bytes = 0, kept = 0;

  for (int i = 0; i < 10; i++) before[i] = malloc(77);
  say("ready", 0, 0, 0, 0);
  if (read(0, line, sizeof line) <= 0) return 1;
  for (int i = 0; i < 10; i++) free(before[i]);
  leak_small();
  free_all();
  leak_zeroed();
  for (int i = 0; i < 5; i++) first_caller();
  for (int i = 0; i < 3; i++) second_caller();
  moved();
  moved_away();
  aligned();
  for (int i = 0; i < 4; i++) pthread_create(&t[i], 0, of_thread, of_threads[i]);
  for (int i = 0; i < 4; i++) pthread_join(t[i], 0);
  freed_elsewhere(elsewhere);
  pthread_create(&t[0], 0, free_others, elsewhere);
  pthread_join(t[0], 0);
  say("leak_small", 100, 100 * 100, 100, 100 * 100);
  say("free_all", 1000, 1000L * 1001 / 2, 0, 0);
  say("leak_zeroed", 50, 50 * 120, 50, 50 * 120);
  say("first_caller", 5, 5 * 1000, 5, 5 * 1000);
  say("second_caller", 3, 3 * 3000, 3, 3 * 3000);
  say("moved", 20, 500L * 20 * 21 / 2, 1, 20 * 500);
  say("moved_away", 11, 10 + 1000L * 10 * 11 / 2, 0, 0);
  say("aligned", 40, 10 * (640 + 1280 + 320 + 32), 30, 10 * (640 + 1280 + 320));
  for (int i = 0; i < 500; i++) { bytes += 64 + i; if (i % 20 == 0) kept += 64 + i; }
  say("of_thread", 4 * 500, 4 * bytes, 4 * 25, 4 * kept);
  say("freed_elsewhere", 200, 200 * 222, 50, 50 * 222);
  say("end", 0, 0, 0, 0);
  while (read(0, line, sizeof line) > 0) ;
  return 0;
}
`;
