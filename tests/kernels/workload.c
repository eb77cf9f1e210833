/*
 * A load whose events are known by number: `workload ACTION COUNT`. Linked statically, so that nothing but the action
 * opens, reads or maps: the counts are exact from the first instruction on.
 */
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <fcntl.h>
#include <linux/futex.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

/* Probed by uprobe, uretprobe and `calls user:`: returns twice its argument. */
__attribute__((noinline, noclone)) long workload_twice(long n) {
  __asm__ volatile("" : "+r"(n));
  return 2 * n;
}

/* A USDT probe as <sys/sdt.h> writes it, without needing that header: a nop and a note that tells where it is. */
static void fire_mark(int n) {
  __asm__ volatile(
      "990: nop\n"
      ".pushsection .note.stapsdt,\"\",\"note\"\n"
      ".balign 4\n"
      ".4byte 992f-991f, 994f-993f, 3\n"
      "991: .asciz \"stapsdt\"\n"
      "992: .balign 4\n"
      "993: .8byte 990b, _.stapsdt.base, 0\n"
      ".asciz \"sonde\"\n"
      ".asciz \"mark\"\n"
      ".asciz \"-4@%0\"\n"
      "994: .balign 4\n"
      ".popsection\n"
      ".pushsection .stapsdt.base,\"aG\",\"progbits\",.stapsdt.base,comdat\n"
      ".weak _.stapsdt.base\n"
      ".hidden _.stapsdt.base\n"
      "_.stapsdt.base: .space 1\n"
      ".size _.stapsdt.base, 1\n"
      ".popsection\n"
      :
      : "r"(n));
}

static int fail(const char *what) {
  perror(what);
  return 1;
}

/* COUNT reads of 4096 bytes each. */
static int reads(long count) {
  static char buffer[4096];
  int fd = open("/dev/zero", O_RDONLY);
  if (fd < 0) return fail("/dev/zero");
  for (long i = 0; i < count; i++)
    if (read(fd, buffer, sizeof buffer) != sizeof buffer) return fail("read");
  return 0;
}

/* COUNT pages written for the first time. */
static int faults(long count) {
  long page = sysconf(_SC_PAGESIZE);
  char *memory = mmap(NULL, count * page, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  if (memory == MAP_FAILED) return fail("mmap");
  madvise(memory, count * page, MADV_NOHUGEPAGE);
  for (long i = 0; i < count; i++) ((volatile char *)memory)[i * page] = 1;
  return 0;
}

/* COUNT datagrams to ourselves over the loopback device. */
static int datagrams(long count) {
  struct sockaddr_in address = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
  socklen_t length = sizeof address;
  int fd = socket(AF_INET, SOCK_DGRAM, 0);
  if (fd < 0 || bind(fd, (struct sockaddr *)&address, length) || getsockname(fd, (struct sockaddr *)&address, &length))
    return fail("socket");
  for (long i = 0; i < count; i++) {
    char byte = 0;
    if (sendto(fd, &byte, 1, 0, (struct sockaddr *)&address, length) != 1) return fail("sendto");
    if (recv(fd, &byte, 1, 0) != 1) return fail("recv");
  }
  return 0;
}

/* COUNT children, one after the other, each of which ends at once. */
static int children(long count) {
  for (long i = 0; i < count; i++) {
    pid_t child = fork();
    if (child < 0) return fail("fork");
    if (child == 0) _exit(0);
    waitpid(child, NULL, 0);
  }
  return 0;
}

/* COUNT connections to ourselves over the loopback device, one after the other. */
static int connects(long count) {
  struct sockaddr_in address = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
  socklen_t length = sizeof address;
  int listener = socket(AF_INET, SOCK_STREAM, 0);
  if (listener < 0 || bind(listener, (struct sockaddr *)&address, length) || listen(listener, 8) ||
      getsockname(listener, (struct sockaddr *)&address, &length))
    return fail("listen");
  for (long i = 0; i < count; i++) {
    int out = socket(AF_INET, SOCK_STREAM, 0);
    if (out < 0 || connect(out, (struct sockaddr *)&address, length)) return fail("connect");
    int in = accept(listener, NULL, NULL);
    if (in < 0) return fail("accept");
    close(out);
    close(in);
  }
  return 0;
}

/* COUNT reads of 4096 bytes from the device named in the environment, past the page cache. */
static int direct_reads(long count) {
  const char *path = getenv("SONDE_LOAD_DEVICE");
  void *buffer;
  int fd = path ? open(path, O_RDONLY | O_DIRECT) : -1;
  if (fd < 0 || posix_memalign(&buffer, 4096, 4096)) return fail("SONDE_LOAD_DEVICE");
  for (long i = 0; i < count; i++)
    if (pread(fd, buffer, 4096, i * 4096) != 4096) return fail("pread");
  return 0;
}

/* COUNT waits of a child for its parent, which wakes it up 2 ms after it has said that it will wait. */
static int futex_waits(long count) {
  volatile int *words = mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
  if (words == MAP_FAILED) return fail("mmap");
  pid_t child = fork();
  if (child < 0) return fail("fork");
  struct timespec pause = {0, 2000000}, look = {0, 100000};
  for (long i = 0; i < count; i++) {
    if (child == 0) {
      words[1] = i + 1;
      while (words[0] == i) syscall(SYS_futex, words, FUTEX_WAIT, (int)i, NULL, NULL, 0);
    } else {
      while (words[1] != i + 1) nanosleep(&look, NULL);
      nanosleep(&pause, NULL);
      words[0] = i + 1;
      syscall(SYS_futex, words, FUTEX_WAKE, 1, NULL, NULL, 0);
    }
  }
  if (child == 0) _exit(0);
  waitpid(child, NULL, 0);
  return 0;
}

/* Four processes write 1 MiB COUNT times each to one file in memory: they wait for the lock of its inode. */
static int locked_writes(long count) {
  static char buffer[1 << 20];
  int fd = memfd_create("sonde", 0);
  if (fd < 0) return fail("memfd_create");
  for (int i = 0; i < 4; i++) {
    pid_t child = fork();
    if (child < 0) return fail("fork");
    if (child > 0) continue;
    for (long j = 0; j < count; j++)
      if (pwrite(fd, buffer, sizeof buffer, 0) != sizeof buffer) _exit(fail("pwrite"));
    _exit(0);
  }
  while (wait(NULL) > 0);
  return 0;
}

/* COUNT children that sleep for half a second at the same time. */
static int crowd(long count) {
  struct timespec pause = {0, 500000000};
  for (long i = 0; i < count; i++) {
    pid_t child = fork();
    if (child < 0) return fail("fork");
    if (child > 0) continue;
    nanosleep(&pause, NULL);
    _exit(0);
  }
  while (wait(NULL) > 0);
  return 0;
}

/* COUNT sleeps of a millisecond. */
static int naps(long count) {
  struct timespec millisecond = {0, 1000000};
  for (long i = 0; i < count; i++) nanosleep(&millisecond, NULL);
  return 0;
}

/* COUNT milliseconds of this process's own CPU time. */
static int spin(long count) {
  struct timespec used;
  do clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &used);
  while (used.tv_sec * 1000 + used.tv_nsec / 1000000 < count);
  return 0;
}

int main(int argc, char **argv) {
  if (argc != 3) return fprintf(stderr, "usage: %s ACTION COUNT\n", argv[0]), 2;
  const char *action = argv[1];
  long count = atol(argv[2]);
  if (!strcmp(action, "read")) return reads(count);
  if (!strcmp(action, "fault")) return faults(count);
  if (!strcmp(action, "datagram")) return datagrams(count);
  if (!strcmp(action, "child")) return children(count);
  if (!strcmp(action, "spin")) return spin(count);
  if (!strcmp(action, "nap")) return naps(count);
  if (!strcmp(action, "connect")) return connects(count);
  if (!strcmp(action, "direct")) return direct_reads(count);
  if (!strcmp(action, "futex")) return futex_waits(count);
  if (!strcmp(action, "lock")) return locked_writes(count);
  if (!strcmp(action, "crowd")) return crowd(count);
  if (!strcmp(action, "getppid")) {
    for (long i = 0; i < count; i++) syscall(SYS_getppid);
  } else if (!strcmp(action, "badclose")) {
    for (long i = 0; i < count; i++) close(-1);
  } else if (!strcmp(action, "call")) {
    for (long i = 0; i < count; i++)
      if (workload_twice(i) != 2 * i) return 1;
  } else if (!strcmp(action, "mark")) {
    for (long i = 0; i < count; i++) fire_mark((int)i);
  } else {
    return fprintf(stderr, "unknown action %s\n", action), 2;
  }
  return 0;
}
