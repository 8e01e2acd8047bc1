#include "socket.h"

#include <string.h>
#include <sys/socket.h>

#include "../errors.h"

/* union send_rights is room for the descriptors of a message, aligned as the kernel wants it. */
union send_rights {
  struct cmsghdr align;
  char bytes[CMSG_SPACE(MOST_RIGHTS * sizeof(int))];
};

int conn_send(struct conn *c, const void *message, size_t size, const int *descriptors, size_t count) {
  union send_rights rights;
  struct iovec part = {.iov_base = (void *)message, .iov_len = size};
  struct msghdr m = {.msg_iov = &part, .msg_iovlen = 1};
  ssize_t sent;

  if (count > MOST_RIGHTS)
    return fail_plain(EINVAL, "send %zu descriptors: at most %d", count, MOST_RIGHTS);
  if (count > 0) {
    memset(&rights, 0, sizeof rights);
    m.msg_control = rights.bytes;
    m.msg_controllen = CMSG_SPACE(count * sizeof(int));
    struct cmsghdr *head = CMSG_FIRSTHDR(&m);
    head->cmsg_level = SOL_SOCKET;
    head->cmsg_type = SCM_RIGHTS;
    head->cmsg_len = CMSG_LEN(count * sizeof(int));
    memcpy(CMSG_DATA(head), descriptors, count * sizeof(int));
  }
  do
    sent = sendmsg(c->sock.fd, &m, MSG_NOSIGNAL | MSG_DONTWAIT);
  while (sent < 0 && errno == EINTR);
  if (sent >= 0)
    return 0;
  switch (errno) {
  case EPIPE:
  case ECONNRESET:
  case ENOTCONN: return fail_plain(SYS_ENDED, "send: the other end has closed the connection");
  case EAGAIN: return fail_plain(SYS_NOT_READING, "send: the other end does not read");
  case ETOOMANYREFS: return fail_plain(SYS_IN_FLIGHT, "send: too many descriptors under way");
  case EPERM:
    if (count > 0)
      return fail_plain(SYS_NO_DESCRIPTORS_WANTED, "send: the other end takes no descriptors");
  }
  return fail_plain(errno, "send: %s", strerror(errno));
}
