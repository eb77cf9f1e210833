/**
 * A C program whose threads wait for known reasons, and measure by their own clocks for how long. Each says at its end
 * `NAME WALL CPU WAITS RUN_DELAY` (nanoseconds, but for the number of waits): time in the loop that waits, CPU time in it, and how
 * long it was on a run queue by /proc/self/task/TID/schedstat. It is compiled without frame pointers.
 *
 * `sleep`: 100 sleeps of 5 ms. `lock`: 40 times a mutex that the thread `holder` keeps for 10 ms. `pipe`: 40 bytes, each
 * written 10 ms after it is asked for by the thread `writer`. `disk FILE`: 200 reads of 64 KiB that pass by the page cache,
 * and 20 writes that are waited for.
 */
export const OFF_CPU_PROGRAM = `
#define _GNU_SOURCE
#include <fcntl.h>
#include <pthread.h>
#include <sched.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

#define NOINLINE __attribute__((noinline, noclone))
typedef long long ns_t;

static ns_t now(clockid_t clock) {
  struct timespec t;
  clock_gettime(clock, &t);
  return t.tv_sec * 1000000000LL + t.tv_nsec;
}

static ns_t run_delay(void) {
  char path[64];
  long long cpu, delay = -1;
  snprintf(path, sizeof path, "/proc/self/task/%ld/schedstat", syscall(SYS_gettid));
  FILE *f = fopen(path, "r");
  if (!f || fscanf(f, "%lld %lld", &cpu, &delay) != 2) delay = -1;
  if (f) fclose(f);
  return delay;
}

static ns_t wall, cpu;
static void begin(void) { wall -= now(CLOCK_MONOTONIC); cpu -= now(CLOCK_THREAD_CPUTIME_ID); }
static void end(void) { wall += now(CLOCK_MONOTONIC); cpu += now(CLOCK_THREAD_CPUTIME_ID); }
static void say(const char *name, int waits) { printf("%s %lld %lld %d %lld\\n", name, wall, cpu, waits, run_delay()); }

static void rest(long ns) {
  struct timespec t = {0, ns};
  clock_nanosleep(CLOCK_MONOTONIC, 0, &t, NULL);
}

NOINLINE static void sleep_often(void) {
  begin();
  for (int i = 0; i < 100; i++) rest(5000000);
  end();
  asm volatile("");
}
static void *sleeper(void *unused) {
  pthread_setname_np(pthread_self(), "sleeper");
  sleep_often();
  say("sleeper", 100);
  return unused;
}

static pthread_mutex_t mutex = PTHREAD_MUTEX_INITIALIZER;
static atomic_int held, wanted;
static void until(atomic_int *flag, int value) { while (atomic_load(flag) != value) sched_yield(); }

NOINLINE static void give_lock_back(void) {
  pthread_mutex_unlock(&mutex);
  asm volatile("");
}
static void *holder(void *unused) {
  pthread_setname_np(pthread_self(), "holder");
  for (int i = 1; i <= 40; i++) {
    pthread_mutex_lock(&mutex);
    atomic_store(&held, i);
    until(&wanted, i);
    rest(10000000);
    give_lock_back();
    until(&wanted, -i);
  }
  return unused;
}
NOINLINE static void wait_for_lock(void) {
  pthread_mutex_lock(&mutex);
  asm volatile("");
}
static void *waiter(void *unused) {
  pthread_setname_np(pthread_self(), "waiter");
  for (int i = 1; i <= 40; i++) {
    until(&held, i);
    atomic_store(&wanted, i);
    begin();
    wait_for_lock();
    end();
    pthread_mutex_unlock(&mutex);
    atomic_store(&wanted, -i);
  }
  say("waiter", 40);
  return unused;
}

static int fds[2];
static atomic_int asked;
NOINLINE static void write_late(void) {
  rest(10000000);
  if (write(fds[1], "x", 1) != 1) abort();
  asm volatile("");
}
static void *writer(void *unused) {
  pthread_setname_np(pthread_self(), "writer");
  for (int i = 1; i <= 40; i++) {
    until(&asked, i);
    write_late();
  }
  return unused;
}
NOINLINE static void read_byte(void) {
  char c;
  if (read(fds[0], &c, 1) != 1) abort();
  asm volatile("");
}
static void *reader(void *unused) {
  pthread_setname_np(pthread_self(), "reader");
  for (int i = 1; i <= 40; i++) {
    begin();
    atomic_store(&asked, i);
    read_byte();
    end();
  }
  say("reader", 40);
  return unused;
}

static const char *path;
NOINLINE static void read_disk(int fd, void *buffer) {
  for (int i = 0; i < 200; i++) {
    if (pread(fd, buffer, 65536, 65536L * (i * 37 % 256)) <= 0) abort();
  }
  asm volatile("");
}
static void *buffer;
static int prepare_disk(void) {
  int fd = open(path, O_RDWR | O_CREAT | O_DIRECT, 0600);
  if (fd < 0 || posix_memalign(&buffer, 4096, 65536)) abort();
  memset(buffer, 1, 65536);
  for (int i = 0; i < 256; i++) if (pwrite(fd, buffer, 65536, 65536L * i) != 65536) abort();
  fsync(fd);
  return fd;
}
static int file;
static void *disk(void *unused) {
  pthread_setname_np(pthread_self(), "disk");
  begin();
  read_disk(file, buffer);
  for (int i = 0; i < 20; i++) if (pwrite(file, buffer, 65536, 65536L * i) != 65536 || fdatasync(file)) abort();
  end();
  say("disk", 220);
  return unused;
}

int main(int argc, char **argv) {
  pthread_t a, b;
  if (argc < 2) return 2;
  if (argc > 2) path = argv[2];
  void *(*first)(void *) = NULL, *(*second)(void *) = NULL;
  if (!strcmp(argv[1], "sleep")) first = sleeper;
  if (!strcmp(argv[1], "lock")) first = waiter, second = holder;
  if (!strcmp(argv[1], "pipe")) { if (pipe(fds)) return 1; first = reader; second = writer; }
  if (!strcmp(argv[1], "disk")) { file = prepare_disk(); first = disk; }
  if (!first) return 2;
  pthread_create(&a, NULL, first, NULL);
  if (second) pthread_create(&b, NULL, second, NULL);
  pthread_join(a, NULL);
  if (second) pthread_join(b, NULL);
  return 0;
}
`;
