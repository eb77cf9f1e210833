/*
 * Sonde's ring buffer for C: writer and reader of the layout that layout.ts documents. One writer, one reader, in
 * different threads or processes that share the memory. Freestanding: no libc, no locks, no system calls, no allocation;
 * the writer may run in a signal handler. The maker of the ring is TypeScript (initRing, initRingGroup).
 *
 *   struct sonde_ring ring;
 *   void *place = sonde_ring_claim(memory, bytes, gettid());         // or the address of a single ring
 *   if (place && sonde_ring_open(&ring, place, sonde_ring_bytes(place)) == 0) {
 *     void *record = sonde_ring_reserve(&ring, 24);
 *     if (record) { ...fill in 24 bytes...; sonde_ring_commit(&ring); }
 *   }
 *
 * A process that is killed at any instruction leaves a ring that can be read, and written by the next one: at most the
 * record that was not committed is missing. Writers do not wake a reader in JavaScript: it looks from time to time.
 *
 * GCC or clang, little endian, 64-bit atomics without a lock (x86-64, aarch64).
 */
#ifndef SONDE_RING_H
#define SONDE_RING_H

#include <stdint.h>

#if __BYTE_ORDER__ != __ORDER_LITTLE_ENDIAN__
#error "Sonde's rings are little endian"
#endif
_Static_assert(__atomic_always_lock_free(8, 0), "Sonde's rings need 64-bit atomics");

enum {
  SONDE_RING_MAGIC = 0x324e5253,
  SONDE_RING_CAPACITY = 4,
  SONDE_RING_MODE = 8,
  SONDE_RING_OWNER = 12,
  SONDE_RING_HEAD = 64,
  SONDE_RING_BEGIN = 72,
  SONDE_RING_FIRST = 80,
  SONDE_RING_LOST = 88,
  SONDE_RING_TAIL = 128,
  SONDE_RING_READ = 136,
  SONDE_RING_WAITING = 144,
  SONDE_RING_DATA = 256,
  SONDE_RING_RECORD_HEADER = 8,
};
#define SONDE_RING_PADDING UINT32_C(0xffffffff)

/* What sonde_ring_read answers when there is no record, or when the ring's content makes no sense. */
#define SONDE_RING_EMPTY (-1)
#define SONDE_RING_DAMAGED (-2)

/* A writer's own notes. */
struct sonde_ring {
  unsigned char *memory;
  uint64_t head;  /* position behind what is published */
  uint64_t next;  /* position behind what is reserved */
  uint64_t begin; /* oldest whole record (overwrite), or the reader's position as last seen (drop) */
  uint64_t first; /* number of the record at begin (overwrite) */
  uint64_t number; /* number of the next record (overwrite) */
  uint64_t lost;
  uint32_t capacity;
  uint32_t overwrite;
};

/* A reader's own notes. */
struct sonde_ring_reader {
  unsigned char *memory;
  uint64_t position;
  uint64_t next;        /* number of the record at position (overwrite) */
  uint64_t overwritten; /* records that were gone when this reader came to them */
  uint32_t capacity;
  uint32_t overwrite;
};

static inline uint32_t *sonde_ring_u32(unsigned char *memory, uint64_t at) { return (uint32_t *)(memory + at); }
static inline uint64_t *sonde_ring_u64(unsigned char *memory, uint64_t at) { return (uint64_t *)(memory + at); }

/* Bytes that a record of this length takes. */
static inline uint64_t sonde_ring_size(uint32_t length) {
  return SONDE_RING_RECORD_HEADER + (((uint64_t)length + 7) & ~UINT64_C(7));
}

/* Whether a ring begins here, within so many bytes. */
static inline int sonde_ring_valid(void *memory, uint64_t bytes) {
  if (((uintptr_t)memory & 7) || bytes < SONDE_RING_DATA) return 0;
  if (__atomic_load_n((uint32_t *)memory, __ATOMIC_ACQUIRE) != SONDE_RING_MAGIC) return 0;
  uint32_t capacity = *sonde_ring_u32(memory, SONDE_RING_CAPACITY);
  return capacity >= 64 && (capacity & (capacity - 1)) == 0 && bytes - SONDE_RING_DATA >= capacity &&
         *sonde_ring_u32(memory, SONDE_RING_MODE) <= 1;
}

/* Bytes of the ring that begins here. In a group the next ring follows. */
static inline uint64_t sonde_ring_bytes(void *memory) {
  return SONDE_RING_DATA + (uint64_t)*sonde_ring_u32(memory, SONDE_RING_CAPACITY);
}

/*
 * Takes a ring of a group that nobody has. Returns it, or 0 when all are taken. The owner is a number other than 0, such
 * as the thread's; whoever knows that it has ended may give the ring back.
 */
static inline void *sonde_ring_claim(void *group, uint64_t bytes, uint32_t owner) {
  unsigned char *at = group;
  while (sonde_ring_valid(at, bytes)) {
    uint32_t nobody = 0;
    /* Acquire: what the ring's last owner wrote before it released the ring is there. */
    if (__atomic_compare_exchange_n(sonde_ring_u32(at, SONDE_RING_OWNER), &nobody, owner, 0, __ATOMIC_ACQUIRE,
                                    __ATOMIC_RELAXED))
      return at;
    uint64_t size = sonde_ring_bytes(at);
    at += size;
    bytes -= size;
  }
  return 0;
}

/* Gives a claimed ring back. Its records stay. */
static inline void sonde_ring_release(void *memory, uint32_t owner) {
  __atomic_compare_exchange_n(sonde_ring_u32(memory, SONDE_RING_OWNER), &owner, 0, 0, __ATOMIC_RELEASE,
                              __ATOMIC_RELAXED);
}

/* Goes beyond the record, or the padding, at begin. Returns 1 for a record, 0 for padding, -1 when it makes no sense. */
static inline int sonde_ring_step(struct sonde_ring *ring) {
  uint64_t offset = ring->begin & (ring->capacity - 1);
  uint32_t length = *sonde_ring_u32(ring->memory, SONDE_RING_DATA + offset);
  uint64_t size = length == SONDE_RING_PADDING ? ring->capacity - offset : sonde_ring_size(length);
  if (size > ring->head - ring->begin) return -1;
  ring->begin += size;
  return length != SONDE_RING_PADDING;
}

/*
 * Becomes the writer of the ring, also after another writer was killed. There must be no other. Returns 0, or -1 when
 * there is no ring of so many bytes, or its content makes no sense.
 */
static inline int sonde_ring_open(struct sonde_ring *ring, void *memory, uint64_t bytes) {
  if (!sonde_ring_valid(memory, bytes)) return -1;
  unsigned char *m = memory;
  ring->memory = m;
  ring->capacity = *sonde_ring_u32(m, SONDE_RING_CAPACITY);
  ring->overwrite = *sonde_ring_u32(m, SONDE_RING_MODE);
  ring->head = ring->next = __atomic_load_n(sonde_ring_u64(m, SONDE_RING_HEAD), __ATOMIC_RELAXED);
  ring->lost = __atomic_load_n(sonde_ring_u64(m, SONDE_RING_LOST), __ATOMIC_RELAXED);
  ring->first = ring->number = 0;
  if (!ring->overwrite) {
    ring->begin = __atomic_load_n(sonde_ring_u64(m, SONDE_RING_TAIL), __ATOMIC_ACQUIRE);
    return ring->head - ring->begin <= ring->capacity ? 0 : -1;
  }
  uint64_t begin = __atomic_load_n(sonde_ring_u64(m, SONDE_RING_BEGIN), __ATOMIC_RELAXED);
  uint64_t first = __atomic_load_n(sonde_ring_u64(m, SONDE_RING_FIRST), __ATOMIC_RELAXED);
  uint64_t count = 0;
  uint32_t last = 0;
  ring->begin = begin;
  if (ring->head - begin > ring->capacity) return -1;
  while (ring->begin != ring->head) {
    uint64_t offset = ring->begin & (ring->capacity - 1);
    int record = sonde_ring_step(ring);
    if (record < 0) return -1;
    if (!record) continue;
    last = *sonde_ring_u32(m, SONDE_RING_DATA + offset + 4);
    count++;
  }
  ring->begin = begin;
  /* A writer that was killed may have left FIRST ahead of BEGIN. The records' own numbers are right. */
  ring->number = count ? first + (uint64_t)(int64_t)(int32_t)(last - (uint32_t)first) + 1 : first;
  ring->first = ring->number - count;
  return 0;
}

/*
 * Takes room for a record, which the reader sees after sonde_ring_commit. Returns where its content goes, 8-byte aligned,
 * or 0: the record is lost and counted, because the ring is full (drop), or the record longer than half of it less 8.
 */
static inline void *sonde_ring_reserve(struct sonde_ring *ring, uint32_t length) {
  unsigned char *m = ring->memory;
  uint64_t size = sonde_ring_size(length);
  uint64_t offset = ring->head & (ring->capacity - 1);
  uint64_t to_end = ring->capacity - offset;
  uint64_t padding = size <= to_end ? 0 : to_end;
  uint64_t end = ring->head + padding + size;
  if (size > ring->capacity / 2) goto lost;
  if (end - ring->begin > ring->capacity) {
    if (ring->overwrite) {
      while (end - ring->begin > ring->capacity) {
        int record = sonde_ring_step(ring);
        if (record < 0) goto lost;
        ring->first += (uint64_t)record;
      }
      /* Release: who sees this begin sees this first or a later one. */
      __atomic_store_n(sonde_ring_u64(m, SONDE_RING_FIRST), ring->first, __ATOMIC_RELAXED);
      __atomic_store_n(sonde_ring_u64(m, SONDE_RING_BEGIN), ring->begin, __ATOMIC_RELEASE);
      /* The new begin is seen before any byte of what overwrites: a release fence orders it before later stores. */
      __atomic_thread_fence(__ATOMIC_RELEASE);
    } else {
      /* Acquire: the reader has read what it frees before we write there. */
      ring->begin = __atomic_load_n(sonde_ring_u64(m, SONDE_RING_TAIL), __ATOMIC_ACQUIRE);
      if (end - ring->begin > ring->capacity) goto lost;
    }
  }
  /* Relaxed atomics where a reader of an overwriting ring may look at the same time. They cost nothing. */
  if (padding) {
    __atomic_store_n(sonde_ring_u32(m, SONDE_RING_DATA + offset), SONDE_RING_PADDING, __ATOMIC_RELAXED);
    offset = 0;
  }
  __atomic_store_n(sonde_ring_u32(m, SONDE_RING_DATA + offset), length, __ATOMIC_RELAXED);
  __atomic_store_n(sonde_ring_u32(m, SONDE_RING_DATA + offset + 4), (uint32_t)ring->number, __ATOMIC_RELAXED);
  ring->next = end;
  return m + SONDE_RING_DATA + offset + SONDE_RING_RECORD_HEADER;
lost:
  __atomic_store_n(sonde_ring_u64(m, SONDE_RING_LOST), ++ring->lost, __ATOMIC_RELAXED);
  return 0;
}

/* Publishes what was reserved. */
static inline void sonde_ring_commit(struct sonde_ring *ring) {
  if (ring->next == ring->head) return;
  ring->head = ring->next;
  ring->number += ring->overwrite;
  /* Release: who sees this head sees the record. */
  __atomic_store_n(sonde_ring_u64(ring->memory, SONDE_RING_HEAD), ring->head, __ATOMIC_RELEASE);
}

/* Reserve, copy, commit. Returns 0, or -1 when the record is lost. */
static inline int sonde_ring_write(struct sonde_ring *ring, const void *record, uint32_t length) {
  unsigned char *to = sonde_ring_reserve(ring, length);
  if (!to) return -1;
  const unsigned char *from = record;
  uint32_t i = 0;
  for (; i + 8 <= length; i += 8) {
    uint64_t word;
    __builtin_memcpy(&word, from + i, 8);
    __atomic_store_n((uint64_t *)(to + i), word, __ATOMIC_RELAXED);
  }
  for (; i < length; i++) __atomic_store_n(to + i, from[i], __ATOMIC_RELAXED);
  sonde_ring_commit(ring);
  return 0;
}

/* Becomes the reader of the ring; goes on where the last one stopped. Returns 0, or -1 when there is no ring. */
static inline int sonde_ring_reader_open(struct sonde_ring_reader *reader, void *memory, uint64_t bytes) {
  if (!sonde_ring_valid(memory, bytes)) return -1;
  reader->memory = memory;
  reader->capacity = *sonde_ring_u32(memory, SONDE_RING_CAPACITY);
  reader->overwrite = *sonde_ring_u32(memory, SONDE_RING_MODE);
  reader->position = __atomic_load_n(sonde_ring_u64(memory, SONDE_RING_TAIL), __ATOMIC_RELAXED);
  reader->next = __atomic_load_n(sonde_ring_u64(memory, SONDE_RING_READ), __ATOMIC_RELAXED);
  reader->overwritten = 0;
  return 0;
}

/* Copies a record's content by relaxed atomics, as its writer may be about to overwrite it. */
static inline void sonde_ring_copy(unsigned char *to, unsigned char *from, uint32_t length) {
  uint32_t i = 0;
  for (; i + 8 <= length; i += 8) {
    uint64_t word = __atomic_load_n((uint64_t *)(from + i), __ATOMIC_RELAXED);
    __builtin_memcpy(to + i, &word, 8);
  }
  for (; i < length; i++) to[i] = __atomic_load_n(from + i, __ATOMIC_RELAXED);
}

/*
 * Reads the oldest record. One that is longer than `size` is cut. Returns its whole length, SONDE_RING_EMPTY, or
 * SONDE_RING_DAMAGED, after which what the ring held is skipped.
 */
static inline int64_t sonde_ring_read(struct sonde_ring_reader *reader, void *to, uint32_t size) {
  unsigned char *m = reader->memory;
  /* Acquire: records before the head are whole. */
  uint64_t head = __atomic_load_n(sonde_ring_u64(m, SONDE_RING_HEAD), __ATOMIC_ACQUIRE);
  for (;;) {
    uint64_t begin = reader->overwrite ? __atomic_load_n(sonde_ring_u64(m, SONDE_RING_BEGIN), __ATOMIC_ACQUIRE) : 0;
    int skipped = begin > reader->position;
    if (skipped) reader->position = begin;
    if (reader->position >= head) {
      uint64_t first = __atomic_load_n(sonde_ring_u64(m, SONDE_RING_FIRST), __ATOMIC_ACQUIRE);
      /* FIRST moves on only after the head has: as long as the head is at begin, FIRST belongs to begin. */
      if (skipped && __atomic_load_n(sonde_ring_u64(m, SONDE_RING_HEAD), __ATOMIC_ACQUIRE) == begin) {
        reader->overwritten += first - reader->next;
        reader->next = first;
      } else if (skipped) {
        head = __atomic_load_n(sonde_ring_u64(m, SONDE_RING_HEAD), __ATOMIC_ACQUIRE);
        continue;
      }
      return SONDE_RING_EMPTY;
    }
    uint64_t offset = reader->position & (reader->capacity - 1);
    uint64_t to_end = reader->capacity - offset;
    uint64_t left = head - reader->position < to_end ? head - reader->position : to_end;
    uint32_t length = __atomic_load_n(sonde_ring_u32(m, SONDE_RING_DATA + offset), __ATOMIC_RELAXED);
    uint32_t number = __atomic_load_n(sonde_ring_u32(m, SONDE_RING_DATA + offset + 4), __ATOMIC_RELAXED);
    int padding = length == SONDE_RING_PADDING;
    uint64_t whole = padding ? to_end : sonde_ring_size(length);
    int sane = whole <= left && head - reader->position <= reader->capacity;
    if (sane && !padding)
      sonde_ring_copy(to, m + SONDE_RING_DATA + offset + SONDE_RING_RECORD_HEADER, length < size ? length : size);
    if (reader->overwrite) {
      uint64_t first = __atomic_load_n(sonde_ring_u64(m, SONDE_RING_FIRST), __ATOMIC_RELAXED);
      /* The begin we look at now must not be older than what we copied: an acquire fence orders loads before it. */
      __atomic_thread_fence(__ATOMIC_ACQUIRE);
      if (__atomic_load_n(sonde_ring_u64(m, SONDE_RING_BEGIN), __ATOMIC_RELAXED) > reader->position) continue;
      if (sane && !padding) {
        uint64_t whole_number = first + (uint64_t)(int64_t)(int32_t)(number - (uint32_t)first);
        reader->overwritten += whole_number - reader->next;
        reader->next = whole_number + 1;
      }
    }
    reader->position = sane ? reader->position + whole : head;
    /* Release: we have read what the writer may now overwrite. */
    __atomic_store_n(sonde_ring_u64(m, SONDE_RING_TAIL), reader->position, __ATOMIC_RELEASE);
    __atomic_store_n(sonde_ring_u64(m, SONDE_RING_READ), reader->next, __ATOMIC_RELEASE);
    if (!sane) return SONDE_RING_DAMAGED;
    if (!padding) return length;
  }
}

#endif
