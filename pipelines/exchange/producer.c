/*
 * producer POOL SIZE BUFFERS SECONDS [touch]: fills buffers of SIZE bytes and hands them to a consumer, which hands them
 * back, as fast as both can. Says how many it handed over a second, and how many bytes went both ways.
 */
#include <bips/bips.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "exchange.h"

static void fail(const char *doing) {
  fprintf(stderr, "producer: %s: %s\n", doing, bips_error_message());
  exit(1);
}

int main(int argc, char **argv) {
  bips_producer_options options = BIPS_PRODUCER_OPTIONS_INIT;
  bips_producer *producer;
  bips_slot *slot;
  struct words words;

  if (parse_words(argc, argv, &words) < 0)
    return 2;
  options.slot_size = words.size;
  options.slots = words.buffers;
  options.meta_size = BIPS_NO_META;
  if (bips_producer_open(words.pool, &options, &producer) < 0)
    fail("open");
  if (bips_producer_wait_consumers(producer, 1, 30 * BIPS_SECOND) < 0)
    fail("wait for the consumer");

  uint64_t cycles = 0, start = now(), end = start;
  for (; end - start < words.nanoseconds; end = now(), cycles++) {
    if (bips_producer_pull(producer, 30 * BIPS_SECOND, &slot) < 0)
      fail("pull");
    if (words.touch)
      memset(bips_slot_data(slot), (int)(cycles & 0xff), words.size);
    stamp(bips_slot_data(slot));
    if (bips_producer_push(producer, slot, NULL) < 0)
      fail("push");
  }
  bips_producer_end_of_stream(producer);
  report("producer", &words, cycles, end - start);
  printf("\n");
  bips_producer_close(producer);
  return 0;
}
