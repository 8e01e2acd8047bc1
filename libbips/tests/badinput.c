/* What programs get wrong, over both backends: each wrong call fails with an error, and harms nothing. errors.c, options.c and fork.c
 * have what does not depend on the backend. */
#include "pools.h"

#include <errno.h>
#include <sys/resource.h>
#include <sys/wait.h>

/* ---- Without a handle */

static void every_function_refuses_null(void) {
  bips_frame_delivery delivery = BIPS_FRAME_DELIVERY_INIT;
  bips_consumer_stats read = BIPS_CONSUMER_STATS_INIT;
  bips_producer_stats written = BIPS_PRODUCER_STATS_INIT;
  bips_frame_info info = BIPS_FRAME_INFO_INIT;
  bips_pool_info pool = BIPS_POOL_INFO_INIT;
  bips_frame *frame;
  bips_slot *slot;
  uint64_t sequence;
  size_t size = 1;
  int in_memory;

  const int producer_calls[] = {
      bips_producer_shutdown(NULL), bips_producer_pull(NULL, 0, &slot), bips_producer_lend(NULL, 0, &slot),
      bips_producer_wait_lendable(NULL, 0), bips_producer_push(NULL, NULL, &info), bips_producer_publish(NULL, NULL, &info, &sequence),
      bips_slot_return(NULL), bips_producer_drop(NULL), bips_producer_end_of_stream(NULL), bips_producer_set_caps(NULL, "x"),
      bips_producer_set_tags(NULL, NULL, 0), bips_producer_set_latency(NULL, 0), bips_producer_set_block_timeout(NULL, 0),
      bips_producer_set_flushing(NULL, 1), bips_producer_grow(NULL, 1), bips_producer_wait_consumers(NULL, 1, 0),
      bips_producer_wait_key_frame_request(NULL, 0), bips_producer_get_stats(NULL, &written),
  };
  const int consumer_calls[] = {
      bips_consumer_shutdown(NULL), bips_consumer_pull(NULL, 0, &frame), bips_consumer_fd(NULL), bips_consumer_push(NULL, NULL),
      bips_consumer_interrupt(NULL), bips_consumer_set_flushing(NULL, 1), bips_consumer_suspend(NULL), bips_consumer_resume(NULL),
      bips_consumer_set_blocking(NULL, 0), bips_consumer_set_max_age(NULL, 0), bips_consumer_request_key_frame(NULL),
      bips_consumer_get_pool(NULL, &pool), bips_consumer_get_stats(NULL, &read), bips_frame_release(NULL),
      bips_frame_get_info(NULL, &info), bips_frame_get_delivery(NULL, &delivery),
  };

  for (size_t i = 0; i < sizeof producer_calls / sizeof producer_calls[0]; i++)
    CHECK(producer_calls[i] == -BIPS_STALE);
  for (size_t i = 0; i < sizeof consumer_calls / sizeof consumer_calls[0]; i++)
    CHECK(consumer_calls[i] == -BIPS_STALE);
  CHECK(bips_producer_close(NULL) == NULL && bips_consumer_close(NULL) == NULL && bips_frame_ref(NULL) == NULL);
  CHECK(bips_slot_data(NULL) == NULL && bips_slot_size(NULL) == 0 && bips_slot_index(NULL) == 0 && bips_slot_has_moved(NULL) == 0);
  CHECK(strcmp(bips_producer_name(NULL), "") == 0 && bips_producer_slots(NULL) == 0 && bips_producer_slot_size(NULL) == 0);
  CHECK(bips_producer_meta_size(NULL) == 0 && strcmp(bips_producer_folder(NULL, &in_memory), "") == 0);
  CHECK(bips_consumer_held(NULL) == 0 && bips_consumer_quota(NULL) == 0 && strcmp(bips_consumer_name(NULL), "") == 0);
  CHECK(bips_consumer_slots_for_max_held(NULL) == 0);
  CHECK(bips_frame_data(NULL) == NULL && bips_frame_size(NULL) == 0 && bips_frame_caps(NULL) == NULL);
  CHECK(bips_frame_tags(NULL, &size) == NULL && size == 0 && bips_frame_meta(NULL, &size) == NULL && bips_frame_meta(NULL, NULL) == NULL);
  CHECK(bips_frame_sequence(NULL) == 0 && bips_frame_pts(NULL) == BIPS_NO_TIME && bips_frame_duration(NULL) == BIPS_NO_TIME);
  CHECK(bips_frame_flags(NULL) == 0 && bips_frame_age(NULL) == 0);
  CHECK_ERROR(bips_check_name(NULL), BIPS_BAD_NAME, "NULL");
  CHECK_ERROR(bips_why_no_pool(NULL), BIPS_BAD_NAME, "NULL");
}

static void missing_places_for_results_are_refused(void) {
  bips_producer *producer = open_producer("places", 8);
  bips_consumer *consumer = open_consumer("places", BIPS_LATEST);
  bips_producer_options options = BIPS_PRODUCER_OPTIONS_INIT;
  bips_frame *frame;
  bips_slot *slot;

  CHECK_ERROR(bips_producer_pull(producer, 0, NULL), BIPS_BAD_OPTION, "NULL");
  CHECK_ERROR(bips_producer_lend(producer, 0, NULL), BIPS_BAD_OPTION, "NULL");
  CHECK_ERROR(bips_producer_get_stats(producer, NULL), BIPS_BAD_OPTION, "bips_producer_stats is NULL");
  CHECK_ERROR(bips_producer_set_tags(producer, NULL, 8), BIPS_BAD_OPTION, "NULL");
  CHECK_ERROR(bips_consumer_pull(consumer, 0, NULL), BIPS_BAD_OPTION, "NULL");
  CHECK_ERROR(bips_consumer_get_stats(consumer, NULL), BIPS_BAD_OPTION, "bips_consumer_stats is NULL");
  CHECK(bips_producer_open("places", &options, NULL) == -BIPS_BAD_OPTION && bips_consumer_open("places", NULL, NULL) == -BIPS_BAD_OPTION);
  CHECK(bips_producer_pull(producer, 0, &slot) == 0 && bips_producer_publish(producer, slot, NULL, NULL) == 0 && bips_slot_return(slot) == 0);
  CHECK(bips_consumer_pull(consumer, PATIENCE, &frame) == 0);
  CHECK_ERROR(bips_frame_get_info(frame, NULL), BIPS_BAD_OPTION, "bips_frame_info is NULL");
  CHECK_ERROR(bips_frame_get_delivery(frame, NULL), BIPS_BAD_OPTION, "bips_frame_delivery is NULL");
  CHECK(bips_frame_tags(frame, NULL) == NULL && bips_frame_meta(frame, NULL) == NULL && bips_frame_release(frame) == 0);
  CHECK_ERROR(bips_consumer_get_pool(consumer, NULL), BIPS_BAD_OPTION, "bips_pool_info is NULL");
  bips_consumer_close(consumer);
  bips_producer_close(producer);
}

/* ---- Garbage */

static void garbage_in_texts_and_numbers_is_refused(void) {
  bips_producer *producer = open_producer("garbage", 8), *other;
  bips_consumer *consumer = open_consumer("garbage", BIPS_LATEST);
  bips_producer_options options;
  bips_consumer_options reader;
  bips_frame_info info;
  bips_slot *slot;

  CHECK_ERROR(bips_check_name("\xff\xfe\x01"), BIPS_BAD_NAME, "character");
  CHECK_ERROR(bips_check_name("../etc"), BIPS_BAD_NAME, "character");
  CHECK_ERROR(bips_check_name("//a"), BIPS_BAD_NAME, "character '/'");
  memset(&options, 0xa5, sizeof options);
  CHECK_ERROR(bips_producer_open("other", &options, &other), BIPS_BAD_OPTION, "..._INIT");
  options.size = sizeof options;
  options.caps = options.group = NULL;
  options.warn = NULL;
  CHECK(bips_producer_open("other", &options, &other) < 0 && other == NULL);
  memset(&reader, 0xa5, sizeof reader);
  reader.size = sizeof reader;
  bips_consumer *none = consumer;
  CHECK_ERROR(bips_consumer_open("other", &reader, &none), BIPS_BAD_OPTION, "bad option");
  CHECK(none == NULL);
  CHECK(bips_producer_pull(producer, INT64_MIN, &slot) == 0); /* for ever */
  memset(&info, 0xa5, sizeof info);
  CHECK_ERROR(bips_producer_push(producer, slot, &info), BIPS_BAD_OPTION, "..._INIT");
  info.size = sizeof info;
  CHECK(bips_producer_push(producer, slot, &info) < 0); /* it looks at no metadata of such a size */
  CHECK(bips_slot_return(slot) == 0);
  CHECK_ERROR(bips_producer_grow(producer, 0), BIPS_BAD_OPTION, "slots of 0 bytes");
  CHECK_ERROR(bips_producer_grow(producer, SIZE_MAX), BIPS_BAD_OPTION, "slots of");
  CHECK(bips_consumer_set_max_age(consumer, INT64_MIN) == 0); /* none */
  push_number(producer, 1);
  bips_frame *frame;
  CHECK(bips_consumer_pull(consumer, INT64_MAX, &frame) == 0 && is_number(frame, 1) && bips_frame_release(frame) == 0);
  bips_consumer_close(consumer);
  bips_producer_close(producer);
}

static void structs_of_all_sizes_are_taken_or_refused(void) {
  bips_producer *producer = open_producer("sizes", 8);
  union {
    bips_frame_info info;
    uint8_t bytes[sizeof(bips_frame_info) + 64];
  } longer = {.info = BIPS_FRAME_INFO_INIT};
  bips_slot *slot;

  /* Any length is one that a header might have, but for those that cut data_size in two: its default is not 0. */
  for (size_t size = sizeof(size_t); size <= sizeof longer; size += size < offsetof(bips_frame_info, pts) ? sizeof(size_t) : 1) {
    CHECK(bips_producer_pull(producer, PATIENCE, &slot) == 0);
    longer.info.size = size;
    longer.info.data_size = 10;
    CHECK(bips_producer_push(producer, slot, &longer.info) == 0);
  }
  for (size_t size = 0; size < sizeof(size_t); size++) {
    CHECK(bips_producer_pull(producer, PATIENCE, &slot) == 0);
    longer.info.size = size;
    CHECK_ERROR(bips_producer_push(producer, slot, &longer.info), BIPS_BAD_OPTION, "..._INIT");
    CHECK(bips_slot_return(slot) == 0);
  }
  longer.info.size = sizeof longer;
  longer.bytes[sizeof longer - 1] = 1;
  CHECK(bips_producer_pull(producer, PATIENCE, &slot) == 0);
  CHECK_ERROR(bips_producer_push(producer, slot, &longer.info), BIPS_BAD_OPTION, "use a newer library");
  CHECK(bips_slot_return(slot) == 0);
  bips_producer_close(producer);
}

/* ---- Twice, and afterwards */

static void what_was_given_back_is_stale(void) {
  bips_producer *producer = open_producer("twice", 8);
  bips_consumer *consumer = open_consumer("twice", BIPS_LATEST);
  bips_frame_delivery delivery = BIPS_FRAME_DELIVERY_INIT;
  bips_frame_info info = BIPS_FRAME_INFO_INIT;
  bips_frame *frame;
  bips_slot *slot;

  CHECK(bips_producer_pull(producer, PATIENCE, &slot) == 0 && bips_producer_push(producer, slot, NULL) == 0);
  CHECK_ERROR(bips_producer_push(producer, slot, NULL), BIPS_STALE, "not lent");
  CHECK_ERROR(bips_slot_return(slot), BIPS_STALE, "not lent");
  CHECK(bips_slot_data(slot) == NULL && bips_slot_size(slot) == 0);
  CHECK(bips_consumer_pull(consumer, PATIENCE, &frame) == 0 && bips_consumer_push(consumer, frame) == 0);
  CHECK_ERROR(bips_consumer_push(consumer, frame), BIPS_STALE, "not lent");
  CHECK_ERROR(bips_frame_get_info(frame, &info), BIPS_STALE, "not lent");
  CHECK_ERROR(bips_frame_get_delivery(frame, &delivery), BIPS_STALE, "not lent");
  CHECK(bips_frame_data(frame) == NULL && bips_frame_caps(frame) == NULL && bips_frame_ref(frame) == NULL);
  CHECK(bips_consumer_shutdown(consumer) == 0);
  CHECK_ERROR(bips_consumer_pull(consumer, BIPS_FOREVER, &frame), BIPS_CLOSED, "closed");
  CHECK(frame == NULL);
  bips_consumer_close(consumer);
  bips_producer_close(producer);
}

/* ---- Several threads at once */

enum { THREADS = 4, SHARED_FRAMES = 4000 };

static bips_consumer *shared;
static uint8_t seen[SHARED_FRAMES + 1]; /* by sequence; each is one thread's */

static void *pull_some(void *unused) {
  bips_frame *frame;
  int err;

  (void)unused;
  while ((err = bips_consumer_pull(shared, BIPS_FOREVER, &frame)) == 0) {
    uint64_t sequence = bips_frame_sequence(frame);
    CHECK(sequence >= 1 && sequence <= SHARED_FRAMES && is_number(frame, (uint8_t)(sequence - 1)));
    CHECK(__atomic_add_fetch(&seen[sequence], 1, __ATOMIC_SEQ_CST) == 1);
    CHECK(bips_frame_release(frame) == 0);
  }
  CHECK(err == -BIPS_CLOSED || err == -BIPS_END_OF_STREAM || err == -BIPS_QUOTA);
  return err == -BIPS_QUOTA ? pull_some(NULL) : NULL;
}

static void threads_that_pull_at_once_get_each_frame_once(void) {
  bips_producer *producer = open_producer("shared", 8);
  bips_consumer_stats stats = BIPS_CONSUMER_STATS_INIT;
  pthread_t threads[THREADS];

  memset(seen, 0, sizeof seen);
  shared = open_consumer("shared", BIPS_EVERY);
  attach_now(shared);
  for (int i = 0; i < THREADS; i++)
    CHECK(pthread_create(&threads[i], NULL, pull_some, NULL) == 0);
  for (int i = 0; i < SHARED_FRAMES; i++)
    push_number(producer, (uint8_t)i);
  do {
    usleep(1000);
    CHECK(bips_consumer_get_stats(shared, &stats) == 0);
  } while (stats.received < SHARED_FRAMES || stats.held > 0);
  CHECK(bips_consumer_shutdown(shared) == 0);
  for (int i = 0; i < THREADS; i++)
    CHECK(pthread_join(threads[i], NULL) == 0);
  for (int i = 1; i <= SHARED_FRAMES; i++)
    CHECK(seen[i] == 1);
  bips_consumer_close(shared);
  bips_producer_close(producer);
}

static void *push_some(void *producer) {
  for (int i = 0; i < 1000; i++)
    push_number(producer, (uint8_t)i);
  return NULL;
}

static void threads_that_push_at_once_publish_whole_frames(void) {
  bips_producer *producer = open_producer("pushers", 16);
  bips_consumer *consumer = open_consumer("pushers", BIPS_EVERY);
  bips_frame *frame;
  pthread_t threads[THREADS];

  attach_now(consumer);
  for (int i = 0; i < THREADS; i++)
    CHECK(pthread_create(&threads[i], NULL, push_some, producer) == 0);
  for (uint64_t i = 1; i <= THREADS * 1000; i++) {
    CHECK(bips_consumer_pull(consumer, PATIENCE, &frame) == 0);
    CHECK(bips_frame_sequence(frame) == i && is_number(frame, (uint8_t)bips_frame_pts(frame)) && bips_frame_release(frame) == 0);
  }
  for (int i = 0; i < THREADS; i++)
    CHECK(pthread_join(threads[i], NULL) == 0);
  bips_consumer_close(consumer);
  bips_producer_close(producer);
}

/* ---- What the system refuses */

/* other_user looks at a pool as a user without rights does. */
static void other_user(void) {
  bips_consumer *consumer = open_consumer("private", BIPS_LATEST);
  bips_producer_options options = BIPS_PRODUCER_OPTIONS_INIT;
  bips_producer *producer;
  bips_frame *frame;

  CHECK_ERROR(bips_consumer_pull(consumer, PATIENCE, &frame), BIPS_PERMISSION, "private");
  CHECK(strstr(bips_error_message(), "perm") != NULL);
  CHECK_ERROR(bips_why_no_pool("private"), BIPS_PERMISSION, "private");
  options.slot_size = 64;
  options.backend = test_backend();
  CHECK_ERROR(bips_producer_open("private", &options, &producer), BIPS_PERMISSION, "private");
  bips_consumer_close(consumer);
}

static void another_users_pool_is_refused_with_a_reason(void) {
  bips_producer *producer;
  int status;

  if (getuid() != 0) {
    printf("skipped: only root can be two users\n");
    return;
  }
  CHECK(chmod(test_folder, 01777) == 0);
  producer = open_producer("private", 8);
  push_number(producer, 1);
  pid_t child = fork();
  if (child == 0) {
    CHECK(setgid(12345) == 0 && setuid(12345) == 0);
    other_user();
    _exit(0);
  }
  CHECK(waitpid(child, &status, 0) == child && status == 0);
  bips_producer_close(producer);
}

/* Whichever descriptor is the one too many: the call fails and says so, and works when there are more. */
static void a_process_that_runs_out_of_descriptors_goes_on_later(void) {
  bips_producer *producer = open_producer("descriptors", 8), *other;
  bips_producer_options options = BIPS_PRODUCER_OPTIONS_INIT;
  struct rlimit limit, few;
  bips_frame *frame;
  int refused = 0, err;

  options.slot_size = 64;
  options.backend = test_backend();
  push_number(producer, 1);
  CHECK(getrlimit(RLIMIT_NOFILE, &limit) == 0);
  few = limit;
  for (int more = 0; more < 12; more++) {
    bips_consumer *consumer = open_consumer("descriptors", BIPS_LATEST);
    few.rlim_cur = (rlim_t)(3 + more);
    CHECK(setrlimit(RLIMIT_NOFILE, &few) == 0);
    err = bips_consumer_pull(consumer, 50 * BIPS_MILLISECOND, &frame);
    if (err == 0) {
      CHECK(is_number(frame, 1) && bips_frame_release(frame) == 0);
    } else if (err == -EMFILE) {
      CHECK(strstr(bips_error_message(), "ulimit -n") != NULL);
      refused++;
    } else {
      CHECK(err == -BIPS_TIMEOUT); /* it is the producer that had none for the reader */
    }
    err = bips_producer_open("second", &options, &other);
    CHECK(err == 0 || (err == -EMFILE && strstr(bips_error_message(), "ulimit -n") != NULL));
    refused += err < 0;
    bips_producer_close(other);
    CHECK(setrlimit(RLIMIT_NOFILE, &limit) == 0);
    push_number(producer, 1);
    CHECK(bips_consumer_pull(consumer, PATIENCE, &frame) == 0 && is_number(frame, 1) && bips_frame_release(frame) == 0);
    bips_consumer_close(consumer);
  }
  CHECK(refused > 0);
  bips_producer_close(producer);
}

int main(void) {
  begin_test();
  every_function_refuses_null();
  missing_places_for_results_are_refused();
  garbage_in_texts_and_numbers_is_refused();
  structs_of_all_sizes_are_taken_or_refused();
  what_was_given_back_is_stale();
  threads_that_pull_at_once_get_each_frame_once();
  threads_that_push_at_once_publish_whole_frames();
  another_users_pool_is_refused_with_a_reason();
  a_process_that_runs_out_of_descriptors_goes_on_later();
  return end_test();
}
