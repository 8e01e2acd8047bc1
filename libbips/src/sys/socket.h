/*
 * What a connection and a listener have in common. Sockets do not block: who waits for one does it in poll(2).
 */
#ifndef BIPS_SYS_SOCKET_H
#define BIPS_SYS_SOCKET_H

#include <stdbool.h>
#include <stdint.h>

#include "memfd.h"

/* struct sock is a socket's descriptor, which is open as long as anybody holds it. */
struct sock {
  int fd;
  uint32_t holds; /* atomic */
  bool shut;      /* atomic: sock_shutdown was called */
};

enum { SOCK_PATH = 107 }; /* how long a path in a socket's address may be, in bytes */

/* sock_begin makes a new socket, known to the fork guard. */
int sock_begin(struct sock *s);
/* sock_adopt makes a descriptor that does not block, and that has just been made with the fork guard held, a socket, whose it is
 * from then on, also after an error. */
int sock_adopt(struct sock *s, int fd);
void sock_hold(struct sock *s);
void sock_shutdown(struct sock *s);
/* sock_end gives up a hold. true: it was the last one, and the descriptor is closed, here or apart. */
bool sock_end(struct sock *s, bool away);
/* sock_poll waits for events of poll(2), at most so long (nanoseconds; FOREVER), and returns those that there are. A signal does not
 * end the wait. */
short sock_poll(const struct sock *s, short events, int64_t limit);

/* sock_address makes an address of a path, which has SOCK_PATH bytes at most. */
struct sockaddr_un;
void sock_address(struct sockaddr_un *address, const char *path);
/* sock_without_proc reports whether a path of /proc/self/fd may have been refused with errno because there is no /proc, or none for this
 * process. If it was something else, the plain path is refused too. */
bool sock_without_proc(int error);

struct conn {
  struct sock sock;
};

/* conn_of makes a connection of a descriptor, as sock_adopt does. */
int conn_of(int fd, struct conn **conn);

#endif
