/**
 * A program whose stacks are hard to unwind: deep recursion, alloca, aligned frames, callbacks from libc, longjmp, signal
 * handlers on the same and on another stack, a call through a null pointer, code without a file, the vdso, threads.
 */
export const UNWIND_PROGRAM = `
#define _GNU_SOURCE
#include <alloca.h>
#include <pthread.h>
#include <setjmp.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>
#define FAR __attribute__((noinline))
static jmp_buf place;
volatile unsigned long out;
FAR void leaf(unsigned long x) { char b[64]; memset(b, x, sizeof b); out += b[x & 63]; }
FAR int compare(const void *a, const void *b) { leaf(*(int *)a); return *(const int *)a - *(const int *)b; }
FAR void sort(void) { int v[6] = {5, 2, 4, 1, 3, 9}; qsort(v, 6, sizeof *v, compare); out += v[0]; }
FAR void grow(int n) { char *p = alloca(n); memset(p, n, n); leaf(p[n - 1]); out += (unsigned long)p; }
FAR void align(int n) { _Alignas(64) char b[256]; memset(b, n, sizeof b); leaf(b[n]); __asm__ volatile("" :: "r"(b)); }
FAR void align_and_grow(int n) {
  _Alignas(64) char b[256]; char *p = alloca(n);
  memset(b, n, sizeof b); memset(p, n, n); leaf(b[n] + p[n - 1]); __asm__ volatile("" :: "r"(b), "r"(p));
}
FAR void jump(int n) { if (n > 0) { jump(n - 1); out++; } else longjmp(place, 1); }
FAR void on_signal(int s) { leaf(s); sort(); }
FAR void deep(int n) { if (n > 0) deep(n - 1); else { leaf(n); raise(SIGUSR1); } out++; }
FAR void give_up(void) { longjmp(place, 1); }
FAR void on_fault(int s) { leaf(s); give_up(); }
FAR void call_null(void) { void (*volatile f)(void) = 0; f(); out++; }
FAR void end(void) { puts("end"); }
FAR void tick(void) { struct timespec t; clock_gettime(CLOCK_MONOTONIC, &t); out += t.tv_nsec; }
FAR void in_jit(void) { leaf(7); }
FAR void jit(void) { /* push %rbp; mov %rsp, %rbp; call *%rdi; pop %rbp; ret */
  static const unsigned char code[] = {0x55, 0x48, 0x89, 0xe5, 0xff, 0xd7, 0x5d, 0xc3};
  void *p = mmap(0, 4096, PROT_READ | PROT_WRITE | PROT_EXEC, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  memcpy(p, code, sizeof code);
  ((void (*)(void (*)(void)))p)(in_jit);
  out++;
}
/* A trampoline without call frame information, as other libraries than glibc have. */
__asm__(".globl bare_return; nop; bare_return: mov $15, %rax; syscall");
extern char bare_return[];
FAR void bare_handler(int s) { leaf(s); }
FAR void bare_signal(void) {
  struct { void (*handler)(int); unsigned long flags; void *restorer; unsigned long mask; } a = {bare_handler, 0x04000000, bare_return, 0};
  syscall(SYS_rt_sigaction, SIGUSR2, &a, 0, 8);
  raise(SIGUSR2);
  out++;
}
FAR void on_other_stack(int s) { leaf(s); }
FAR void other_stack(void) {
  static char memory[65536];
  stack_t stack = {.ss_sp = memory, .ss_size = sizeof memory};
  struct sigaction a = {.sa_handler = on_other_stack, .sa_flags = SA_ONSTACK};
  sigaltstack(&stack, 0);
  sigaction(SIGUSR2, &a, 0);
  raise(SIGUSR2);
  out++;
}
static void *thread(void *x) { deep((long)x); end(); return x; }
FAR void run(void) {
  sort(); grow(100); align(3); align_and_grow(77);
  if (!setjmp(place)) jump(5);
  deep(30);
  if (!setjmp(place)) call_null();
  printf("%lu\\n", out);
}
int main(void) {
  struct sigaction fault = {.sa_handler = on_fault, .sa_flags = SA_NODEFER};
  pthread_t t;
  signal(SIGUSR1, on_signal);
  sigaction(SIGSEGV, &fault, 0);
  run();
  tick();
  jit();
  bare_signal();
  other_stack();
  pthread_create(&t, 0, thread, (void *)3);
  pthread_join(t, 0);
  return 0;
}
`;
