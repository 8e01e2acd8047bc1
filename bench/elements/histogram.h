// A histogram of times in nanoseconds, within 0.8% of each: 128 buckets for each
// power of two. Recording costs a few instructions and no memory, so that the
// measuring does not show in what is measured. package result reads what it prints.
#pragma once
#include <inttypes.h>
#include <stdint.h>
#include <stdio.h>
#include <time.h>

#define HISTOGRAM_SHIFT 7
#define HISTOGRAM_BUCKETS (34 << HISTOGRAM_SHIFT) // up to 2^40 ns, 18 minutes

typedef struct {
  uint64_t counts[HISTOGRAM_BUCKETS];
} Histogram;

static inline uint64_t now_ns(void) {
  struct timespec t;
  clock_gettime(CLOCK_MONOTONIC, &t);
  return (uint64_t)t.tv_sec * 1000000000u + (uint64_t)t.tv_nsec;
}

static inline void histogram_record(Histogram *h, uint64_t ns) {
  if (ns >= (uint64_t)1 << 40)
    ns = ((uint64_t)1 << 40) - 1;
  unsigned shift = 0;
  if (ns >> HISTOGRAM_SHIFT)
    shift = 63 - (unsigned)__builtin_clzll(ns) - HISTOGRAM_SHIFT;
  // Without the highest bit, which the block of buckets stands for; the first two
  // blocks are of single nanoseconds.
  h->counts[(shift << HISTOGRAM_SHIFT) + (ns >> shift)]++;
}

// Prints "name":[[bucket,count],...] without a comma before or after.
static inline void histogram_print(const Histogram *h, const char *name, FILE *to) {
  const char *comma = "";
  fprintf(to, "\"%s\":[", name);
  for (unsigned i = 0; i < HISTOGRAM_BUCKETS; i++) {
    if (h->counts[i] == 0)
      continue;
    fprintf(to, "%s[%u,%" PRIu64 "]", comma, i, h->counts[i]);
    comma = ",";
  }
  fputc(']', to);
}
