/* Sockets that have a name in a folder, and who may connect to them. */
#include "../src/sys/memfd.h"
#include "check.h"
#include "child.h"

#include <bips/bips.h>

#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

#define PATIENCE (10 * BIPS_SECOND)

enum { PATH_ROOM = 1024 };

/* path puts a folder and a name together, in one of four places in turn. */
static const char *path(const char *folder, const char *name) {
  static char paths[4][PATH_ROOM];
  static int turn;
  char both[PATH_ROOM];

  snprintf(both, sizeof both, "%s/%s", folder, name);
  return memcpy(paths[turn++ % 4], both, sizeof both);
}

static struct listener *listening(const char *folder, const char *name, mode_t mode) {
  struct listener *l;
  NEED(listener_open(folder, name, KEEP_GROUP, mode, &l) == 0, "%s", bips_error_message());
  return l;
}

static int connect_to(const char *to, struct conn **conn) {
  struct entry e;
  int err = entry_open(to, &e);

  *conn = NULL;
  if (err < 0)
    return err;
  err = entry_connect(&e, conn);
  entry_close(&e);
  return err;
}

static const char *said(struct conn *c) {
  static char text[513];
  size_t size = sizeof text - 1;

  CHECK(conn_receive(c, text, &size, 0, PATIENCE, NULL) == 0, "%s", bips_error_message());
  text[size] = 0;
  return text;
}

static void long_names(void) {
  char name[206] = "bips.";
  char folder[256];

  memset(name + 5, 'n', 200);
  snprintf(folder, sizeof folder, "%s/", child_folder());
  for (int i = 0; i < 20; i++)
    strcat(folder, "folder");
  NEED(mkdir(folder, 0755) == 0, "a folder with a long path");
  for (int round = 0; round < 2; round++) { /* the second time over the stale socket of the first */
    struct listener *l = listening(folder, "bips..0123456789abcdef.new", 0600);
    const char *at = path(folder, name);
    struct conn *c, *a;

    CHECK(!listener_is_at(l, at), "there before it was renamed");
    CHECK(rename(path(folder, "bips..0123456789abcdef.new"), at) == 0 && listener_is_at(l, at) && listener_id(l)->type == FILE_SOCKET, "not in its place");
    NEED(connect_to(at, &c) == 0, "%s", bips_error_message());
    CHECK(conn_send(c, "first", 5, NULL, 0) == 0, "before it is accepted: %s", bips_error_message());
    NEED(listener_accept(l, &a) == 0, "%s", bips_error_message());
    CHECK(strcmp(said(a), "first") == 0, "what was said");
    conn_close(&a);
    conn_close(&c);
    listener_close(&l);
    CHECK(connect_to(at, &c) == -SYS_NOBODY_LISTENS && c == NULL, "a stale socket: %s", bips_error_message());
  }
  child_folder_remove();
}

static void replaced(void) {
  const char *folder = child_folder();
  struct listener *old = listening(folder, "bips.pool", 0600), *next = listening(folder, "bips..new", 0600);
  struct entry e;
  struct conn *c, *a;

  NEED(entry_open(path(folder, "bips.pool"), &e) == 0, "%s", bips_error_message());
  CHECK(sys_same_file(&e.id, listener_id(old)), "another file");
  const char *at = path(folder, "bips.pool");
  CHECK(rename(path(folder, "bips..new"), at) == 0 && !listener_is_at(old, at) && listener_is_at(next, at), "the old one is still in its place");
  CHECK(entry_connect(&e, &c) == 0 && listener_accept(old, &a) == 0, "to the file that was looked at: %s", bips_error_message());
  conn_close(&a);
  conn_close(&c);
  entry_close(&e);
  entry_close(&e);
  listener_close(&old);
  listener_close(&next);
  child_folder_remove();
}

struct attempt {
  const char *path;
  bool allowed;
};

static const char *connect_as_another(void *with) {
  const struct attempt *attempt = with;
  struct conn *c;

  if (!child_other_user())
    return "skip: needs root";
  int err = connect_to(attempt->path, &c);
  if (attempt->allowed)
    return err == 0 ? NULL : bips_error_message();
  return err == -EACCES ? NULL : "connected, or another error";
}

static void who_may_connect(void) {
  static const mode_t modes[][2] = {{0, 0600}, {0400, 0600}, {0600, 0600}, {0640, 0660}, {0644, 0666}, {0660, 0660}, {0444, 0666}, {0622, 0600}, {0604, 0606}};
  const char *folder = child_folder();
  mode_t mask = umask(0077);

  for (size_t i = 0; i < sizeof modes / sizeof modes[0]; i++) {
    char name[32];
    struct file_id id;

    snprintf(name, sizeof name, "bips.%o", (unsigned)modes[i][0]);
    struct listener *l = listening(folder, name, modes[i][0]);
    struct attempt attempt = {path(folder, name), modes[i][1] & 06};
    CHECK(sys_stat_path(attempt.path, &id) == 0 && id.mode == modes[i][1] && listener_id(l)->mode == modes[i][1], "mode %o: the socket has %o, want %o",
        (unsigned)modes[i][0], id.mode, (unsigned)modes[i][1]);
    child_run(name, connect_as_another, &attempt);
    listener_close(&l);
  }
  umask(mask);
  struct listener *l;
  if (getuid() == 0) {
    NEED(listener_open(folder, "bips.group", 12345, 0640, &l) == 0, "%s", bips_error_message());
    CHECK(listener_id(l)->gid == 12345 && listener_id(l)->mode == 0660, "group %u, mode %o", listener_id(l)->gid, listener_id(l)->mode);
    struct attempt attempt = {path(folder, "bips.group"), true};
    child_run("the group", connect_as_another, &attempt);
    listener_close(&l);
  }
  child_folder_remove();
}

static void what_is_no_listener(void) {
  const char *folder = child_folder();
  struct sockaddr_un address = {.sun_family = AF_UNIX};
  int stream = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0), file;
  static const struct {
    const char *name;
    enum file_type type;
  } all[] = {{"stream", FILE_SOCKET}, {"file", FILE_PLAIN}, {"link", FILE_OTHER}, {"folder", FILE_OTHER}, {"pipe", FILE_OTHER}};
  struct entry e;

  snprintf(address.sun_path, sizeof address.sun_path, "%s/stream", folder);
  NEED(bind(stream, (const void *)&address, sizeof address) == 0 && listen(stream, 1) == 0, "a stream");
  NEED((file = open(path(folder, "file"), O_CREAT | O_RDWR | O_CLOEXEC, 0600)) >= 0 && symlink("stream", path(folder, "link")) == 0 &&
          mkdir(path(folder, "folder"), 0700) == 0 && mkfifo(path(folder, "pipe"), 0600) == 0,
      "files");
  close(file);
  for (size_t i = 0; i < sizeof all / sizeof all[0]; i++) {
    struct conn *c = NULL;
    NEED(entry_open(path(folder, all[i].name), &e) == 0, "%s", bips_error_message());
    CHECK(e.id.type == all[i].type, "%s is of type %d", all[i].name, e.id.type);
    int err = entry_connect(&e, &c);
    CHECK(i == 0 ? err == -SYS_OTHER_SOCKET : err < 0, "%s: %d, %s", all[i].name, err, bips_error_message());
    entry_close(&e);
  }
  CHECK(entry_open(path(folder, "nothing"), &e) == -ENOENT && e.fd < 0, "%s", bips_error_message());
  close(stream);
  child_folder_remove();
}

static void full_backlog(void) {
  enum { MOST = 128 };
  const char *folder = child_folder(), *at;
  struct listener *l = listening(folder, "bips.pool", 0600);
  struct conn *waiting[MOST], *a;
  int count = 0, err;
  char text[8];
  size_t size = sizeof text;

  at = path(folder, "bips.pool");
  while ((err = connect_to(at, &waiting[count])) == 0 && ++count < MOST)
    continue;
  CHECK(err == -SYS_BACKLOG_FULL && count >= 64, "%d wait: %s", count, bips_error_message());
  CHECK(conn_send(waiting[0], "first", 5, NULL, 0) == 0 && listener_accept(l, &a) == 0 && strcmp(said(a), "first") == 0, "%s", bips_error_message());
  conn_close(&a);
  listener_close(&l);
  CHECK(conn_receive(waiting[1], text, &size, 0, PATIENCE, NULL) == -SYS_ENDED, "who waited when the listener ended: %s", bips_error_message());
  while (count > 0)
    conn_close(&waiting[--count]);
  child_folder_remove();
}

static void *accept_until_end(void *of) {
  struct listener *l = of;
  struct conn *c;
  intptr_t err = listener_accept(l, &c);

  listener_close(&l);
  return (void *)err;
}

static void *accept_one(void *of) {
  struct conn *c = NULL;
  intptr_t err = listener_accept(of, &c);

  conn_close(&c);
  return (void *)err;
}

static void accept_waits_without_descriptors(void) {
  const char *folder = child_folder();
  struct listener *l = listening(folder, "bips.pool", 0600);
  struct rlimit limit, none;
  struct conn *c;
  pthread_t thread;
  void *result;
  int next = dup(0);

  NEED(next >= 0 && close(next) == 0 && getrlimit(RLIMIT_NOFILE, &limit) == 0, "the limit of descriptors");
  none = limit;
  none.rlim_cur = (rlim_t)next;
  NEED(setrlimit(RLIMIT_NOFILE, &none) == 0 && pthread_create(&thread, NULL, accept_one, l) == 0, "a thread");
  usleep(20000);
  CHECK(pthread_tryjoin_np(thread, &result) == EBUSY, "nobody connects, and it tells of descriptors");
  NEED(setrlimit(RLIMIT_NOFILE, &limit) == 0, "the limit of descriptors");
  NEED(connect_to(path(folder, "bips.pool"), &c) == 0, "%s", bips_error_message());
  pthread_join(thread, &result);
  CHECK((intptr_t)result == 0, "%d", (int)(intptr_t)result);
  conn_close(&c);
  listener_close(&l);
  child_folder_remove();
}

static void accept_ends(void) {
  for (int how = 0; how < 3; how++) {
    const char *folder = child_folder();
    struct listener *l = listening(folder, "bips.pool", 0600);
    struct conn *c;
    pthread_t thread;
    void *result;

    NEED(pthread_create(&thread, NULL, accept_until_end, listener_hold(l)) == 0, "a thread");
    if (how == 0)
      usleep(1000); /* most likely it waits already; if not, it must end all the same */
    if (how == 2)
      listener_close_apart(&l);
    else
      listener_shutdown(l);
    pthread_join(thread, &result);
    CHECK((intptr_t)result == -SYS_SHUT, "%d", (int)(intptr_t)result);
    CHECK(connect_to(path(folder, "bips.pool"), &c) == -SYS_NOBODY_LISTENS, "%s", bips_error_message());
    listener_close(&l);
    child_folder_remove();
  }
}

static const char *foreign_group(void *with) {
  struct listener *l;

  if (!child_other_user())
    return "skip: needs root";
  if (listener_open(with, "bips.pool", 54321, 0640, &l) != -EACCES)
    return "it may not, and did";
  return child_entries(with) == 0 ? NULL : "something is left behind";
}

static void failures_leave_nothing(void) {
  const char *folder = child_folder();
  char longer[301];
  struct listener *l;
  int file = open(path(folder, "taken"), O_CREAT | O_RDWR | O_CLOEXEC, 0600);

  NEED(file >= 0, "a file");
  close(file);
  memset(longer, 'x', 300);
  longer[300] = 0;
  CHECK(listener_open(folder, "taken", KEEP_GROUP, 0600, &l) == -EADDRINUSE && l == NULL && strstr(bips_error_message(), folder), "%s", bips_error_message());
  CHECK(listener_open(folder, "no/folder", KEEP_GROUP, 0600, &l) < 0 && listener_open(folder, longer, KEEP_GROUP, 0600, &l) == -ENAMETOOLONG, "%s",
      bips_error_message());
  CHECK(listener_open(path(folder, "nowhere"), "x", KEEP_GROUP, 0600, &l) == -ENOENT, "%s", bips_error_message());
  CHECK(child_entries(folder) == 1, "%d files", child_entries(folder));
  unlink(path(folder, "taken"));
  NEED(chmod(folder, 0777) == 0, "chmod");
  child_run("a group that it is not in", foreign_group, (void *)(uintptr_t)folder);
  child_folder_remove();
}

/* From Linux 6.16 on the sender is told, else the receiver. */
static void descriptors_refused(void) {
  const char *folder = child_folder();
  struct listener *l = listening(folder, "bips.pool", 0600);
  struct conn *reader, *producer;
  struct received received;
  const int zero = 0;
  char text[16];
  size_t size = sizeof text;

  NEED(connect_to(path(folder, "bips.pool"), &reader) == 0 && listener_accept(l, &producer) == 0, "%s", bips_error_message());
  int probe = socket(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0), on = 1;
  bool refused = setsockopt(probe, SOL_SOCKET, 83 /* SO_PASSRIGHTS */, &on, sizeof on) == 0;
  close(probe);
  int err = conn_send(reader, "hello", 5, &zero, 1);
  if (refused)
    CHECK(err == -SYS_NO_DESCRIPTORS_WANTED, "the sender is not told: %s", bips_error_message());
  else
    CHECK(err == 0 && conn_receive(producer, text, &size, 0, PATIENCE, NULL) == -SYS_TOO_MANY_DESCRIPTORS, "%s", bips_error_message());
  size = sizeof text;
  CHECK(conn_send(producer, "grant", 5, &zero, 1) == 0 && conn_receive(reader, text, &size, 2, PATIENCE, &received) == 0 && received.count == 1,
      "the other way they are welcome: %s", bips_error_message());
  received_discard(&received);
  conn_close(&reader);
  conn_close(&producer);
  listener_close(&l);
  child_folder_remove();
}

/* A process that died is gone, also while a child that it made by fork lives on. */
static void dead_with_a_child(void) {
  const char *folder = child_folder();
  struct listener *l = listening(folder, "bips.pool", 0600);
  struct conn *a, *c;
  int alive[2];
  char text[16];
  size_t size = sizeof text;

  NEED(pipe(alive) == 0, "a pipe");
  fflush(stdout);
  pid_t process = fork();
  NEED(process >= 0, "a child");
  if (process == 0) {
    close(alive[1]);
    if (connect_to(path(folder, "bips.pool"), &c) < 0)
      _exit(1);
    pid_t child = fork();
    if (child == 0) {
      while (read(alive[0], text, 1) < 0) /* until the test closes its end */
        continue;
      _exit(0);
    }
    if (child < 0 || conn_send(c, "forked", 6, NULL, 0) < 0)
      _exit(1);
    for (;;)
      pause();
  }
  NEED(listener_accept(l, &a) == 0, "%s", bips_error_message());
  CHECK(strcmp(said(a), "forked") == 0, "its message");
  CHECK(!conn_ended(a), "it lives");
  kill(process, SIGKILL);
  waitpid(process, NULL, 0);
  CHECK(conn_receive(a, text, &size, 0, PATIENCE, NULL) == -SYS_ENDED, "its child keeps the connection: %s", bips_error_message());
  close(alive[0]);
  close(alive[1]);
  conn_close(&a);
  listener_close(&l);
  child_folder_remove();
}

static const char *without_proc(void *with) {
  const char *folder = with, *longer = path(folder, "nnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnn");
  struct listener *l;
  struct conn *c, *a;
  struct entry e;
  struct memory m, readable;

  if (!child_mounts() || mount("tmpfs", "/proc", "tmpfs", 0, NULL) < 0)
    return "skip: may not mount";
  if (mkdir(longer, 0700) < 0 || listener_open(longer, "bips.pool", KEEP_GROUP, 0600, &l) != -ENAMETOOLONG || !strstr(bips_error_message(), "shorter"))
    return "a long path without /proc";
  if (listener_open(folder, "bips.pool", KEEP_GROUP, 0640, &l) < 0 || listener_id(l)->mode != 0660)
    return bips_error_message();
  if (connect_to(path(folder, "bips.pool"), &c) < 0 || listener_accept(l, &a) < 0)
    return bips_error_message();
  if (entry_open(path(folder, "bips.pool"), &e) < 0 || rename(path(folder, "bips.pool"), path(folder, "bips.moved")) < 0 ||
      entry_connect(&e, &c) != -SYS_NOBODY_LISTENS)
    return "a socket that is elsewhere now";
  if (listener_open(folder, "bips.pool", KEEP_GROUP, 0640, &l) < 0 || entry_connect(&e, &c) != -SYS_NOBODY_LISTENS)
    return "a socket that another one is in the place of now";
  if (memory_create("bips.test", 4096, &m) < 0 || memory_read_only(&m, &readable) < 0 ||
      memory_add_seals(&m, SEAL_SHRINK | SEAL_GROW | SEAL_FUTURE_WRITE | SEAL_SEAL) < 0)
    return bips_error_message();
  return pwrite(readable.fd, "x", 1, 0) == 1 ? "nothing forbids to write" : NULL;
}

static const char *through_a_mount(void *with) {
  const char *folder = with, *at = path(folder, "mount");
  struct conn *c;

  if (!child_mounts() || mkdir(at, 0700) < 0 || mount(folder, at, NULL, MS_BIND, NULL) < 0 || mount(NULL, at, NULL, MS_BIND | MS_REMOUNT | MS_RDONLY, NULL) < 0)
    return "skip: may not mount";
  if (open(path(at, "x"), O_CREAT | O_RDWR, 0600) >= 0 || errno != EROFS)
    return "it is not read-only";
  return connect_to(path(at, "bips.pool"), &c) < 0 ? bips_error_message() : NULL;
}

static void mounts(void) {
  const char *folder = child_folder();

  child_run("without /proc", without_proc, (void *)(uintptr_t)folder);
  child_folder_remove();
  folder = child_folder();
  struct listener *l = listening(folder, "bips.pool", 0600);
  child_run("through a read-only mount", through_a_mount, (void *)(uintptr_t)folder);
  listener_close(&l);
  child_folder_remove();
}

TESTS({"a socket with a long name is found in its place", long_names},
    {"a socket that was replaced is not in its place any more, and can still be connected to", replaced},
    {"who may read may connect, whatever the umask is", who_may_connect},
    {"what is no socket of a listener is told apart", what_is_no_listener},
    {"a full backlog is told from a pool that is not there", full_backlog},
    {"accept waits for a connection also where there are no descriptors", accept_waits_without_descriptors},
    {"accept ends with its listener", accept_ends},
    {"listening leaves nothing when it fails", failures_leave_nothing},
    {"descriptors for a listener are refused", descriptors_refused},
    {"a process that died is gone, also while its child lives", dead_with_a_child},
    {"sockets and memory work without /proc and through a read-only mount", mounts}, )
