/* growing START_MIB STEP_KIB PERIOD_MS END_MIB: takes START_MIB at once, then STEP_KIB every PERIOD_MS until END_MIB, lets go and begins again. */
#include "load.h"
#include <sys/mman.h>

int main(int argc, char **argv) {
  load_start();
  if (argc < 5) return 2;
  size_t start = strtoul(argv[1], NULL, 10) << 20, step = strtoul(argv[2], NULL, 10) << 10;
  uint64_t period = strtoull(argv[3], NULL, 10) * 1000000u;
  size_t end = strtoul(argv[4], NULL, 10) << 20;
  char *cache = mmap(NULL, end, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  if (cache == MAP_FAILED) die("mmap");
  for (int ready = 0;;) {
    memset(cache, 1, start);
    if (!ready++) load_ready();
    uint64_t next = now_ns();
    for (size_t at = start; at + step <= end; at += step) {
      memset(cache + at, 1, step);
      sleep_until_ns(next += period);
    }
    if (madvise(cache, end, MADV_DONTNEED) != 0) die("madvise");
  }
}
