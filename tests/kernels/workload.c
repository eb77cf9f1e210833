/*
 * A load whose events are known by number: `workload ACTION COUNT`. Linked statically, so that nothing but the action
 * opens, reads or maps: the counts are exact from the first instruction on.
 */
#include <arpa/inet.h>
#include <fcntl.h>
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
