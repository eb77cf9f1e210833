/* The other side of a shared ring; records as in _pattern.ts. The last 4096 bytes of the file are counters. */
#include <fcntl.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "ring.h"

enum { ATTEMPTS, PUBLISHED, DONE };

static uint32_t length_of(uint32_t i) { return 8 + (i * UINT32_C(0x9e3779b1) >> 24); }

static void fill(volatile unsigned char *to, uint32_t i, uint32_t length) {
  *(volatile uint32_t *)to = i;
  uint32_t k = 4;
  for (; k + 4 <= length; k += 4) *(volatile uint32_t *)(to + k) = (i + k) * UINT32_C(0x85ebca6b);
  for (; k < length; k++) to[k] = (unsigned char)i;
}

static uint32_t check(const unsigned char *from, uint32_t length) {
  unsigned char expected[264];
  uint32_t i;
  memcpy(&i, from, 4);
  fill(expected, i, length_of(i));
  if (length != length_of(i) || memcmp(from, expected, length) != 0) {
    printf("record %u of %u bytes is torn\n", i, length);
    exit(1);
  }
  return i;
}

static void count(uint64_t *counter) { __atomic_store_n(counter, *counter + 1, __ATOMIC_RELEASE); }

int main(int argc, char **argv) {
  if (argc != 6) return 2;
  const char *job = argv[1];
  uint64_t from = strtoull(argv[3], 0, 10), to = strtoull(argv[4], 0, 10), die_at = strtoull(argv[5], 0, 10);
  int fd = open(argv[2], O_RDWR);
  struct stat st;
  if (fd < 0 || fstat(fd, &st) < 0) return perror(argv[2]), 2;
  unsigned char *memory = mmap(0, st.st_size, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
  if (memory == MAP_FAILED) return perror("mmap"), 2;
  uint64_t size = st.st_size - 4096;
  uint64_t *counters = (uint64_t *)(memory + size);

  if (strcmp(job, "read") == 0) {
    struct sonde_ring_reader reader;
    if (sonde_ring_reader_open(&reader, memory, size) < 0) return puts("no ring"), 2;
    uint64_t read = 0, last = 0;
    for (;;) {
      /* First this, then the ring: what was published before it is there. */
      uint64_t done = __atomic_load_n(&counters[DONE], __ATOMIC_ACQUIRE);
      unsigned char record[264];
      int64_t length = sonde_ring_read(&reader, record, sizeof record);
      if (length == SONDE_RING_EMPTY && done) break;
      if (length == SONDE_RING_EMPTY) {
        sched_yield();
        continue;
      }
      if (length < 0) return printf("damaged after %lu\n", last), 1;
      uint64_t i = check(record, length);
      if (read > 0 && i <= last) return printf("record %lu came after %lu\n", i, last), 1;
      last = i;
      read++;
    }
    printf("%lu %lu %lu\n", read, reader.overwritten, last);
    return 0;
  }

  /* `write` gives a record up when it does not fit, `retry` tries again. */
  void *place = sonde_ring_claim(memory, size, (uint32_t)getpid());
  struct sonde_ring ring;
  if (!place) return puts("no ring is free"), 2;
  if (sonde_ring_open(&ring, place, sonde_ring_bytes(place)) < 0) return puts("damaged"), 1;
  int retry = strcmp(job, "retry") == 0;
  for (uint64_t i = from; i < to; i++) {
    uint32_t length = length_of(i);
    unsigned char *record;
    do {
      count(&counters[ATTEMPTS]);
      record = sonde_ring_reserve(&ring, length);
      if (!record && retry) sched_yield();
    } while (!record && retry);
    if (!record) continue;
    if (i == die_at) {
      fill(record, i, length / 2);
      raise(SIGKILL);
    }
    fill(record, i, length);
    sonde_ring_commit(&ring);
    count(&counters[PUBLISHED]);
  }
  sonde_ring_release(place, (uint32_t)getpid());
  __atomic_store_n(&counters[DONE], 1, __ATOMIC_RELEASE);
  return 0;
}
