/*
 * Does a known number of things to a block device, past the page cache, and says how long each kind took by its own clock:
 * disk_load DEVICE READS WRITES SYNCS DISCARDS. Waits for a byte on its input first. Reads are of 128 KiB, writes of 256 KiB:
 * large enough that a request takes longer than what surrounds it, small enough to stay one request each.
 */
#define _GNU_SOURCE
#include <fcntl.h>
#include <linux/fs.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <time.h>
#include <unistd.h>

#define PAGE 4096
#define READ (32 * PAGE)
#define WRITE (64 * PAGE)

static void fail(const char *what) {
  perror(what);
  exit(1);
}

static long long now(void) {
  struct timespec t;
  clock_gettime(CLOCK_MONOTONIC, &t);
  return t.tv_sec * 1000000000LL + t.tv_nsec;
}

int main(int argc, char **argv) {
  if (argc != 6) return 2;
  long reads = atol(argv[2]), writes = atol(argv[3]), syncs = atol(argv[4]), discards = atol(argv[5]);
  char *page, go;
  long long read_ns = now(), write_ns, sync_ns, discard_ns;
  int fd = open(argv[1], O_RDWR | O_DIRECT);
  if (fd < 0) fail(argv[1]);
  if (posix_memalign((void **)&page, PAGE, WRITE)) fail("posix_memalign");
  memset(page, 1, WRITE);
  if (read(0, &go, 1) != 1) fail("no word to begin");
  read_ns = now();
  for (long i = 0; i < reads; i++)
    if (pread(fd, page, READ, i * 7 % 1000 * PAGE) != READ) fail("pread");
  write_ns = now();
  for (long i = 0; i < writes; i++)
    if (pwrite(fd, page, WRITE, i * 14 % 1000 * PAGE) != WRITE) fail("pwrite");
  sync_ns = now();
  for (long i = 0; i < syncs; i++)
    if (fsync(fd)) fail("fsync");
  discard_ns = now();
  for (long i = 0; i < discards; i++) {
    uint64_t range[2] = {(uint64_t)i * 64 * PAGE, 64 * PAGE};
    if (ioctl(fd, BLKDISCARD, range)) fail("BLKDISCARD");
  }
  printf("{\"read\":%lld,\"write\":%lld,\"flush\":%lld,\"discard\":%lld}\n", write_ns - read_ns, sync_ns - write_ns,
         discard_ns - sync_ns, now() - discard_ns);
  return 0;
}
