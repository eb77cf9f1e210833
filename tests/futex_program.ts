import { compileC } from "./compile_c.ts";

/**
 * A program that waits on locks of every kind. It begins when a line comes on standard input, says so when it has done all
 * (a line of JSON: addresses of the locks, what was waited by its own clocks, how often), keeps one thread waiting, and ends
 * when standard input does. Threads are led from step to step without futexes.
 */
const SOURCE = `
#define _GNU_SOURCE
#include <errno.h>
#include <linux/futex.h>
#include <pthread.h>
#include <semaphore.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>
#define ROUNDS 25
#define CROWD 3
static pthread_mutex_t crowd = PTHREAD_MUTEX_INITIALIZER;
static sem_t late;
static volatile long tids[CROWD + 1];
static pthread_mutex_t mutex = PTHREAD_MUTEX_INITIALIZER, pi, guard = PTHREAD_MUTEX_INITIALIZER, stuck = PTHREAD_MUTEX_INITIALIZER;
static pthread_cond_t cond = PTHREAD_COND_INITIALIZER;
static sem_t sem, timed;
static uint32_t words[2];
static volatile int round_, done_, waitv_errors;
static volatile long holder_tid, worker_tid;
static long now(void) { struct timespec t; clock_gettime(CLOCK_MONOTONIC, &t); return t.tv_sec * 1000000000L + t.tv_nsec; }
static void nap(long us) { struct timespec t = { 0, us * 1000 }; nanosleep(&t, 0); }
static void lead(volatile int *what, int to) { while (*what < to) nap(100); }
static long mutex_ns, pi_ns, cond_ns, sem_ns, timed_ns, waitv_ns, shared_ns;
/* The work of the other thread: waits for what the main thread has. */
#define TIMED(sum, call) do { long a = now(); call; sum += now() - a; } while (0)
static void *worker(void *x) {
  worker_tid = syscall(SYS_gettid);
  int r = 0;
  for (int i = 0; i < ROUNDS; i++) { lead(&round_, ++r); TIMED(mutex_ns, pthread_mutex_lock(&mutex)); pthread_mutex_unlock(&mutex); done_ = r; }
  for (int i = 0; i < ROUNDS; i++) { lead(&round_, ++r); TIMED(pi_ns, pthread_mutex_lock(&pi)); pthread_mutex_unlock(&pi); done_ = r; }
  for (int i = 0; i < ROUNDS; i++) {
    lead(&round_, ++r);
    pthread_mutex_lock(&guard);
    TIMED(cond_ns, pthread_cond_wait(&cond, &guard));
    pthread_mutex_unlock(&guard);
    done_ = r;
  }
  for (int i = 0; i < ROUNDS; i++) { lead(&round_, ++r); TIMED(sem_ns, sem_wait(&sem)); done_ = r; }
  for (int i = 0; i < 10; i++) {
    struct timespec t; clock_gettime(CLOCK_REALTIME, &t);
    t.tv_nsec += 5000000; if (t.tv_nsec >= 1000000000) { t.tv_sec++; t.tv_nsec -= 1000000000; }
    TIMED(timed_ns, sem_timedwait(&timed, &t));
  }
  done_ = ++r;
  for (int i = 0; i < 10; i++) {
    lead(&round_, ++r);
    struct { uint64_t val, uaddr; uint32_t flags, reserved; } v[2] = { { 0, (uintptr_t)&words[0], 2 | 128, 0 }, { 0, (uintptr_t)&words[1], 2 | 128, 0 } };
    TIMED(waitv_ns, waitv_errors += syscall(449, v, 2, 0, 0, 0) < 0);
    words[1] = 0;
    done_ = r;
  }
  pthread_mutex_lock(&stuck);
  pthread_mutex_unlock(&stuck);
  return 0;
}
static void *one_of_crowd(void *which) {
  tids[(long)which] = syscall(SYS_gettid);
  pthread_mutex_lock(&crowd);
  pthread_mutex_unlock(&crowd);
  done_ = 1000 + (long)which;
  return 0;
}
/* Waits longer than the test. */
static void *sleeper(void *x) {
  struct timespec t; clock_gettime(CLOCK_REALTIME, &t);
  t.tv_sec += 1000;
  tids[CROWD] = syscall(SYS_gettid);
  sem_timedwait(&late, &t);
  return 0;
}
/* Whether a thread sleeps in the kernel: only then a lock is let go. */
static void until_sleeps(long tid) {
  char path[64], text[256];
  sprintf(path, "/proc/self/task/%ld/syscall", tid);
  for (;;) {
    FILE *f = fopen(path, "r");
    long nr = -1;
    if (f && fgets(text, sizeof text, f)) nr = strtol(text, 0, 10);
    if (f) fclose(f);
    if (nr == SYS_futex || nr == 449 || waitv_errors) break;
    nap(100);
  }
}
static void until_it_sleeps(void) { until_sleeps(worker_tid); }
int main(void) {
  char line[16];
  setbuf(stdout, 0);
  holder_tid = syscall(SYS_gettid);
  puts("ready");
  if (!fgets(line, sizeof line, stdin)) return 1;
  pthread_mutexattr_t attr;
  pthread_mutexattr_init(&attr);
  pthread_mutexattr_setprotocol(&attr, PTHREAD_PRIO_INHERIT);
  pthread_mutex_init(&pi, &attr);
  sem_init(&sem, 0, 0);
  sem_init(&timed, 0, 0);
  pthread_t t;
  pthread_create(&t, 0, worker, 0);
  while (!worker_tid) nap(100);
  int r = 0;
  for (int i = 0; i < ROUNDS; i++) { pthread_mutex_lock(&mutex); round_ = ++r; until_it_sleeps(); nap(3000); pthread_mutex_unlock(&mutex); lead(&done_, r); }
  for (int i = 0; i < ROUNDS; i++) { pthread_mutex_lock(&pi); round_ = ++r; until_it_sleeps(); nap(2000); pthread_mutex_unlock(&pi); lead(&done_, r); }
  for (int i = 0; i < ROUNDS; i++) {
    round_ = ++r; until_it_sleeps(); nap(1000);
    pthread_mutex_lock(&guard); pthread_mutex_unlock(&guard);
    pthread_cond_signal(&cond); lead(&done_, r);
  }
  for (int i = 0; i < ROUNDS; i++) { round_ = ++r; until_it_sleeps(); nap(1000); sem_post(&sem); lead(&done_, r); }
  lead(&done_, ++r);
  pthread_t many[CROWD], last;
  pthread_mutex_lock(&crowd);
  for (long i = 0; i < CROWD; i++) pthread_create(&many[i], 0, one_of_crowd, (void *)i);
  for (int i = 0; i < CROWD; i++) { while (!tids[i]) nap(100); until_sleeps(tids[i]); }
  nap(1000);
  pthread_mutex_unlock(&crowd);
  for (int i = 0; i < CROWD; i++) pthread_join(many[i], 0);
  done_ = r;
  sem_init(&late, 0, 0);
  pthread_create(&last, 0, sleeper, 0);
  while (!tids[CROWD]) nap(100);
  until_sleeps(tids[CROWD]);
  pthread_mutex_lock(&stuck);
  for (int i = 0; i < 10; i++) {
    round_ = ++r; until_it_sleeps(); nap(1000);
    words[1] = 1; syscall(SYS_futex, &words[1], FUTEX_WAKE_PRIVATE, 1, 0, 0, 0); lead(&done_, r);
  }
  until_it_sleeps();
  /* Two processes and one mutex in memory that they share, at different addresses. */
  struct shared { pthread_mutex_t m; volatile int round_, done_; volatile long ns; } *s, *other;
  int fd = memfd_create("lock", 0);
  ftruncate(fd, 4096);
  s = mmap(0, 4096, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
  other = mmap(0, 4096, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
  pthread_mutexattr_init(&attr);
  pthread_mutexattr_setpshared(&attr, PTHREAD_PROCESS_SHARED);
  pthread_mutex_init(&s->m, &attr);
  pid_t child = fork();
  if (!child) {
    for (int i = 0; i < ROUNDS; i++) { lead(&other->round_, i + 1); long a = now(); pthread_mutex_lock(&other->m); other->ns += now() - a; pthread_mutex_unlock(&other->m); other->done_ = i + 1; }
    for (;;) pause();
  }
  for (int i = 0; i < ROUNDS; i++) { pthread_mutex_lock(&s->m); s->round_ = i + 1; nap(5000); pthread_mutex_unlock(&s->m); lead(&s->done_, i + 1); }
  printf("{\\"rounds\\":%d,\\"tid\\":%ld,\\"worker\\":%ld,\\"child\\":%d", ROUNDS, holder_tid, worker_tid, child);
  printf(",\\"mutex\\":\\"%p\\",\\"pi\\":\\"%p\\",\\"cond\\":\\"%p\\",\\"sem\\":\\"%p\\",\\"timed\\":\\"%p\\",\\"words\\":\\"%p\\",\\"stuck\\":\\"%p\\",\\"crowd\\":\\"%p\\",\\"late\\":\\"%p\\",\\"shared\\":\\"%p\\",\\"other\\":\\"%p\\"",
    (void *)&mutex, (void *)&pi, (void *)&cond, (void *)&sem, (void *)&timed, (void *)words, (void *)&stuck, (void *)&crowd, (void *)&late, (void *)s, (void *)other);
  printf(",\\"mutex_ns\\":%ld,\\"pi_ns\\":%ld,\\"cond_ns\\":%ld,\\"sem_ns\\":%ld,\\"timed_ns\\":%ld,\\"waitv_ns\\":%ld,\\"waitv_errors\\":%d,\\"shared_ns\\":%ld}\\n", mutex_ns, pi_ns, cond_ns, sem_ns, timed_ns, waitv_ns, waitv_errors, s->ns);
  while (fgets(line, sizeof line, stdin)) {}
  kill(child, 9);
  waitpid(child, 0, 0);
  _exit(0);
}
`;

/** What the program says at its end: addresses as text, times in ns. */
export interface FutexFacts extends Readonly<Record<string, string | number>> {
  readonly rounds: number;
  readonly tid: number;
  readonly worker: number;
  readonly child: number;
}

/** The program, started. */
export interface FutexProgram extends AsyncDisposable {
  readonly pid: number;
  /** Lets it begin; answers when it has done all and its worker waits on. */
  go(): Promise<FutexFacts>;
}

/** Compiles it. @returns its path, or null without gcc */
export async function compileFutexProgram(folder: string): Promise<string | null> {
  const path = `${folder}/futexes`;
  return await compileC(SOURCE, path, ["-pthread", "-D_GNU_SOURCE", "-include", "signal.h"]) ? path : null;
}

/**
 * Starts it; answers when it waits for its line.
 *
 * @param command what stands before it: a tracer
 */
export async function startFutexProgram(path: string, command: readonly string[] = []): Promise<FutexProgram> {
  const [program, ...args] = [...command, path];
  const child = new Deno.Command(program, { args, stdin: "piped", stdout: "piped" }).spawn();
  const reader = child.stdout.pipeThrough(new TextDecoderStream()).getReader();
  const writer = child.stdin.getWriter();
  let text = "";
  const until = async (end: string): Promise<void> => {
    while (!text.endsWith(end)) {
      const { done, value } = await reader.read();
      if (done) throw new Error(`the program ended: ${text}`);
      text += value;
    }
  };
  await until("ready\n");
  return {
    pid: child.pid,
    async go() {
      await writer.write(new TextEncoder().encode("\n"));
      await until("}\n");
      return JSON.parse(text.split("\n")[1]);
    },
    async [Symbol.asyncDispose]() {
      await writer.close().catch(() => {}); // it may have ended
      await reader.cancel();
      await child.status;
    },
  };
}
