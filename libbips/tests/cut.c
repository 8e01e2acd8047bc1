/* A pool's file that is cut short, in a program that has a handler of SIGBUS. */
#include "pools.h"

#include <signal.h>

static int handled; /* faults that were of a pool */

static void handle(int number, siginfo_t *info, void *context) {
  (void)context;
  if (bips_handle_fault(info->si_addr)) {
    __atomic_add_fetch(&handled, 1, __ATOMIC_SEQ_CST);
    return;
  }
  signal(number, SIG_DFL);
}

/* cut_files cuts the files short whose names end so. */
static void cut_files(const char *ending, off_t size) {
  DIR *dir = opendir(test_folder);
  struct dirent *entry;
  char path[512];
  int cut = 0;

  CHECK(dir != NULL);
  while ((entry = readdir(dir)) != NULL) {
    size_t length = strlen(entry->d_name), end = strlen(ending);
    if (length < end || strcmp(entry->d_name + length - end, ending) != 0)
      continue;
    snprintf(path, sizeof path, "%s/%s", test_folder, entry->d_name);
    CHECK(truncate(path, size) == 0);
    cut++;
  }
  closedir(dir);
  CHECK(cut == 1);
}

/* ends_damaged pushes, or pulls, until that fails as it must. */
static void producer_ends_damaged(bips_producer *producer) {
  bips_slot *slot;
  int err;

  while ((err = bips_producer_pull(producer, PATIENCE, &slot)) == 0)
    if ((err = bips_producer_push(producer, slot, NULL)) < 0)
      bips_slot_return(slot);
  CHECK(err == -BIPS_DAMAGED && strstr(bips_error_message(), "somebody cut its file short") != NULL);
}

static void consumer_ends_damaged(bips_consumer *consumer) {
  bips_frame *frame;
  int err;

  while ((err = bips_consumer_pull(consumer, PATIENCE, &frame)) == 0)
    bips_frame_release(frame);
  CHECK(err == -BIPS_DAMAGED && strstr(bips_error_message(), "somebody cut its file short") != NULL);
}

/* The seats of a pool are a file of every reader that may write there. */
static void both_sides_are_told_that_the_seats_are_gone(void) {
  bips_producer *producer = open_producer("gone", 8);
  bips_consumer *consumer = open_consumer("gone", BIPS_EVERY);
  bips_frame *frame;

  attach_now(consumer);
  push_number(producer, 1);
  CHECK(bips_consumer_pull(consumer, PATIENCE, &frame) == 0 && is_number(frame, 1));
  cut_files(".seats", 0);
  producer_ends_damaged(producer);
  consumer_ends_damaged(consumer);
  CHECK(handled > 0);
  CHECK(is_number(frame, 1) && bips_frame_release(frame) == 0);
  bips_consumer_close(consumer);
  bips_producer_close(producer);
  CHECK(count_files(test_folder) == 0);
}

/* Whoever holds a slot or a frame of it writes and reads on. */
static void frames_of_a_pool_that_is_gone_are_zeros(void) {
  bips_producer *producer = open_producer("frames", 8);
  bips_consumer *consumer = open_consumer("frames", BIPS_LATEST);
  bips_frame *frame;
  bips_slot *slot;

  attach_now(consumer);
  push_number(producer, 7);
  CHECK(bips_consumer_pull(consumer, PATIENCE, &frame) == 0 && is_number(frame, 7));
  CHECK(bips_producer_pull(producer, PATIENCE, &slot) == 0);
  cut_files("bips.frames", 0);
  CHECK(((const uint8_t *)bips_frame_data(frame))[0] == 0);
  memset(bips_slot_data(slot), 1, bips_slot_size(slot));
  CHECK(bips_frame_release(frame) == 0 && bips_slot_return(slot) == 0);
  producer_ends_damaged(producer);
  consumer_ends_damaged(consumer);
  bips_consumer_close(consumer);
  bips_producer_close(producer);
}

/* The producer's own thread looks at the seats, too. */
static void a_thread_of_the_library_goes_on(void) {
  bips_producer *producer = open_producer("house", 8);
  int before = __atomic_load_n(&handled, __ATOMIC_SEQ_CST);

  cut_files(".seats", 0);
  while (__atomic_load_n(&handled, __ATOMIC_SEQ_CST) == before)
    usleep(1000);
  producer_ends_damaged(producer);
  bips_producer_close(producer);
}

static void faults_of_others_are_not_ours(void) {
  int here = 0;

  CHECK(bips_handle_fault(&here) == 0 && bips_handle_fault(NULL) == 0);
}

/* There are more mappings than one block has places for. */
static void many_pools_are_known(void) {
  bips_producer *producers[100];
  char name[32];

  for (int i = 0; i < 100; i++) {
    snprintf(name, sizeof name, "many%d", i);
    producers[i] = open_producer(name, 2);
  }
  cut_files("bips.many99", 0);
  producer_ends_damaged(producers[99]);
  push_number(producers[98], 1);
  for (int i = 0; i < 100; i++)
    bips_producer_close(producers[i]);
}

int main(void) {
  struct sigaction action = {.sa_sigaction = handle, .sa_flags = SA_SIGINFO};

  begin_test();
  CHECK(sigaction(SIGBUS, &action, NULL) == 0);
  both_sides_are_told_that_the_seats_are_gone();
  frames_of_a_pool_that_is_gone_are_zeros();
  a_thread_of_the_library_goes_on();
  faults_of_others_are_not_ours();
  many_pools_are_known();
  return end_test();
}
