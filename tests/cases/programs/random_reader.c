/* random_reader FILE THREADS: each thread reads 64 KiB at random places, past the page cache. */
#include "load.h"
#include <pthread.h>
#include <sys/stat.h>

#define BLOCK (64 << 10)

static int fd;
static uint64_t blocks;

__attribute__((noreturn)) static void *reader(void *arg) {
  char *block;
  if (posix_memalign((void **)&block, 4096, BLOCK) != 0) die("memory");
  uint64_t x = (uint64_t)(uintptr_t)arg * 0x9e3779b97f4a7c15u + 1;
  for (;;) {
    x = churn(x, 1);
    if (pread(fd, block, BLOCK, (off_t)(x % blocks) * BLOCK) != BLOCK) die("read");
  }
}

int main(int argc, char **argv) {
  load_start();
  if (argc < 3) return 2;
  fd = open(argv[1], O_RDONLY | O_DIRECT);
  if (fd < 0) die(argv[1]);
  struct stat st;
  if (fstat(fd, &st) != 0) die("fstat");
  blocks = (uint64_t)st.st_size / BLOCK;
  int threads = atoi(argv[2]);
  for (int i = 1; i < threads; i++) {
    pthread_t t;
    if (pthread_create(&t, NULL, reader, (void *)(intptr_t)(i + 1)) != 0) die("thread");
  }
  load_ready();
  reader((void *)1);
}
