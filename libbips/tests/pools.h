/*
 * What the tests have in common. A test is a program: it ends with 0, or at the first check that does not hold, with a
 * sentence and SIGABRT. A watchdog ends one that hangs. Pools lie in a folder of the test's own.
 */
#ifndef BIPS_TESTS_POOLS_H
#define BIPS_TESTS_POOLS_H

#include <bips/bips.h>
#include <dirent.h>
#include <pthread.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#define PATIENCE (20 * BIPS_SECOND)

#define CHECK(condition)                                                                     \
  do {                                                                                       \
    if (!(condition)) {                                                                      \
      fprintf(stderr, "%s:%d: not so: %s\nthe last error of libbips here: %s\n", __FILE__,   \
          __LINE__, #condition, bips_error_message());                                       \
      abort();                                                                               \
    }                                                                                        \
  } while (0)

/* CHECK_ERROR checks that a call fails with a code, and says something with a word in it. */
#define CHECK_ERROR(call, code, word)                                                        \
  do {                                                                                       \
    int got_ = (call);                                                                       \
    if (got_ != -(code) || strstr(bips_error_message(), word) == NULL) {                     \
      fprintf(stderr, "%s:%d: %s is %d and says \"%s\", want %d and \"%s\"\n", __FILE__,     \
          __LINE__, #call, got_, bips_error_message(), -(code), word);                       \
      abort();                                                                               \
    }                                                                                        \
  } while (0)

static char test_folder[64];

static inline int count_files(const char *folder) {
  DIR *dir = opendir(folder);
  int count = 0;

  CHECK(dir != NULL);
  while (readdir(dir) != NULL)
    count++;
  closedir(dir);
  return count - 2; /* . and .. */
}

static inline int count_descriptors(void) { return count_files("/proc/self/fd"); }

/* await_descriptors waits until no more than so many are open: connections are closed by another thread. */
static inline void await_descriptors(int most) {
  while (count_descriptors() > most)
    usleep(1000);
}

/* count_mappings is how many mappings of files in the test's folder there are, and of memory without a name. */
static inline int count_mappings(void) {
  FILE *maps = fopen("/proc/self/maps", "re");
  char line[4096];
  int count = 0;

  CHECK(maps != NULL);
  while (fgets(line, sizeof line, maps) != NULL)
    count += strstr(line, test_folder) != NULL || strstr(line, "/memfd:bips") != NULL;
  fclose(maps);
  return count;
}

/* begin_test must be the first call. */
static inline void begin_test(void) {
  alarm(60);
  snprintf(test_folder, sizeof test_folder, "/dev/shm/libbips-test-XXXXXX");
  CHECK(mkdtemp(test_folder) != NULL);
  setenv("BIPS_SHM_DIR", test_folder, 1);
}

/* end_test checks that nothing is left behind. */
static inline int end_test(void) {
  CHECK(count_mappings() == 0);
  CHECK(count_files(test_folder) == 0);
  CHECK(rmdir(test_folder) == 0);
  return 0;
}

/* now is the time of the monotonic clock, in nanoseconds. */
static inline int64_t now(void) {
  struct timespec t;

  clock_gettime(CLOCK_MONOTONIC, &t);
  return (int64_t)t.tv_sec * BIPS_SECOND + t.tv_nsec;
}

/* test_backend is that of the pools of open_producer: BIPS_TEST_BACKEND is shm, which is the default, or memfd. */
static inline uint32_t test_backend(void) {
  const char *backend = getenv("BIPS_TEST_BACKEND");

  return backend != NULL && strcmp(backend, "memfd") == 0 ? BIPS_MEMFD : BIPS_SHM;
}

/* child_can_attach reports whether a child made by fork can read from a pool. With a sanitizer it cannot be counted on: another thread
 * of the parent may have had a lock of the sanitizer's own at the fork, as of the address sanitizer's allocator (of gcc 12), and the
 * thread sanitizer ends children that start a thread. */
static inline bool child_can_attach(void) {
#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
  return false;
#elif defined(__has_feature)
#if __has_feature(address_sanitizer) || __has_feature(thread_sanitizer)
  return false;
#endif
#endif
  return true;
}

/* open_producer makes a pool of small slots. */
static inline bips_producer *open_producer(const char *name, uint32_t slots) {
  bips_producer_options options = BIPS_PRODUCER_OPTIONS_INIT;
  bips_producer *producer;

  options.backend = test_backend();
  options.slots = slots;
  options.slot_size = 4096;
  options.caps = "video/x-raw,format=GRAY8,width=64,height=64";
  CHECK(bips_producer_open(name, &options, &producer) == 0);
  return producer;
}

static inline bips_consumer *open_consumer(const char *name, uint32_t mode) {
  bips_consumer_options options = BIPS_CONSUMER_OPTIONS_INIT;
  bips_consumer *consumer;

  options.mode = mode;
  CHECK(bips_consumer_open(name, &options, &consumer) == 0);
  return consumer;
}

/* push_number publishes a frame of 64 bytes of a number, which is its PTS, too. */
static inline void push_number(bips_producer *producer, uint8_t number) {
  bips_frame_info info = BIPS_FRAME_INFO_INIT;
  bips_slot *slot;

  CHECK(bips_producer_pull(producer, PATIENCE, &slot) == 0);
  memset(bips_slot_data(slot), number, 64);
  info.data_size = 64;
  info.pts = number;
  CHECK(bips_producer_push(producer, slot, &info) == 0);
}

/* is_number checks the bytes of such a frame. */
static inline bool is_number(const bips_frame *frame, uint8_t number) {
  const uint8_t *data = (const uint8_t *)bips_frame_data(frame);

  if (bips_frame_size(frame) != 64 || bips_frame_pts(frame) != number)
    return false;
  for (int i = 0; i < 64; i++)
    if (data[i] != number)
      return false;
  return true;
}

/* attach_now lets a consumer that does not find a frame attach. */
static inline void attach_now(bips_consumer *consumer) {
  bips_pool_info info = BIPS_POOL_INFO_INIT;
  bips_frame *frame;

  while (bips_consumer_get_pool(consumer, &info) < 0)
    CHECK(bips_consumer_pull(consumer, 0, &frame) == -BIPS_TIMEOUT);
}

#endif
