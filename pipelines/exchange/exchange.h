/* What producer.c and consumer.c share: their arguments, the stamp in a buffer, and what they print. */
#ifndef EXCHANGE_H
#define EXCHANGE_H

#include <math.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

static inline uint64_t now(void) {
  struct timespec t;

  clock_gettime(CLOCK_MONOTONIC, &t);
  return (uint64_t)t.tv_sec * 1000000000u + (uint64_t)t.tv_nsec;
}

struct words {
  const char *pool;
  size_t size;          /* bytes of a buffer */
  uint32_t buffers;     /* in the pool */
  uint64_t nanoseconds; /* how long the producer works */
  int touch;            /* 1: every byte is written and read */
};

static inline int parse_words(int argc, char **argv, struct words *w) {
  if (argc < 5 || argc > 6 || (argc == 6 && strcmp(argv[5], "touch") != 0)) {
    fprintf(stderr, "usage: %s POOL SIZE BUFFERS SECONDS [touch]\n", argv[0]);
    return -1;
  }
  w->pool = argv[1];
  w->size = strtoul(argv[2], NULL, 10);
  w->buffers = (uint32_t)strtoul(argv[3], NULL, 10);
  w->nanoseconds = (uint64_t)(strtod(argv[4], NULL) * 1e9);
  w->touch = argc == 6;
  if (w->size < 4) {
    fprintf(stderr, "%s: a buffer has at least 4 bytes, for the stamp\n", argv[0]);
    return -1;
  }
  return 0;
}

/* A buffer begins with the time at which it was handed over, as the low 32 bits of its nanoseconds, for 4 bytes are
 * the smallest buffer that is measured. That is enough for ages of up to 4 seconds. */
static inline void stamp(void *buffer) {
  uint32_t low = (uint32_t)now();

  memcpy(buffer, &low, sizeof low);
}

/* age is how long ago a buffer was stamped, in nanoseconds. */
static inline uint32_t age(const void *buffer) {
  uint32_t low;

  memcpy(&low, buffer, sizeof low);
  return (uint32_t)now() - low;
}

/* Latencies in buckets that are 5 % apart. */
enum { BUCKETS = 460 };
struct latencies {
  uint64_t buckets[BUCKETS], count;
  double sum;
};

static inline void latencies_add(struct latencies *l, uint32_t nanoseconds) {
  int bucket = nanoseconds == 0 ? 0 : (int)(log((double)nanoseconds) / log(1.05));

  l->buckets[bucket]++;
  l->count++;
  l->sum += nanoseconds;
}

/* In microseconds; 0 if there are none. */
static inline double latencies_mean(const struct latencies *l) {
  return l->count == 0 ? 0 : l->sum / (double)l->count / 1000;
}

static inline double latencies_quantile(const struct latencies *l, double q) {
  uint64_t below = 0;

  for (int i = 0; i < BUCKETS; i++)
    if ((below += l->buckets[i]) > 0 && (double)below >= q * (double)l->count)
      return pow(1.05, i + 0.5) / 1000;
  return 0;
}

/* report prints a side's cycles: each is a buffer that was pulled and pushed. As in the published figures, its
 * bytes count twice, since it goes to the consumer and back. */
static inline void report(const char *side, const struct words *w, uint64_t cycles, uint64_t nanoseconds) {
  double seconds = nanoseconds == 0 ? 1e-9 : (double)nanoseconds / 1e9, per_second = (double)cycles / seconds;
  double megabytes = 2 * per_second * (double)w->size / 1e6;

  printf("%s: %llu exchanges of %zu bytes with %u buffers in %.2f s: %.0f/s, %.2f %s/s both ways", side,
      (unsigned long long)cycles, w->size, w->buffers, seconds, per_second, megabytes < 1000 ? megabytes : megabytes / 1000,
      megabytes < 1000 ? "MB" : "GB");
}

#endif
