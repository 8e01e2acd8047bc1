/*
 * consumer POOL SIZE BUFFERS SECONDS [touch]: reads the buffers that the producer of the pool hands over, and hands them
 * back, until the producer ends. Says how many a second, and how long a buffer took from one process to the other.
 */
#include <bips/bips.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "exchange.h"

static void fail(const char *doing) {
  fprintf(stderr, "consumer: %s: %s\n", doing, bips_error_message());
  exit(1);
}

/* sum reads every byte. */
static uint64_t sum(const void *data, size_t size) {
  const uint8_t *bytes = data;
  uint64_t all = 0, word;

  for (; size >= sizeof word; bytes += sizeof word, size -= sizeof word) {
    memcpy(&word, bytes, sizeof word);
    all += word;
  }
  while (size-- > 0)
    all += *bytes++;
  return all;
}

int main(int argc, char **argv) {
  static struct latencies latencies;
  static volatile uint64_t kept; /* so that the compiler leaves the reading in */
  bips_consumer_options options = BIPS_CONSUMER_OPTIONS_INIT;
  bips_consumer *consumer;
  bips_frame *frame;
  struct words words;
  int err;

  if (parse_words(argc, argv, &words) < 0)
    return 2;
  options.mode = BIPS_EVERY; /* in order, and the producer waits: none is missing */
  options.max_held = 1;
  if (bips_consumer_open(words.pool, &options, &consumer) < 0)
    fail("open");

  uint64_t cycles = 0, start = 0, end = 0;
  while ((err = bips_consumer_pull(consumer, 30 * BIPS_SECOND, &frame)) == 0) {
    end = now();
    if (cycles++ == 0)
      start = end;
    if (bips_frame_size(frame) != words.size) {
      fprintf(stderr, "consumer: the producer's buffers have %zu bytes\n", bips_frame_size(frame));
      return 1;
    }
    latencies_add(&latencies, age(bips_frame_data(frame)));
    if (words.touch)
      kept = sum(bips_frame_data(frame), bips_frame_size(frame));
    if (bips_consumer_push(consumer, frame) < 0)
      fail("push");
  }
  if (err != -BIPS_END_OF_STREAM)
    fail("pull");
  (void)kept;
  report("consumer", &words, cycles, end - start);
  printf(", latency %.1f us, 99%% below %.1f us\n", latencies_mean(&latencies), latencies_quantile(&latencies, 0.99));
  bips_consumer_close(consumer);
  return 0;
}
