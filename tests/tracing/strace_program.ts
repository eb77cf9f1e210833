import { compileC } from "../compile_c.ts";

/**
 * What it does is known:
 *
 * - `threads`: four threads ask for their parent's number 100, 200, 300 and 400 times; exits with 7
 * - `signals`: 50 signals with a handler, then SIGTERM
 * - `spawn`: five times posix_spawn of true and vfork
 * - `exec`: a second thread executes true
 * - `stop`: a child stops itself and is continued
 * - `ask N`: asks for its parent's number N times
 * - `tick`: prints "ready", then waits in epoll_wait 20 ms at a time and writes a byte; prints each error of epoll_wait
 * - `x32`: makes a call of x32's table, and one of its own
 */
const SOURCE = `
#define _GNU_SOURCE
#include <errno.h>
#include <pthread.h>
#include <signal.h>
#include <spawn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>
extern char **environ;
static void *ask(void *n) { for (long i = 0; i < (long)n; i++) syscall(SYS_getppid); return 0; }
static volatile int caught;
static void handler(int s) { caught++; }
static void *become(void *unused) { execl("/bin/true", "true", (char *)0); return 0; }
int main(int argc, char **argv) {
  const char *mode = argv[1];
  if (!strcmp(mode, "threads")) {
    pthread_t t[4];
    for (long i = 0; i < 4; i++) pthread_create(&t[i], 0, ask, (void *)(100 * (i + 1)));
    for (int i = 0; i < 4; i++) pthread_join(t[i], 0);
    puts("done");
    return 7;
  }
  if (!strcmp(mode, "signals")) {
    signal(SIGUSR1, handler);
    for (int i = 0; i < 50; i++) raise(SIGUSR1);
    printf("%d\\n", caught);
    fflush(stdout);
    kill(getpid(), SIGTERM);
  }
  if (!strcmp(mode, "spawn")) {
    for (int i = 0; i < 5; i++) {
      pid_t pid;
      char *args[] = {"true", 0};
      posix_spawn(&pid, "/bin/true", 0, 0, args, environ);
      waitpid(pid, 0, 0);
      if ((pid = vfork()) == 0) _exit(3);
      waitpid(pid, 0, 0);
    }
  }
  if (!strcmp(mode, "exec")) {
    pthread_t t;
    pthread_create(&t, 0, become, 0);
    pthread_join(t, 0);
  }
  if (!strcmp(mode, "stop")) {
    int status;
    pid_t pid = fork();
    if (pid == 0) { raise(SIGSTOP); _exit(4); }
    waitpid(pid, &status, WUNTRACED);
    printf("stopped %d\\n", WIFSTOPPED(status));
    kill(pid, SIGCONT);
    waitpid(pid, &status, 0);
    printf("exited %d\\n", WEXITSTATUS(status));
  }
  if (!strcmp(mode, "ask")) ask((void *)atol(argv[2]));
  if (!strcmp(mode, "tick")) {
    int e = epoll_create1(0);
    struct epoll_event event;
    write(1, "ready\\n", 6);
    for (;;) {
      if (epoll_wait(e, &event, 1, 20) < 0) dprintf(1, "errno %d\\n", errno);
      write(1, ".", 1);
    }
  }
  if (!strcmp(mode, "x32")) { syscall(0x40000000 | SYS_getpid); syscall(SYS_getppid); }
  return 0;
}`;

/** The program in a folder of its own. */
export interface StraceProgram extends AsyncDisposable {
  readonly folder: string;
  readonly path: string;
}

/** @returns null without gcc */
export async function straceProgram(): Promise<StraceProgram | null> {
  const folder = await Deno.makeTempDir();
  const path = `${folder}/program`;
  const remove = (): Promise<void> => Deno.remove(folder, { recursive: true });
  if (!await compileC(SOURCE, path, ["-pthread"])) {
    await remove();
    return null;
  }
  return { folder, path, [Symbol.asyncDispose]: remove };
}
