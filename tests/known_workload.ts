import { compileC } from "./compile_c.ts";

/** A program whose system calls are known. */
export interface Workload extends AsyncDisposable {
  readonly path: string;
}

/** Names it goes by, of this run only: its own, that of the children it makes, that while it touches pages. */
export const WORK = `work_${Deno.pid}`;
export const KID = `kid_${Deno.pid}`;
export const TOUCH = `touch_${Deno.pid}`;

/** How often it does what. */
export interface Amounts {
  readonly getppid?: number;
  /** openat("/dev/null") and close. */
  readonly open?: number;
  /** openat of what is not there. */
  readonly missing?: number;
  /** nanosleep(2 ms). */
  readonly sleep?: number;
  /** Children that take another name and call getppid thrice. */
  readonly fork?: number;
  /** sched_rr_get_interval, which nobody else calls. */
  readonly rare?: number;
  /** Pages touched for the first time. */
  readonly touch?: number;
}

const SOURCE = `
#define _GNU_SOURCE
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>
static long n(char **v, int i) { return atol(v[i]); }
int main(int argc, char **v) {
  struct timespec t = {0, 2000000}, r;
  struct rusage before, after;
  if (argc < 8) return 2;
  for (long i = n(v, 1); i > 0; i--) syscall(SYS_getppid);
  for (long i = n(v, 2); i > 0; i--) close(syscall(SYS_openat, AT_FDCWD, "/dev/null", O_RDONLY | O_CLOEXEC, 0));
  for (long i = n(v, 3); i > 0; i--) syscall(SYS_openat, AT_FDCWD, "/there/is/no/such", O_WRONLY, 0);
  for (long i = n(v, 4); i > 0; i--) syscall(SYS_nanosleep, &t, &r);
  for (long i = n(v, 5); i > 0; i--) {
    pid_t p = fork();
    if (p == 0) {
      prctl(PR_SET_NAME, "${KID}");
      for (int k = 0; k < 3; k++) syscall(SYS_getppid);
      _exit(0);
    }
    waitpid(p, 0, 0);
  }
  for (long i = n(v, 6); i > 0; i--) syscall(SYS_sched_rr_get_interval, 0, &r);
  long pages = n(v, 7);
  if (pages > 0) {
    char *p = mmap(0, pages * 4096, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    madvise(p, pages * 4096, MADV_NOHUGEPAGE);
    getrusage(RUSAGE_SELF, &before);
    prctl(PR_SET_NAME, "${TOUCH}");
    for (long i = 0; i < pages; i++) p[i * 4096] = 1;
    prctl(PR_SET_NAME, "${WORK}");
    getrusage(RUSAGE_SELF, &after);
    printf("%ld\\n", after.ru_minflt - before.ru_minflt);
  }
  return 0;
}
`;

/** Builds it; null where there is no compiler. */
export async function buildWorkload(): Promise<Workload | null> {
  const dir = await Deno.makeTempDir();
  const path = `${dir}/${WORK}`;
  const remove = (): Promise<void> => Deno.remove(dir, { recursive: true });
  if (await compileC(SOURCE, path)) return { path, [Symbol.asyncDispose]: remove };
  await remove();
  return null;
}

/** Its command line. */
export function amounts(a: Amounts): string[] {
  return [a.getppid, a.open, a.missing, a.sleep, a.fork, a.rare, a.touch].map((n) => String(n ?? 0));
}
