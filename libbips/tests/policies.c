/* Who gives way when readers are behind: back-pressure, drops, demotion, age. */
#include "pools.h"

#include <time.h>

static bips_producer *open_with(const char *name, uint32_t overflow, int64_t block_timeout) {
  bips_producer_options options = BIPS_PRODUCER_OPTIONS_INIT;
  bips_producer *producer;

  options.slots = 8;
  options.slot_size = 64;
  options.overflow = overflow;
  options.block_timeout = block_timeout;
  CHECK(bips_producer_open(name, &options, &producer) == 0);
  return producer;
}

static void a_reader_of_every_frame_holds_the_producer_up(void) {
  bips_producer *producer = open_with("block", BIPS_BLOCK, 0);
  bips_consumer *consumer = open_consumer("block", BIPS_EVERY);
  bips_slot *slot;
  bips_frame *frame;

  attach_now(consumer);
  for (uint8_t i = 0; i < 8; i++)
    push_number(producer, i);
  CHECK(bips_producer_waited(producer) == 0);
  CHECK(bips_producer_pull(producer, 20 * BIPS_MILLISECOND, &slot) == -BIPS_TIMEOUT);
  uint64_t waited = bips_producer_waited(producer);
  CHECK(waited >= 20 * (uint64_t)BIPS_MILLISECOND && bips_producer_demotions(producer) == 0);
  CHECK(bips_consumer_pull(consumer, PATIENCE, &frame) == 0 && is_number(frame, 0));
  CHECK(bips_frame_release(frame) == 0);
  push_number(producer, 8);
  for (uint8_t i = 1; i <= 8; i++) {
    CHECK(bips_consumer_pull(consumer, PATIENCE, &frame) == 0 && is_number(frame, i));
    CHECK(bips_frame_release(frame) == 0);
  }
  bips_consumer_close(consumer);
  bips_producer_close(producer);
}

static void a_reader_that_hangs_is_demoted(void) {
  bips_producer *producer = open_with("demote", BIPS_BLOCK, 10 * BIPS_MILLISECOND);
  bips_consumer *consumer = open_consumer("demote", BIPS_EVERY);
  bips_producer_stats written = BIPS_PRODUCER_STATS_INIT;
  bips_consumer_stats read = BIPS_CONSUMER_STATS_INIT;
  bips_frame_delivery delivery = BIPS_FRAME_DELIVERY_INIT;
  bips_frame *frame;

  attach_now(consumer);
  push_number(producer, 0);
  CHECK(bips_consumer_pull(consumer, PATIENCE, &frame) == 0);
  for (uint8_t i = 1; i < 20; i++)
    push_number(producer, i);
  CHECK(is_number(frame, 0)); /* what it holds is never taken from it */
  CHECK(bips_frame_release(frame) == 0);
  CHECK(bips_producer_get_stats(producer, &written) == 0 && written.demoted == 1 && written.last_demoted == (uint32_t)getpid());
  CHECK(bips_producer_demotions(producer) == 1 && bips_producer_waited(producer) > 0);
  CHECK(bips_consumer_pull(consumer, PATIENCE, &frame) == 0);
  CHECK(bips_frame_get_delivery(frame, &delivery) == 0 && delivery.lost > 0 && delivery.blocking == 0 && delivery.mode == BIPS_EVERY);
  CHECK(bips_frame_release(frame) == 0);
  CHECK(bips_consumer_get_stats(consumer, &read) == 0 && read.demoted == 1 && read.lost + read.received == delivery.sequence);
  bips_consumer_close(consumer);
  bips_producer_close(producer);
}

/* Calls that wait for less than block_timeout, or do not wait, add up. */
static void a_reader_that_hangs_is_demoted_also_by_short_waits(int64_t timeout) {
  bips_producer *producer = open_with("short", BIPS_BLOCK, 60 * BIPS_MILLISECOND);
  bips_consumer *consumer = open_consumer("short", BIPS_EVERY);
  struct timespec moment = {0, BIPS_MILLISECOND};
  bips_slot *slot = NULL;

  attach_now(consumer);
  int64_t began = now();
  for (uint8_t i = 0; i < 8; i++)
    push_number(producer, i);
  for (int i = 0; i < 2000 && slot == NULL; i++) {
    int err = bips_producer_pull(producer, timeout, &slot);
    CHECK(err == 0 || err == -BIPS_TIMEOUT);
    nanosleep(&moment, NULL);
  }
  CHECK(slot != NULL && bips_producer_demotions(producer) == 1 && now() - began >= 60 * BIPS_MILLISECOND);
  CHECK(timeout > 0 || bips_producer_waited(producer) == 0); /* what lies between calls is no wait */
  CHECK(bips_slot_return(slot) == 0);
  bips_consumer_close(consumer);
  bips_producer_close(producer);
}

/* push_in_short_waits publishes whatever slot it gets, until it is told to flush. It takes longer to fill a slot than the other thread's
 * call to end. */
static void *push_in_short_waits(void *producer) {
  struct timespec filling = {0, 30 * BIPS_MILLISECOND};
  bips_slot *slot;
  int err;

  while ((err = bips_producer_pull(producer, 20 * BIPS_MILLISECOND, &slot)) == -BIPS_TIMEOUT || err == 0)
    if (err == 0) {
      nanosleep(&filling, NULL);
      CHECK(bips_producer_push(producer, slot, NULL) == 0);
    }
  CHECK(err == -BIPS_FLUSHING);
  return NULL;
}

/* A slot comes free again and again, for one thread or for the other. */
static void a_reader_that_gives_slots_back_is_not_demoted_where_two_threads_wait(void) {
  bips_producer *producer = open_with("two", BIPS_BLOCK, BIPS_SECOND);
  bips_consumer *consumer = open_consumer("two", BIPS_EVERY);
  struct timespec pause = {0, 100 * BIPS_MILLISECOND};
  bips_frame *frame;
  pthread_t threads[2];

  attach_now(consumer);
  for (int i = 0; i < 2; i++)
    CHECK(pthread_create(&threads[i], NULL, push_in_short_waits, producer) == 0);
  for (int i = 0; i < 20; i++) {
    nanosleep(&pause, NULL);
    CHECK(bips_consumer_pull(consumer, PATIENCE, &frame) == 0 && bips_frame_release(frame) == 0);
  }
  CHECK(bips_producer_demotions(producer) == 0);
  CHECK(bips_producer_set_flushing(producer, 1) == 0);
  for (int i = 0; i < 2; i++)
    CHECK(pthread_join(threads[i], NULL) == 0);
  bips_consumer_close(consumer);
  bips_producer_close(producer);
}

static void time_in_which_the_program_has_all_slots_does_not_count_against_readers(void) {
  bips_producer *producer = open_with("own", BIPS_BLOCK, 60 * BIPS_MILLISECOND);
  bips_consumer *consumer = open_consumer("own", BIPS_EVERY);
  bips_slot *slots[8], *more;

  attach_now(consumer);
  for (int i = 0; i < 8; i++)
    CHECK(bips_producer_pull(producer, PATIENCE, &slots[i]) == 0);
  for (int i = 0; i < 20; i++)
    CHECK(bips_producer_pull(producer, 10 * BIPS_MILLISECOND, &more) == -BIPS_TIMEOUT);
  for (int i = 0; i < 8; i++)
    CHECK(bips_producer_push(producer, slots[i], NULL) == 0);
  CHECK(bips_producer_pull(producer, 0, &more) == -BIPS_TIMEOUT && bips_producer_demotions(producer) == 0);
  bips_consumer_close(consumer);
  bips_producer_close(producer);
}

static void a_producer_that_drops_never_waits_and_counts(void) {
  bips_producer *producer = open_with("drop", BIPS_DROP, 0);
  bips_consumer *consumer = open_consumer("drop", BIPS_EVERY);
  bips_producer_stats stats = BIPS_PRODUCER_STATS_INIT;
  bips_frame_delivery delivery = BIPS_FRAME_DELIVERY_INIT;
  bips_frame *frame;
  bips_slot *slot;

  attach_now(consumer);
  for (uint8_t i = 0; i < 8; i++)
    push_number(producer, i);
  CHECK_ERROR(bips_producer_pull(producer, BIPS_FOREVER, &slot), BIPS_DROPPED, "no slot is free");
  CHECK(bips_producer_drop(producer) == 0);
  CHECK(bips_producer_get_stats(producer, &stats) == 0 && stats.dropped == 2 && stats.published == 8);
  for (uint8_t i = 0; i < 8; i++) {
    CHECK(bips_consumer_pull(consumer, PATIENCE, &frame) == 0 && is_number(frame, i));
    CHECK(bips_frame_release(frame) == 0);
  }
  push_number(producer, 8);
  CHECK(bips_consumer_pull(consumer, PATIENCE, &frame) == 0 && is_number(frame, 8));
  CHECK(bips_frame_get_delivery(frame, &delivery) == 0 && delivery.lost == 2 && delivery.discontinuity == 1);
  CHECK(bips_frame_release(frame) == 0);
  bips_consumer_close(consumer);
  bips_producer_close(producer);
}

static void a_reader_with_an_age_reads_older_frames_first(void) {
  bips_producer *producer = open_with("age", BIPS_BLOCK, 0);
  bips_consumer *consumer = open_consumer("age", BIPS_LATEST);
  bips_frame *frame;

  attach_now(consumer);
  for (uint8_t i = 1; i <= 5; i++)
    push_number(producer, i);
  CHECK(bips_consumer_set_max_age(consumer, 3600 * BIPS_SECOND) == 0);
  for (uint8_t i = 1; i <= 3; i++) {
    CHECK(bips_consumer_pull(consumer, PATIENCE, &frame) == 0 && is_number(frame, i));
    CHECK(bips_frame_release(frame) == 0);
  }
  CHECK(bips_consumer_set_max_age(consumer, 0) == 0);
  CHECK(bips_consumer_pull(consumer, PATIENCE, &frame) == 0 && is_number(frame, 5));
  CHECK(bips_frame_release(frame) == 0);
  bips_consumer_close(consumer);
  bips_producer_close(producer);
}

static void slots_are_lent_as_long_as_the_readers_have_theirs(void) {
  bips_producer *producer = open_with("lend", BIPS_BLOCK, 0);
  bips_consumer *consumer = open_consumer("lend", BIPS_LATEST);
  bips_slot *slots[8];
  int lent = 0;

  attach_now(consumer);
  while (bips_producer_lend(producer, 0, &slots[lent]) == 0)
    lent++;
  CHECK(bips_producer_lend(producer, BIPS_MILLISECOND, &slots[lent]) == -BIPS_TIMEOUT);
  CHECK(bips_producer_waited(producer) == 0); /* it has all that it may have: that is nobody else's fault */
  CHECK(lent == 3); /* of 8: 3 are the reader's, one the newest frame's, one for a frame that is copied */
  CHECK(bips_producer_wait_lendable(producer, PATIENCE) == 0); /* all is upstream: it does not wait for consumers */
  push_number(producer, 1);
  CHECK(bips_slot_return(slots[--lent]) == 0);
  CHECK(bips_producer_wait_lendable(producer, PATIENCE) == 0);
  CHECK(bips_producer_lend(producer, 0, &slots[lent++]) == 0);
  while (lent > 0)
    CHECK(bips_slot_return(slots[--lent]) == 0);
  bips_consumer_close(consumer);
  bips_producer_close(producer);
}

static void a_stalled_stream_is_told_once(void) {
  bips_producer *producer = open_with("stall", BIPS_BLOCK, 0);
  bips_consumer_options options = BIPS_CONSUMER_OPTIONS_INIT;
  bips_consumer *consumer;
  bips_frame *frame;

  options.stall_timeout = 30 * BIPS_MILLISECOND;
  CHECK(bips_consumer_open("stall", &options, &consumer) == 0);
  push_number(producer, 1);
  CHECK(bips_consumer_pull(consumer, PATIENCE, &frame) == 0 && bips_frame_release(frame) == 0);
  CHECK_ERROR(bips_consumer_pull(consumer, PATIENCE, &frame), BIPS_STALLED, "its producer lives");
  CHECK(bips_consumer_pull(consumer, 50 * BIPS_MILLISECOND, &frame) == -BIPS_TIMEOUT);
  push_number(producer, 2);
  CHECK(bips_consumer_pull(consumer, PATIENCE, &frame) == 0 && is_number(frame, 2) && bips_frame_release(frame) == 0);
  bips_consumer_close(consumer);
  bips_producer_close(producer);
}

int main(void) {
  begin_test();
  a_reader_of_every_frame_holds_the_producer_up();
  a_reader_that_hangs_is_demoted();
  a_reader_that_hangs_is_demoted_also_by_short_waits(0);
  a_reader_that_hangs_is_demoted_also_by_short_waits(10 * BIPS_MILLISECOND);
  a_reader_that_gives_slots_back_is_not_demoted_where_two_threads_wait();
  time_in_which_the_program_has_all_slots_does_not_count_against_readers();
  a_producer_that_drops_never_waits_and_counts();
  a_reader_with_an_age_reads_older_frames_first();
  slots_are_lent_as_long_as_the_readers_have_theirs();
  a_stalled_stream_is_told_once();
  return end_test();
}
