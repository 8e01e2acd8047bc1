/* A pool's seats that are cut short while its producer moves there, before it has the name. Built with the library's sources and crash
 * points: BIPS_CRASH_SLOW makes the step between the two take 10 ms. */
#include "pools.h"

#include <signal.h>

static int over; /* nobody is to cut anything any more */

static void handle(int number, siginfo_t *info, void *context) {
  (void)context;
  if (!bips_handle_fault(info->si_addr))
    signal(number, SIG_DFL);
}

/* cut_next cuts the seats short of each pool that is moved to, as soon as they are there. */
static void *cut_next(void *nothing) {
  while (!__atomic_load_n(&over, __ATOMIC_SEQ_CST)) {
    DIR *dir = opendir(test_folder);
    struct dirent *entry;
    char path[512];
    CHECK(dir != NULL);
    while ((entry = readdir(dir)) != NULL)
      if (strstr(entry->d_name, ".1.seats") != NULL) {
        snprintf(path, sizeof path, "%s/%s", test_folder, entry->d_name);
        (void)!truncate(path, 0); /* it may be gone by now */
      }
    closedir(dir);
  }
  return nothing;
}

/* Whoever cuts them after the move ends the pool. So it is tried until they were cut before. */
static void a_producer_stays_where_it_is_if_the_next_seats_are_cut_short(void) {
  bips_producer *producer;
  bips_consumer *consumer;
  bips_frame *frame;
  pthread_t cutter;
  int err;

  do {
    producer = open_producer("cutmove", 8);
    consumer = open_consumer("cutmove", BIPS_EVERY);
    attach_now(consumer);
    push_number(producer, 1);
    __atomic_store_n(&over, 0, __ATOMIC_SEQ_CST);
    CHECK(pthread_create(&cutter, NULL, cut_next, NULL) == 0);
    err = bips_producer_grow(producer, 8192);
    __atomic_store_n(&over, 1, __ATOMIC_SEQ_CST);
    CHECK(pthread_join(cutter, NULL) == 0);
    if (err < 0) {
      CHECK(err == -BIPS_DAMAGED && bips_producer_slot_size(producer) == 4096);
      push_number(producer, 2);
      for (uint8_t i = 1; i <= 2; i++)
        CHECK(bips_consumer_pull(consumer, PATIENCE, &frame) == 0 && is_number(frame, i) && bips_frame_release(frame) == 0);
      CHECK(bips_producer_grow(producer, 8192) == 0);
      push_number(producer, 3);
      CHECK(bips_consumer_pull(consumer, PATIENCE, &frame) == 0 && is_number(frame, 3) && bips_frame_release(frame) == 0);
    }
    bips_consumer_close(consumer);
    bips_producer_close(producer);
  } while (err == 0);
}

int main(void) {
  struct sigaction action = {.sa_sigaction = handle, .sa_flags = SA_SIGINFO};

  begin_test();
  CHECK(sigaction(SIGBUS, &action, NULL) == 0);
  a_producer_stays_where_it_is_if_the_next_seats_are_cut_short();
  return end_test();
}
