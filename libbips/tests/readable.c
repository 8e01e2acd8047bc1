/* The descriptor for event loops: bips_consumer_fd. */
#include "pools.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <sys/epoll.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <time.h>

/* NOT_SO is for how long a descriptor is watched that must not become readable, in milliseconds. */
enum { NOT_SO = 60, WATCHDOG = 20000 };

static bool is_readable(int fd, int limit) {
  struct pollfd polled = {.fd = fd, .events = POLLIN};
  int got;

  while ((got = poll(&polled, 1, limit)) < 0 && errno == EINTR)
    ;
  CHECK(got >= 0 && (got == 0 || polled.revents == POLLIN));
  return got == 1;
}

static void becomes_readable(int fd) { CHECK(is_readable(fd, WATCHDOG)); }
static void stays_silent(int fd) { CHECK(!is_readable(fd, NOT_SO)); }

static int fd_of(bips_consumer *consumer) {
  int fd = bips_consumer_fd(consumer);

  CHECK(fd >= 0);
  return fd;
}

/* next is what the pull returns that the descriptor calls for. */
static int next(bips_consumer *consumer, bips_frame **frame) {
  becomes_readable(bips_consumer_fd(consumer));
  return bips_consumer_pull(consumer, 0, frame);
}

static void next_is_number(bips_consumer *consumer, uint8_t number) {
  bips_frame *frame;
  int err;

  while ((err = next(consumer, &frame)) == -BIPS_TIMEOUT) /* it was readable for nothing */
    ;
  CHECK(err == 0 && is_number(frame, number) && bips_frame_release(frame) == 0);
}

static void next_is_error(bips_consumer *consumer, int code) {
  bips_frame *frame;
  int err;

  while ((err = next(consumer, &frame)) == -BIPS_TIMEOUT)
    ;
  CHECK(err == -code);
}

/* exhaust pulls what is there until nothing is. */
static void exhaust(bips_consumer *consumer) {
  bips_frame *frame;
  int err;

  while ((err = bips_consumer_pull(consumer, 0, &frame)) == 0)
    CHECK(bips_frame_release(frame) == 0);
  CHECK(err == -BIPS_TIMEOUT);
}

/* await_pool waits until the thread behind the descriptor has attached. */
static void await_pool(bips_consumer *consumer) {
  bips_pool_info info = BIPS_POOL_INFO_INIT;

  fd_of(consumer);
  while (bips_consumer_get_pool(consumer, &info) < 0)
    usleep(1000);
}

/* SLOW is what a wait takes whose wake-up was lost: after 100 ms the library looks by itself. */
#define SLOW (95 * BIPS_MILLISECOND)

static int count_threads(void) { return count_files("/proc/self/task"); }

static void who_never_asks_for_it_has_no_thread_and_no_descriptor(void) {
  bips_producer *producer = open_producer("pays", 8);
  bips_consumer *consumer = open_consumer("pays", BIPS_EVERY);
  int descriptors, threads, fd;

  attach_now(consumer);
  push_number(producer, 1);
  descriptors = count_descriptors();
  threads = count_threads();
  fd = fd_of(consumer);
  CHECK(fd_of(consumer) == fd && count_descriptors() == descriptors + 1 && count_threads() == threads + 1);
  CHECK((fcntl(fd, F_GETFD) & FD_CLOEXEC) != 0 && (fcntl(fd, F_GETFL) & O_NONBLOCK) != 0);
  becomes_readable(fd);
  bips_consumer_close(consumer);
  CHECK(fcntl(fd, F_GETFD) < 0 && errno == EBADF);
  bips_producer_close(producer);
}

static void it_is_silent_while_there_is_nothing(void) {
  bips_consumer *consumer = open_consumer("silent", BIPS_EVERY);
  bips_producer *producer;

  stays_silent(fd_of(consumer)); /* no pool */
  producer = open_producer("silent", 8);
  await_pool(consumer);
  stays_silent(fd_of(consumer)); /* no frame */
  push_number(producer, 1);
  next_is_number(consumer, 1);
  exhaust(consumer);
  stays_silent(fd_of(consumer)); /* no more */
  bips_consumer_close(consumer);
  bips_producer_close(producer);
}

static void it_stays_readable_until_a_pull_finds_nothing(void) {
  bips_producer *producer = open_producer("stays", 8);
  bips_consumer *consumer = open_consumer("stays", BIPS_EVERY);
  int fd;

  await_pool(consumer);
  fd = fd_of(consumer);
  for (uint8_t i = 1; i <= 3; i++)
    push_number(producer, i);
  for (uint8_t i = 1; i <= 3; i++) {
    becomes_readable(fd);
    CHECK(is_readable(fd, 0)); /* looking does not take it away */
    next_is_number(consumer, i);
  }
  exhaust(consumer);
  CHECK(!is_readable(fd, 0));
  bips_consumer_close(consumer);
  bips_producer_close(producer);
}

static void ends_losses_and_new_producers_make_it_readable(void) {
  bips_producer *producer = open_producer("restart", 8);
  bips_consumer *consumer = open_consumer("restart", BIPS_EVERY);

  await_pool(consumer);
  for (uint8_t i = 0; i < 3; i++) {
    push_number(producer, i);
    next_is_number(consumer, i);
    CHECK(bips_producer_end_of_stream(producer) == 0);
    next_is_error(consumer, BIPS_END_OF_STREAM);
    push_number(producer, 100);
    next_is_number(consumer, 100);
    bips_producer_close(producer);
    next_is_error(consumer, BIPS_PRODUCER_LOST);
    exhaust(consumer);
    stays_silent(fd_of(consumer));
    producer = open_producer("restart", 8);
    await_pool(consumer);
  }
  bips_consumer_close(consumer);
  bips_producer_close(producer);
}

static void a_producer_that_is_killed_makes_it_readable(void) {
  bips_consumer *consumer = open_consumer("killed", BIPS_LATEST);
  int status;
  pid_t child = fork();

  if (child == 0) {
    push_number(open_producer("killed", 8), 1);
    pause();
  }
  next_is_number(consumer, 1);
  CHECK(kill(child, SIGKILL) == 0 && waitpid(child, &status, 0) == child);
  next_is_error(consumer, BIPS_PRODUCER_LOST);
  bips_producer *producer = open_producer("killed", 8);
  push_number(producer, 2);
  next_is_number(consumer, 2);
  bips_consumer_close(consumer);
  bips_producer_close(producer);
}

static void errors_that_wait_for_a_pull_are_told_by_it(void) {
  bips_producer_options options = BIPS_PRODUCER_OPTIONS_INIT;
  bips_consumer *first, *second;
  bips_producer *producer;
  bips_frame *frame;
  int err;

  options.slot_size = 64;
  options.slots = 8; /* room for 4 pins */
  options.backend = test_backend();
  CHECK(bips_producer_open("told", &options, &producer) == 0);
  first = open_consumer("told", BIPS_LATEST);
  attach_now(first);
  second = open_consumer("told", BIPS_LATEST);
  while ((err = next(second, &frame)) == -BIPS_TIMEOUT)
    ;
  CHECK(err == -BIPS_POOL_FULL && strstr(bips_error_message(), "give the producer 10 slots or more") != NULL);
  bips_consumer_close(first);
  push_number(producer, 1);
  while ((err = next(second, &frame)) == -BIPS_TIMEOUT || err == -BIPS_POOL_FULL)
    ;
  CHECK(err == 0 && is_number(frame, 1) && bips_frame_release(frame) == 0);
  bips_consumer_close(second);
  bips_producer_close(producer);
}

static void interrupts_flushing_and_a_shutdown_make_it_readable(void) {
  bips_producer *producer = open_producer("flags", 8);
  bips_consumer *consumer = open_consumer("flags", BIPS_EVERY);
  bips_frame *frame;

  await_pool(consumer);
  CHECK(bips_consumer_interrupt(consumer) == 0);
  next_is_error(consumer, BIPS_INTERRUPTED);
  exhaust(consumer);
  stays_silent(fd_of(consumer));
  CHECK(bips_consumer_set_flushing(consumer, 1) == 0);
  next_is_error(consumer, BIPS_FLUSHING);
  next_is_error(consumer, BIPS_FLUSHING);
  CHECK(bips_consumer_set_flushing(consumer, 0) == 0);
  exhaust(consumer);
  stays_silent(fd_of(consumer));
  push_number(producer, 1);
  next_is_number(consumer, 1);
  CHECK(bips_consumer_shutdown(consumer) == 0);
  next_is_error(consumer, BIPS_CLOSED);
  next_is_error(consumer, BIPS_CLOSED);
  bips_consumer_close(consumer);
  consumer = open_consumer("flags", BIPS_EVERY);
  CHECK(bips_consumer_shutdown(consumer) == 0);
  CHECK_ERROR(bips_consumer_fd(consumer), BIPS_CLOSED, "closed");
  CHECK(bips_consumer_pull(consumer, 0, &frame) == -BIPS_CLOSED);
  bips_consumer_close(consumer);
  bips_producer_close(producer);
}

static void a_suspended_consumer_is_silent(void) {
  bips_producer *producer = open_producer("rests", 8);
  bips_consumer *consumer = open_consumer("rests", BIPS_EVERY);

  await_pool(consumer);
  CHECK(bips_consumer_suspend(consumer) == 0);
  for (uint8_t i = 0; i < 20; i++)
    push_number(producer, i); /* nobody holds it up */
  stays_silent(fd_of(consumer));
  CHECK(bips_consumer_resume(consumer) == 0);
  push_number(producer, 20);
  next_is_number(consumer, 20);
  CHECK(bips_consumer_suspend(consumer) == 0);
  exhaust(consumer);
  CHECK(bips_producer_end_of_stream(producer) == 0);
  bips_producer_close(producer);
  stays_silent(fd_of(consumer));
  CHECK(bips_consumer_resume(consumer) == 0);
  next_is_error(consumer, BIPS_END_OF_STREAM);
  bips_consumer_close(consumer);
}

static void who_holds_all_that_it_may_is_not_told_of_more(void) {
  bips_producer *producer = open_producer("holds", 20);
  bips_consumer *consumer = open_consumer("holds", BIPS_EVERY);
  bips_frame *frames[3], *more;

  await_pool(consumer);
  for (uint8_t i = 0; i < 5; i++)
    push_number(producer, i);
  for (uint8_t i = 0; i < 3; i++)
    CHECK(next(consumer, &frames[i]) == 0 && is_number(frames[i], i));
  CHECK(bips_consumer_pull(consumer, 0, &more) == -BIPS_QUOTA);
  stays_silent(fd_of(consumer));
  CHECK(bips_frame_release(frames[1]) == 0);
  CHECK(next(consumer, &frames[1]) == 0 && is_number(frames[1], 3));
  CHECK(bips_consumer_pull(consumer, 0, &more) == -BIPS_QUOTA);
  CHECK(bips_consumer_interrupt(consumer) == 0);
  next_is_error(consumer, BIPS_INTERRUPTED);
  for (int i = 0; i < 3; i++)
    CHECK(bips_frame_release(frames[i]) == 0);
  next_is_number(consumer, 4);
  bips_consumer_close(consumer);
  bips_producer_close(producer);
}

static void *release_late(void *frame) {
  usleep(5000);
  CHECK(bips_frame_release(frame) == 0);
  return NULL;
}

static void a_frame_that_is_given_back_wakes_at_once(void) {
  bips_producer *producer = open_producer("room", 20);
  bips_consumer_options options = BIPS_CONSUMER_OPTIONS_INIT;
  bips_consumer *consumer;
  bips_frame *frame, *more;
  pthread_t thread;
  int slow = 0;

  options.mode = BIPS_EVERY;
  options.max_held = 1;
  CHECK(bips_consumer_open("room", &options, &consumer) == 0);
  await_pool(consumer);
  push_number(producer, 0);
  CHECK(next(consumer, &frame) == 0);
  for (int i = 0; i < 40; i++) {
    push_number(producer, 0);
    CHECK(bips_consumer_pull(consumer, 0, &more) == -BIPS_QUOTA);
    CHECK(pthread_create(&thread, NULL, release_late, frame) == 0);
    int64_t start = now();
    CHECK(next(consumer, &frame) == 0);
    slow += now() - start >= SLOW / 2; /* half of it, on average */
    CHECK(pthread_join(thread, NULL) == 0);
  }
  CHECK(slow < 10);
  CHECK(bips_frame_release(frame) == 0);
  bips_consumer_close(consumer);
  bips_producer_close(producer);
}

static void *pull_one(void *consumer) {
  bips_frame *frame;

  CHECK(bips_consumer_pull(consumer, PATIENCE, &frame) == 0 && is_number(frame, 7) && bips_frame_release(frame) == 0);
  return NULL;
}

static void pulls_that_do_not_wait_for_it_work_too(void) {
  bips_producer *producer = open_producer("direct", 8);
  bips_consumer *consumer = open_consumer("direct", BIPS_EVERY);
  bips_frame *frame;
  pthread_t threads[2];

  await_pool(consumer);
  for (int i = 0; i < 100; i++) {
    CHECK(bips_consumer_pull(consumer, 0, &frame) == -BIPS_TIMEOUT);
    push_number(producer, (uint8_t)i);
    CHECK(bips_consumer_pull(consumer, 0, &frame) == 0 && is_number(frame, (uint8_t)i)); /* a frame that is there is found */
    CHECK(bips_frame_release(frame) == 0);
  }
  for (int i = 0; i < 2; i++)
    CHECK(pthread_create(&threads[i], NULL, pull_one, consumer) == 0);
  usleep(2000);
  push_number(producer, 7);
  push_number(producer, 7);
  for (int i = 0; i < 2; i++)
    CHECK(pthread_join(threads[i], NULL) == 0);
  push_number(producer, 8);
  next_is_number(consumer, 8);
  bips_consumer_close(consumer);
  bips_producer_close(producer);
}

/* miss pulls until it is told that another thread pulls. */
static void miss(bips_consumer *consumer) {
  bips_frame *frame;

  do
    CHECK(bips_consumer_pull(consumer, 0, &frame) == -BIPS_TIMEOUT);
  while (strstr(bips_error_message(), "another thread pulls") == NULL);
}

/* A thread waits in a pull, which it began while the descriptor was readable. A loop that pulls in vain meanwhile is not told again and again, and
 * is told of what the thread leaves. */
static void a_loop_and_a_thread_that_pulls_share_a_consumer(void) {
  bips_producer *producer = open_producer("shared", 8);
  bips_consumer *consumer = open_consumer("shared", BIPS_EVERY);
  struct epoll_event event = {.events = EPOLLIN | EPOLLET};
  int fd = fd_of(consumer), loop = epoll_create1(EPOLL_CLOEXEC);
  bips_frame *frame;
  pthread_t thread;

  await_pool(consumer);
  CHECK(loop >= 0 && epoll_ctl(loop, EPOLL_CTL_ADD, fd, &event) == 0);
  for (int i = 0; i < 20; i++) {
    push_number(producer, 1);
    becomes_readable(fd);
    CHECK(bips_consumer_pull(consumer, 0, &frame) == 0 && is_number(frame, 1) && bips_frame_release(frame) == 0);
    CHECK(is_readable(fd, 0)); /* no pull has found nothing */
    CHECK(pthread_create(&thread, NULL, pull_one, consumer) == 0);
    miss(consumer);
    while (is_readable(fd, 0)) /* until the other pull has taken it back */
      CHECK(bips_consumer_pull(consumer, 0, &frame) == -BIPS_TIMEOUT);
    CHECK(epoll_wait(loop, &event, 1, 0) >= 0); /* what was told before */
    push_number(producer, 7);
    push_number(producer, 8);
    CHECK(pthread_join(thread, NULL) == 0);
    CHECK(epoll_wait(loop, &event, 1, WATCHDOG) == 1);
    next_is_number(consumer, 8);
    exhaust(consumer);
  }
  close(loop);
  bips_consumer_close(consumer);
  bips_producer_close(producer);
}

static void an_edge_tells_of_what_came_after_a_pull_that_found_nothing(void) {
  bips_producer *producer = open_producer("edge", 8);
  bips_consumer *consumer = open_consumer("edge", BIPS_EVERY);
  struct epoll_event event = {.events = EPOLLIN | EPOLLET};
  int loop = epoll_create1(EPOLL_CLOEXEC);

  await_pool(consumer);
  CHECK(loop >= 0 && epoll_ctl(loop, EPOLL_CTL_ADD, fd_of(consumer), &event) == 0);
  for (int i = 0; i < 100; i++) {
    push_number(producer, (uint8_t)i);
    CHECK(epoll_wait(loop, &event, 1, WATCHDOG) == 1);
    exhaust(consumer);
  }
  CHECK(epoll_wait(loop, &event, 1, NOT_SO) == 0);
  close(loop);
  bips_consumer_close(consumer);
  bips_producer_close(producer);
}

static void it_follows_a_pool_that_moves(void) {
  bips_producer *producer = open_producer("moves", 8);
  bips_consumer *consumer = open_consumer("moves", BIPS_EVERY);
  bips_consumer_stats stats = BIPS_CONSUMER_STATS_INIT;

  await_pool(consumer);
  for (uint8_t i = 1; i <= 5; i++) {
    push_number(producer, i);
    CHECK(bips_producer_grow(producer, 10000u * i) == 0);
    next_is_number(consumer, i);
    exhaust(consumer);
  }
  push_number(producer, 6);
  next_is_number(consumer, 6);
  CHECK(bips_consumer_get_stats(consumer, &stats) == 0 && stats.moves == 5 && stats.lost == 0);
  bips_consumer_close(consumer);
  bips_producer_close(producer);
}

static void a_child_does_not_have_it(void) {
  bips_producer *producer = open_producer("fork", 8);
  bips_consumer *consumer = open_consumer("fork", BIPS_EVERY);
  int status, fd;

  await_pool(consumer);
  fd = fd_of(consumer);
  pid_t child = fork();
  if (child == 0) {
    CHECK(fcntl(fd, F_GETFD) < 0);
    CHECK_ERROR(bips_consumer_fd(consumer), BIPS_FORKED, "before a fork");
    CHECK(bips_consumer_close(consumer) == NULL);
    _exit(0);
  }
  CHECK(waitpid(child, &status, 0) == child && status == 0);
  push_number(producer, 1);
  next_is_number(consumer, 1);
  bips_consumer_close(consumer);
  bips_producer_close(producer);
}

static void a_process_without_descriptors_gets_an_error_and_may_ask_again(void) {
  bips_producer *producer = open_producer("few", 8);
  bips_consumer *consumer = open_consumer("few", BIPS_EVERY);
  struct rlimit limit, few;

  CHECK(getrlimit(RLIMIT_NOFILE, &limit) == 0);
  few = limit;
  few.rlim_cur = 0;
  CHECK(setrlimit(RLIMIT_NOFILE, &few) == 0);
  CHECK_ERROR(bips_consumer_fd(consumer), EMFILE, "ulimit -n");
  CHECK(setrlimit(RLIMIT_NOFILE, &limit) == 0);
  CHECK_ERROR(bips_consumer_fd(NULL), BIPS_STALE, "NULL");
  await_pool(consumer);
  push_number(producer, 1);
  next_is_number(consumer, 1);
  bips_consumer_close(consumer);
  bips_producer_close(producer);
}

static void *close_while_it_looks(void *consumer) {
  bips_consumer_close(consumer);
  return NULL;
}

static void it_can_be_closed_at_any_moment(void) {
  bips_producer *producer = open_producer("close", 8);
  pthread_t thread;

  for (int i = 0; i < 200; i++) {
    bips_consumer *consumer = open_consumer("close", BIPS_LATEST);
    fd_of(consumer);
    if (i % 2 == 0)
      usleep((useconds_t)(i * 13 % 700));
    CHECK(pthread_create(&thread, NULL, close_while_it_looks, consumer) == 0 && pthread_join(thread, NULL) == 0);
  }
  bips_producer_close(producer);
}

/* ---- No wake-up is lost */

enum { FRAMES = 100000 };

static void *publish_all(void *producer) {
  uint64_t draw = 1;

  for (int i = 0; i < FRAMES; i++) {
    push_number(producer, (uint8_t)i);
    draw = draw * 6364136223846793005u + 1442695040888963407u;
    if (draw >> 57 == 0) /* now and then the reader falls asleep */
      usleep((useconds_t)(draw >> 40 & 127));
  }
  CHECK(bips_producer_end_of_stream(producer) == 0);
  return NULL;
}

/* at_once is how many pulls follow each time that it is readable. */
static void no_wake_up_is_lost(int at_once) {
  bips_producer *producer = open_producer("all", 8);
  bips_consumer *consumer = open_consumer("all", BIPS_EVERY);
  int read = 0, err = 0, waits = 0, slow = 0;
  pthread_t thread;

  await_pool(consumer);
  CHECK(pthread_create(&thread, NULL, publish_all, producer) == 0);
  while (err != -BIPS_END_OF_STREAM) {
    int64_t start = now();
    becomes_readable(fd_of(consumer));
    waits++;
    slow += now() - start >= SLOW;
    for (int i = 0; i < at_once; i++) {
      bips_frame *frame;
      if ((err = bips_consumer_pull(consumer, 0, &frame)) < 0)
        break;
      CHECK(is_number(frame, (uint8_t)read++) && bips_frame_release(frame) == 0);
    }
    CHECK(err == 0 || err == -BIPS_TIMEOUT || err == -BIPS_END_OF_STREAM);
  }
  CHECK(read == FRAMES);
  CHECK(slow <= waits / 100);
  CHECK(pthread_join(thread, NULL) == 0);
  bips_consumer_close(consumer);
  bips_producer_close(producer);
}

enum { POOLS = 4, EACH = 5000 };

static void *publish_each(void *producer) {
  for (int i = 0; i < EACH; i++) {
    if (i == EACH / 2)
      CHECK(bips_producer_grow(producer, 100000) == 0);
    push_number(producer, (uint8_t)i);
  }
  CHECK(bips_producer_end_of_stream(producer) == 0);
  return NULL;
}

/* With EPOLLET each edge is told of once: who reads until nothing is left misses nothing, of any of them. */
static void one_loop_that_is_told_of_edges_reads_several_pools(void) {
  bips_producer *producers[POOLS];
  bips_consumer *consumers[POOLS];
  pthread_t threads[POOLS];
  int loop = epoll_create1(EPOLL_CLOEXEC), read[POOLS] = {0}, over = 0;

  CHECK(loop >= 0);
  for (uint32_t i = 0; i < POOLS; i++) {
    const char name[] = {'l', 'o', 'o', 'p', (char)('0' + i), 0};
    struct epoll_event event = {.events = EPOLLIN | EPOLLET, .data.u32 = i};
    producers[i] = open_producer(name, 8);
    consumers[i] = open_consumer(name, BIPS_EVERY);
    CHECK(epoll_ctl(loop, EPOLL_CTL_ADD, fd_of(consumers[i]), &event) == 0);
    await_pool(consumers[i]);
  }
  for (int i = 0; i < POOLS; i++)
    CHECK(pthread_create(&threads[i], NULL, publish_each, producers[i]) == 0);
  while (over < POOLS) {
    struct epoll_event events[POOLS];
    int told = epoll_wait(loop, events, POOLS, WATCHDOG), err;
    CHECK(told > 0);
    for (int k = 0; k < told; k++) {
      uint32_t i = events[k].data.u32;
      bips_frame *frame;
      while ((err = bips_consumer_pull(consumers[i], 0, &frame)) == 0)
        CHECK(is_number(frame, (uint8_t)read[i]++) && bips_frame_release(frame) == 0);
      over += err == -BIPS_END_OF_STREAM;
      CHECK(err == -BIPS_TIMEOUT || err == -BIPS_END_OF_STREAM);
    }
  }
  for (int i = 0; i < POOLS; i++) {
    CHECK(pthread_join(threads[i], NULL) == 0 && read[i] == EACH);
    bips_consumer_close(consumers[i]);
    bips_producer_close(producers[i]);
  }
  close(loop);
}

int main(void) {
  int descriptors, threads;

  begin_test();
  who_never_asks_for_it_has_no_thread_and_no_descriptor();
  descriptors = count_descriptors();
  it_is_silent_while_there_is_nothing();
  it_stays_readable_until_a_pull_finds_nothing();
  ends_losses_and_new_producers_make_it_readable();
  a_producer_that_is_killed_makes_it_readable();
  errors_that_wait_for_a_pull_are_told_by_it();
  interrupts_flushing_and_a_shutdown_make_it_readable();
  a_suspended_consumer_is_silent();
  who_holds_all_that_it_may_is_not_told_of_more();
  a_frame_that_is_given_back_wakes_at_once();
  pulls_that_do_not_wait_for_it_work_too();
  a_loop_and_a_thread_that_pulls_share_a_consumer();
  an_edge_tells_of_what_came_after_a_pull_that_found_nothing();
  it_follows_a_pool_that_moves();
  a_child_does_not_have_it();
  a_process_without_descriptors_gets_an_error_and_may_ask_again();
  it_can_be_closed_at_any_moment();
  alarm(120);
  no_wake_up_is_lost(1);
  no_wake_up_is_lost(1000000);
  one_loop_that_is_told_of_edges_reads_several_pools();
  await_descriptors(descriptors);
  threads = count_threads();
  CHECK(threads <= 1 + 4); /* and what closes descriptors */
  return end_test();
}
