/* Connections that keep messages apart and pass descriptors. */
#include "../src/sys/memfd.h"
#include "check.h"
#include "child.h"

#include <bips/bips.h>

#include <arpa/inet.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <pthread.h>
#include <sched.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

enum { SIZE = 64 << 10, POOL_SEALS = SEAL_SHRINK | SEAL_GROW | SEAL_FUTURE_WRITE | SEAL_SEAL };
#define PATIENCE (10 * BIPS_SECOND)
enum { LAST_ROUNDS = 5000 };

static struct received received;

static void put(struct conn *c, const char *message, const int *descriptors, size_t count) {
  NEED(conn_send(c, message, strlen(message), descriptors, count) == 0, "%s", bips_error_message());
}

/* get receives what is there, as a text. */
static const char *get(struct conn *c, size_t descriptors) {
  static char text[513];
  size_t size = sizeof text - 1;
  int err = conn_receive(c, text, &size, descriptors, PATIENCE, &received);

  CHECK(err == 0, "%s", bips_error_message());
  text[size] = 0;
  return text;
}

static int receive_error(struct conn *c, size_t room, size_t descriptors, int64_t limit) {
  char text[513];
  int err = conn_receive(c, text, &room, descriptors, limit, &received);

  CHECK(err == 0 || (room == 0 && received.count == 0), "something is left after an error");
  return err;
}

static void pair(struct conn *ends[2]) { NEED(conn_pair(ends) == 0, "%s", bips_error_message()); }

static void close_pair(struct conn *ends[2]) {
  conn_close(&ends[0]);
  conn_close(&ends[1]);
}

/* sealed_memory is memory of which all is there, as others want it. */
static struct memory sealed_memory(int seals) {
  struct mapping mapping;
  struct memory m;
  NEED(memory_create("bips.test", SIZE, &m) == 0 && memory_map(&m, READ_WRITE, &mapping) == 0, "%s", bips_error_message());
  mapping_populate(&mapping, READ_WRITE);
  mapping_end(&mapping);
  NEED(memory_add_seals(&m, seals) == 0, "%s", bips_error_message());
  return m;
}

static bool nothing_waits(void *unused) {
  (void)unused;
  return !closing_hangs();
}

static void kept_apart(void) {
  struct memory m = sealed_memory(SEAL_SHRINK | SEAL_GROW), theirs;
  const int twice[] = {m.fd, m.fd};
  struct mapping mapping;
  struct conn *ends[2];

  pair(ends);
  put(ends[0], "one", NULL, 0);
  put(ends[0], "two", twice, 2);
  put(ends[0], "three", NULL, 0);
  CHECK(strcmp(get(ends[1], 2), "one") == 0 && received.count == 0, "the first");
  CHECK(strcmp(get(ends[1], 2), "two") == 0 && received.count == 2, "the second: %zu descriptors", received.count);
  for (size_t i = 0; i < 2; i++) {
    CHECK(received_memory(&received, i, SIZE, SEAL_SHRINK | SEAL_GROW, &theirs) == 0, "%s", bips_error_message());
    CHECK(fcntl(theirs.fd, F_GETFD) & FD_CLOEXEC, "other programs would get it");
    CHECK(memory_map(&theirs, READ_WRITE, &mapping) == 0, "%s", bips_error_message());
    mapping.bytes[0]++;
    mapping_end(&mapping);
    memory_close(&theirs);
  }
  received_discard(&received);
  CHECK(strcmp(get(ends[1], 2), "three") == 0, "the third");
  CHECK(memory_map(&m, READ_ONLY, &mapping) == 0 && mapping.bytes[0] == 2, "it is not the memory that was sent");
  mapping_end(&mapping);
  memory_close(&m);
  close_pair(ends);
}

static void does_not_fit(void) {
  static const struct {
    size_t sent, wanted;
  } cases[] = {{1, 0}, {253, 0}, {3, 2}, {4, 3}, {9, 8}, {253, 8}};
  char longer[600];
  int many[MOST_RIGHTS + 1];
  struct conn *ends[2];

  pair(ends);
  int self = dup(0);
  for (int i = 0; i <= MOST_RIGHTS; i++)
    many[i] = self;
  memset(longer, 'x', sizeof longer);
  CHECK(conn_send(ends[0], longer, sizeof longer, many, 2) == 0, "%s", bips_error_message());
  CHECK(receive_error(ends[1], 512, 8, PATIENCE) == -SYS_TOO_LONG, "600 bytes in 512: %s", bips_error_message());
  for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
    child_wait(nothing_waits, NULL); /* those before */
    put(ends[0], "x", many, cases[i].sent);
    CHECK(receive_error(ends[1], 512, cases[i].wanted, PATIENCE) == -SYS_TOO_MANY_DESCRIPTORS, "%zu descriptors, %zu wanted: %s", cases[i].sent,
        cases[i].wanted, bips_error_message());
  }
  CHECK(conn_send(ends[0], "x", 1, many, MOST_RIGHTS + 1) == -EINVAL, "254 descriptors");
  put(ends[0], "fits", NULL, 0);
  CHECK(strcmp(get(ends[1], 0), "fits") == 0, "what came after them");
  child_wait(nothing_waits, NULL);
  put(ends[0], "", NULL, 0);
  CHECK(receive_error(ends[1], 512, 2, PATIENCE) == -SYS_ENDED, "an empty message: %s", bips_error_message());
  close(self);
  close_pair(ends);
}

static void *put_later(void *c) {
  usleep(1000);
  put(c, "news", NULL, 0);
  return NULL;
}

static void limits(void) {
  static const int64_t waits[] = {0, BIPS_MILLISECOND}, long_waits[] = {FOREVER, 3600 * BIPS_SECOND, INT64_MAX};
  struct conn *ends[2];

  pair(ends);
  for (int i = 0; i < 2; i++) {
    int64_t start = sys_now();
    CHECK(receive_error(ends[1], 512, 0, waits[i]) == -SYS_IN_VAIN && sys_now() - start >= waits[i], "it did not wait: %s", bips_error_message());
  }
  CHECK(!conn_wait(ends[1], BIPS_MILLISECOND), "there is nothing, and it says that there is");
  for (int i = 0; i < 3; i++) {
    pthread_t thread;
    char text[16];
    size_t size = sizeof text;
    NEED(pthread_create(&thread, NULL, put_later, ends[0]) == 0, "a thread");
    CHECK(conn_receive(ends[1], text, &size, 0, long_waits[i], NULL) == 0 && size == 4, "%s", bips_error_message());
    pthread_join(thread, NULL);
  }
  put(ends[0], "more", NULL, 0);
  CHECK(conn_wait(ends[1], 3600 * BIPS_SECOND) && strcmp(get(ends[1], 0), "more") == 0, "there is something");
  close_pair(ends);
}

/* Who waits for the end, in a thread. */
struct waiter {
  struct conn *c;
  int err;
  bool told;
};

static void *wait_for_end(void *of) {
  struct waiter *w = of;

  w->told = conn_wait(w->c, PATIENCE);
  w->err = receive_error(w->c, 512, 0, FOREVER);
  conn_close(&w->c);
  return NULL;
}

static bool has_ended(void *c) { return conn_ended(c); }

static void the_end(void) {
  for (int how = 0; how < 5; how++) {
    struct conn *ends[2];
    pthread_t thread;

    pair(ends);
    struct waiter w = {.c = conn_hold(ends[1])};
    CHECK(!conn_ended(ends[1]), "ended before it did");
    NEED(pthread_create(&thread, NULL, wait_for_end, &w) == 0, "a thread");
    switch (how) {
    case 0: conn_close(&ends[0]); break;
    case 1: conn_close_apart(&ends[0]); break;
    case 2: conn_shutdown(ends[0]); break;
    case 3: conn_shutdown(ends[1]); break;
    case 4: /* the peer did not read all */
      put(ends[1], "unread", NULL, 0);
      conn_close(&ends[0]);
      break;
    }
    pthread_join(thread, NULL);
    CHECK(w.told && w.err == -SYS_ENDED, "way %d: %d, %d", how, w.told, w.err);
    child_wait(has_ended, ends[1]);
    CHECK(how != 0 || conn_send(ends[1], "x", 1, NULL, 0) == -SYS_ENDED, "an answer: %s", bips_error_message());
    close_pair(ends);
  }
}

/* The kernel tells first that the peer did not read, and that is no reason to miss what it sent. */
static void last_words(void) {
  struct memory m = sealed_memory(0);
  struct conn *ends[2];

  pair(ends);
  put(ends[1], "never read", NULL, 0);
  put(ends[0], "move", &m.fd, 1);
  put(ends[0], "and more", NULL, 0);
  CHECK(!conn_ended(ends[1]), "a message is taken for the end");
  conn_close(&ends[0]);
  CHECK(conn_ended(ends[1]), "not ended");
  CHECK(strcmp(get(ends[1], 2), "move") == 0 && received.count == 1, "%zu descriptors", received.count);
  received_discard(&received);
  CHECK(strcmp(get(ends[1], 0), "and more") == 0, "the last message");
  CHECK(receive_error(ends[1], 512, 2, FOREVER) == -SYS_ENDED, "%s", bips_error_message());
  memory_close(&m);
  close_pair(ends);
}

static struct conn *sender; /* atomic: who has something to say */

static void *say_and_close(void *unused) {
  for (int round = 0; round < LAST_ROUNDS; round++) {
    struct conn *c;
    while ((c = __atomic_exchange_n(&sender, NULL, __ATOMIC_SEQ_CST)) == NULL)
      sched_yield();
    put(c, "last", NULL, 0);
    conn_close(&c);
  }
  return unused;
}

/* The kernel looks for a message first, and then whether the other end has closed: between the two it may have sent its last
 * message. */
static void last_words_in_a_hurry(void) {
  pthread_t thread;

  NEED(pthread_create(&thread, NULL, say_and_close, NULL) == 0, "a thread");
  for (int round = 0; round < LAST_ROUNDS; round++) {
    struct conn *ends[2];
    char text[16];
    size_t size;
    int err;

    pair(ends);
    __atomic_store_n(&sender, ends[0], __ATOMIC_SEQ_CST);
    do {
      size = sizeof text;
      err = conn_receive(ends[1], text, &size, 0, 0, NULL);
    } while (err == -SYS_IN_VAIN);
    CHECK(err == 0 && size == 4, "round %d: %s", round, bips_error_message());
    CHECK(receive_error(ends[1], sizeof text, 0, FOREVER) == -SYS_ENDED, "round %d, after it: %s", round, bips_error_message());
    conn_close(&ends[1]);
  }
  pthread_join(thread, NULL);
}

static void does_not_read(void) {
  char message[96] = {0};
  struct conn *ends[2];
  int err, sent = 0;

  pair(ends);
  do
    err = conn_send(ends[0], message, sizeof message, NULL, 0);
  while (err == 0 && ++sent < 100000);
  CHECK(err == -SYS_NOT_READING, "message %d: %s", sent, bips_error_message());
  get(ends[1], 0);
  put(ends[0], "there is room again", NULL, 0);
  close_pair(ends);
}

/* ---- What a peer may send */

static void only_the_memory_announced(void) {
  struct memory good = sealed_memory(POOL_SEALS), missing = sealed_memory(SEAL_SHRINK | SEAL_GROW), m;
  struct conn *ends[2];
  char path[64];
  int pipe_ends[2];

  pair(ends);
  int sparse = memfd_create("bips.test", MFD_CLOEXEC | MFD_ALLOW_SEALING);
  NEED(sparse >= 0 && ftruncate(sparse, SIZE) == 0 && fcntl(sparse, F_ADD_SEALS, POOL_SEALS) == 0 && pipe(pipe_ends) == 0, "what is sent");
  int behind = memfd_create("bips.test", MFD_CLOEXEC | MFD_ALLOW_SEALING); /* a hole, and as much memory behind the end */
  NEED(behind >= 0 && ftruncate(behind, SIZE) == 0 && fallocate(behind, FALLOC_FL_KEEP_SIZE, SIZE, SIZE) == 0 &&
          fcntl(behind, F_ADD_SEALS, POOL_SEALS) == 0,
      "memory behind its end");
  const char *folder = child_folder();
  snprintf(path, sizeof path, "%s/file", folder);
  int file = -1;
  NEED(sys_create_allocated(path, SIZE, &file) == 0, "%s", bips_error_message());
  snprintf(path, sizeof path, "/proc/self/fd/%d", good.fd);
  int opath = open(path, O_PATH | O_CLOEXEC);
  int huge = memfd_create("bips.test", MFD_CLOEXEC | MFD_ALLOW_SEALING | MFD_HUGETLB);
  if (huge >= 0)
    fcntl(huge, F_ADD_SEALS, POOL_SEALS);
  const struct {
    int fd;
    const char *reason; /* what must be found first: questions that come later may hang */
  } wrong[] = {
      {missing.fd, "seals"}, {sparse, "allocated"}, {behind, "it has a hole at 0"}, {file, "seals"}, {pipe_ends[0], "cannot be sealed"}, {opath, "cannot be sealed"}, {huge, "file system"}};
  for (size_t i = 0; i < sizeof wrong / sizeof wrong[0]; i++) {
    if (wrong[i].fd < 0)
      continue; /* huge pages that this kernel does not have */
    const int sent[] = {wrong[i].fd, good.fd};
    put(ends[0], "grant", sent, 2);
    get(ends[1], 8);
    CHECK(received_memory(&received, 0, SIZE, POOL_SEALS, &m) == -SYS_NOT_MEMORY && strstr(bips_error_message(), wrong[i].reason) && m.fd < 0,
        "%s: %s", wrong[i].reason, bips_error_message());
    CHECK(received_memory(&received, 1, SIZE, POOL_SEALS, &m) == 0, "beside it: %s", bips_error_message());
    struct memory again;
    CHECK(received_memory(&received, 1, SIZE, POOL_SEALS, &again) == -SYS_NOT_MEMORY, "taken twice");
    received_discard(&received);
    received_discard(&received);
    CHECK(fcntl(m.fd, F_GETFD) >= 0, "it was discarded with the others");
    memory_close(&m);
  }
  put(ends[0], "grant", &good.fd, 1);
  get(ends[1], 8);
  static const uint64_t sizes[] = {0, SIZE - 1, SIZE + 1, 2 * SIZE};
  for (int i = 0; i < 4; i++)
    CHECK(received_memory(&received, 0, sizes[i], POOL_SEALS, &m) == -SYS_NOT_MEMORY, "of another size");
  CHECK(received_memory(&received, 1, SIZE, POOL_SEALS, &m) == -SYS_NOT_MEMORY, "one that did not come");
  CHECK(received_memory(&received, 0, SIZE, SEAL_GROW, &m) == 0, "it may have more seals: %s", bips_error_message());
  memory_close(&m);
  received_discard(&received);
  const int opened[] = {sparse, behind, pipe_ends[0], pipe_ends[1], file, opath};
  for (int i = 0; i < 6; i++)
    close(opened[i]);
  if (huge >= 0)
    close(huge);
  child_folder_remove();
  memory_close(&good);
  memory_close(&missing);
  close_pair(ends);
}

/* lingering is a descriptor whose last close takes an hour, or until its peer is closed. */
static int lingering(int *peer) {
  struct sockaddr_in address = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
  socklen_t length = sizeof address;
  struct linger hour = {1, 3600};
  static char data[64 << 10];
  int listening = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0), fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);

  *peer = -1;
  if (listening >= 0 && fd >= 0 && bind(listening, (const void *)&address, sizeof address) == 0 && listen(listening, 1) == 0 &&
      getsockname(listening, (void *)&address, &length) == 0 && connect(fd, (const void *)&address, sizeof address) == 0)
    *peer = accept4(listening, NULL, NULL, SOCK_CLOEXEC);
  close(listening);
  if (*peer < 0) {
    close(fd);
    check_skip("no TCP here");
    return -1;
  }
  while (send(fd, data, sizeof data, MSG_DONTWAIT) > 0) /* until there is data that cannot be sent */
    continue;
  setsockopt(fd, SOL_SOCKET, SO_LINGER, &hour, sizeof hour);
  return fd;
}

static int threads_before; /* that there are when nothing is being closed */

static void *nothing(void *unused) { return unused; }

/* This is the first test: a sanitizer may have a thread of its own, which it makes with the first one of the program. */
static void counted(void) {
  pthread_t thread;

  NEED(pthread_create(&thread, NULL, nothing, NULL) == 0 && pthread_join(thread, NULL) == 0, "a thread");
  threads_before = child_threads();
  for (int i = 0; i < 50; i++, usleep(1000)) /* one that has ended may be seen for a moment */
    if (child_threads() < threads_before)
      threads_before = child_threads();
  CHECK(threads_before >= 1 && !closing_hangs(), "%d threads", threads_before);
}

static bool more_threads(void *unused) {
  (void)unused;
  return child_threads() > threads_before;
}
static bool no_more_threads(void *unused) {
  (void)unused;
  return child_threads() == threads_before;
}

static void hangs_nobody(void) {
  child_wait(no_more_threads, NULL); /* of the tests before */
  for (int how = 0; how < 3; how++) {
    struct conn *ends[2];
    int peer, fd = lingering(&peer);

    if (fd < 0)
      return;
    pair(ends);
    put(ends[0], "grant", &fd, 1);
    close(fd);
    switch (how) { /* each comes back, or the watchdog ends it */
    case 0:
      get(ends[1], 2);
      received_discard(&received);
      conn_close(&ends[1]);
      break;
    case 1: /* with a message that does not fit */
      CHECK(receive_error(ends[1], 1, 2, PATIENCE) == -SYS_TOO_LONG, "%s", bips_error_message());
      conn_close(&ends[1]);
      break;
    case 2: /* it was not received */ conn_close_apart(&ends[1]); break;
    }
    child_wait(more_threads, NULL); /* else it does not linger, and this test shows nothing */
    CHECK(conn_ended(ends[0]), "the sender is not told");
    close(peer); /* which resets the connection */
    child_wait(no_more_threads, NULL);
    conn_close(&ends[0]);
  }
}

static bool all_hang(void *unused) {
  (void)unused;
  return child_threads() == threads_before + 4 && closing_hangs();
}

static void too_much_hangs(void) {
  enum { HANGING = 4 + 64 }; /* closers, and descriptors that may wait for them */
  struct conn *ends[2];
  int peers[HANGING];

  child_wait(no_more_threads, NULL);
  pair(ends);
  const int zero = 0;
  put(ends[0], "grant", &zero, 1);
  for (int i = 0; i < HANGING; i++) {
    int fd = lingering(&peers[i]);
    if (fd < 0) {
      while (--i >= 0)
        close(peers[i]);
      close_pair(ends);
      return;
    }
    close_apart(fd);
  }
  child_wait(all_hang, NULL);
  CHECK(receive_error(ends[1], 512, 2, PATIENCE) == -SYS_CLOSE_HANGS, "%s", bips_error_message());
  CHECK(receive_error(ends[1], 512, 0, 0) == -SYS_TOO_MANY_DESCRIPTORS, "who wants none is not held up: %s", bips_error_message());
  put(ends[0], "grant", &zero, 1);
  for (int i = 0; i < HANGING; i++)
    close(peers[i]);
  child_wait(no_more_threads, NULL);
  CHECK(strcmp(get(ends[1], 2), "grant") == 0, "when nothing hangs any more");
  received_discard(&received);
  close_pair(ends);
}

/* ---- What a process may not do */

static const char *at_the_limit(void *unused) {
  static char said[256];
  struct conn *ends[2];
  int zeros[3] = {0, 0, 0}, used[64], count = 0, fd, left = 0;
  struct rlimit limit = {64, 64};

  (void)unused;
  pair(ends);
  put(ends[0], "grant", zeros, 3);
  if (setrlimit(RLIMIT_NOFILE, &limit) < 0)
    return "setrlimit";
  while (count < 64 && (fd = dup(0)) >= 0)
    used[count++] = fd;
  close(used[--count]);
  int err = receive_error(ends[1], 512, 8, PATIENCE);
  snprintf(said, sizeof said, "%d: %s", err, bips_error_message());
  if (err != -SYS_DESCRIPTORS_LOST || !strstr(said, "ulimit -n"))
    return said;
  for (int i = 0; i < 5000 && left == 0; i++, usleep(1000)) /* the one that was free is free again */
    if ((fd = dup(0)) >= 0)
      left++;
  return left == 1 ? NULL : "a descriptor is lost";
}

static const char *under_way(void *unused) {
  struct rlimit limit = {64, 64};
  struct conn *ends[2];
  int zeros[3] = {0, 0, 0}, err = 0;

  (void)unused;
  if (!child_other_user())
    return "skip: needs root";
  pair(ends);
  if (setrlimit(RLIMIT_NOFILE, &limit) < 0)
    return "setrlimit";
  for (int i = 0; i < 100 && err == 0; i++)
    err = conn_send(ends[0], "grant", 5, zeros, 3);
  return err == -SYS_IN_FLIGHT && sys_out_of_resources(err) ? NULL : bips_error_message();
}

static void no_more_descriptors(void) {
  child_run("at the limit", at_the_limit, NULL);
  child_run("under way", under_way, NULL);
}

/* A child of fork has nothing of a connection, and its parent's end is told to the other side. */
static void forked(void) {
  struct conn *ends[2];
  int to_child[2], from_child[2];
  char byte;

  pair(ends);
  NEED(pipe(to_child) == 0 && pipe(from_child) == 0, "pipes");
  fflush(stdout);
  pid_t child = fork();
  NEED(child >= 0, "a child");
  if (child == 0) {
    byte = fork_generation() != 0;
    if (write(from_child[1], &byte, 1) != 1 || read(to_child[0], &byte, 1) != 1)
      _exit(1);
    _exit(0);
  }
  CHECK(read(from_child[0], &byte, 1) == 1 && byte == 1, "the child does not know that it is one");
  conn_close(&ends[0]);
  CHECK(receive_error(ends[1], 512, 0, PATIENCE) == -SYS_ENDED, "the child keeps the connection: %s", bips_error_message());
  CHECK(write(to_child[1], "x", 1) == 1, "a byte");
  waitpid(child, NULL, 0);
  for (int i = 0; i < 2; i++) {
    close(to_child[i]);
    close(from_child[i]);
  }
  conn_close(&ends[1]);
}

static void peers(void) {
  struct conn *ends[2];
  struct peer_process peer;

  pair(ends);
  CHECK(conn_peer(ends[0], &peer) == 0 && peer.pid == getpid() && peer.uid == getuid() && peer.gid == getgid(), "%d %u %u", peer.pid, peer.uid, peer.gid);
  close_pair(ends);
  close_pair(ends);
}

TESTS({"a process that closes nothing has no thread for that", counted},
    {"messages are kept apart and bring descriptors", kept_apart},
    {"a message that does not fit is an error and leaves no descriptor", does_not_fit},
    {"receive waits as long as it is told", limits},
    {"who waits is woken by the end of either end", the_end},
    {"the last message of a peer that did not read is received", last_words},
    {"the last message is received while its sender closes", last_words_in_a_hurry},
    {"a peer that does not read holds nobody up", does_not_read},
    {"only the memory that was announced is taken", only_the_memory_announced},
    {"a descriptor whose close hangs holds nobody up", hangs_nobody},
    {"when too much hangs no more is taken", too_much_hangs},
    {"who may open or send no more descriptors is told so", no_more_descriptors},
    {"a child of fork has nothing of a connection", forked},
    {"who is at the other end is known", peers}, )
