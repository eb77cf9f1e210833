import { compileC } from "./compile_c.ts";

/**
 * A program whose threads wait in system calls with timeouts, each in another, and count answers that they should not
 * get: EINTR. Two threads send one another signals and count them. It ends on SIGTERM with its counts on standard output:
 * `waits N eintr N early N sent N got N`. What is early came more than a clock's tick before its timeout.
 */
const SOURCE = `
#define _GNU_SOURCE
#include <errno.h>
#include <linux/futex.h>
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <sys/epoll.h>
#include <sys/select.h>
#include <sys/sem.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>
static atomic_int_type waits, eintr, early, sent, got;
static volatile int over;
static const struct timespec PAUSE = { 0, 7000000 };
static int w_nanosleep(void *x) { struct timespec t = PAUSE; return nanosleep(&t, 0); }
static int w_clock(void *x) { return syscall(SYS_clock_nanosleep, CLOCK_MONOTONIC, 0, &PAUSE, 0); }
static int w_poll(void *x) { return poll(0, 0, 7); }
static int w_ppoll(void *x) { return ppoll(0, 0, &PAUSE, 0); }
static int w_select(void *x) { struct timeval t = { 0, 7000 }; return select(0, 0, 0, 0, &t); }
static int w_epoll(void *x) { static __thread int e; struct epoll_event v; if (!e) e = epoll_create1(0); return epoll_wait(e, &v, 1, 7); }
static int w_futex(void *x) { static int word; errno = 0; int r = syscall(SYS_futex, &word, FUTEX_WAIT, 0, &PAUSE, 0, 0); return errno == ETIMEDOUT ? 0 : r; }
static int w_sigwait(void *x) { sigset_t s; sigemptyset(&s); sigaddset(&s, SIGHUP); errno = 0; int r = sigtimedwait(&s, 0, &PAUSE); return errno == EAGAIN ? 0 : r; }
static int w_recv(void *x) {
  static __thread int p[2]; char c;
  if (!p[0]) { socketpair(AF_UNIX, SOCK_STREAM, 0, p); struct timeval t = { 0, 8000 }; setsockopt(p[0], SOL_SOCKET, SO_RCVTIMEO, &t, sizeof t); }
  errno = 0; int r = recv(p[0], &c, 1, 0); return errno == EAGAIN ? 0 : r;
}
static int w_semop(void *x) {
  static __thread int id; struct sembuf op = { 0, -1, 0 };
  if (!id) id = semget(IPC_PRIVATE, 1, 0600);
  errno = 0; int r = semtimedop(id, &op, 1, &PAUSE);
  int e = errno;
  if (over) semctl(id, 0, IPC_RMID);
  errno = e; return e == EAGAIN ? 0 : r;
}
static int (*const WAITS[])(void *) = { w_nanosleep, w_clock, w_poll, w_ppoll, w_select, w_epoll, w_futex, w_sigwait, w_recv, w_semop };
#define COUNT (int)(sizeof WAITS / sizeof *WAITS)
static void add(atomic_int_type *n) { __atomic_fetch_add(n, 1, __ATOMIC_RELAXED); }
static void *waiter(void *which) {
  while (!over) {
    struct timespec a, b;
    clock_gettime(CLOCK_MONOTONIC, &a);
    errno = 0;
    int r = WAITS[(long)which](0);
    if (r < 0 && errno == EINTR) add(&eintr);
    clock_gettime(CLOCK_MONOTONIC, &b);
    if ((b.tv_sec - a.tv_sec) * 1000000000L + b.tv_nsec - a.tv_nsec < 2000000) add(&early);
    add(&waits);
  }
  return 0;
}
static void on_signal(int n) { add(&got); }
static void *signals(void *unused) {
  /* Real time signals queue: each one that is sent comes. */
  while (!over) { add(&sent); pthread_kill(pthread_self(), SIGRTMIN + 1); for (volatile int i = 0; i < 100000; i++); }
  return 0;
}
int main(void) {
  pthread_t t[COUNT + 1];
  sigset_t end;
  sigemptyset(&end); sigaddset(&end, SIGTERM); sigaddset(&end, SIGHUP);
  pthread_sigmask(SIG_BLOCK, &end, 0);
  signal(SIGRTMIN + 1, on_signal);
  for (long i = 0; i < COUNT; i++) pthread_create(t + i, 0, waiter, (void *)i);
  pthread_create(t + COUNT, 0, signals, 0);
  printf("ready\\n"); fflush(stdout);
  int which = 0;
  while (which != SIGTERM) sigwait(&end, &which);
  over = 1;
  for (int i = 0; i <= COUNT; i++) pthread_join(t[i], 0);
  printf("waits %d eintr %d early %d sent %d got %d\\n", waits, eintr, early, sent, got);
  return 7;
}
`.replaceAll("atomic_int_type", "int");

/** Compiles it. @returns whether there is a C compiler */
export async function compileWaitingProgram(path: string): Promise<boolean> {
  return await compileC(SOURCE, path, ["-O1", "-pthread"]);
}
