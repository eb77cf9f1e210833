/*
 * The part of Sonde's `signal` sampler that runs inside the command: loaded by LD_PRELOAD, it asks the kernel for SIGPROF
 * as CPU time passes, and writes where each signal found its thread into rings that Sonde reads. Freestanding: system
 * calls only, nothing of any C library but a hook for fork(2) where there is one (glibc, musl).
 *
 * What must not happen to the program: see docs/internals/samplers.md. In short: the handler allocates nothing, takes no
 * lock, touches no errno, blocks all signals while it runs, runs on the alternate stack of threads that have one, and
 * copies the stack by process_vm_readv(2), which answers EFAULT where a load would crash. POSIX timers end with exec (an
 * interval timer would go on, and kill a program that has no handler). A program that uses SIGPROF itself is left alone.
 *
 * Records: core/ptrace/sample_record.ts. Head of the shared memory: core/profile/native/shared_head.ts.
 */
#include "../../ring/ring.h"

enum {
  HEAD_MAGIC = 0x31505353, /* "SSP1" */
  STATE_WAIT = 0,
  STATE_ON = 1,
  STATE_OFF = 2,
};

struct head {
  uint32_t magic;
  uint32_t state;
  uint32_t stack_bytes;
  uint32_t one_thread; /* the kernel gives a process's timer to its first thread: sample that one only (before 6.4) */
  uint64_t period_ns;
  uint64_t rings_at;
  uint64_t rings_bytes;
  uint64_t rings;
  uint64_t busy;     /* samples lost because every ring was being written */
  uint64_t beat_ns;  /* CLOCK_MONOTONIC when Sonde last looked */
  uint32_t attached; /* processes that are sampled, or were */
  uint32_t occupied; /* processes that use SIGPROF themselves */
  uint32_t refused;  /* processes for which the kernel gave no timer */
};

enum { RECORD_SAMPLE = 1, RECORD_MAPS = 3, RECORD_COMM = 4 };
struct record {
  uint32_t kind, pid, tid, state;
  int32_t syscall;
  uint32_t count;
  uint64_t weight_ns, time_ns;
  uint32_t registers, bytes;
};
_Static_assert(sizeof(struct record) == 48, "as sample_record.ts says");

/* What we use of the kernel's interface; its headers would pull in a C library's. */
struct kernel_sigaction {
  void *handler;
  unsigned long flags;
  void (*restorer)(void);
  uint64_t mask;
};
struct sigevent {
  uint64_t value;
  int signo, notify, tid, pad[11];
};
struct timespec {
  int64_t sec, nsec;
};
struct itimerspec {
  struct timespec interval, value;
};
struct iovec {
  void *base;
  uint64_t length;
};
struct siginfo {
  int signo, error, code, pad;
  int timer, overrun;
  uint64_t value;
};

enum {
  EFAULT = 14,
  SIGPROF = 27,
  SA_SIGINFO = 4,
  SA_RESTORER = 0x04000000,
  SA_ONSTACK = 0x08000000,
  SA_RESTART = 0x10000000,
  SI_TIMER = -2,
  SIGEV_SIGNAL = 0,
  SIGEV_THREAD_ID = 4,
  CLOCK_MONOTONIC = 1,
  CLOCK_PROCESS_CPUTIME_ID = 2,
  CLOCK_THREAD_CPUTIME_ID = 3,
  AT_FDCWD = -100,
  O_RDWR = 2,
  O_CLOEXEC = 02000000,
  PROT_READ_WRITE = 3,
  MAP_SHARED = 1,
};
/* A dead Sonde reads nothing: after so long without a look the timer is switched off. */
#define ABANDONED_NS UINT64_C(10000000000)

#if defined(__x86_64__)
enum {
  NR_read = 0, NR_close = 3, NR_mmap = 9, NR_rt_sigaction = 13, NR_pread64 = 17, NR_getpid = 39,
  NR_gettid = 186, NR_timer_create = 222, NR_timer_settime = 223, NR_clock_gettime = 228,
  NR_openat = 257, NR_process_vm_readv = 310,
};
static long call(long nr, long a, long b, long c, long d, long e, long f) {
  register long r10 __asm__("r10") = d;
  register long r8 __asm__("r8") = e;
  register long r9 __asm__("r9") = f;
  long result;
  __asm__ volatile("syscall" : "=a"(result) : "a"(nr), "D"(a), "S"(b), "d"(c), "r"(r10), "r"(r8), "r"(r9)
                   : "rcx", "r11", "memory");
  return result;
}
__asm__(".text\n.local sonde_restorer\n.type sonde_restorer,@function\nsonde_restorer:\n"
        "  mov $15, %rax\n  syscall\n.size sonde_restorer, .-sonde_restorer\n");
extern void sonde_restorer(void) __attribute__((visibility("hidden")));
enum { REGISTERS = 17, SP = 7 };
/* struct ucontext: flags, link, stack (24), then struct sigcontext: r8–r15 rdi rsi rbp rbx rdx rax rcx rsp rip. */
static void registers_of(const unsigned char *context, uint64_t *to) {
  static const unsigned char DWARF[REGISTERS] = {8, 9, 10, 11, 12, 13, 14, 15, 5, 4, 6, 3, 1, 0, 2, 7, 16};
  const uint64_t *from = (const uint64_t *)(context + 40);
  for (int i = 0; i < REGISTERS; i++) to[DWARF[i]] = from[i];
}
#elif defined(__aarch64__)
enum {
  NR_openat = 56, NR_close = 57, NR_read = 63, NR_pread64 = 67, NR_timer_create = 107, NR_timer_settime = 110,
  NR_clock_gettime = 113, NR_rt_sigaction = 134, NR_getpid = 172, NR_gettid = 178,
  NR_mmap = 222, NR_process_vm_readv = 270,
};
static long call(long nr, long a, long b, long c, long d, long e, long f) {
  register long x8 __asm__("x8") = nr;
  register long x0 __asm__("x0") = a;
  register long x1 __asm__("x1") = b;
  register long x2 __asm__("x2") = c;
  register long x3 __asm__("x3") = d;
  register long x4 __asm__("x4") = e;
  register long x5 __asm__("x5") = f;
  __asm__ volatile("svc 0" : "+r"(x0) : "r"(x8), "r"(x1), "r"(x2), "r"(x3), "r"(x4), "r"(x5) : "memory");
  return x0;
}
static void sonde_restorer(void) {} /* not used: the kernel returns through its vdso */
enum { REGISTERS = 33, SP = 31 };
/* struct ucontext: flags, link, stack (24), mask and padding (128), aligned to 16: at 176 a fault address, x0–x30, sp, pc. */
static void registers_of(const unsigned char *context, uint64_t *to) {
  const uint64_t *from = (const uint64_t *)(context + 184);
  for (int i = 0; i < REGISTERS; i++) to[i] = from[i];
}
#else
#error "x86-64 or aarch64"
#endif

static struct head *head;
static int timer = -1;
static int is_ours; /* whether SIGPROF is handled by us */

static uint64_t now_ns(void) {
  struct timespec t = {0, 0};
  call(NR_clock_gettime, CLOCK_MONOTONIC, (long)&t, 0, 0, 0, 0);
  return (uint64_t)t.sec * 1000000000u + (uint64_t)t.nsec;
}

/* Takes a ring for the time of one record. Which is tried first differs from thread to thread. */
static int take_ring(struct sonde_ring *ring, uint32_t tid) {
  unsigned char *rings = (unsigned char *)head + head->rings_at;
  uint64_t size = head->rings_bytes / head->rings;
  uint64_t first = tid % head->rings * size;
  void *place = sonde_ring_claim(rings + first, head->rings_bytes - first, tid);
  if (!place) place = sonde_ring_claim(rings, head->rings_bytes, tid);
  if (place && sonde_ring_open(ring, place, sonde_ring_bytes(place)) == 0) return 1;
  __atomic_fetch_add(&head->busy, 1, __ATOMIC_RELAXED);
  return 0;
}

static void give_back(struct sonde_ring *ring, uint32_t tid) { sonde_ring_release(ring->memory, tid); }

static void fill(struct record *record, uint32_t kind, uint32_t pid, uint32_t tid) {
  record->kind = kind;
  record->pid = pid;
  record->tid = tid;
  record->state = 0;
  record->syscall = -1;
  record->count = 0;
  record->weight_ns = 0;
  record->time_ns = 0;
  record->registers = 0;
  record->bytes = 0;
}

static void disarm(void) {
  static const struct itimerspec never = {{0, 0}, {0, 0}};
  call(NR_timer_settime, timer, 0, (long)&never, 0, 0, 0);
}

static void on_signal(int number, struct siginfo *info, void *context) {
  (void)number;
  if (info->code != SI_TIMER || info->value != (uint64_t)(uintptr_t)&timer) return; /* somebody else's: nothing of ours */
  uint32_t state = __atomic_load_n(&head->state, __ATOMIC_RELAXED);
  if (state == STATE_WAIT) return;
  uint64_t time = now_ns();
  if (state == STATE_OFF || time - __atomic_load_n(&head->beat_ns, __ATOMIC_RELAXED) > ABANDONED_NS) {
    disarm();
    return;
  }
  uint32_t pid = (uint32_t)call(NR_getpid, 0, 0, 0, 0, 0, 0);
  uint32_t tid = (uint32_t)call(NR_gettid, 0, 0, 0, 0, 0, 0);
  struct sonde_ring ring;
  if (!take_ring(&ring, tid)) return;
  uint32_t most = head->stack_bytes;
  uint32_t fixed = sizeof(struct record) + REGISTERS * 8;
  struct record *record = sonde_ring_reserve(&ring, fixed + most);
  if (record) {
    uint64_t *registers = (uint64_t *)(record + 1);
    registers_of(context, registers);
    struct iovec to = {registers + REGISTERS, most};
    struct iovec from = {(void *)registers[SP], most};
    long copied = call(NR_process_vm_readv, pid, (long)&to, 1, (long)&from, 1, 0);
    if (copied == -EFAULT || (copied < 0 && registers[SP] & 7)) copied = 0; /* the register holds no stack's address */
    if (copied < 0) {
      /* Not permitted (a seccomp filter): the page that the stack pointer is in can be read, whatever follows it. */
      copied = 4096 - (registers[SP] & 4095);
      if (copied > most) copied = most;
      const uint64_t *word = (const uint64_t *)registers[SP];
      for (long i = 0; i < copied / 8; i++) registers[REGISTERS + i] = word[i];
    }
    /* Most stacks are short: the room is taken again as small as it can be, if that is the same place. */
    uint32_t length = fixed + ((uint32_t)copied & ~7u);
    if (sonde_ring_reserve(&ring, length) != record) sonde_ring_reserve(&ring, fixed + most);
    fill(record, RECORD_SAMPLE, pid, tid);
    record->count = 1;
    record->weight_ns = head->period_ns * (uint64_t)(1 + (info->overrun > 0 ? info->overrun : 0));
    record->time_ns = time;
    record->registers = REGISTERS;
    record->bytes = (uint32_t)copied & ~7u;
    sonde_ring_commit(&ring);
  }
  give_back(&ring, tid);
}

/* Writes what a file holds. Not from the handler. */
static void write_file(uint32_t kind, uint32_t pid, const char *path) {
  long fd = call(NR_openat, AT_FDCWD, (long)path, O_CLOEXEC, 0, 0, 0);
  if (fd < 0) return;
  unsigned char piece[1024];
  long size = 0, n;
  while ((n = call(NR_read, fd, (long)piece, sizeof piece, 0, 0, 0)) > 0) size += n;
  struct sonde_ring ring;
  if (size > 0 && take_ring(&ring, pid)) {
    struct record *record = sonde_ring_reserve(&ring, (uint32_t)(sizeof *record + size));
    if (record) {
      long at = 0;
      fill(record, kind, pid, pid);
      while (at < size && (n = call(NR_pread64, fd, (long)(record + 1) + at, size - at, at, 0, 0)) > 0) at += n;
      record->bytes = (uint32_t)at;
      sonde_ring_commit(&ring);
    }
    give_back(&ring, pid);
  }
  call(NR_close, fd, 0, 0, 0, 0, 0);
}

/* Starts the timer of this process, and says who it is. */
static void arm(void) {
  uint32_t pid = (uint32_t)call(NR_getpid, 0, 0, 0, 0, 0, 0);
  write_file(RECORD_COMM, pid, "/proc/self/comm");
  write_file(RECORD_MAPS, pid, "/proc/self/maps");
  struct sigevent event = {.value = (uint64_t)(uintptr_t)&timer, .signo = SIGPROF, .notify = SIGEV_SIGNAL};
  long clock = CLOCK_PROCESS_CPUTIME_ID;
  if (head->one_thread) {
    event.notify = SIGEV_THREAD_ID;
    event.tid = (int)pid;
    clock = CLOCK_THREAD_CPUTIME_ID;
  }
  int made = -1;
  struct itimerspec time;
  time.interval.sec = time.value.sec = (int64_t)(head->period_ns / 1000000000u);
  time.interval.nsec = time.value.nsec = (int64_t)(head->period_ns % 1000000000u);
  if (call(NR_timer_create, clock, (long)&event, (long)&made, 0, 0, 0) < 0) {
    __atomic_fetch_add(&head->refused, 1, __ATOMIC_RELAXED);
    return;
  }
  timer = made;
  __atomic_fetch_add(&head->attached, 1, __ATOMIC_RELAXED);
  call(NR_timer_settime, timer, 0, (long)&time, 0, 0, 0);
}

/* The child of a fork has our memory and our handler, but no timer. */
static void in_child(void) {
  if (is_ours && __atomic_load_n(&head->state, __ATOMIC_RELAXED) != STATE_OFF) arm();
}

/* Finds a variable of the environment that the process was started with. @returns its length, 0 for none */
static int from_environment(const char *name, char *to, int room) {
  long fd = call(NR_openat, AT_FDCWD, (long)"/proc/self/environ", O_CLOEXEC, 0, 0, 0);
  if (fd < 0) return 0;
  char piece[512];
  long n;
  int matched = 0, length = 0, found = 0; /* matched: letters of the name, -1 in a variable of another name */
  while (!found && (n = call(NR_read, fd, (long)piece, sizeof piece, 0, 0, 0)) > 0) {
    for (long i = 0; i < n && !found; i++) {
      char c = piece[i];
      if (matched >= 0 && !name[matched]) {
        if (c == 0) found = 1;
        else if (length < room - 1) to[length++] = c;
      } else if (c == 0) matched = 0;
      else if (matched >= 0) matched = c == name[matched] ? matched + 1 : -1;
    }
  }
  call(NR_close, fd, 0, 0, 0, 0, 0);
  to[length] = 0;
  return length;
}

extern int __register_atfork(void (*)(void), void (*)(void), void (*)(void), void *) __attribute__((weak)); /* glibc */
extern int pthread_atfork(void (*)(void), void (*)(void), void (*)(void)) __attribute__((weak));             /* musl */

static struct head *map(long fd) {
  struct head found;
  if (call(NR_pread64, fd, (long)&found, sizeof found, 0, 0, 0) != sizeof found || found.magic != HEAD_MAGIC) return 0;
  long at = call(NR_mmap, 0, (long)(found.rings_at + found.rings_bytes), PROT_READ_WRITE, MAP_SHARED, fd, 0);
  return at < 0 && at > -4096 ? 0 : (struct head *)at;
}

__attribute__((constructor)) static void start(void) {
  char path[64];
  if (!from_environment("SONDE_SAMPLER=", path, sizeof path)) return;
  long fd = call(NR_openat, AT_FDCWD, (long)path, O_RDWR | O_CLOEXEC, 0, 0, 0);
  if (fd < 0) return; /* Sonde has ended, or belongs to another user */
  head = map(fd);
  call(NR_close, fd, 0, 0, 0, 0, 0);
  if (!head || head->state == STATE_OFF) return;
  struct kernel_sigaction old = {0};
  call(NR_rt_sigaction, SIGPROF, 0, (long)&old, 8, 0, 0);
  if (old.handler) {
    __atomic_fetch_add(&head->occupied, 1, __ATOMIC_RELAXED);
    return;
  }
  struct kernel_sigaction ours = {.handler = (void *)on_signal, .mask = ~UINT64_C(0), .restorer = sonde_restorer};
  ours.flags = SA_SIGINFO | SA_RESTART | SA_ONSTACK;
#if defined(__x86_64__)
  ours.flags |= SA_RESTORER;
#endif
  if (call(NR_rt_sigaction, SIGPROF, (long)&ours, 0, 8, 0, 0) < 0) return;
  is_ours = 1;
  if (__register_atfork) __register_atfork(0, 0, in_child, 0);
  else if (pthread_atfork) pthread_atfork(0, 0, in_child);
  arm();
}
