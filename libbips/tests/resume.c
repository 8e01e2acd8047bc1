/* Built with the library's sources and crash points: BIPS_CRASH_SLOW makes a step of joining take 10 ms. */
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

int main(void) {
  begin_test();
  what_is_published_after_a_resume_is_read();
  return end_test();
}
