/* duty PERCENT: that much of one CPU, in slices of 10 ms. The innocent bystander. */
#include "load.h"

volatile uint64_t sink;

__attribute__((noinline)) uint64_t render_tile(uint64_t seed) { return churn(seed, 20000) + 1; }

int main(int argc, char **argv) {
  load_start();
  uint64_t busy = (uint64_t)(argc > 1 ? atoi(argv[1]) : 20) * 100000u;
  load_ready();
  for (uint64_t t = now_ns();; t += 10000000u) {
    uint64_t begin = now_ns();
    while (now_ns() - begin < busy) sink = render_tile(sink + 1);
    uint64_t next = t + 10000000u;
    if (now_ns() > next) t = now_ns() - 10000000u;
    else sleep_until_ns(next);
  }
}
