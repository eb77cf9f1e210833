/**
 * A C program that waits for locks of the kernel. It says `ready`; at a line on its standard input it works, says how long by its own clock,
 * and ends when its input does.
 *
 * `file`: a thread `reader` reads a file of 8 MiB, for which the kernel holds the mutex of the file's position; a thread
 * `waiter` sets the position back until 20 calls took longer than 50 µs and did not lose the CPU. It says `waiter NS LONG_NS RUN_DELAY`: time in all
 * calls, in the long ones, and how long it waited for a CPU meanwhile (/proc/self/task/TID/schedstat).
 * `maps`: a thread `holder` maps memory with all its pages, for which the kernel holds the process's mmap_lock; three threads
 * `mapper` map, touch and unmap a little, until each has slept in that 10 times. It says `done`.
 */
export const CONTENDING_PROGRAM = `
#define _GNU_SOURCE
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

#define SIZE (8 << 20)
static atomic_int stop;
static int fd;
static long long waited, waited_long, delayed;

static long long now(void) {
  struct timespec t;
  clock_gettime(CLOCK_MONOTONIC, &t);
  return t.tv_sec * 1000000000LL + t.tv_nsec;
}
static long long run_delay(void) {
  long long cpu = 0, delay = 0;
  char path[64];
  snprintf(path, sizeof path, "/proc/self/task/%ld/schedstat", syscall(SYS_gettid));
  FILE *f = fopen(path, "r");
  if (!f || fscanf(f, "%lld %lld", &cpu, &delay) != 2) abort();
  fclose(f);
  return delay;
}
static long switches(void) {
  struct rusage usage;
  getrusage(RUSAGE_THREAD, &usage);
  return usage.ru_nivcsw;
}
static long slept(void) {
  struct rusage usage;
  getrusage(RUSAGE_THREAD, &usage);
  return usage.ru_nvcsw;
}
static void *reader(void *arg) {
  prctl(PR_SET_NAME, "reader");
  while (!stop) if (read(fd, arg, SIZE) < 0) abort();
  return 0;
}
static void *waiter(void *arg) {
  prctl(PR_SET_NAME, "waiter");
  delayed = -run_delay();
  long before = switches();
  for (int n = 0; n < 20;) {
    long long from = now();
    if (lseek(fd, 0, SEEK_SET) < 0) abort();
    long long ns = now() - from;
    waited += ns;
    /* Long, and it did not lose its CPU: it waited. */
    long lost = switches();
    if (ns > 50000 && lost == before) { waited_long += ns; n++; }
    before = lost;
  }
  delayed += run_delay();
  stop = 1;
  return arg;
}
static char *map(size_t size, int flags) {
  char *p = mmap(0, size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | flags, -1, 0);
  if (p == MAP_FAILED) abort();
  return p;
}
static void *holder(void *arg) {
  prctl(PR_SET_NAME, "holder");
  while (!stop) munmap(map(SIZE, MAP_POPULATE), SIZE);
  return arg;
}
static void *mapper(void *arg) {
  prctl(PR_SET_NAME, "mapper");
  for (long before = slept(); slept() < before + 10;) {
    char *p = map(64 << 12, 0);
    for (int k = 0; k < 64; k++) p[k << 12] = 1;
    munmap(p, 64 << 12);
  }
  return arg;
}

int main(int argc, char **argv) {
  char line[16];
  pthread_t t[4];
  char *buffer = malloc(SIZE);
  int file = !strcmp(argv[1], "file");

  memset(buffer, 1, SIZE);
  char name[] = "/tmp/contended_XXXXXX";
  fd = mkstemp(name);
  unlink(name);
  if (write(fd, buffer, SIZE) != SIZE) return 1;
  if (write(1, "ready\\n", 6) != 6 || read(0, line, sizeof line) <= 0) return 1;
  if (file) {
    pthread_create(&t[0], 0, reader, buffer);
    pthread_create(&t[1], 0, waiter, 0);
    for (int i = 0; i < 2; i++) pthread_join(t[i], 0);
    printf("waiter %lld %lld %lld\\n", waited, waited_long, delayed);
  } else {
    for (int i = 0; i < 4; i++) pthread_create(&t[i], 0, i ? mapper : holder, 0);
    for (int i = 1; i < 4; i++) pthread_join(t[i], 0);
    stop = 1;
    pthread_join(t[0], 0);
  }
  printf("done\\n");
  fflush(stdout);
  while (read(0, line, sizeof line) > 0) ;
  return 0;
}
`;
