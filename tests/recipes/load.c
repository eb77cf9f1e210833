/*
 * Loads whose events are known: `load ACTION [ARGUMENT…]`. At its end a load prints what it did as one line of JSON, by its
 * own clocks and counters. One that runs until it is told to stop prints "ready" when it is under way, and stops when its
 * standard input ends. `load wait ACTION…` is ready, begins when it gets a byte, and is there until its standard input ends.
 * Its process has the name of the program; a second one of it has that name and "_b" behind.
 */
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/filter.h>
#include <linux/futex.h>
#include <netdb.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#define PAGE 4096

static char facts[1024];

static void fact(const char *name, long long value) {
  size_t used = strlen(facts);
  snprintf(facts + used, sizeof facts - used, "%s\"%s\": %lld", used ? ", " : "", name, value);
}

static void fail(const char *what) {
  perror(what);
  exit(1);
}

static long long check(long long answer, const char *what) {
  if (answer < 0) fail(what);
  return answer;
}

static long long now(void) {
  struct timespec t;
  clock_gettime(CLOCK_MONOTONIC, &t);
  return t.tv_sec * 1000000000LL + t.tv_nsec;
}

static void nap(long us) {
  struct timespec t = {us / 1000000, us % 1000000 * 1000};
  syscall(SYS_nanosleep, &t, NULL);
}

static void ready(void) {
  puts("ready");
  fflush(stdout);
}

/* Whether the standard input has ended, or does within so many milliseconds. */
static int told_to_stop(int ms) {
  struct pollfd input = {.fd = 0, .events = POLLIN};
  char byte;
  return poll(&input, 1, ms) == 1 && read(0, &byte, 1) <= 0;
}

static void pin(int cpu) {
  cpu_set_t set;
  CPU_ZERO(&set);
  CPU_SET(cpu, &set);
  check(sched_setaffinity(0, sizeof set, &set), "sched_setaffinity");
}

/* A child under a name of its own. */
static pid_t fork_peer(void) {
  pid_t child = check(fork(), "fork");
  if (child == 0) {
    char name[16];
    prctl(PR_GET_NAME, name);
    name[13] = 0;
    strcat(name, "_b");
    prctl(PR_SET_NAME, name);
    prctl(PR_SET_PDEATHSIG, SIGKILL);
  }
  return child;
}

static void end_peer(pid_t child) {
  kill(child, SIGKILL);
  waitpid(child, NULL, 0);
}

/* Nanoseconds that this thread was runnable and did not run, by the kernel's account. */
static long long run_delay(void) {
  long long ran, waited;
  FILE *file = fopen("/proc/thread-self/schedstat", "r");
  if (!file || fscanf(file, "%lld %lld", &ran, &waited) != 2) fail("/proc/thread-self/schedstat");
  fclose(file);
  return waited;
}

static void *spin_forever(void *ignored) {
  for (;;) __asm__ volatile("");
  return ignored;
}

/* COUNT threads use all the CPU that they get. */
static void spin_until_stopped(long count) {
  long long began = now();
  for (long i = 0; i < count; i++) {
    pthread_t thread;
    if (pthread_create(&thread, NULL, spin_forever, NULL)) fail("pthread_create");
  }
  ready();
  while (!told_to_stop(1000));
  struct rusage use;
  getrusage(RUSAGE_SELF, &use);
  fact("cpu_ns", (use.ru_utime.tv_sec + use.ru_stime.tv_sec) * 1000000000LL +
                     (use.ru_utime.tv_usec + use.ru_stime.tv_usec) * 1000LL);
  fact("ns", now() - began);
}

/* COUNT milliseconds of CPU time. */
static void spin(long count) {
  struct timespec used;
  do clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &used);
  while (used.tv_sec * 1000 + used.tv_nsec / 1000000 < count);
}

/* COUNT sleeps of one millisecond. */
static void sleeps(long count) {
  struct rusage before, after;
  getrusage(RUSAGE_SELF, &before);
  long long began = now();
  for (long i = 0; i < count; i++) nap(1000);
  fact("ns", now() - began);
  getrusage(RUSAGE_SELF, &after);
  fact("count", count);
  fact("voluntary", after.ru_nvcsw - before.ru_nvcsw);
  fact("involuntary", after.ru_nivcsw - before.ru_nivcsw);
}

/* COUNT sleeps on a CPU on which a second process computes. */
static void crowd(long count) {
  pin(0);
  int ends[2];
  check(pipe(ends), "pipe");
  pid_t peer = fork_peer();
  if (peer == 0) {
    check(write(ends[1], "x", 1), "write");
    spin_forever(NULL);
  }
  char byte;
  check(read(ends[0], &byte, 1), "read");
  for (long i = 0; i < count; i++) nap(1000);
  fact("run_delay_ns", run_delay());
  fact("count", count);
  end_peer(peer);
}

/* COUNT moves to the other CPU. */
static void migrate(long count) {
  pin(0);
  for (long i = 1; i <= count; i++) pin(i % 2);
  fact("count", count);
}

/* COUNT questions to a second process, and its answers, on one CPU. */
static void ping_pong(long count) {
  int there[2], back[2];
  char byte = 0;
  check(pipe(there), "pipe");
  check(pipe(back), "pipe");
  pin(0);
  struct rusage before, after;
  pid_t peer = fork_peer();
  if (peer == 0) {
    while (read(there[0], &byte, 1) == 1) check(write(back[1], &byte, 1), "write");
    _exit(0);
  }
  getrusage(RUSAGE_SELF, &before);
  for (long i = 0; i < count; i++) {
    check(write(there[1], &byte, 1), "write");
    check(read(back[0], &byte, 1), "read");
  }
  getrusage(RUSAGE_SELF, &after);
  fact("count", count);
  fact("voluntary", after.ru_nvcsw - before.ru_nvcsw);
  end_peer(peer);
}

/* COUNT opens of a file, and as many of one that is not there. */
static void opens(const char *path, long count) {
  char missing[512];
  snprintf(missing, sizeof missing, "%s.missing", path);
  for (long i = 0; i < count; i++) {
    close(check(open(path, O_RDONLY), path));
    if (open(missing, O_RDONLY) >= 0) fail("it is there");
  }
}

/* COUNT files made in a folder and removed, and one that is not there. */
static void unlinks(const char *folder, long count) {
  char path[512];
  for (long i = 0; i < count; i++) {
    snprintf(path, sizeof path, "%s/file_%ld", folder, i);
    close(check(open(path, O_CREAT | O_WRONLY, 0600), path));
    check(unlink(path), path);
  }
  unlink(path);
}

/* COUNT reads of a pipe into which a second process writes after 30 ms. */
static void slow_reads(long count) {
  int ends[2];
  long long longest = 0;
  check(pipe(ends), "pipe");
  for (long i = 0; i < count; i++) {
    char byte = 0;
    pid_t peer = fork_peer();
    if (peer == 0) {
      nap(30000);
      check(write(ends[1], &byte, 1), "write");
      _exit(0);
    }
    long long began = now();
    check(read(ends[0], &byte, 1), "read");
    long long took = now() - began;
    if (took > longest) longest = took;
    waitpid(peer, NULL, 0);
  }
  fact("count", count);
  fact("longest_ns", longest);
}

/* COUNT writes that are forced to the disk. */
static void syncs(const char *path, long count) {
  static char page[PAGE];
  long long total = 0;
  int fd = check(open(path, O_CREAT | O_WRONLY, 0600), path);
  for (long i = 0; i < count; i++) {
    check(write(fd, page, sizeof page), "write");
    long long began = now();
    check(fsync(fd), "fsync");
    total += now() - began;
  }
  fact("count", count);
  fact("ns", total);
}

/* A page every five milliseconds, each forced to the disk. */
static void write_until_stopped(const char *path) {
  static char page[PAGE];
  int fd = check(open(path, O_CREAT | O_TRUNC | O_WRONLY, 0600), path);
  ready();
  while (!told_to_stop(5)) {
    check(write(fd, page, sizeof page), "write");
    check(fsync(fd), "fsync");
  }
}

/* COUNT waits for a futex that run into their timeout of 2 ms. */
static void futexes(long count) {
  static int word;
  struct timespec timeout = {0, 2000000};
  for (long i = 0; i < count; i++) {
    if (syscall(SYS_futex, &word, FUTEX_WAIT_PRIVATE, 0, &timeout, NULL, 0) != -1 || errno != ETIMEDOUT) fail("futex");
  }
}

/* COUNT signals to a process that ignores them, and one that ends it. */
static void signals(long count) {
  int ends[2];
  char byte = 0;
  check(pipe(ends), "pipe");
  pid_t peer = fork_peer();
  if (peer == 0) {
    signal(SIGUSR1, SIG_IGN);
    check(write(ends[1], &byte, 1), "write");
    for (;;) pause();
  }
  check(read(ends[0], &byte, 1), "read");
  for (long i = 0; i < count; i++) check(kill(peer, SIGUSR1), "kill");
  end_peer(peer);
  fact("victim", peer);
}

/* COUNT children that live 5 ms; every second one fails. */
static void children(long count) {
  for (long i = 0; i < count; i++) {
    pid_t child = check(fork(), "fork");
    if (child == 0) {
      nap(5000);
      _exit(i % 2);
    }
    waitpid(child, NULL, 0);
  }
}

static void *end_at_once(void *nothing) { return nothing; }

static void threads(long count) {
  for (long i = 0; i < count; i++) {
    pthread_t thread;
    if (pthread_create(&thread, NULL, end_at_once, NULL)) fail("pthread_create");
    pthread_join(thread, NULL);
  }
}

/* COUNT pages are written for the first time. */
__attribute__((noinline, noclone)) void touch_pages(char *memory, long count) {
  for (long i = 0; i < count; i++) ((volatile char *)memory)[i * PAGE] = 1;
}

static char *new_memory(long pages) {
  char *memory = mmap(NULL, pages * PAGE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  if (memory == MAP_FAILED) fail("mmap");
  madvise(memory, pages * PAGE, MADV_NOHUGEPAGE);
  return memory;
}

/* Blocks of 1000 bytes, half of which are freed. */
static void allocate(long count) {
  static void *volatile blocks[10000];
  if (count > 10000) fail("allocate");
  for (long i = 0; i < count; i++) blocks[i] = malloc(1000);
  for (long i = 0; i < count; i += 2) free(blocks[i]);
  fact("bytes", 1000 * count);
}

static int contended_file;
static volatile int contended_enough;
static void *read_contended(void *buffer) {
  while (!contended_enough) if (read(contended_file, buffer, 8 << 20) < 0) fail("read");
  return NULL;
}

/*
 * Sets the position of a file back while another thread reads it, for which the kernel holds a mutex, until `count` calls
 * took longer than 50 µs and did not lose the CPU.
 */
static void contend(long count) {
  char *buffer = malloc(8 << 20);
  long long waited = 0, lost = 0;
  pthread_t thread;
  memset(buffer, 1, 8 << 20);
  char name[] = "/tmp/contended_XXXXXX";
  contended_file = mkstemp(name);
  unlink(name);
  if (write(contended_file, buffer, 8 << 20) != 8 << 20) fail("write");
  if (pthread_create(&thread, NULL, read_contended, buffer)) fail("pthread_create");
  while (count > 0) {
    long long began = now();
    if (lseek(contended_file, 0, SEEK_SET) < 0) fail("lseek");
    long long ns = now() - began;
    waited += ns;
    struct rusage usage;
    getrusage(RUSAGE_THREAD, &usage);
    if (ns > 50000 && usage.ru_nivcsw == lost) count--;
    lost = usage.ru_nivcsw;
  }
  contended_enough = 1;
  pthread_join(thread, NULL);
  fact("waited", waited);
}

/* 256 KiB more every five milliseconds. */
static void grow_until_stopped(void) {
  long long began = now(), bytes = 0;
  ready();
  while (!told_to_stop(5)) {
    touch_pages(new_memory(64), 64);
    bytes += 64 * PAGE;
  }
  fact("bytes", bytes);
  fact("ns", now() - began);
}

/* A file of COUNT pages that is on the disk and not in memory. */
static void make_cold(const char *path, long count) {
  static char page[PAGE];
  int fd = check(open(path, O_CREAT | O_TRUNC | O_RDWR, 0600), path);
  memset(page, 'x', sizeof page);
  for (long i = 0; i < count; i++) check(write(fd, page, sizeof page), "write");
  check(fsync(fd), "fsync");
  check(-posix_fadvise(fd, 0, 0, POSIX_FADV_DONTNEED), "posix_fadvise");
  struct stat status;
  check(fstat(fd, &status), "fstat");
  fact("inode", status.st_ino);
}

/* Reads a file from its start to its end. */
static void read_all(const char *path) {
  static char buffer[16 * PAGE];
  long long bytes = 0, got;
  int fd = check(open(path, O_RDONLY), path);
  while ((got = check(read(fd, buffer, sizeof buffer), "read")) > 0) bytes += got;
  fact("bytes", bytes);
}

/* Touches COUNT pages of a mapped file out of order. */
static void map_file(const char *path, long count) {
  struct rusage before, after;
  int fd = check(open(path, O_RDONLY), path);
  char *memory = mmap(NULL, count * PAGE, PROT_READ, MAP_PRIVATE, fd, 0);
  if (memory == MAP_FAILED) fail("mmap");
  madvise(memory, count * PAGE, MADV_RANDOM);
  getrusage(RUSAGE_SELF, &before);
  long sum = 0;
  for (long i = 0; i < count; i++) sum += ((volatile char *)memory)[i * 7 % count * PAGE];
  getrusage(RUSAGE_SELF, &after);
  fact("sum", sum);
  fact("major_faults", after.ru_majflt - before.ru_majflt);
}

/* COUNT reads of one page past the page cache, every STRIDE pages. */
static void direct_reads(const char *path, long count, long stride) {
  void *page;
  if (posix_memalign(&page, PAGE, PAGE)) fail("posix_memalign");
  int fd = check(open(path, O_RDONLY | O_DIRECT), path);
  long long began = now();
  for (long i = 0; i < count; i++) {
    if (check(pread(fd, page, PAGE, i * stride * PAGE), "pread") != PAGE) fail("the file is too short");
  }
  fact("ns", now() - began);
  fact("count", count);
}

/* COUNT dirty pages that are written back on demand. */
static void write_back(const char *path, long count) {
  static char page[PAGE];
  int fd = check(open(path, O_CREAT | O_TRUNC | O_WRONLY, 0600), path);
  for (long i = 0; i < count; i++) check(write(fd, page, sizeof page), "write");
  check(syncfs(fd), "syncfs");
  fact("pages", count);
}

static int bound(int type, struct sockaddr_in *address) {
  socklen_t length = sizeof *address;
  int fd = check(socket(AF_INET, type, 0), "socket");
  *address = (struct sockaddr_in){.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
  check(bind(fd, (struct sockaddr *)address, length), "bind");
  check(getsockname(fd, (struct sockaddr *)address, &length), "getsockname");
  return fd;
}

static void read_bytes(int fd, long bytes) {
  static char buffer[65536];
  while (bytes > 0) {
    long got = check(read(fd, buffer, bytes < (long)sizeof buffer ? bytes : (long)sizeof buffer), "read");
    if (got == 0) fail("the connection ended");
    bytes -= got;
  }
}

static void write_bytes(int fd, long bytes) {
  static char buffer[65536];
  while (bytes > 0) bytes -= check(write(fd, buffer, bytes < (long)sizeof buffer ? bytes : (long)sizeof buffer), "write");
}

/* COUNT connections to a second process, BYTES there and as many back, and COUNT to a port where nobody listens. */
static void connections(long count, long bytes) {
  struct sockaddr_in address, nobody;
  int listener = bound(SOCK_STREAM, &address);
  check(listen(listener, 16), "listen");
  pid_t peer = fork_peer();
  if (peer == 0) {
    for (;;) {
      int fd = check(accept(listener, NULL, NULL), "accept");
      read_bytes(fd, bytes);
      write_bytes(fd, bytes);
      char byte;
      check(read(fd, &byte, 1), "read");
      close(fd);
    }
  }
  close(listener);
  for (long i = 0; i < count; i++) {
    int fd = check(socket(AF_INET, SOCK_STREAM, 0), "socket");
    check(connect(fd, (struct sockaddr *)&address, sizeof address), "connect");
    write_bytes(fd, bytes);
    read_bytes(fd, bytes);
    close(fd);
  }
  close(bound(SOCK_STREAM, &nobody));
  for (long i = 0; i < count; i++) {
    int fd = check(socket(AF_INET, SOCK_STREAM, 0), "socket");
    if (connect(fd, (struct sockaddr *)&nobody, sizeof nobody) != -1 || errno != ECONNREFUSED) fail("connect");
    close(fd);
  }
  /* The peer has closed, too: its side is seen to end. */
  nap(20000);
  fact("port", ntohs(address.sin_port));
  fact("closed_port", ntohs(nobody.sin_port));
  end_peer(peer);
}

/* Sends until TCP has sent again COUNT times: what arrives is dropped by a filter of the receiver. */
static void retransmits(long count) {
  struct sockaddr_in address;
  int listener = bound(SOCK_STREAM, &address);
  check(listen(listener, 1), "listen");
  int sender = check(socket(AF_INET, SOCK_STREAM, 0), "socket");
  check(connect(sender, (struct sockaddr *)&address, sizeof address), "connect");
  int receiver = check(accept(listener, NULL, NULL), "accept");
  struct sock_filter nothing = {BPF_RET | BPF_K, 0, 0, 0};
  struct sock_fprog filter = {1, &nothing};
  check(setsockopt(receiver, SOL_SOCKET, SO_ATTACH_FILTER, &filter, sizeof filter), "SO_ATTACH_FILTER");
  check(send(sender, "x", 1, 0), "send");
  struct tcp_info info;
  do {
    nap(10000);
    socklen_t length = sizeof info;
    check(getsockopt(sender, IPPROTO_TCP, TCP_INFO, &info, &length), "TCP_INFO");
  } while (info.tcpi_total_retrans < count);
  check(setsockopt(receiver, SOL_SOCKET, SO_DETACH_FILTER, &count, sizeof(int)), "SO_DETACH_FILTER");
  /* What is sent once more arrives; nothing is sent again after that. */
  read_bytes(receiver, 1);
  nap(20000);
  socklen_t length = sizeof info;
  check(getsockopt(sender, IPPROTO_TCP, TCP_INFO, &info, &length), "TCP_INFO");
  fact("segments", info.tcpi_total_retrans);
  fact("port", ntohs(address.sin_port));
}

/* COUNT datagrams to a socket with room for few. */
static void dropped_datagrams(long count) {
  struct sockaddr_in address;
  int receiver = bound(SOCK_DGRAM, &address), sender = check(socket(AF_INET, SOCK_DGRAM, 0), "socket"), size = 1;
  char buffer[512] = {0};
  long got = 0;
  check(setsockopt(receiver, SOL_SOCKET, SO_RCVBUF, &size, sizeof size), "SO_RCVBUF");
  for (long i = 0; i < count; i++)
    check(sendto(sender, buffer, sizeof buffer, 0, (struct sockaddr *)&address, sizeof address), "sendto");
  while (recv(receiver, buffer, sizeof buffer, MSG_DONTWAIT) > 0) got++;
  fact("dropped", count - got);
  fact("bytes", count * (long)(sizeof buffer + 28));
}

/* Datagrams over the loopback device, about 4 MB a second. */
static void datagrams_until_stopped(void) {
  struct sockaddr_in address;
  int fd = bound(SOCK_DGRAM, &address);
  char buffer[20000];
  ready();
  while (!told_to_stop(5)) {
    check(sendto(fd, buffer, sizeof buffer, 0, (struct sockaddr *)&address, sizeof address), "sendto");
    check(recv(fd, buffer, sizeof buffer, 0), "recv");
  }
}

/* COUNT reads and writes of one byte. */
static void small_io(long count) {
  char byte;
  int in = check(open("/dev/zero", O_RDONLY), "/dev/zero"), out = check(open("/dev/null", O_WRONLY), "/dev/null");
  for (long i = 0; i < count; i++) {
    check(pread(in, &byte, 1, 0), "pread");
    check(pwrite(out, &byte, 1, 0), "pwrite");
  }
}

/* COUNT waits for an event that does not happen. */
static void polls(long count) {
  for (long i = 0; i < count; i++) poll(NULL, 0, 2);
}

/* COUNT names that are known, and as many that are none. */
static void names(long count) {
  struct addrinfo *found, numeric = {.ai_flags = AI_NUMERICHOST};
  for (long i = 0; i < count; i++) {
    if (getaddrinfo("127.0.0.1", NULL, NULL, &found)) fail("getaddrinfo");
    freeaddrinfo(found);
    if (getaddrinfo("no.number", NULL, &numeric, &found) == 0) fail("it is a number");
  }
}

/* The parent of a vfork() is in uninterruptible sleep as long as its child lives. */
static void blocked_until_stopped(void) {
  if (vfork() == 0) {
    struct pollfd input = {.fd = 0, .events = POLLIN};
    if (write(1, "ready\n", 6) == 6) poll(&input, 1, -1);
    _exit(0);
  }
  wait(NULL);
}

int main(int argc, char **argv) {
  int waits = argc > 1 && !strcmp(argv[1], "wait");
  if (waits) {
    char byte;
    ready();
    check(read(0, &byte, 1), "read");
    argc--, argv++;
  }
  const char *action = argc > 1 ? argv[1] : "", *path = argc > 2 ? argv[2] : "";
  long count = argc > 2 ? atol(argv[2]) : 0, second = argc > 3 ? atol(argv[3]) : 0, third = argc > 4 ? atol(argv[4]) : 0;
  signal(SIGPIPE, SIG_IGN);
  if (!strcmp(action, "spin_until_stopped")) spin_until_stopped(count);
  else if (!strcmp(action, "grow_until_stopped")) grow_until_stopped();
  else if (!strcmp(action, "blocked_until_stopped")) blocked_until_stopped();
  else if (!strcmp(action, "datagrams_until_stopped")) datagrams_until_stopped();
  else if (!strcmp(action, "write_until_stopped")) write_until_stopped(path);
  else if (!strcmp(action, "spin")) spin(count);
  else if (!strcmp(action, "sleep")) sleeps(count);
  else if (!strcmp(action, "crowd")) crowd(count);
  else if (!strcmp(action, "migrate")) migrate(count);
  else if (!strcmp(action, "ping_pong")) ping_pong(count);
  else if (!strcmp(action, "open")) opens(path, second);
  else if (!strcmp(action, "unlink")) unlinks(path, second);
  else if (!strcmp(action, "slow_read")) slow_reads(count);
  else if (!strcmp(action, "sync")) syncs(path, second);
  else if (!strcmp(action, "futex")) futexes(count);
  else if (!strcmp(action, "signal")) signals(count);
  else if (!strcmp(action, "child")) children(count);
  else if (!strcmp(action, "thread")) threads(count);
  else if (!strcmp(action, "touch")) touch_pages(new_memory(count), count);
  else if (!strcmp(action, "allocate")) allocate(count);
  else if (!strcmp(action, "contend")) contend(count);
  else if (!strcmp(action, "make_cold")) make_cold(path, second);
  else if (!strcmp(action, "read_all")) read_all(path);
  else if (!strcmp(action, "map_file")) map_file(path, second);
  else if (!strcmp(action, "direct_read")) direct_reads(path, second, third);
  else if (!strcmp(action, "write_back")) write_back(path, second);
  else if (!strcmp(action, "connect")) connections(count, second);
  else if (!strcmp(action, "retransmit")) retransmits(count);
  else if (!strcmp(action, "drop")) dropped_datagrams(count);
  else if (!strcmp(action, "small_io")) small_io(count);
  else if (!strcmp(action, "poll")) polls(count);
  else if (!strcmp(action, "name")) names(count);
  else return fprintf(stderr, "unknown action %s\n", action), 2;
  printf("{%s}\n", facts);
  fflush(stdout);
  if (waits) while (!told_to_stop(1000));
  return 0;
}
