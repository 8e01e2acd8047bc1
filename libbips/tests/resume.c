/* Built with the library's sources and crash points: BIPS_CRASH_SLOW makes a step of joining take 10 ms, where it is set. */
#include "pools.h"

#include <poll.h>

/* resume is carried out by whoever pulls, here the thread behind the descriptor. It returns when that is done: what is published
 * then is read. */
static void what_is_published_after_a_resume_is_read(void) {
  bips_producer *producer = open_producer("resumed", 8);
  bips_consumer *consumer = open_consumer("resumed", BIPS_EVERY);
  struct pollfd polled = {.events = POLLIN};
  bips_frame *frame;

  attach_now(consumer);
  CHECK((polled.fd = bips_consumer_fd(consumer)) >= 0);
  for (int i = 0; i < 20; i++) {
    CHECK(bips_consumer_suspend(consumer) == 0);
    CHECK(bips_consumer_resume(consumer) == 0);
    push_number(producer, (uint8_t)i);
    do
      CHECK(poll(&polled, 1, 20000) == 1);
    while (bips_consumer_pull(consumer, 0, &frame) == -BIPS_TIMEOUT);
    CHECK(is_number(frame, (uint8_t)i) && bips_frame_release(frame) == 0);
    CHECK(bips_consumer_pull(consumer, 0, &frame) == -BIPS_TIMEOUT);
  }
  bips_consumer_close(consumer);
  bips_producer_close(producer);
}

#define GRACE (20 * BIPS_MILLISECOND) /* how long a resume waits for what it needs to follow a producer that moves */

static bool over; /* nobody is to move any more */

static void *move_all_the_time(void *producer) {
  for (uint64_t size = 4096 + 64; !__atomic_load_n(&over, __ATOMIC_SEQ_CST); size += 64)
    CHECK(bips_producer_grow(producer, size) == 0);
  return NULL;
}

/* A move may begin after the reader's last look for one, and have looked at its seat before it has joined. */
static void what_is_published_after_a_resume_is_read_however_often_the_producer_moves(void) {
  bips_producer *producer = open_producer("moving", 8);
  bips_consumer *consumer = open_consumer("moving", BIPS_EVERY);
  bips_consumer_stats stats = BIPS_CONSUMER_STATS_INIT;
  bips_frame *frame;
  pthread_t mover;

  attach_now(consumer);
  CHECK(pthread_create(&mover, NULL, move_all_the_time, producer) == 0);
  for (int i = 0; i < 200; i++) {
    int64_t began;
    CHECK(bips_consumer_suspend(consumer) == 0);
    began = now();
    CHECK(bips_consumer_resume(consumer) == 0);
    if (now() - began >= GRACE)
      continue; /* it may have given up */
    push_number(producer, (uint8_t)i);
    CHECK(bips_consumer_pull(consumer, PATIENCE, &frame) == 0);
    CHECK(is_number(frame, (uint8_t)i) && bips_frame_release(frame) == 0);
    CHECK(bips_consumer_get_stats(consumer, &stats) == 0 && stats.lost == 0);
  }
  __atomic_store_n(&over, true, __ATOMIC_SEQ_CST);
  bips_consumer_close(consumer); /* before the move that waits for it */
  CHECK(pthread_join(mover, NULL) == 0);
  bips_producer_close(producer);
}

int main(void) {
  begin_test();
  what_is_published_after_a_resume_is_read();
  what_is_published_after_a_resume_is_read_however_often_the_producer_moves();
  return end_test();
}
