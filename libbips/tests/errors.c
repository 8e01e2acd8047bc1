/* What can go wrong, and what is said of it. */
#include "pools.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <sys/wait.h>

static void bad_names_and_arguments_are_refused(void) {
  bips_producer_options options = BIPS_PRODUCER_OPTIONS_INIT;
  char name[BIPS_MAX_NAME_LENGTH + 2];
  bips_producer *producer;
  bips_consumer *consumer;
  bips_frame *frame;
  bips_slot *slot;

  memset(name, 'a', sizeof name - 1);
  name[sizeof name - 1] = 0;
  CHECK_ERROR(bips_check_name(NULL), BIPS_BAD_NAME, "NULL");
  CHECK_ERROR(bips_check_name(""), BIPS_BAD_NAME, "it is empty");
  CHECK_ERROR(bips_check_name("/"), BIPS_BAD_NAME, "it is empty");
  CHECK_ERROR(bips_check_name("a/b"), BIPS_BAD_NAME, "character '/'");
  CHECK_ERROR(bips_check_name(name), BIPS_BAD_NAME, "201 bytes");
  CHECK(bips_check_name(name + 1) == 0 && bips_check_name("/camera-0_B") == 0);
  CHECK_ERROR(bips_consumer_open("a b", NULL, &consumer), BIPS_BAD_NAME, "character ' '");
  CHECK(consumer == NULL);
  CHECK_ERROR(bips_consumer_open("a", NULL, NULL), BIPS_BAD_OPTION, "NULL");
  CHECK_ERROR(bips_producer_open("a", NULL, &producer), BIPS_BAD_OPTION, "bips_producer_options is NULL");
  CHECK_ERROR(bips_producer_open("a", &options, &producer), BIPS_BAD_OPTION, "slots of 0 bytes");
  CHECK_ERROR(bips_producer_pull(NULL, 0, &slot), BIPS_STALE, "NULL");
  CHECK_ERROR(bips_producer_push(NULL, NULL, NULL), BIPS_STALE, "NULL");
  CHECK_ERROR(bips_consumer_pull(NULL, 0, &frame), BIPS_STALE, "NULL");
  CHECK_ERROR(bips_consumer_shutdown(NULL), BIPS_STALE, "NULL");
  CHECK_ERROR(bips_frame_release(NULL), BIPS_STALE, "not lent");
  CHECK_ERROR(bips_slot_return(NULL), BIPS_STALE, "not lent");
  CHECK(bips_consumer_interrupt(NULL) == -BIPS_STALE);
  CHECK(bips_consumer_close(NULL) == NULL && bips_producer_close(NULL) == NULL);
  CHECK(bips_frame_data(NULL) == NULL && bips_slot_data(NULL) == NULL && bips_frame_ref(NULL) == NULL);
  CHECK(bips_consumer_held(NULL) == 0 && bips_consumer_quota(NULL) == 0 && bips_producer_slots(NULL) == 0);
}

static void bad_options_are_refused(void) {
  static const struct {
    bips_producer_options options;
    int code;
    const char *word;
  } cases[] = {
      {{.slot_size = 1, .slots = 1}, BIPS_BAD_OPTION, "1 slots: use 2 to 64"},
      {{.slot_size = 1, .slots = 65}, BIPS_BAD_OPTION, "65 slots"},
      {{.slot_size = (size_t)1 << 60}, BIPS_BAD_OPTION, "slots of"},
      {{.slot_size = 1, .max_consumers = 65}, BIPS_BAD_OPTION, "65 consumers"},
      {{.slot_size = 1, .meta_size = -2}, BIPS_BAD_OPTION, "-2 bytes of metadata"},
      {{.slot_size = 1, .meta_size = 65537}, BIPS_BAD_OPTION, "65537 bytes of metadata"},
      {{.slot_size = 1, .overflow = 2}, BIPS_BAD_OPTION, "overflow 2"},
      {{.slot_size = 1, .backend = 7}, BIPS_NO_BACKEND, "no such backend: 7"},
      {{.slot_size = 1, .permissions = 0444}, BIPS_BAD_OPTION, "permissions 0444"},
      {{.slot_size = 1, .permissions = 0777}, BIPS_BAD_OPTION, "nobody executes a pool"},
      {{.slot_size = 1, .permissions = 0620}, BIPS_BAD_OPTION, "some could write and not read"},
      {{.slot_size = 1, .group = "0"}, BIPS_BAD_OPTION, "group \"0\" has no right"},
      {{.slot_size = 1, .permissions = 0660, .group = "no such group"}, BIPS_BAD_OPTION, "is not in /etc/group"},
  };
  bips_producer *producer;

  for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
    bips_producer_options options = cases[i].options;
    options.size = sizeof options;
    CHECK_ERROR(bips_producer_open("options", &options, &producer), cases[i].code, cases[i].word);
    CHECK(producer == NULL);
  }
  static const bips_consumer_options wrong[] = {
      {.mode = 3}, {.max_held = 64}, {.max_held = 2, .min_held = 3}, {.max_age = -1}, {.reserved = 1}, {.spin = BIPS_MAX_SPIN + 1}, {.stall_timeout = -2}};
  bips_consumer *consumer;
  for (size_t i = 0; i < sizeof wrong / sizeof wrong[0]; i++) {
    bips_consumer_options options = wrong[i];
    options.size = sizeof options;
    CHECK_ERROR(bips_consumer_open("options", &options, &consumer), BIPS_BAD_OPTION, "bad option");
  }
}

static void slots_and_frames_that_were_given_back_are_stale(void) {
  bips_producer *producer = open_producer("stale", 8);
  bips_consumer *consumer = open_consumer("stale", BIPS_LATEST);
  bips_frame_info info = BIPS_FRAME_INFO_INIT;
  bips_slot *slot, *again;
  bips_frame *frame, *other;

  CHECK(bips_producer_pull(producer, PATIENCE, &slot) == 0);
  CHECK(bips_producer_push(producer, slot, &info) == 0);
  CHECK_ERROR(bips_producer_push(producer, slot, &info), BIPS_STALE, "not lent");
  CHECK_ERROR(bips_slot_return(slot), BIPS_STALE, "not lent");
  CHECK(bips_slot_data(slot) == NULL && bips_slot_size(slot) == 0);
  for (int i = 0; i < 20; i++) { /* the slot is lent again, by another handle */
    CHECK(bips_producer_pull(producer, PATIENCE, &again) == 0 && again != slot);
    CHECK_ERROR(bips_producer_push(producer, slot, &info), BIPS_STALE, "not lent");
    CHECK(bips_producer_publish(producer, again, &info, NULL) == 0);
    CHECK_ERROR(bips_producer_publish(producer, again, &info, NULL), BIPS_STALE, "published already");
    CHECK(bips_slot_return(again) == 0);
  }
  CHECK(bips_consumer_pull(consumer, PATIENCE, &frame) == 0);
  CHECK(bips_frame_release(frame) == 0);
  push_number(producer, 1);
  CHECK(bips_consumer_pull(consumer, PATIENCE, &other) == 0 && other != frame);
  CHECK_ERROR(bips_consumer_push(consumer, frame), BIPS_STALE, "pool \"stale\"");
  CHECK(is_number(other, 1) && bips_frame_release(other) == 0);
  bips_consumer_close(consumer);
  bips_producer_close(producer);
}

static void what_does_not_fit_is_refused(void) {
  static char caps[BIPS_MAX_CAPS_LENGTH + 2];
  static uint8_t bytes[BIPS_MAX_META_SIZE];
  bips_producer *producer = open_producer("fit", 8);
  bips_frame_info info = BIPS_FRAME_INFO_INIT;
  bips_slot *slot;

  memset(caps, 'c', sizeof caps - 1);
  CHECK_ERROR(bips_producer_set_caps(producer, caps), BIPS_TOO_LARGE, "caps of 16369 bytes, at most 16368");
  CHECK_ERROR(bips_producer_set_tags(producer, bytes, 8200), BIPS_TOO_LARGE, "tags of 8200 bytes");
  CHECK_ERROR(bips_producer_set_tags(producer, bytes, 7), BIPS_BAD_OPTION, "no multiple of 8");
  CHECK_ERROR(bips_producer_set_tags(producer, bytes, 8), BIPS_BAD_OPTION, "a record of type 0");
  bytes[0] = 12;
  bytes[4] = 1;
  CHECK_ERROR(bips_producer_set_tags(producer, bytes, 8), BIPS_BAD_OPTION, "has 1 bytes, of 0");
  CHECK(bips_producer_pull(producer, PATIENCE, &slot) == 0);
  info.data_size = 4097;
  CHECK_ERROR(bips_producer_push(producer, slot, &info), BIPS_TOO_LARGE, "a frame of 4097 bytes in slots of 4096");
  info.data_size = 1;
  info.meta_size = 4097;
  CHECK_ERROR(bips_producer_push(producer, slot, &info), BIPS_TOO_LARGE, "metadata of 4097 bytes");
  info.meta_size = 1;
  CHECK_ERROR(bips_producer_push(producer, slot, &info), BIPS_BAD_OPTION, "at NULL");
  info.meta = bytes; /* no reader could use them */
  CHECK_ERROR(bips_producer_push(producer, slot, &info), BIPS_BAD_OPTION, "1 bytes are no multiple of 8");
  info.meta_size = 8;
  CHECK_ERROR(bips_producer_push(producer, slot, &info), BIPS_BAD_OPTION, "has 1 bytes, of 0");
  info.meta_size = 0;
  info.plane_count = 5;
  CHECK_ERROR(bips_producer_push(producer, slot, &info), BIPS_TOO_LARGE, "5 planes");
  info.plane_count = 2; /* readers would take the pool for damaged */
  info.plane_offset[1] = 2;
  CHECK_ERROR(bips_producer_push(producer, slot, &info), BIPS_BAD_OPTION, "plane 1 at 2 in a frame of 1 bytes");
  CHECK(bips_slot_return(slot) == 0); /* it was the caller's still */
  bips_producer_close(producer);
}

static void waits_end_in_time_and_say_what_for(void) {
  bips_consumer *consumer = open_consumer("nobody", BIPS_LATEST);
  bips_producer *producer;
  bips_frame *frame;
  bips_slot *slots[8], *slot;

  CHECK_ERROR(bips_consumer_pull(consumer, 0, &frame), BIPS_TIMEOUT, "not attached");
  CHECK(bips_error_reason() == BIPS_NO_POOL);
  CHECK_ERROR(bips_consumer_pull(consumer, 30 * BIPS_MILLISECOND, &frame), BIPS_TIMEOUT, "not attached");
  CHECK_ERROR(bips_why_no_pool("nobody"), BIPS_NO_POOL, "start its producer");
  producer = open_producer("nobody", 8);
  CHECK(bips_why_no_pool("nobody") == 0);
  CHECK_ERROR(bips_why_no_pool("nobod"), BIPS_NO_POOL, "where there are \"nobody\"");
  CHECK_ERROR(bips_producer_wait_consumers(producer, 1, 0), BIPS_TIMEOUT, "0 of 1 consumers");
  CHECK_ERROR(bips_producer_wait_consumers(producer, 17, BIPS_FOREVER), BIPS_BAD_OPTION, "17 consumers, and the pool has seats for 16");
  attach_now(consumer);
  CHECK(bips_producer_wait_consumers(producer, 1, PATIENCE) == 0);
  CHECK_ERROR(bips_consumer_pull(consumer, 1, &frame), BIPS_TIMEOUT, "no frame");
  for (int i = 0; i < 8; i++)
    CHECK(bips_producer_pull(producer, 0, &slots[i]) == 0);
  CHECK_ERROR(bips_producer_pull(producer, 1, &slot), BIPS_TIMEOUT, "no slot is free");
  CHECK(slot == NULL);
  for (int i = 0; i < 8; i++)
    bips_slot_return(slots[i]);
  bips_consumer_close(consumer);
  bips_producer_close(producer);
}

static void the_quota_and_a_full_pool_are_told(void) {
  bips_producer_options options = BIPS_PRODUCER_OPTIONS_INIT;
  bips_consumer *first = open_consumer("full", BIPS_LATEST), *second = open_consumer("full", BIPS_LATEST);
  bips_frame *frames[4];
  bips_producer *producer;

  options.slot_size = 64;
  options.slots = 8; /* room for 4 pins */
  CHECK(bips_producer_open("full", &options, &producer) == 0);
  for (uint8_t i = 0; i < 3; i++) {
    push_number(producer, i);
    CHECK(bips_consumer_pull(first, PATIENCE, &frames[i]) == 0);
  }
  push_number(producer, 3);
  CHECK_ERROR(bips_consumer_pull(first, PATIENCE, &frames[3]), BIPS_QUOTA, "3 frames held, 3 were granted");
  CHECK_ERROR(bips_consumer_pull(second, PATIENCE, &frames[3]), BIPS_POOL_FULL, "give the producer 10 slots or more");
  for (int i = 0; i < 3; i++)
    CHECK(bips_frame_release(frames[i]) == 0);
  CHECK(bips_consumer_pull(first, PATIENCE, &frames[3]) == 0 && is_number(frames[3], 3));
  bips_frame_release(frames[3]);
  bips_consumer_close(first);
  CHECK(bips_consumer_pull(second, PATIENCE, &frames[3]) == 0); /* there is room now */
  bips_frame_release(frames[3]);
  bips_consumer_close(second);
  bips_producer_close(producer);
}

static void one_producer_has_the_name(void) {
  bips_producer_options options = BIPS_PRODUCER_OPTIONS_INIT;
  bips_producer *producer = open_producer("busy", 8), *second;

  options.slot_size = 64;
  CHECK_ERROR(bips_producer_open("busy", &options, &second), BIPS_POOL_BUSY, "stop it, or use another name");
  int given_up = 1;
  options.give_up = &given_up;
  CHECK_ERROR(bips_producer_open("busy", &options, &second), BIPS_INTERRUPTED, "interrupted");
  bips_producer_close(producer);
  CHECK(bips_producer_open("busy", &options, &second) == 0);
  bips_producer_close(second);
}

static void a_handle_that_was_shut_down_says_so(void) {
  bips_producer *producer = open_producer("shut", 8);
  bips_consumer *consumer = open_consumer("shut", BIPS_LATEST);
  bips_frame *frame;
  bips_slot *slot;

  CHECK(bips_consumer_shutdown(consumer) == 0 && bips_consumer_shutdown(consumer) == 0);
  CHECK_ERROR(bips_consumer_pull(consumer, BIPS_FOREVER, &frame), BIPS_CLOSED, "pool \"shut\": closed");
  CHECK_ERROR(bips_consumer_request_key_frame(consumer), BIPS_CLOSED, "closed");
  CHECK(bips_producer_shutdown(producer) == 0 && bips_producer_shutdown(producer) == 0);
  CHECK_ERROR(bips_producer_pull(producer, BIPS_FOREVER, &slot), BIPS_CLOSED, "closed");
  CHECK_ERROR(bips_producer_set_caps(producer, ""), BIPS_CLOSED, "closed");
  CHECK_ERROR(bips_producer_end_of_stream(producer), BIPS_CLOSED, "closed");
  CHECK_ERROR(bips_producer_grow(producer, 10000), BIPS_CLOSED, "closed");
  CHECK_ERROR(bips_producer_wait_key_frame_request(producer, BIPS_FOREVER), BIPS_CLOSED, "closed");
  bips_consumer_close(consumer);
  bips_producer_close(producer);
}

static void what_is_no_pool_is_refused(void) {
  bips_consumer *consumer = open_consumer("wrong", BIPS_LATEST);
  struct sockaddr_un address = {.sun_family = AF_UNIX};
  char path[sizeof test_folder + 32], seats[4096] = "";
  bips_frame *frame;
  int fd;

  snprintf(path, sizeof path, "%s/bips.\x1b[31m", test_folder); /* it can be no pool's, and a terminal would obey it */
  CHECK(mkfifo(path, 0600) == 0);
  CHECK_ERROR(bips_why_no_pool("wrong"), BIPS_NO_POOL, "there is no pool in");
  unlink(path);
  snprintf(path, sizeof path, "%s/bips.wrong", test_folder);
  /* An empty file, and one of zeroes: without a lock there is no producer, so the lock comes first. */
  fd = open(path, O_RDWR | O_CREAT, 0600);
  CHECK(fd >= 0);
  struct flock byte = {.l_type = F_WRLCK, .l_whence = SEEK_SET, .l_start = 0, .l_len = 1};
  CHECK(fcntl(fd, F_OFD_SETLK, &byte) == 0);
  CHECK_ERROR(bips_consumer_pull(consumer, PATIENCE, &frame), BIPS_DAMAGED, "cut short to 0 bytes");
  CHECK(write(fd, seats, sizeof seats) == sizeof seats);
  CHECK_ERROR(bips_consumer_pull(consumer, PATIENCE, &frame), BIPS_DAMAGED, "not with a pool's magic number");
  CHECK(pwrite(fd, "BIPSPOOL\7\0\3\0", 12, 0) == 12);
  CHECK_ERROR(bips_consumer_pull(consumer, PATIENCE, &frame), BIPS_OTHER_VERSION, "layout 7.3, this program reads 4");
  close(fd);
  CHECK_ERROR(bips_consumer_pull(consumer, 0, &frame), BIPS_TIMEOUT, "its producer is gone");
  unlink(path);
  CHECK(mkfifo(path, 0600) == 0);
  CHECK_ERROR(bips_consumer_pull(consumer, PATIENCE, &frame), BIPS_DAMAGED, "neither a file nor a socket");
  unlink(path);
  CHECK(symlink("/dev/null", path) == 0);
  CHECK_ERROR(bips_consumer_pull(consumer, PATIENCE, &frame), ELOOP, "bips.wrong");
  unlink(path);
  snprintf(address.sun_path, sizeof address.sun_path, "%s", path);
  fd = socket(AF_UNIX, SOCK_SEQPACKET, 0);
  CHECK(bind(fd, (struct sockaddr *)&address, sizeof address) == 0);
  CHECK_ERROR(bips_consumer_pull(consumer, 0, &frame), BIPS_TIMEOUT, "its producer is gone"); /* nobody listens */
  CHECK_ERROR(bips_why_no_pool("wrong"), BIPS_NO_POOL, "start it anew");
  close(fd);
  unlink(path);
  bips_consumer_close(consumer);
}

/* try_without_threads makes a pool in a process that may have no more threads, and reports whether it was told so. */
static bool try_without_threads(uint32_t backend) {
  const struct rlimit none = {0, 0};
  bips_producer_options options = BIPS_PRODUCER_OPTIONS_INIT;
  bips_producer *producer = NULL;

  options.slot_size = 4096;
  options.backend = backend;
  if (getuid() == 0 && (setgid(12345) != 0 || setuid(12345) != 0)) /* root has no such limit */
    return false;
  if (setrlimit(RLIMIT_NPROC, &none) != 0)
    return false;
  return bips_producer_open("threads", &options, &producer) == -EAGAIN && producer == NULL &&
      strstr(bips_error_message(), "raise the limit of processes") != NULL;
}

static void a_pool_that_cannot_have_threads_is_not_left_behind(void) {
  CHECK(chmod(test_folder, 0777) == 0);
  for (uint32_t backend = BIPS_SHM; backend <= BIPS_MEMFD; backend++) {
    int status;
    pid_t child = fork();

    CHECK(child >= 0);
    if (child == 0)
      _exit(!try_without_threads(backend));
    CHECK(waitpid(child, &status, 0) == child && status == 0);
    CHECK(count_files(test_folder) == 0);
  }
}

static void a_process_without_descriptors_gets_an_error(void) {
  bips_consumer *consumer = open_consumer("descriptors", BIPS_LATEST);
  bips_producer_options options = BIPS_PRODUCER_OPTIONS_INIT;
  struct rlimit limit, few;
  bips_producer *producer;
  bips_frame *frame;

  options.slot_size = 64;
  CHECK(getrlimit(RLIMIT_NOFILE, &limit) == 0);
  few = limit;
  few.rlim_cur = 0;
  CHECK(setrlimit(RLIMIT_NOFILE, &few) == 0);
  CHECK_ERROR(bips_producer_open("descriptors", &options, &producer), EMFILE, "ulimit -n");
  CHECK_ERROR(bips_consumer_pull(consumer, PATIENCE, &frame), EMFILE, "ulimit -n");
  CHECK(setrlimit(RLIMIT_NOFILE, &limit) == 0);
  CHECK(bips_producer_open("descriptors", &options, &producer) == 0);
  push_number(producer, 1);
  CHECK(bips_consumer_pull(consumer, PATIENCE, &frame) == 0);
  bips_frame_release(frame);
  bips_consumer_close(consumer);
  bips_producer_close(producer);
}

static void a_folder_that_is_not_there_is_named(void) {
  bips_producer_options options = BIPS_PRODUCER_OPTIONS_INIT;
  bips_producer *producer;

  options.slot_size = 64;
  setenv("BIPS_SHM_DIR", "/dev/shm/no-such-folder", 1);
  CHECK_ERROR(bips_producer_open("folder", &options, &producer), ENOENT, "the folder /dev/shm/no-such-folder does not exist");
  CHECK_ERROR(bips_why_no_pool("folder"), BIPS_NO_POOL, "does not exist: make it");
  setenv("BIPS_SHM_DIR", test_folder, 1);
}

static void a_folder_that_is_a_file_is_an_error_that_says_what_to_do(void) {
  bips_producer_options options = BIPS_PRODUCER_OPTIONS_INIT;
  bips_producer *producer;
  bips_consumer *consumer;
  bips_frame *frame;
  char file[sizeof test_folder + sizeof "/file"];

  snprintf(file, sizeof file, "%s/file", test_folder);
  fclose(fopen(file, "we"));
  setenv("BIPS_SHM_DIR", file, 1);
  options.slot_size = 64;
  CHECK_ERROR(bips_producer_open("folder", &options, &producer), ENOTDIR, "name a folder in BIPS_SHM_DIR");
  CHECK(bips_consumer_open("folder", NULL, &consumer) == 0);
  CHECK_ERROR(bips_consumer_pull(consumer, 0, &frame), ENOTDIR, "name a folder in BIPS_SHM_DIR");
  bips_consumer_close(consumer);
  CHECK_ERROR(bips_why_no_pool("folder"), ENOTDIR, "name a folder in BIPS_SHM_DIR");
  setenv("BIPS_SHM_DIR", test_folder, 1);
  remove(file);
}

static void there_is_no_room_for_a_pool_larger_than_the_memory(void) {
  bips_producer_options options = BIPS_PRODUCER_OPTIONS_INIT;
  bips_producer *producer;

  options.slot_size = (size_t)1 << 38;
  CHECK_ERROR(bips_producer_open("room", &options, &producer), BIPS_NO_SPACE, "it needs");
}

static void *read_own_message(void *unused) {
  (void)unused;
  CHECK(bips_error_message()[0] == 0);
  return NULL;
}

static void messages_are_the_threads_own(void) {
  pthread_t thread;

  CHECK(bips_check_name("?") < 0 && bips_error_message()[0] != 0);
  CHECK(pthread_create(&thread, NULL, read_own_message, NULL) == 0 && pthread_join(thread, NULL) == 0);
  CHECK(bips_check_name("a") == 0 && bips_error_message()[0] != 0); /* a success leaves it */
  CHECK(strcmp(bips_error_name(-BIPS_POOL_FULL), "pool-full") == 0 && strcmp(bips_error_name(BIPS_TIMEOUT), "timeout") == 0);
  CHECK(strcmp(bips_error_name(0), "") == 0 && strcmp(bips_error_name(-12345), "other") == 0);
}

static void messages_are_utf8_whatever_they_are_about(void) {
  CHECK_ERROR(bips_check_name("caf\xc3\xa9"), BIPS_BAD_NAME, "\"caf\xc3\xa9\"");
  CHECK_ERROR(bips_check_name("\xff\xe2\x82"), BIPS_BAD_NAME, "bad pool name \"???\": character '?'");
}

static void caps_say_whether_frames_stand_alone(void) {
  CHECK(bips_frames_stand_alone(NULL) && bips_frames_stand_alone("") && bips_frames_stand_alone("video/x-raw(memory:DMABuf), format=NV12"));
  CHECK(bips_frames_stand_alone(" image/jpeg ,width=1") && bips_frames_stand_alone("other/tensors"));
  CHECK(!bips_frames_stand_alone("video/x-h264") && !bips_frames_stand_alone("audio/x-raw") && !bips_frames_stand_alone("video/x-raw2"));
}

int main(void) {
  begin_test();
  messages_are_the_threads_own();
  bad_names_and_arguments_are_refused();
  bad_options_are_refused();
  slots_and_frames_that_were_given_back_are_stale();
  what_does_not_fit_is_refused();
  the_quota_and_a_full_pool_are_told();
  one_producer_has_the_name();
  a_handle_that_was_shut_down_says_so();
  what_is_no_pool_is_refused();
  a_pool_that_cannot_have_threads_is_not_left_behind();
  a_process_without_descriptors_gets_an_error();
  a_folder_that_is_not_there_is_named();
  a_folder_that_is_a_file_is_an_error_that_says_what_to_do();
  there_is_no_room_for_a_pool_larger_than_the_memory();
  messages_are_utf8_whatever_they_are_about();
  caps_say_whether_frames_stand_alone();
  waits_end_in_time_and_say_what_for();
  return end_test();
}
