/*
 * service REQUESTS_PER_SECOND [BURST_MS EVERY_MS]: a server on the loopback and, as a child, its client. A request
 * costs a fifth of a millisecond. With a burst, a second thread of the server works for BURST_MS in every EVERY_MS.
 */
#include "load.h"
#include <arpa/inet.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <pthread.h>
#include <sys/socket.h>

volatile uint64_t sink;

__attribute__((noinline)) uint64_t answer(uint64_t seed) { return churn(seed, 100000) + 1; }
__attribute__((noinline)) uint64_t compact(uint64_t seed) { return churn(seed, 20000) + 1; }

static void client(struct sockaddr_in addr, uint64_t per_second) {
  prctl(PR_SET_PDEATHSIG, SIGKILL);
  prctl(PR_SET_NAME, "client");
  int s = socket(AF_INET, SOCK_STREAM, 0);
  int one = 1;
  setsockopt(s, IPPROTO_TCP, TCP_NODELAY, &one, sizeof one);
  if (connect(s, (struct sockaddr *)&addr, sizeof addr) != 0) die("connect");
  char text[64];
  for (uint64_t t = now_ns();; t += 1000000000u / per_second) {
    sleep_until_ns(t);
    if (now_ns() > t + 1000000000u) t = now_ns();
    if (write(s, "GET /\r\n\r\n", 9) != 9 || read(s, text, sizeof text) <= 0) _exit(0);
  }
}

static uint64_t burst, every;

static void *housekeeping(void *arg) {
  /* The first one within 3 s, at any place of whatever is measured from now on: one after EVERY_MS would be missed. */
  for (uint64_t next = now_ns() + now_ns() / 1000 % 3000 * 1000000u;; next += every) {
    sleep_until_ns(next);
    uint64_t begin = now_ns();
    while (now_ns() - begin < burst) sink = compact(sink + 1);
  }
  return arg;
}

int main(int argc, char **argv) {
  load_start();
  uint64_t per_second = argc > 1 ? strtoull(argv[1], NULL, 10) : 100;
  burst = argc > 3 ? strtoull(argv[2], NULL, 10) * 1000000u : 0;
  every = argc > 3 ? strtoull(argv[3], NULL, 10) * 1000000u : 0;
  int l = socket(AF_INET, SOCK_STREAM, 0);
  struct sockaddr_in addr = { .sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
  socklen_t len = sizeof addr;
  if (bind(l, (struct sockaddr *)&addr, len) != 0 || listen(l, 8) != 0) die("listen");
  getsockname(l, (struct sockaddr *)&addr, &len);
  if (fork() == 0) client(addr, per_second);
  int s = accept(l, NULL, NULL);
  if (s < 0) die("accept");
  int one = 1;
  setsockopt(s, IPPROTO_TCP, TCP_NODELAY, &one, sizeof one);
  pthread_t t;
  if (burst && pthread_create(&t, NULL, housekeeping, NULL) != 0) die("thread");
  load_ready();
  char text[64];
  while (read(s, text, sizeof text) > 0) {
    sink = answer(sink + 1);
    if (write(s, "HTTP/1.1 200 OK\r\n\r\n", 19) != 19) break;
  }
  return 0;
}
