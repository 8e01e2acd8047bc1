/* What libbips says of errors: a line for each, of what was done and what the answer is. sentences_test.go does the same in Go. */
#include <bips/bips.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

static void says(const char *what, int result) { printf("%s: %s\n", what, result < 0 ? bips_error_message() : "no error"); }

static bips_producer_options of_slots(uint32_t slots, size_t size) {
  bips_producer_options options = BIPS_PRODUCER_OPTIONS_INIT;

  options.slots = slots;
  options.slot_size = size;
  return options;
}

static void refused(const char *what, bips_producer_options options) {
  bips_producer *producer;

  says(what, bips_producer_open("refused", &options, &producer));
}

static void names_and_options(void) {
  bips_producer_options options = of_slots(0, 64);
  bips_consumer_options reader = BIPS_CONSUMER_OPTIONS_INIT;
  bips_consumer *consumer;
  char name[BIPS_MAX_NAME_LENGTH + 2];

  memset(name, 'a', sizeof name - 1);
  name[sizeof name - 1] = 0;
  says("an empty name", bips_check_name(""));
  says("a name with a space", bips_check_name("a b"));
  says("a long name", bips_check_name(name));
  refused("one slot", of_slots(1, 64));
  refused("65 slots", of_slots(65, 64));
  refused("slots of 0 bytes", of_slots(0, 0));
  options.max_consumers = 65;
  refused("65 consumers", options);
  options = of_slots(0, 64);
  options.meta_size = -2;
  refused("-2 bytes of metadata", options);
  options = of_slots(0, 64);
  options.permissions = 0777;
  refused("permissions 0777", options);
  options.permissions = 0660;
  options.group = "no such group";
  refused("a group that is not there", options);
  reader.max_held = 64;
  says("64 frames held", bips_consumer_open("refused", &reader, &consumer));
  reader.max_held = 2;
  reader.min_held = 3;
  says("at least more than at most", bips_consumer_open("refused", &reader, &consumer));
}

static void waits(void) {
  bips_producer_options options = of_slots(8, 64);
  bips_producer *producer, *second;
  bips_consumer *consumer, *other;
  bips_slot *slots[8], *slot;
  bips_frame *frames[3], *frame;

  bips_consumer_open("waits", NULL, &consumer);
  bips_consumer_open("waits", NULL, &other);
  says("no pool", bips_consumer_pull(consumer, 0, &frame));
  says("why there is none", bips_why_no_pool("waits"));
  bips_producer_open("waits", &options, &producer);
  says("a second producer", bips_producer_open("waits", &options, &second));
  says("no consumer", bips_producer_wait_consumers(producer, 1, 0));
  says("more consumers than seats", bips_producer_wait_consumers(producer, 17, BIPS_FOREVER));
  for (int i = 0; i < 8; i++)
    bips_producer_pull(producer, 0, &slots[i]);
  says("no slot", bips_producer_pull(producer, 1, &slot));
  for (int i = 0; i < 8; i++)
    bips_slot_return(slots[i]);
  for (int i = 0; i < 3; i++) {
    bips_producer_pull(producer, BIPS_FOREVER, &slot);
    bips_producer_push(producer, slot, NULL);
    bips_consumer_pull(consumer, BIPS_FOREVER, &frames[i]);
  }
  says("more than the quota", bips_consumer_pull(consumer, 0, &frame));
  says("a full pool", bips_consumer_pull(other, BIPS_FOREVER, &frame));
  for (int i = 0; i < 3; i++)
    bips_frame_release(frames[i]);
  says("no frame", bips_consumer_pull(consumer, 1, &frame));
  bips_producer_shutdown(producer);
  says("a lost producer", bips_consumer_pull(consumer, BIPS_FOREVER, &frame));
  bips_consumer_close(consumer);
  bips_consumer_close(other);
  bips_producer_close(producer);
}

static void frames_that_do_not_fit(void) {
  static char caps[BIPS_MAX_CAPS_LENGTH + 2];
  static const uint8_t bytes[BIPS_MAX_TAGS_SIZE + 8], damaged[8] = {1, 0, 0, 0, 255, 0, 0, 0};
  bips_producer_options options = of_slots(8, 64);
  bips_frame_info info = BIPS_FRAME_INFO_INIT;
  bips_producer *producer;
  bips_slot *slot;

  bips_producer_open("fit", &options, &producer);
  bips_producer_pull(producer, 0, &slot);
  info.data_size = 65;
  says("a large frame", bips_producer_push(producer, slot, &info));
  info.data_size = 64;
  info.meta = bytes;
  info.meta_size = 4104;
  says("much metadata", bips_producer_push(producer, slot, &info));
  info.meta_size = 0;
  info.plane_count = 2;
  info.plane_offset[1] = 65;
  says("a plane behind the end", bips_producer_push(producer, slot, &info));
  info.plane_count = 0;
  info.meta = damaged;
  info.meta_size = 8;
  says("metadata that are none", bips_producer_push(producer, slot, &info));
  memset(caps, 'c', sizeof caps - 1);
  says("long caps", bips_producer_set_caps(producer, caps));
  says("many tags", bips_producer_set_tags(producer, bytes, sizeof bytes));
  says("slots that shrink to nothing", bips_producer_grow(producer, 0));
  bips_producer_push(producer, slot, NULL);
  says("a slot that was pushed", bips_producer_push(producer, slot, NULL));
  bips_producer_close(producer);
}

int main(void) {
  names_and_options();
  waits();
  frames_that_do_not_fit();
  return 0;
}
