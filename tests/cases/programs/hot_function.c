/* One thread on a CPU all the time: seven tenths in price_option, the rest in three cooler functions. */
#include "load.h"

#define HOT __attribute__((noinline, noclone))

volatile uint64_t sink;

HOT uint64_t price_option(uint64_t seed) { return churn(seed, 70000) + 1; }
HOT uint64_t load_quotes(uint64_t seed) { return churn(seed, 12000) + 2; }
HOT uint64_t format_rows(uint64_t seed) { return churn(seed, 10000) + 3; }
HOT uint64_t write_journal(uint64_t seed) { return churn(seed, 8000) + 4; }

HOT uint64_t handle_request(uint64_t seed) {
  seed = load_quotes(seed) + 1;
  seed = price_option(seed) + 1;
  seed = format_rows(seed) + 1;
  return write_journal(seed) + 1;
}

int main(void) {
  load_start();
  load_ready();
  for (uint64_t i = 1;; i++) sink = handle_request(i);
}
