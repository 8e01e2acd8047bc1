/* Memory without a name: seals, what they forbid, who gets it; and a sleep at several words. */
#include "../src/sys/memfd.h"
#include "check.h"
#include "child.h"

#include <bips/bips.h>

#include <fcntl.h>
#include <linux/futex.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

enum { SIZE = 64 << 10, POOL_SEALS = SEAL_SHRINK | SEAL_GROW | SEAL_FUTURE_WRITE | SEAL_SEAL };

static struct memory new_memory(void) {
  struct memory m;
  NEED(memory_create("bips.test", SIZE, &m) == 0, "%s", bips_error_message());
  return m;
}

static struct mapping mapped(const struct memory *m, enum access access) {
  struct mapping mapping;
  NEED(memory_map(m, access, &mapping) == 0, "%s", bips_error_message());
  return mapping;
}

/* All ways to change a file of memory that a descriptor of it could give. 0: it was changed. */

static int map_writable(int fd) {
  void *bytes = mmap(NULL, SIZE, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
  if (bytes == MAP_FAILED)
    return -1;
  munmap(bytes, SIZE);
  return 0;
}

static int of_mapping(int fd, int (*change)(void *bytes)) {
  void *bytes = mmap(NULL, SIZE, PROT_READ, MAP_SHARED, fd, 0);
  if (bytes == MAP_FAILED)
    return -1;
  int result = change(bytes);
  munmap(bytes, SIZE);
  return result;
}

static int make_writable(void *bytes) { return mprotect(bytes, SIZE, PROT_READ | PROT_WRITE); }
static int remove_page(void *bytes) { return madvise(bytes, 4096, MADV_REMOVE); }

/* holes_can_be_made reports whether a page of a mapping can be removed where nothing forbids it: qemu, which runs programs for
 * another processor, does nothing and says that it did. */
static bool holes_can_be_made(void) {
  struct memory m = new_memory();
  struct mapping own = mapped(&m, READ_WRITE);

  own.bytes[0] = 1;
  bool made = remove_page(own.bytes) == 0 && own.bytes[0] == 0;
  mapping_end(&own);
  memory_close(&m);
  return made;
}

/* changed is what changed a file of memory; NULL: nothing could. */
static const char *changed(int fd) {
  if (map_writable(fd) == 0)
    return "mapped writable";
  if (of_mapping(fd, make_writable) == 0)
    return "a mapping made writable";
  if (of_mapping(fd, remove_page) == 0 && holes_can_be_made())
    return "a page of a mapping removed";
  if (pwrite(fd, "x", 1, 0) == 1)
    return "written";
  if (ftruncate(fd, 0) == 0)
    return "cut";
  if (ftruncate(fd, 2 * SIZE) == 0)
    return "grown";
  if (fallocate(fd, FALLOC_FL_PUNCH_HOLE | FALLOC_FL_KEEP_SIZE, 0, 4096) == 0)
    return "a hole punched";
  if (fallocate(fd, FALLOC_FL_ZERO_RANGE, 0, 4096) == 0)
    return "zeroed";
  if (fcntl(fd, F_ADD_SEALS, F_SEAL_WRITE) == 0)
    return "sealed";
  return NULL;
}

static void sealed(void) {
  struct memory m = new_memory(), readable;
  struct mapping own = mapped(&m, READ_WRITE);
  char path[64];

  mapping_populate(&own, READ_WRITE);
  memcpy(own.bytes, "before", 6);
  NEED(memory_read_only(&m, &readable) == 0, "%s", bips_error_message());
  CHECK(pwrite(readable.fd, "x", 1, 0) < 0 && errno == EBADF, "a descriptor that can only read");
  CHECK(memory_add_seals(&m, POOL_SEALS) == 0, "%s", bips_error_message());
  snprintf(path, sizeof path, "/proc/self/fd/%d", readable.fd);
  int reopened = open(path, O_RDWR | O_CLOEXEC); /* as root only */
  const int fds[] = {m.fd, readable.fd, reopened};
  for (int i = 0; i < 3; i++) {
    const char *how = fds[i] < 0 ? NULL : changed(fds[i]);
    CHECK(!how, "descriptor %d: %s", i, how);
  }
  struct mapping theirs = mapped(&readable, READ_ONLY);
  mapping_populate(&theirs, READ_ONLY);
  CHECK(theirs.size == SIZE && memcmp(theirs.bytes, "before", 6) == 0, "the memory was changed");
  memcpy(own.bytes, "behind", 6);
  CHECK(memcmp(theirs.bytes, "behind", 6) == 0, "who mapped it before does not write any more");
  if (reopened >= 0)
    close(reopened);
  mapping_end(&own);
  mapping_end(&theirs);
  memory_close(&readable);
  memory_close(&m);
  memory_close(&m);
}

/* As a reader does with its seat, which the producer seals when it is mapped. */
static void last_seal(void) {
  if (!holes_can_be_made()) {
    check_skip("madvise(MADV_REMOVE) removes nothing here, as under qemu");
    return;
  }
  struct memory m = new_memory();
  struct mapping own = mapped(&m, READ_WRITE);

  CHECK(memory_add_seals(&m, SEAL_SHRINK | SEAL_GROW) == 0, "%s", bips_error_message());
  struct mapping theirs = mapped(&m, READ_WRITE);
  CHECK(madvise(theirs.bytes, 4096, MADV_REMOVE) == 0, "a hole before the seal");
  CHECK(memory_add_seals(&m, SEAL_FUTURE_WRITE | SEAL_SEAL) == 0, "%s", bips_error_message());
  theirs.bytes[0] = 7;
  CHECK(own.bytes[0] == 7, "what was written is not seen");
  CHECK(madvise(theirs.bytes, 4096, MADV_REMOVE) < 0 && errno == EPERM, "a hole after the seal");
  CHECK(memory_add_seals(&m, SEAL_GROW) == -EACCES, "a seal after the last one: %s", bips_error_message());
  struct mapping late;
  CHECK(memory_map(&m, READ_WRITE, &late) == -EACCES && late.bytes == NULL, "mapped after the seal: %s", bips_error_message());
  mapping_end(&own);
  mapping_end(&theirs);
  memory_close(&m);
}

static const char *reopen(void *with) {
  char path[64];
  int fd = *(int *)with;

  if (!child_other_user())
    return "skip: needs root";
  snprintf(path, sizeof path, "/proc/self/fd/%d", fd);
  if (open(path, O_RDWR) >= 0 || errno != EACCES)
    return "opened for writing";
  return mmap(NULL, SIZE, PROT_READ, MAP_SHARED, fd, 0) == MAP_FAILED ? "not mapped for reading" : NULL;
}

static void another_user(void) {
  struct memory m = new_memory(), readable;

  NEED(memory_read_only(&m, &readable) == 0, "%s", bips_error_message());
  child_run("another user", reopen, &readable.fd);
  memory_close(&readable);
  memory_close(&m);
}

static void whole(void) {
  struct memory m, none;
  struct stat st;

  NEED(memory_create("bips.test", 3 * 4096 + 5, &m) == 0, "%s", bips_error_message());
  CHECK(fstat(m.fd, &st) == 0 && st.st_size == 3 * 4096 + 5 && st.st_blocks * 512 >= 4 * 4096 && m.size == 3 * 4096 + 5, "%lld bytes, %lld blocks",
      (long long)st.st_size, (long long)st.st_blocks);
  CHECK(fcntl(m.fd, F_GETFD) & FD_CLOEXEC, "other programs would get it");
  memory_close(&m);
  CHECK(memory_create("bips.test", UINT64_C(1) << 62, &none) == -ENOMEM && none.fd < 0 && sys_out_of_resources(-ENOMEM), "four exabytes: %s",
      bips_error_message());
  CHECK(!sys_out_of_resources(-EACCES) && !sys_out_of_resources(-EAGAIN) && sys_out_of_resources(-EMFILE), "out of resources");
}

static const char *without_noexec(void *with) {
  struct memory m;

  (void)with;
  if (!child_answers(SYS_memfd_create, 1, 8 /* MFD_NOEXEC_SEAL */, EINVAL))
    return "skip: no seccomp";
  if (memory_create("bips.test", SIZE, &m) < 0)
    return bips_error_message();
  return memory_add_seals(&m, POOL_SEALS) < 0 ? bips_error_message() : NULL;
}

static const char *without_seal(void *with) {
  struct memory m = new_memory();

  (void)with;
  if (!child_answers(SYS_fcntl, 2, SEAL_FUTURE_WRITE, EINVAL))
    return "skip: no seccomp";
  return memory_add_seals(&m, POOL_SEALS) == -SYS_OLD_KERNEL && strstr(bips_error_message(), "5.1") ? NULL : "sealed, or another error";
}

static const char *without_waitv(void *with) {
  uint32_t word = 0;
  const struct futex_word words[] = {{&word, 0}};

  if (!child_answers(SYS_futex_waitv, 0, 0, *(int *)with))
    return "skip: no seccomp";
  return sys_futex_wait_any(words, 1, BIPS_SECOND) == -SYS_OLD_KERNEL ? NULL : "slept";
}

static void old_kernels(void) {
  int nosys = ENOSYS, perm = EPERM;

  child_run("before Linux 6.3", without_noexec, NULL);
  child_run("before Linux 5.1", without_seal, NULL);
  child_run("before Linux 5.16", without_waitv, &nosys);
  child_run("under seccomp", without_waitv, &perm);
}

static bool has_waitv(void) {
  uint32_t word = 0;
  const struct futex_word words[] = {{&word, 1}};

  if (sys_futex_wait_any(words, 1, 1) == 0)
    return true;
  check_skip("%s", bips_error_message());
  return false;
}

static void several_words(void) {
  static uint32_t many[MOST_FUTEX_WORDS];
  struct futex_word words[MOST_FUTEX_WORDS + 1];

  if (!has_waitv())
    return;
  for (int i = 0; i < MOST_FUTEX_WORDS; i++)
    words[i] = (struct futex_word){&many[i], 0};
  int64_t start = sys_now();
  CHECK(sys_futex_wait_any(words, MOST_FUTEX_WORDS, BIPS_MILLISECOND) == 0 && sys_now() - start >= BIPS_MILLISECOND, "nothing happened, and it came back");
  const int changed_words[] = {0, 30, MOST_FUTEX_WORDS - 1};
  for (int i = 0; i < 3; i++) { /* one that has changed ends it at once: else the watchdog does */
    many[changed_words[i]] = 1;
    CHECK(sys_futex_wait_any(words, MOST_FUTEX_WORDS, 3600 * BIPS_SECOND) == 0, "%s", bips_error_message());
    many[changed_words[i]] = 0;
  }
  CHECK(sys_futex_wait_any(words, 0, BIPS_SECOND) == -EINVAL && sys_futex_wait_any(words, MOST_FUTEX_WORDS + 1, BIPS_SECOND) == -EINVAL, "0 and 66 words");
  void *gone = mmap(NULL, 4096, PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  NEED(gone != MAP_FAILED, "memory");
  munmap(gone, 4096);
  words[1].word = gone;
  CHECK(sys_futex_wait_any(words, 2, 3600 * BIPS_SECOND) == 0, "a word that is not mapped: %s", bips_error_message());
}

struct sleeper {
  struct futex_word words[3];
  bool awake; /* atomic */
};

static void *sleep_at(void *of) {
  struct sleeper *s = of;

  sys_futex_wait_any(s->words, 3, 3600 * BIPS_SECOND);
  __atomic_store_n(&s->awake, true, __ATOMIC_SEQ_CST);
  return NULL;
}

static void woken(void) {
  struct memory m = new_memory();
  struct mapping one = mapped(&m, READ_WRITE), other = mapped(&m, READ_ONLY);
  static uint32_t private_word, quiet;
  const uint32_t *const wake_at[] = {(const void *)other.bytes, &private_word};

  if (has_waitv())
    for (int i = 0; i < 2; i++) {
      struct sleeper s = {.words = {{&quiet, 0}, {(const void *)one.bytes, 0}, {&private_word, 0}}};
      pthread_t thread;

      NEED(pthread_create(&thread, NULL, sleep_at, &s) == 0, "a thread");
      while (!__atomic_load_n(&s.awake, __ATOMIC_SEQ_CST)) { /* or the watchdog ends it */
        sys_futex_wake_one(wake_at[i]);
        usleep(100);
      }
      pthread_join(thread, NULL);
    }
  mapping_end(&one);
  mapping_end(&other);
  memory_close(&m);
}

/* Whoever may write to the folder may put a pipe in the place of a pool's file, at any moment. Who opens one waits for somebody to write to
 * it, unless it says that it does not. */
static void replaced(void) {
  const struct file_id meant = {.device = 1, .inode = 1};
  struct mapping mapping = {0};
  char path[128];

  snprintf(path, sizeof path, "%s/file", child_folder());
  NEED(mkfifo(path, 0600) == 0, "a pipe");
  for (int access = READ_ONLY; access <= READ_WRITE; access++) /* or the watchdog ends it */
    CHECK(mapping_of_path(path, &meant, 4096, (enum access)access, &mapping) == -ENOENT && mapping.bytes == NULL, "%s", bips_error_message());
  child_folder_remove();
}

static bool forked_enough; /* atomic */

static void *note_mappings(void *bytes) {
  const struct mapping mapping = {bytes, 4096};

  while (!__atomic_load_n(&forked_enough, __ATOMIC_SEQ_CST)) {
    sys_watch_cut(&mapping, PROT_READ);
    sys_forget_cut(&mapping);
  }
  return NULL;
}

/* What a thread is about when another one forks is not in the child's way. */
static void noted_in_a_child(void) {
  static uint8_t parents[4096], own[4096];
  const struct mapping mapping = {own, sizeof own};
  pthread_t thread;
  int status = 0;

  NEED(fork_guard_begin() == 0 && pthread_create(&thread, NULL, note_mappings, parents) == 0, "a thread");
  for (int i = 0; i < 200 && status == 0; i++) {
    pid_t child = fork();
    NEED(child >= 0, "a child");
    if (child == 0) {
      alarm(10); /* a watchdog of its own: alarms are not inherited */
      _exit(sys_watch_cut(&mapping, PROT_READ) != 0);
    }
    waitpid(child, &status, 0);
  }
  CHECK(status == 0, "a child ended with status %#x", (unsigned)status);
  __atomic_store_n(&forked_enough, true, __ATOMIC_SEQ_CST);
  pthread_join(thread, NULL);
}

TESTS({"nobody changes sealed memory but who mapped it before", sealed},
    {"who mapped memory before its last seal writes and punches no hole", last_seal},
    {"another user cannot open read-only memory for writing", another_user},
    {"memory is allocated whole and not passed to other programs; too much of it is refused", whole},
    {"kernels that lack something are told, or done without", old_kernels},
    {"a sleep at one to 65 words ends in time, and at once when a word has changed or is gone", several_words},
    {"a wake at any word of any mapping ends the sleep", woken},
    {"a pipe in the place of a file is not waited for", replaced},
    {"a child that is forked while mappings are noted notes its own", noted_in_a_child}, )
