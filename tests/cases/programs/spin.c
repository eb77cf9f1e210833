/* A thread that never waits. */
#include "load.h"

volatile uint64_t sink;

__attribute__((noinline)) uint64_t match_orders(uint64_t seed) { return churn(seed, 50000) + 1; }

int main(void) {
  load_start();
  load_ready();
  for (;;) sink = match_orders(sink + 1);
}
