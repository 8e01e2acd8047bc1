/* Calls that wait, and what ends them from another thread or from a signal handler. */
#include "pools.h"

#include <signal.h>
#include <sys/time.h>

static bips_consumer *consumer;
static bips_producer *producer;
static int entered; /* atomic: a thread is about to wait */

static void *pull_forever(void *unused) {
  bips_frame *frame;
  int *err = malloc(sizeof *err);

  (void)unused;
  __atomic_store_n(&entered, 1, __ATOMIC_SEQ_CST);
  *err = bips_consumer_pull(consumer, BIPS_FOREVER, &frame);
  CHECK(*err < 0 || bips_frame_release(frame) == 0);
  return err;
}

static void *fill_forever(void *unused) {
  bips_slot *slot;
  int *err = malloc(sizeof *err);

  (void)unused;
  __atomic_store_n(&entered, 1, __ATOMIC_SEQ_CST);
  *err = bips_producer_pull(producer, BIPS_FOREVER, &slot);
  CHECK(*err < 0 || bips_slot_return(slot) == 0);
  return err;
}

/* start lets a thread wait, for a while that differs from call to call. */
static pthread_t start(void *(*wait)(void *)) {
  static useconds_t pause;
  pthread_t thread;

  entered = 0;
  CHECK(pthread_create(&thread, NULL, wait, NULL) == 0);
  while (__atomic_load_n(&entered, __ATOMIC_SEQ_CST) == 0)
    usleep(10);
  usleep(pause = (pause * 7 + 113) % 3000);
  return thread;
}

static int result_of(pthread_t thread) {
  void *result;
  int err;

  CHECK(pthread_join(thread, &result) == 0);
  err = *(int *)result;
  free(result);
  return err;
}

static void a_pull_in_progress_is_interrupted(bool attached) {
  pthread_t thread;

  consumer = open_consumer("interrupt", BIPS_EVERY);
  if (attached)
    attach_now(consumer);
  for (int i = 0; i < 50; i++) {
    thread = start(pull_forever);
    CHECK(bips_consumer_interrupt(consumer) == 0);
    CHECK(result_of(thread) == -BIPS_INTERRUPTED);
  }
  bips_consumer_close(consumer);
}

static void an_interrupt_without_a_pull_is_for_the_next(void) {
  bips_frame *frame;

  consumer = open_consumer("interrupt", BIPS_LATEST);
  CHECK(bips_consumer_interrupt(consumer) == 0 && bips_consumer_interrupt(consumer) == 0);
  CHECK_ERROR(bips_consumer_pull(consumer, BIPS_FOREVER, &frame), BIPS_INTERRUPTED, "interrupted");
  CHECK(bips_consumer_pull(consumer, 0, &frame) == -BIPS_TIMEOUT);
  bips_consumer_close(consumer);
}

static void flushing_ends_every_pull_until_it_is_over(void) {
  bips_frame *frame;
  bips_slot *slot;
  pthread_t thread;

  consumer = open_consumer("interrupt", BIPS_EVERY);
  attach_now(consumer);
  thread = start(pull_forever);
  CHECK(bips_consumer_set_flushing(consumer, 1) == 0);
  CHECK(result_of(thread) == -BIPS_FLUSHING);
  CHECK_ERROR(bips_consumer_pull(consumer, BIPS_FOREVER, &frame), BIPS_FLUSHING, "flushing");
  CHECK(bips_consumer_set_flushing(consumer, 0) == 0);
  CHECK(bips_consumer_pull(consumer, 0, &frame) == -BIPS_TIMEOUT);
  for (uint8_t i = 0; i < 8; i++) /* no slot comes free before it reads */
    push_number(producer, i);
  thread = start(fill_forever);
  CHECK(bips_producer_set_flushing(producer, 1) == 0);
  CHECK(result_of(thread) == -BIPS_FLUSHING);
  CHECK_ERROR(bips_producer_pull(producer, BIPS_FOREVER, &slot), BIPS_FLUSHING, "flushing");
  CHECK(bips_producer_set_flushing(producer, 0) == 0);
  bips_consumer_close(consumer);
}

/* A time-out is about the whole call, also while another thread has the consumer, and its descriptor a thread of the library's. */
static void a_pull_ends_in_time_while_another_thread_pulls(bool with_descriptor) {
  bips_consumer_stats stats = BIPS_CONSUMER_STATS_INIT;
  bips_frame *frame;
  pthread_t thread;

  consumer = open_consumer("interrupt", BIPS_EVERY);
  attach_now(consumer);
  if (with_descriptor)
    CHECK(bips_consumer_fd(consumer) >= 0);
  thread = start(pull_forever);
  do
    CHECK(bips_consumer_pull(consumer, 0, &frame) == -BIPS_TIMEOUT && frame == NULL);
  while (strstr(bips_error_message(), "another thread pulls") == NULL);
  CHECK_ERROR(bips_consumer_pull(consumer, BIPS_MILLISECOND, &frame), BIPS_TIMEOUT, "timeout");
  push_number(producer, 1);
  CHECK(result_of(thread) == 0);
  push_number(producer, 2); /* its turn comes */
  CHECK(bips_consumer_pull(consumer, PATIENCE, &frame) == 0 && is_number(frame, 2) && bips_frame_release(frame) == 0);
  thread = start(pull_forever);
  CHECK(bips_consumer_interrupt(consumer) == 0);
  CHECK(result_of(thread) == -BIPS_INTERRUPTED);
  CHECK(bips_consumer_get_stats(consumer, &stats) == 0 && stats.received == 2);
  bips_consumer_close(consumer);
}

static void a_shutdown_ends_a_pull(void) {
  pthread_t thread;

  consumer = open_consumer("interrupt", BIPS_LATEST);
  thread = start(pull_forever);
  CHECK(bips_consumer_shutdown(consumer) == 0);
  int err = result_of(thread);
  CHECK(err == -BIPS_CLOSED || err == 0); /* it may have had a frame first */
  bips_consumer_close(consumer);
}

static void a_suspension_is_applied_during_a_pull(void) {
  bips_consumer_stats stats = BIPS_CONSUMER_STATS_INIT;
  pthread_t thread;

  consumer = open_consumer("interrupt", BIPS_EVERY);
  attach_now(consumer);
  thread = start(pull_forever);
  CHECK(bips_consumer_suspend(consumer) == 0);
  CHECK(bips_consumer_get_stats(consumer, &stats) == 0 && stats.blocking == 0);
  for (uint8_t i = 0; i < 20; i++)
    push_number(producer, i); /* nobody holds it up */
  CHECK(bips_consumer_resume(consumer) == 0);
  CHECK(bips_consumer_get_stats(consumer, &stats) == 0 && stats.blocking == 1);
  push_number(producer, 20);
  CHECK(result_of(thread) == 0);
  CHECK(bips_consumer_set_blocking(consumer, 0) == 0);
  CHECK(bips_consumer_get_stats(consumer, &stats) == 0 && stats.blocking == 0);
  bips_consumer_close(consumer);
}

static void on_alarm(int signal) {
  (void)signal;
  bips_consumer_interrupt(consumer);
}

/* The handler runs in the thread that pulls, which is about to sleep or does. */
static void a_signal_handler_interrupts_its_own_pull(void) {
  struct sigaction action = {.sa_handler = on_alarm, .sa_flags = SA_RESTART};
  struct itimerval never = {{0, 0}, {0, 0}};
  bips_frame *frame;

  consumer = open_consumer("interrupt", BIPS_EVERY);
  attach_now(consumer);
  CHECK(sigaction(SIGVTALRM, &action, NULL) == 0 && sigaction(SIGALRM, &action, NULL) == 0);
  for (int i = 0; i < 20; i++) {
    struct itimerval once = {{0, 0}, {0, 300 + 977 * i % 5000}};
    CHECK(setitimer(ITIMER_REAL, &once, NULL) == 0);
    CHECK(bips_consumer_pull(consumer, BIPS_FOREVER, &frame) == -BIPS_INTERRUPTED);
  }
  CHECK(setitimer(ITIMER_REAL, &never, NULL) == 0);
  bips_consumer_close(consumer);
}

static void *shut_down(void *unused) {
  (void)unused;
  usleep(2000);
  CHECK(bips_producer_shutdown(producer) == 0);
  return NULL;
}

static void a_shutdown_ends_what_the_producer_waits_for(void) {
  pthread_t thread;

  CHECK(pthread_create(&thread, NULL, shut_down, NULL) == 0);
  CHECK(bips_producer_wait_consumers(producer, 16, BIPS_FOREVER) == -BIPS_CLOSED);
  CHECK(bips_producer_wait_key_frame_request(producer, BIPS_FOREVER) == -BIPS_CLOSED);
  CHECK(pthread_join(thread, NULL) == 0);
}

int main(void) {
  begin_test();
  a_pull_in_progress_is_interrupted(false);
  an_interrupt_without_a_pull_is_for_the_next();
  producer = open_producer("interrupt", 8);
  a_pull_in_progress_is_interrupted(true);
  flushing_ends_every_pull_until_it_is_over();
  a_pull_ends_in_time_while_another_thread_pulls(false);
  a_pull_ends_in_time_while_another_thread_pulls(true);
  a_shutdown_ends_a_pull();
  a_suspension_is_applied_during_a_pull();
  a_signal_handler_interrupts_its_own_pull();
  a_shutdown_ends_what_the_producer_waits_for();
  bips_producer_close(producer);
  return end_test();
}
