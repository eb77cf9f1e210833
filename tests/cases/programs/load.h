/* What all load programs share: they die with their parent, join the cgroups they are told, and say when they run. */
#ifndef LOAD_H
#define LOAD_H
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <time.h>
#include <unistd.h>

static inline void die(const char *what) {
  fprintf(stderr, "%s: %s\n", what, strerror(errno));
  exit(1);
}

/* LOAD_CGROUPS: cgroup.procs files to join, separated by colons; LOAD_CPU: the one CPU to run on. */
static inline void load_start(void) {
  prctl(PR_SET_PDEATHSIG, SIGKILL);
  signal(SIGPIPE, SIG_IGN);
  char *files = getenv("LOAD_CGROUPS");
  for (char *f = files ? strtok(files, ":") : NULL; f; f = strtok(NULL, ":")) {
    int fd = open(f, O_WRONLY);
    if (fd < 0 || write(fd, "0", 1) != 1) die(f);
    close(fd);
  }
  const char *cpu = getenv("LOAD_CPU");
  if (cpu) {
    cpu_set_t set;
    CPU_ZERO(&set);
    CPU_SET(atoi(cpu), &set);
    if (sched_setaffinity(0, sizeof set, &set) != 0) die("sched_setaffinity");
  }
}

/* The load is in its steady state from here on. */
static inline void load_ready(void) {
  if (write(STDOUT_FILENO, "ready\n", 6) != 6) die("stdout");
}

static inline uint64_t now_ns(void) {
  struct timespec t;
  clock_gettime(CLOCK_MONOTONIC, &t);
  return (uint64_t)t.tv_sec * 1000000000u + (uint64_t)t.tv_nsec;
}

static inline void sleep_until_ns(uint64_t ns) {
  struct timespec t = { (time_t)(ns / 1000000000u), (long)(ns % 1000000000u) };
  while (clock_nanosleep(CLOCK_MONOTONIC, TIMER_ABSTIME, &t, NULL) == EINTR) {}
}

/* Some arithmetic that no compiler removes; about a nanosecond a round. */
static inline uint64_t churn(uint64_t x, int rounds) {
  for (int i = 0; i < rounds; i++) {
    x ^= x << 13;
    x ^= x >> 7;
    x ^= x << 17;
  }
  return x;
}
#endif
