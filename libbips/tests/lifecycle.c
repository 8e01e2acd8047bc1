/* A pool from its making to its end, as both sides see it. */
#include "pools.h"

#include <signal.h>
#include <sys/wait.h>
#include <time.h>

static void frames_cross_with_all_that_travels_with_them(void) {
  bips_producer *producer = open_producer("/cross", 8);
  bips_consumer *consumer = open_consumer("cross", BIPS_EVERY);
  bips_frame_info info = BIPS_FRAME_INFO_INIT, got = BIPS_FRAME_INFO_INIT;
  bips_frame_delivery delivery = BIPS_FRAME_DELIVERY_INIT;
  const uint8_t meta[8] = {200, 0, 0, 0, 0, 0, 0, 0}, tags[8] = {12, 0, 0, 0, 0, 0, 0, 0};
  bips_pool_info pool = BIPS_POOL_INFO_INIT;
  bips_frame *frame;
  bips_slot *slot;
  uint64_t sequence;
  size_t size;

  attach_now(consumer);
  CHECK(strcmp(bips_producer_name(producer), "cross") == 0 && strcmp(bips_consumer_name(consumer), "cross") == 0);
  CHECK(bips_producer_set_caps(producer, "audio/x-raw,rate=48000") == 0);
  CHECK(bips_producer_set_tags(producer, tags, sizeof tags) == 0);
  CHECK(bips_producer_set_latency(producer, 12345) == 0);
  CHECK(bips_producer_pull(producer, PATIENCE, &slot) == 0);
  CHECK(bips_slot_size(slot) == 4096 && (uintptr_t)bips_slot_data(slot) % 4096 == 0 && bips_slot_index(slot) < 8);
  memset(bips_slot_data(slot), 7, 4096);
  info = (bips_frame_info){
      .size = sizeof info, .data_size = 4000, .pts = 1, .dts = 2, .duration = 3, .capture_time = 4, .offset = 5, .offset_end = 6,
      .flags = BIPS_FLAG_DELTA_UNIT, .plane_count = 2, .plane_stride = {64, -32}, .plane_offset = {0, 2000}, .meta = meta, .meta_size = 8,
  };
  CHECK(bips_producer_publish(producer, slot, &info, &sequence) == 0 && sequence == 1);
  CHECK(bips_slot_return(slot) == 0);

  CHECK(bips_consumer_pull(consumer, PATIENCE, &frame) == 0);
  CHECK(bips_frame_get_info(frame, &got) == 0);
  CHECK(memcmp(got.meta, meta, sizeof meta) == 0 && bips_frame_meta(frame, &size) == got.meta && size == 8);
  got.meta = info.meta;
  CHECK(memcmp(&got, &info, sizeof got) == 0);
  CHECK(strcmp(bips_frame_caps(frame), "audio/x-raw,rate=48000") == 0);
  CHECK(memcmp(bips_frame_tags(frame, &size), tags, 8) == 0 && size == 8);
  CHECK(bips_frame_get_delivery(frame, &delivery) == 0);
  CHECK(delivery.sequence == 1 && delivery.latency == 12345 && delivery.discontinuity == 1 && delivery.mode == BIPS_EVERY && delivery.blocking == 1);
  CHECK(bips_frame_age(frame) >= 0 && bips_frame_flags(frame) == BIPS_FLAG_DELTA_UNIT && bips_frame_duration(frame) == 3);
  CHECK(bips_consumer_get_pool(consumer, &pool) == 0 && pool.instance == delivery.instance && pool.slots == 8 && pool.room == 4);
  CHECK(bips_consumer_held(consumer) == 1 && bips_consumer_quota(consumer) == 3);
  CHECK(bips_consumer_push(consumer, frame) == 0 && bips_consumer_held(consumer) == 0);
  CHECK(bips_consumer_close(consumer) == NULL);
  CHECK(bips_producer_close(producer) == NULL);
}

static void a_reader_of_the_latest_skips_and_one_of_every_does_not(void) {
  bips_producer *producer = open_producer("modes", 20);
  bips_consumer *latest = open_consumer("modes", BIPS_LATEST), *every = open_consumer("modes", BIPS_EVERY);
  bips_consumer_stats stats = BIPS_CONSUMER_STATS_INIT;
  bips_frame *frame;

  attach_now(latest);
  attach_now(every);
  for (uint8_t i = 1; i <= 5; i++)
    push_number(producer, i);
  CHECK(bips_consumer_pull(latest, PATIENCE, &frame) == 0 && is_number(frame, 5));
  CHECK(bips_frame_release(frame) == 0);
  CHECK(bips_consumer_get_stats(latest, &stats) == 0 && stats.received == 1 && stats.skipped == 4 && stats.lost == 0);
  for (uint8_t i = 1; i <= 5; i++) {
    CHECK(bips_consumer_pull(every, PATIENCE, &frame) == 0 && is_number(frame, i));
    CHECK(bips_frame_release(frame) == 0);
  }
  CHECK(bips_consumer_pull(every, 0, &frame) == -BIPS_TIMEOUT && frame == NULL);
  bips_consumer_close(latest);
  bips_consumer_close(every);
  bips_producer_close(producer);
}

static void the_end_of_a_stream_is_told_once_and_in_its_place(void) {
  bips_producer *producer = open_producer("end", 8);
  bips_consumer *consumer = open_consumer("end", BIPS_EVERY);
  bips_frame *frame;

  attach_now(consumer);
  push_number(producer, 1);
  CHECK(bips_producer_end_of_stream(producer) == 0 && bips_producer_end_of_stream(producer) == 0);
  push_number(producer, 2);
  CHECK(bips_consumer_pull(consumer, PATIENCE, &frame) == 0 && is_number(frame, 1));
  bips_frame_release(frame);
  CHECK_ERROR(bips_consumer_pull(consumer, PATIENCE, &frame), BIPS_END_OF_STREAM, "end of stream");
  CHECK(bips_consumer_pull(consumer, PATIENCE, &frame) == 0 && is_number(frame, 2));
  bips_frame_release(frame);
  bips_producer_close(producer);
  CHECK_ERROR(bips_consumer_pull(consumer, PATIENCE, &frame), BIPS_PRODUCER_LOST, "closed without an end of stream");
  bips_consumer_close(consumer);
}

static void frames_outlive_their_producer_and_their_consumer(void) {
  bips_producer *producer = open_producer("outlive", 8);
  bips_consumer *consumer = open_consumer("outlive", BIPS_EVERY);
  bips_frame *frame, *second;
  int descriptors;

  attach_now(consumer);
  push_number(producer, 1);
  push_number(producer, 2);
  CHECK(bips_consumer_pull(consumer, PATIENCE, &frame) == 0);
  CHECK(bips_consumer_pull(consumer, PATIENCE, &second) == 0);
  CHECK(bips_frame_ref(frame) == frame);
  bips_producer_close(producer);
  bips_consumer_close(consumer);
  descriptors = count_descriptors();
  CHECK(is_number(frame, 1) && is_number(second, 2) && count_mappings() > 0);
  CHECK(bips_frame_release(frame) == 0 && is_number(frame, 1));
  CHECK(bips_frame_release(frame) == 0);
  CHECK_ERROR(bips_frame_release(frame), BIPS_STALE, "not lent");
  CHECK(bips_frame_data(frame) == NULL && bips_frame_size(frame) == 0 && bips_frame_caps(frame) == NULL && bips_frame_ref(frame) == NULL);
  CHECK(bips_frame_release(second) == 0);
  CHECK(count_mappings() == 0);
  await_descriptors(descriptors - 1);
}

static void *release(void *frame) {
  CHECK(is_number((bips_frame *)frame, 1) && bips_frame_release((bips_frame *)frame) == 0);
  return NULL;
}

static void any_thread_releases_a_frame_whose_producer_was_killed_and_whose_consumer_is_closed(void) {
  bips_consumer *consumer = open_consumer("killed", BIPS_LATEST);
  bips_frame *frame;
  pthread_t threads[2];
  int status;
  pid_t child = fork();

  if (child == 0) {
    push_number(open_producer("killed", 8), 1);
    pause();
  }
  CHECK(bips_consumer_pull(consumer, PATIENCE, &frame) == 0);
  CHECK(bips_frame_ref(frame) == frame);
  CHECK(kill(child, SIGKILL) == 0 && waitpid(child, &status, 0) == child);
  bips_consumer_close(consumer);
  for (int i = 0; i < 2; i++)
    CHECK(pthread_create(&threads[i], NULL, release, frame) == 0);
  for (int i = 0; i < 2; i++)
    CHECK(pthread_join(threads[i], NULL) == 0);
  CHECK(count_mappings() == 0);
  bips_producer_close(open_producer("killed", 8)); /* which takes away what is left of the dead one */
}

static void slots_outlive_their_producer(void) {
  bips_producer *producer = open_producer("slots", 8);
  bips_slot *slot;

  CHECK(bips_producer_pull(producer, PATIENCE, &slot) == 0);
  bips_producer_close(producer);
  memset(bips_slot_data(slot), 1, bips_slot_size(slot));
  CHECK(bips_slot_return(slot) == 0);
  CHECK(count_mappings() == 0);
}

static void a_consumer_goes_on_with_the_next_producer(void) {
  bips_producer *producer = open_producer("next", 8);
  bips_consumer *consumer = open_consumer("next", BIPS_LATEST);
  bips_consumer_stats stats = BIPS_CONSUMER_STATS_INIT;
  bips_frame *frame;

  push_number(producer, 1);
  CHECK(bips_consumer_pull(consumer, PATIENCE, &frame) == 0 && is_number(frame, 1));
  bips_producer_close(producer);
  producer = open_producer("next", 8);
  push_number(producer, 2);
  CHECK(is_number(frame, 1));
  bips_frame_release(frame);
  CHECK(bips_consumer_pull(consumer, PATIENCE, &frame) == -BIPS_PRODUCER_LOST);
  CHECK(bips_consumer_pull(consumer, PATIENCE, &frame) == 0 && is_number(frame, 2));
  bips_frame_release(frame);
  CHECK(bips_consumer_get_stats(consumer, &stats) == 0 && stats.instances == 2);
  bips_consumer_close(consumer);
  bips_producer_close(producer);
}

/* The two traps are a frame without bytes, and one as long as the slots of the next pool. */
static void a_frame_whose_size_is_not_told_fills_its_slot(void) {
  bips_producer *producer = open_producer("whole", 8);
  bips_consumer *consumer = open_consumer("whole", BIPS_EVERY);
  bips_frame_info info = BIPS_FRAME_INFO_INIT;
  const size_t sizes[] = {4096, 0, 4096};
  bips_slot *slot, *before;
  bips_frame *frame;

  attach_now(consumer);
  info.pts = 7;
  CHECK(bips_producer_pull(producer, PATIENCE, &slot) == 0 && bips_producer_push(producer, slot, &info) == 0);
  CHECK(bips_producer_pull(producer, PATIENCE, &before) == 0 && bips_producer_pull(producer, PATIENCE, &slot) == 0);
  info.data_size = 0; /* said to be empty */
  CHECK(bips_producer_push(producer, slot, &info) == 0);
  CHECK(bips_producer_grow(producer, 100000) == 0);
  info.data_size = BIPS_WHOLE_SLOT;
  CHECK(bips_producer_push(producer, before, &info) == 0); /* its own slot, not the larger one that it is copied to */
  for (int i = 0; i < 3; i++) {
    CHECK(bips_consumer_pull(consumer, PATIENCE, &frame) == 0);
    CHECK(bips_frame_size(frame) == sizes[i] && bips_frame_pts(frame) == 7 && bips_frame_release(frame) == 0);
  }
  bips_consumer_close(consumer);
  bips_producer_close(producer);
}

static void a_pool_grows_and_its_reader_loses_nothing(void) {
  bips_producer *producer = open_producer("grow", 8);
  bips_consumer *consumer = open_consumer("grow", BIPS_EVERY);
  bips_consumer_stats stats = BIPS_CONSUMER_STATS_INIT;
  bips_slot *before, *after;
  bips_frame *frame;

  attach_now(consumer);
  push_number(producer, 1);
  CHECK(bips_producer_pull(producer, PATIENCE, &before) == 0);
  memset(bips_slot_data(before), 2, 64);
  CHECK(bips_producer_grow(producer, 100000) == 0 && bips_producer_slot_size(producer) == 100000);
  CHECK(bips_slot_has_moved(before) == 1);
  CHECK(bips_producer_pull(producer, PATIENCE, &after) == 0 && bips_slot_size(after) == 100000 && bips_slot_has_moved(after) == 0);
  bips_frame_info info = BIPS_FRAME_INFO_INIT;
  info.data_size = 64;
  info.pts = 2;
  CHECK(bips_producer_push(producer, before, &info) == 0); /* copied */
  CHECK(bips_producer_push(producer, after, NULL) == 0);
  for (uint8_t i = 1; i <= 2; i++) {
    CHECK(bips_consumer_pull(consumer, PATIENCE, &frame) == 0 && is_number(frame, i));
    bips_frame_release(frame);
  }
  CHECK(bips_consumer_pull(consumer, PATIENCE, &frame) == 0 && bips_frame_size(frame) == 100000);
  bips_frame_release(frame);
  CHECK(bips_consumer_get_stats(consumer, &stats) == 0 && stats.moves == 1 && stats.lost == 0 && stats.received == 3);
  bips_consumer_close(consumer);
  bips_producer_close(producer);
}

static void key_frames_are_asked_for(void) {
  bips_producer *producer = open_producer("key", 8);
  bips_consumer *consumer = open_consumer("key", BIPS_LATEST);

  CHECK_ERROR(bips_producer_wait_key_frame_request(producer, 0), BIPS_TIMEOUT, "nobody asks");
  CHECK(bips_consumer_request_key_frame(consumer) == 0); /* remembered: no pool is attached */
  attach_now(consumer);
  CHECK(bips_producer_wait_key_frame_request(producer, PATIENCE) == 0);
  CHECK(bips_consumer_request_key_frame(consumer) == 0);
  CHECK(bips_producer_wait_key_frame_request(producer, PATIENCE) == 0);
  bips_consumer_close(consumer);
  bips_producer_close(producer);
}

static void a_suspended_reader_holds_nobody_up(void) {
  bips_producer *producer = open_producer("suspend", 8);
  bips_consumer *consumer = open_consumer("suspend", BIPS_EVERY);
  bips_frame *frame;

  attach_now(consumer);
  push_number(producer, 1);
  CHECK(bips_consumer_pull(consumer, PATIENCE, &frame) == 0);
  CHECK(bips_consumer_suspend(consumer) == 0);
  for (uint8_t i = 2; i < 30; i++)
    push_number(producer, i); /* more than there are slots */
  CHECK(is_number(frame, 1));
  bips_frame_release(frame);
  CHECK_ERROR(bips_consumer_pull(consumer, 0, &frame), BIPS_TIMEOUT, "suspended");
  CHECK(bips_error_reason() == BIPS_SUSPENDED);
  CHECK(bips_consumer_resume(consumer) == 0);
  push_number(producer, 30);
  CHECK(bips_consumer_pull(consumer, PATIENCE, &frame) == 0 && is_number(frame, 30));
  bips_frame_release(frame);
  bips_consumer_close(consumer);
  bips_producer_close(producer);
}

/* A suspended reader lets go of a dead producer's pool by itself, and says so when it resumes. */
static void a_suspended_reader_lets_go_of_a_pool_that_is_over(void) {
  bips_producer *producer = open_producer("over", 8);
  bips_consumer *consumer = open_consumer("over", BIPS_EVERY);
  bips_frame *frame;

  attach_now(consumer);
  CHECK(bips_consumer_suspend(consumer) == 0);
  push_number(producer, 1);
  CHECK(bips_producer_end_of_stream(producer) == 0);
  bips_producer_close(producer);
  while (count_mappings() > 0)
    usleep(1000);
  CHECK(bips_consumer_resume(consumer) == 0);
  CHECK(bips_consumer_pull(consumer, PATIENCE, &frame) == -BIPS_END_OF_STREAM);
  bips_consumer_close(consumer);
}

enum { GIVEN_BACK = 40 };

/* give_back_late reads frames, and gives each back when the producer has most likely fallen asleep. */
static void *give_back_late(void *consumer) {
  for (int i = 0; i < GIVEN_BACK; i++) {
    bips_frame *frame;
    CHECK(bips_consumer_pull(consumer, PATIENCE, &frame) == 0);
    usleep(5000);
    CHECK(bips_frame_release(frame) == 0);
  }
  return NULL;
}

/* A producer that is not woken sleeps for 50 ms, for every second frame here. On a busy machine a wait may take as long all the same. */
static void a_reader_that_gives_a_frame_back_wakes_the_producer(void) {
  bips_producer *producer = open_producer("wake", 2);
  bips_consumer *consumer;
  bips_consumer_options options = BIPS_CONSUMER_OPTIONS_INIT;
  pthread_t thread;
  int slow = 0;

  options.mode = BIPS_EVERY;
  options.max_held = 1;
  CHECK(bips_consumer_open("wake", &options, &consumer) == 0);
  attach_now(consumer);
  CHECK(pthread_create(&thread, NULL, give_back_late, consumer) == 0);
  for (int i = 0; i < GIVEN_BACK; i++) {
    int64_t start = now();
    push_number(producer, (uint8_t)i);
    slow += now() - start >= 45 * BIPS_MILLISECOND;
  }
  CHECK(pthread_join(thread, NULL) == 0);
  CHECK(slow < GIVEN_BACK / 4);
  bips_consumer_close(consumer);
  bips_producer_close(producer);
}

int main(void) {
  int descriptors;

  begin_test();
  frames_cross_with_all_that_travels_with_them();
  descriptors = count_descriptors();
  a_reader_of_the_latest_skips_and_one_of_every_does_not();
  the_end_of_a_stream_is_told_once_and_in_its_place();
  frames_outlive_their_producer_and_their_consumer();
  any_thread_releases_a_frame_whose_producer_was_killed_and_whose_consumer_is_closed();
  slots_outlive_their_producer();
  a_consumer_goes_on_with_the_next_producer();
  a_frame_whose_size_is_not_told_fills_its_slot();
  a_pool_grows_and_its_reader_loses_nothing();
  key_frames_are_asked_for();
  a_reader_that_gives_a_frame_back_wakes_the_producer();
  a_suspended_reader_holds_nobody_up();
  a_suspended_reader_lets_go_of_a_pool_that_is_over();
  await_descriptors(descriptors);
  return end_test();
}
