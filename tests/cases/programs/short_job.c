/* A process that computes for a millisecond or so and is gone. */
#include "load.h"

volatile uint64_t sink;

int main(void) {
  prctl(PR_SET_PDEATHSIG, SIGKILL);
  uint64_t begin = now_ns();
  while (now_ns() - begin < 1200000u) sink = churn(sink + 1, 5000);
  return 0;
}
