#include "socket.h"

#include <poll.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <time.h>
#include <unistd.h>

#include "../atomics.h"
#include "../errors.h"

int sock_adopt(struct sock *s, int fd) {
  int err = fork_guard_add(fd);

  *s = (struct sock){.fd = fd, .holds = 1};
  if (err < 0) {
    close(fd);
    s->fd = -1;
  }
  return err;
}

int sock_begin(struct sock *s) {
  int err = fork_guard_begin();

  *s = (struct sock){.fd = -1};
  if (err < 0)
    return err;
  fork_guard_hold();
  int fd = socket(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
  err = fd < 0 ? fail_plain(errno, "socket: %s", strerror(errno)) : sock_adopt(s, fd);
  fork_guard_let_go();
  return err;
}

void sock_hold(struct sock *s) { add32(&s->holds, 1); }

void sock_shutdown(struct sock *s) {
  store_flag(&s->shut, true);
  shutdown(s->fd, SHUT_RDWR);
}

bool sock_end(struct sock *s, bool away) {
  sock_shutdown(s);
  if (add32(&s->holds, UINT32_MAX) != 0)
    return false;
  /* Out of the guard first: what is closed next may hang, and nobody may fork meanwhile with the guard held. */
  fork_guard_hold();
  fork_guard_remove(s->fd);
  fork_guard_let_go();
  if (away)
    close_apart(s->fd);
  else
    close(s->fd);
  return true;
}

short sock_poll(const struct sock *s, short events, int64_t limit) {
  int64_t now = sys_now(), end = limit < 0 || limit > INT64_MAX - now ? INT64_MAX : now + limit;
  struct pollfd polled = {.fd = s->fd, .events = events};

  for (;;) {
    int64_t left = end > now ? end - now : 0;
    struct timespec wait = {(time_t)(left / 1000000000), (long)(left % 1000000000)};
    if (ppoll(&polled, 1, end == INT64_MAX ? NULL : &wait, NULL) >= 0)
      return polled.revents;
    if (errno != EINTR)
      return POLLERR; /* no memory: the call that follows says so */
    now = sys_now(); /* again, for what is left */
  }
}

void sock_address(struct sockaddr_un *address, const char *path) {
  size_t length = strlen(path); /* not strnlen: at -O3 gcc 12 warns of paths in shorter arrays */

  *address = (struct sockaddr_un){.sun_family = AF_UNIX};
  memcpy(address->sun_path, path, length < SOCK_PATH ? length : SOCK_PATH);
}

bool sock_without_proc(int error) { return error == ENOENT || error == ENOTDIR || error == EACCES; }
