/* A child that was made by fork without exec touches nothing of its parent's pools, and keeps nobody alive. */
#include "pools.h"

#include <signal.h>
#include <sys/wait.h>

/* Every function that has a handle, and can fail. */
static void child_uses_what_it_inherited(bips_producer *producer, bips_consumer *consumer, bips_frame *frame, bips_slot *slot) {
  bips_consumer_stats read = BIPS_CONSUMER_STATS_INIT;
  bips_producer_stats written = BIPS_PRODUCER_STATS_INIT;
  bips_pool_info pool = BIPS_POOL_INFO_INIT;
  bips_frame *other_frame;
  bips_slot *other_slot;
  uint64_t sequence;

  const int results[] = {
      bips_producer_pull(producer, BIPS_FOREVER, &other_slot), bips_producer_lend(producer, BIPS_FOREVER, &other_slot),
      bips_producer_wait_lendable(producer, BIPS_FOREVER), bips_producer_push(producer, slot, NULL),
      bips_producer_publish(producer, slot, NULL, &sequence), bips_slot_return(slot), bips_producer_drop(producer),
      bips_producer_end_of_stream(producer), bips_producer_set_caps(producer, "x"), bips_producer_set_tags(producer, NULL, 0),
      bips_producer_set_latency(producer, 0), bips_producer_set_block_timeout(producer, 0), bips_producer_set_flushing(producer, 1),
      bips_producer_grow(producer, 1 << 20), bips_producer_wait_consumers(producer, 1, BIPS_FOREVER),
      bips_producer_wait_key_frame_request(producer, BIPS_FOREVER), bips_producer_get_stats(producer, &written),
      bips_producer_shutdown(producer),
      bips_consumer_pull(consumer, BIPS_FOREVER, &other_frame), bips_consumer_push(consumer, frame), bips_consumer_fd(consumer),
      bips_consumer_set_flushing(consumer, 1), bips_consumer_suspend(consumer), bips_consumer_resume(consumer),
      bips_consumer_set_blocking(consumer, 0), bips_consumer_set_max_age(consumer, 0), bips_consumer_request_key_frame(consumer),
      bips_consumer_get_pool(consumer, &pool), bips_consumer_get_stats(consumer, &read), bips_consumer_interrupt(consumer),
      bips_frame_release(frame), bips_consumer_shutdown(consumer),
  };

  for (size_t i = 0; i < sizeof results / sizeof results[0]; i++)
    if (results[i] != -BIPS_FORKED) {
      fprintf(stderr, "call %zu is %d\n", i, results[i]);
      abort();
    }
  CHECK_ERROR(bips_consumer_pull(consumer, BIPS_FOREVER, &other_frame), BIPS_FORKED, "before a fork");
  CHECK(other_frame == NULL);
  CHECK_ERROR(bips_producer_pull(producer, BIPS_FOREVER, &other_slot), BIPS_FORKED, "before a fork");
  CHECK(other_slot == NULL);
  CHECK(bips_consumer_close(consumer) == NULL && bips_producer_close(producer) == NULL);
}

static void a_child_touches_nothing_and_has_pools_of_its_own(void) {
  bips_producer *producer = open_producer("fork", 8);
  bips_consumer *consumer = open_consumer("fork", BIPS_EVERY);
  bips_frame *frame;
  bips_slot *slot;
  int status;

  attach_now(consumer);
  push_number(producer, 1);
  CHECK(bips_consumer_pull(consumer, PATIENCE, &frame) == 0);
  CHECK(bips_producer_pull(producer, PATIENCE, &slot) == 0);
  pid_t child = fork();
  if (child == 0) {
    child_uses_what_it_inherited(producer, consumer, frame, slot);
    bips_consumer_options options = BIPS_CONSUMER_OPTIONS_INIT;
    bips_consumer *own;
    options.max_held = 1;
    CHECK(bips_consumer_open("fork", &options, &own) == 0);
    if (child_can_attach())
      CHECK(bips_consumer_pull(own, PATIENCE, &frame) == 0 && is_number(frame, 1) && bips_frame_release(frame) == 0);
    bips_consumer_close(own);
    _exit(0);
  }
  CHECK(waitpid(child, &status, 0) == child && status == 0);
  CHECK(is_number(frame, 1) && bips_frame_release(frame) == 0); /* the parent's are as they were */
  memset(bips_slot_data(slot), 2, 64);
  bips_frame_info info = BIPS_FRAME_INFO_INIT;
  info.data_size = 64;
  info.pts = 2;
  CHECK(bips_producer_push(producer, slot, &info) == 0);
  CHECK(bips_consumer_pull(consumer, PATIENCE, &frame) == 0 && is_number(frame, 2) && bips_frame_release(frame) == 0);
  bips_consumer_close(consumer);
  bips_producer_close(producer);
}

/* A producer that is killed is dead for its readers, although a child of its lives on, and its name is free. */
static void a_child_keeps_no_lock_of_a_dead_parent(void) {
  bips_consumer *consumer = open_consumer("locks", BIPS_LATEST);
  int ready[2], held[2], status;
  bips_frame *frame;
  char byte;

  CHECK(pipe(ready) == 0 && pipe(held) == 0);
  pid_t parent = fork();
  if (parent == 0) {
    bips_producer *producer = open_producer("locks", 12);
    bips_consumer *reader = open_consumer("locks", BIPS_EVERY);
    attach_now(reader);
    push_number(producer, 1);
    if (fork() == 0) { /* lives until the test closes its pipe */
      close(held[1]);
      CHECK(write(ready[1], "", 1) == 1);
      _exit(read(held[0], &byte, 1) != 0);
    }
    alarm(60);
    pause();
  }
  close(held[0]);
  CHECK(read(ready[0], &byte, 1) == 1);
  CHECK(bips_consumer_pull(consumer, PATIENCE, &frame) == 0 && is_number(frame, 1));
  CHECK(kill(parent, SIGKILL) == 0 && waitpid(parent, &status, 0) == parent);
  CHECK(is_number(frame, 1) && bips_frame_release(frame) == 0);
  CHECK_ERROR(bips_consumer_pull(consumer, PATIENCE, &frame), BIPS_PRODUCER_LOST, "its producer died");
  bips_producer *next = open_producer("locks", 8); /* the name is free */
  push_number(next, 2);
  CHECK(bips_consumer_pull(consumer, PATIENCE, &frame) == 0 && is_number(frame, 2) && bips_frame_release(frame) == 0);
  close(held[1]);
  close(ready[0]);
  close(ready[1]);
  bips_consumer_close(consumer);
  bips_producer_close(next);
}

int main(void) {
  begin_test();
  a_child_touches_nothing_and_has_pools_of_its_own();
  a_child_keeps_no_lock_of_a_dead_parent();
  return end_test();
}
