// What benchsrc writes at the head of each frame, and benchsink reads there.
#pragma once
#include <stdint.h>

#define STAMP_MAGIC 0x48434e4542535049u

typedef struct {
  uint64_t magic;
  uint64_t time_ns;  // CLOCK_MONOTONIC, the last thing before the push
  uint64_t sequence; // of the measured frames, from 0
  uint32_t size;     // of the whole frame, in bytes
  uint32_t measured; // 0: warm-up
} Stamp;
