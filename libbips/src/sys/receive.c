#include "socket.h"

#include <poll.h>
#include <string.h>
#include <sys/socket.h>

#include "../errors.h"

/* union receive_rights is room for the descriptors of a message, aligned as the kernel wants it. There is room for all that can
 * come: of what has none the kernel drops the last reference, which may hang. */
union receive_rights {
  struct cmsghdr align;
  char bytes[CMSG_SPACE(MOST_RIGHTS * sizeof(int))];
};

/* receive_rights_of finds the descriptors in what came beside a message. */
static void receive_rights_of(struct msghdr *m, struct received *received) {
  for (struct cmsghdr *head = CMSG_FIRSTHDR(m); head != NULL; head = CMSG_NXTHDR(m, head)) {
    if (head->cmsg_level != SOL_SOCKET || head->cmsg_type != SCM_RIGHTS || head->cmsg_len < CMSG_LEN(0))
      continue;
    size_t n = (head->cmsg_len - CMSG_LEN(0)) / sizeof(int);
    if (n > MOST_RIGHTS - received->count)
      n = MOST_RIGHTS - received->count; /* the kernel never sends so many */
    memcpy(received->fds + received->count, CMSG_DATA(head), n * sizeof(int));
    received->count += n;
  }
}

/* receive_now receives what is there: -EAGAIN if nothing is. *flags are those of the message. */
static ssize_t receive_now(struct conn *c, void *buffer, size_t room, bool rights_wanted, struct received *received, int *flags) {
  union receive_rights rights;
  struct iovec part = {.iov_base = buffer, .iov_len = room};

  for (bool ended = false;;) {
    struct msghdr m = {.msg_iov = &part, .msg_iovlen = 1};

    if (rights_wanted) {
      m.msg_control = rights.bytes;
      m.msg_controllen = sizeof rights.bytes;
    }
    ssize_t size = recvmsg(c->sock.fd, &m, MSG_DONTWAIT | MSG_CMSG_CLOEXEC);
    /* ECONNRESET: the other end has left something unread. It is told once, before what it has sent. */
    if (size < 0 && (errno == EINTR || errno == ECONNRESET))
      continue;
    *flags = 0;
    if (size < 0) /* nothing behind 0 bytes: that was an empty message */
      return errno == EAGAIN && ended ? 0 : -errno;
    *flags = m.msg_flags;
    if (rights_wanted)
      receive_rights_of(&m, received);
    if (size == 0 && !ended && received->count == 0 && !(m.msg_flags & MSG_CTRUNC)) {
      /* The kernel looks for a message, and then whether the other end has closed. What that sent in between is there now. */
      ended = true;
      continue;
    }
    return size;
  }
}

int conn_receive(struct conn *c, void *buffer, size_t *size, size_t descriptors, int64_t limit, struct received *received) {
  struct received none;
  struct received *came = received ? received : &none;
  int64_t end = limit < 0 || limit > INT64_MAX - sys_now() ? INT64_MAX : sys_now() + limit;
  size_t room = *size;
  int flags = 0;
  ssize_t got;

  came->count = 0;
  *size = 0;
  if (descriptors > 0 && closing_hangs())
    return fail_plain(SYS_CLOSE_HANGS, "receive: descriptors that came with messages cannot be closed");
  while ((got = receive_now(c, buffer, room, descriptors > 0, came, &flags)) == -EAGAIN) {
    int64_t now = sys_now();

    if (limit == 0 || now >= end)
      return fail_plain(SYS_IN_VAIN, "receive: nothing came in time");
    sock_poll(&c->sock, POLLIN | POLLRDHUP, end == INT64_MAX ? FOREVER : end - now);
  }
  if (got < 0)
    return fail_plain((int)-got, "receive: %s", strerror((int)-got));
  /* Discarded first: what is said of the error comes last. */
  size_t count = came->count;
  if (got == 0 || flags & (MSG_TRUNC | MSG_CTRUNC) || count > descriptors)
    received_discard(came);
  if (got == 0)
    return fail_plain(SYS_ENDED, "receive: the other end has closed the connection");
  if (flags & MSG_TRUNC)
    return fail_plain(SYS_TOO_LONG, "receive: a message is too long: at most %zu bytes", room);
  if (flags & MSG_CTRUNC && descriptors > 0)
    return fail_plain(SYS_DESCRIPTORS_LOST,
        "receive: descriptors of a message got lost, %zu came: the process may open no more files (ulimit -n)", count);
  if (flags & MSG_CTRUNC || count > descriptors)
    return fail_plain(SYS_TOO_MANY_DESCRIPTORS, "receive: too many descriptors came with a message: at most %zu are wanted", descriptors);
  *size = (size_t)got;
  return 0;
}
