#include "socket.h"

#include <fcntl.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include "../atomics.h"
#include "../errors.h"

enum {
  LISTENER_BACKLOG = 64,   /* connections that may wait to be accepted */
  LISTENER_PASSRIGHTS = 83 /* SO_PASSRIGHTS (Linux 6.16) */
};

struct listener {
  struct sock sock;
  struct file_id id;
};

/* listener_bind_to returns 0 or errno. */
static int listener_bind_to(int fd, const char *path) {
  struct sockaddr_un address;

  sock_address(&address, path);
  return bind(fd, (const struct sockaddr *)&address, sizeof address) < 0 ? errno : 0;
}

/* listener_bind gives a socket a name in a folder that is open as dir. */
static int listener_bind(int fd, int dir, const char *folder, const char *name) {
  char path[512];
  int length = snprintf(path, sizeof path, "/proc/self/fd/%d/%s", dir, name);

  if (length > SOCK_PATH)
    return fail_plain(ENAMETOOLONG, "a socket's name has %zu bytes, %d too many", strlen(name), length - SOCK_PATH);
  int error = listener_bind_to(fd, path);
  if (error && sock_without_proc(error)) {
    size_t plain = strlen(folder) + 1 + strlen(name);
    if (plain <= SOCK_PATH) {
      snprintf(path, sizeof path, "%s/%s", folder, name);
      error = listener_bind_to(fd, path);
    } else if (error != EACCES) { /* EACCES is about the folder, most likely */
      return fail_plain(ENAMETOOLONG, "without /proc a socket's path may have %d bytes, this one has %zu: use a shorter folder", SOCK_PATH, plain);
    }
  }
  if (error) {
    errno = error;
    return fail_system("bind", name);
  }
  return 0;
}

/* listener_mode turns permissions to read a file into those to connect to a socket, which takes the right to write. The owner
 * always may. */
static mode_t listener_mode(mode_t mode) {
  mode_t reading = mode & 0444;

  return 0600 | reading | reading >> 1;
}

/* listener_name sets the access of the socket's file, and notes which file it is. */
static int listener_name(struct listener *l, int dir, const char *name, gid_t group, mode_t mode) {
  char path[sizeof "/proc/self/fd/-2147483648"];
  int entry = openat(dir, name, O_PATH | O_NOFOLLOW | O_CLOEXEC), err;

  if (entry < 0)
    return fail_system("open", name);
  err = sys_stat_fd(entry, name, &l->id);
  if (err == 0 && (l->id.type != FILE_SOCKET || l->id.uid != geteuid()))
    err = fail_plain(EEXIST, "somebody put something else in its place, of user %u", l->id.uid);
  if (err == 0 && group != KEEP_GROUP && fchownat(entry, "", (uid_t)-1, group, AT_EMPTY_PATH) < 0)
    err = fail_system("chown", name);
  if (err == 0) {
    /* By the descriptor: a chmod of the path would follow a link that somebody put there. */
    snprintf(path, sizeof path, "/proc/self/fd/%d", entry);
    int changed = chmod(path, listener_mode(mode));
    if (changed < 0 && sock_without_proc(errno))
      changed = fchmodat(dir, name, listener_mode(mode), 0);
    if (changed < 0)
      err = fail_system("chmod", name);
  }
  if (err == 0)
    err = sys_stat_fd(entry, name, &l->id);
  close(entry);
  return err;
}

static int listener_begin(struct listener *l, const char *folder, const char *name, gid_t group, mode_t mode) {
  int off = 0, fd = l->sock.fd, err;
  int dir = open(folder, O_PATH | O_DIRECTORY | O_CLOEXEC);

  if (dir < 0)
    return fail_system("open", folder);
  setsockopt(fd, SOL_SOCKET, LISTENER_PASSRIGHTS, &off, sizeof off); /* EINVAL, ENOPROTOOPT: before Linux 6.16 */
  if (fchmod(fd, 0600) < 0) /* the file gets no more than the socket has */
    err = fail_system("chmod", name);
  else if ((err = listener_bind(fd, dir, folder, name)) == 0) {
    err = listener_name(l, dir, name, group, mode);
    if (err == 0 && listen(fd, LISTENER_BACKLOG) < 0)
      err = fail_system("listen", name);
    if (err < 0)
      unlinkat(dir, name, 0);
  }
  close(dir);
  return err;
}

int listener_open(const char *folder, const char *name, gid_t group, mode_t mode, struct listener **listener) {
  struct listener *l = malloc(sizeof *l);

  *listener = NULL;
  if (l == NULL)
    return fail_as(BIPS_NO_MEMORY);
  int err = sock_begin(&l->sock);
  if (err < 0)
    free(l);
  else if ((err = listener_begin(l, folder, name, group, mode)) < 0)
    listener_close(&l);
  else
    *listener = l;
  return err < 0 ? wrap(err, "listen at %s/%s: ", folder, name) : 0;
}

const struct file_id *listener_id(const struct listener *l) { return &l->id; }

bool listener_is_at(const struct listener *l, const char *path) {
  struct file_id named;

  return sys_stat_path(path, &named) == 0 && sys_same_file(&named, &l->id);
}

int listener_accept(struct listener *l, struct conn **conn) {
  *conn = NULL;
  for (;;) {
    fork_guard_hold();
    int fd = accept4(l->sock.fd, NULL, NULL, SOCK_CLOEXEC | SOCK_NONBLOCK), error = errno;
    int err = fd < 0 ? 0 : conn_of(fd, conn);
    fork_guard_let_go();
    if (fd >= 0)
      return err < 0 ? wrap(err, "accept a connection: ") : 0;
    if (load_flag(&l->sock.shut)) /* the kernel does not tell it from "nobody is there" */
      return fail_plain(SYS_SHUT, "accept a connection: the listener was shut down");
    /* The kernel looks for a descriptor first: without one it does not say that nobody waits. */
    if (error == EAGAIN || sock_poll(&l->sock, POLLIN, 0) == 0)
      sock_poll(&l->sock, POLLIN, FOREVER);
    else if (error != EINTR && error != ECONNABORTED)
      return fail_plain(error, "accept a connection: %s", strerror(error));
  }
}

struct listener *listener_hold(struct listener *l) {
  sock_hold(&l->sock);
  return l;
}

void listener_shutdown(struct listener *l) { sock_shutdown(&l->sock); }
bool listener_is_shut(const struct listener *l) { return load_flag(&l->sock.shut); }

static void listener_end(struct listener **l, bool away) {
  if (*l != NULL && sock_end(&(*l)->sock, away))
    free(*l);
  *l = NULL;
}

void listener_close(struct listener **l) { listener_end(l, false); }
void listener_close_apart(struct listener **l) { listener_end(l, true); }
