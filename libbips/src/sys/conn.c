#include "socket.h"

#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "../errors.h"

int conn_of(int fd, struct conn **conn) {
  struct conn *c = malloc(sizeof *c);

  *conn = NULL;
  if (c == NULL) {
    close(fd);
    return fail_as(BIPS_NO_MEMORY);
  }
  int err = sock_adopt(&c->sock, fd);
  if (err < 0) {
    free(c);
    return err;
  }
  *conn = c;
  return 0;
}

int conn_pair(struct conn *ends[2]) {
  int fds[2], err = fork_guard_begin();

  ends[0] = ends[1] = NULL;
  if (err < 0)
    return err;
  fork_guard_hold();
  if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC | SOCK_NONBLOCK, 0, fds) < 0) {
    err = fail_plain(errno, "socketpair: %s", strerror(errno));
  } else if ((err = conn_of(fds[0], &ends[0])) < 0) {
    close(fds[1]);
  } else {
    err = conn_of(fds[1], &ends[1]);
  }
  fork_guard_let_go();
  if (err < 0)
    conn_close(&ends[0]);
  return err;
}

struct conn *conn_hold(struct conn *c) {
  sock_hold(&c->sock);
  return c;
}

void conn_shutdown(struct conn *c) { sock_shutdown(&c->sock); }

static void conn_end(struct conn **c, bool away) {
  if (*c != NULL && sock_end(&(*c)->sock, away))
    free(*c);
  *c = NULL;
}

void conn_close(struct conn **c) { conn_end(c, false); }
void conn_close_apart(struct conn **c) { conn_end(c, true); }

int conn_peer(struct conn *c, struct peer_process *peer) {
  struct ucred credentials;
  socklen_t size = sizeof credentials;

  *peer = (struct peer_process){0};
  if (getsockopt(c->sock.fd, SOL_SOCKET, SO_PEERCRED, &credentials, &size) < 0)
    return fail_plain(errno, "who is at the other end of a connection: %s", strerror(errno));
  *peer = (struct peer_process){credentials.pid, credentials.uid, credentials.gid};
  return 0;
}

bool conn_ended(struct conn *c) { return (sock_poll(&c->sock, POLLRDHUP, 0) & (POLLHUP | POLLRDHUP | POLLERR | POLLNVAL)) != 0; }

bool conn_wait(struct conn *c, int64_t limit) { return sock_poll(&c->sock, POLLIN | POLLRDHUP, limit) != 0; }
