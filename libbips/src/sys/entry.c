#include "socket.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "../errors.h"

int entry_open(const char *path, struct entry *e) {
  *e = (struct entry){.fd = -1, .path = path};
  int fd = open(path, O_PATH | O_NOFOLLOW | O_CLOEXEC);
  if (fd < 0)
    return fail_system("open", path);
  int err = sys_stat_fd(fd, path, &e->id);
  if (err < 0)
    close(fd);
  else
    e->fd = fd;
  return err;
}

void entry_close(struct entry *e) {
  if (e->fd >= 0)
    close(e->fd);
  e->fd = -1;
}

/* entry_connect_to returns 0 or errno. */
static int entry_connect_to(int fd, const char *path) {
  struct sockaddr_un address;
  int result;

  sock_address(&address, path);
  do
    result = connect(fd, (const struct sockaddr *)&address, sizeof address);
  while (result < 0 && errno == EINTR);
  return result < 0 ? errno : 0;
}

static int entry_connect_socket(const struct entry *e, int fd) {
  char path[sizeof "/proc/self/fd/-2147483648"];

  snprintf(path, sizeof path, "/proc/self/fd/%d", e->fd);
  int error = entry_connect_to(fd, path);
  if (error && sock_without_proc(error) && strlen(e->path) <= SOCK_PATH) {
    struct file_id named;
    if (sys_stat_path(e->path, &named) < 0 || !sys_same_file(&named, &e->id))
      return fail_plain(SYS_NOBODY_LISTENS, "connect to %s: nobody listens: it was replaced meanwhile", e->path);
    error = entry_connect_to(fd, e->path);
  }
  switch (error) {
  case 0: return 0;
  case ECONNREFUSED:
  case ENOENT: return fail_plain(SYS_NOBODY_LISTENS, "connect to %s: nobody listens: %s", e->path, strerror(error));
  case EAGAIN: return fail_plain(SYS_BACKLOG_FULL, "connect to %s: too many wait to be accepted", e->path);
  case EPROTOTYPE: return fail_plain(SYS_OTHER_SOCKET, "connect to %s: not a SOCK_SEQPACKET socket", e->path);
  }
  errno = error;
  return fail_system("connect", e->path);
}

int entry_connect(const struct entry *e, struct conn **conn) {
  struct conn *c;

  *conn = NULL;
  if (closing_hangs())
    return fail_plain(SYS_CLOSE_HANGS, "connect to %s: descriptors that came with messages cannot be closed", e->path);
  if ((c = malloc(sizeof *c)) == NULL)
    return fail_as(BIPS_NO_MEMORY);
  int err = sock_begin(&c->sock);
  if (err < 0) {
    free(c);
    return wrap(err, "connect to %s: ", e->path);
  }
  if ((err = entry_connect_socket(e, c->sock.fd)) < 0) {
    conn_close(&c);
    return err;
  }
  *conn = c;
  return 0;
}
