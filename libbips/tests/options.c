/* Structs of older and of newer headers work. */
#include "pools.h"

#include <stddef.h>

static void an_older_struct_has_the_defaults_for_what_it_lacks(void) {
  bips_producer_options options;
  bips_producer *producer;

  memset(&options, 0xff, sizeof options); /* what is behind its size is not looked at */
  options.size = offsetof(bips_producer_options, meta_size);
  options.backend = BIPS_SHM;
  options.slots = 5;
  options.slot_size = 64;
  CHECK(bips_producer_open("older", &options, &producer) == 0);
  CHECK(bips_producer_slots(producer) == 5 && bips_producer_meta_size(producer) == BIPS_DEFAULT_META_SIZE);

  bips_producer_stats stats;
  memset(&stats, 0x55, sizeof stats);
  stats.size = offsetof(bips_producer_stats, demoted);
  CHECK(bips_producer_get_stats(producer, &stats) == 0);
  CHECK(stats.published == 0 && stats.dropped == 0 && stats.demoted == UINT64_C(0x5555555555555555)); /* not written */

  bips_frame_info info;
  bips_slot *slot;
  memset(&info, 0xff, sizeof info);
  info.size = offsetof(bips_frame_info, pts);
  info.data_size = 10;
  bips_consumer *consumer = open_consumer("older", BIPS_LATEST);
  bips_consumer_close(consumer);
  bips_consumer_options held = BIPS_CONSUMER_OPTIONS_INIT;
  held.max_held = 1;
  CHECK(bips_consumer_open("older", &held, &consumer) == 0);
  CHECK(bips_producer_pull(producer, PATIENCE, &slot) == 0);
  CHECK(bips_producer_push(producer, slot, &info) == 0);
  bips_frame *frame;
  CHECK(bips_consumer_pull(consumer, PATIENCE, &frame) == 0);
  CHECK(bips_frame_size(frame) == 10 && bips_frame_pts(frame) == BIPS_NO_TIME && bips_frame_flags(frame) == 0);
  bips_frame_release(frame);
  bips_consumer_close(consumer);
  bips_producer_close(producer);
}

static void a_newer_struct_works_while_what_is_new_is_0(void) {
  struct {
    bips_consumer_options known;
    uint64_t later;
  } newer = {BIPS_CONSUMER_OPTIONS_INIT, 0};
  struct {
    bips_consumer_stats known;
    uint64_t later;
  } stats = {BIPS_CONSUMER_STATS_INIT, 7};
  bips_consumer *consumer;

  newer.known.size = sizeof newer;
  CHECK(bips_consumer_open("newer", &newer.known, &consumer) == 0);
  stats.known.size = sizeof stats;
  CHECK(bips_consumer_get_stats(consumer, &stats.known) == 0 && stats.later == 0);
  bips_consumer_close(consumer);
  newer.later = 1;
  CHECK_ERROR(bips_consumer_open("newer", &newer.known, &consumer), BIPS_BAD_OPTION, "use a newer library");
}

static void a_struct_without_a_size_is_refused(void) {
  bips_consumer_options options = {0};
  bips_consumer *consumer;

  CHECK_ERROR(bips_consumer_open("size", &options, &consumer), BIPS_BAD_OPTION, "begin with its ..._INIT");
  options.size = 1 << 20;
  CHECK_ERROR(bips_consumer_open("size", &options, &consumer), BIPS_BAD_OPTION, "begin with its ..._INIT");
}

/* The sizes and offsets that programs were compiled with stay: a change here breaks them. */
_Static_assert(sizeof(bips_frame_info) == 136 && offsetof(bips_frame_info, meta_size) == 128, "bips_frame_info");
_Static_assert(sizeof(bips_producer_options) == 88 && offsetof(bips_producer_options, give_up) == 80, "bips_producer_options");
_Static_assert(sizeof(bips_producer_stats) == 72, "bips_producer_stats");
_Static_assert(sizeof(bips_consumer_options) == 48, "bips_consumer_options");
_Static_assert(sizeof(bips_consumer_stats) == 64, "bips_consumer_stats");
_Static_assert(sizeof(bips_pool_info) == 64, "bips_pool_info");
_Static_assert(sizeof(bips_frame_delivery) == 80, "bips_frame_delivery");

int main(void) {
  begin_test();
  an_older_struct_has_the_defaults_for_what_it_lacks();
  a_newer_struct_works_while_what_is_new_is_0();
  a_struct_without_a_size_is_refused();
  CHECK(strcmp(bips_version(), "0.1.0") == 0);
  return end_test();
}
