/* A program of somebody else's: one frame through a pool. It prints what it read. */
#include <bips/bips.h>
#include <bips/meta.h>
#include <stdio.h>
#include <string.h>

static int failed(const char *what) {
  fprintf(stderr, "%s: %s\n", what, bips_error_message());
  return 1;
}

int main(void) {
  bips_producer_options options = BIPS_PRODUCER_OPTIONS_INIT;
  bips_producer *producer;
  bips_consumer *consumer;
  bips_slot *slot;
  bips_frame *frame;

  options.slot_size = 5;
  options.caps = "text/plain";
  if (bips_producer_open("outside", &options, &producer) < 0 || bips_producer_pull(producer, BIPS_SECOND, &slot) < 0)
    return failed("producer");
  memcpy(bips_slot_data(slot), "hello", 5);
  if (bips_producer_push(producer, slot, NULL) < 0)
    return failed("push");
  if (bips_consumer_open("outside", NULL, &consumer) < 0 || bips_consumer_pull(consumer, 10 * BIPS_SECOND, &frame) < 0)
    return failed("consumer");
  printf("%.*s %s, libbips %s, a record is a %s\n", (int)bips_frame_size(frame), (const char *)bips_frame_data(frame), bips_frame_caps(frame),
      bips_version(), bips_meta_type_name(BIPS_META_REGION));
  bips_frame_release(frame);
  bips_consumer_close(consumer);
  bips_producer_close(producer);
  return 0;
}
