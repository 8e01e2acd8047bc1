/*
 * What the backend memfd takes of Linux: memory without a name, sockets that keep messages apart and pass
 * descriptors, a sleep at several words. Functions that return an int return 0, or a negative number and
 * leave a sentence (errors.h).
 */
#ifndef BIPS_SYS_MEMFD_H
#define BIPS_SYS_MEMFD_H

#include <errno.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include "sys.h"

/* Errors with a meaning of their own. Functions return the negative of these, or of other errno values. */
enum sys_error {
  SYS_ENDED = EPIPE,                     /* the other end is gone, or says that nothing more will come */
  SYS_NOT_READING = EAGAIN,              /* the other end has not read what it was sent before, and there is no room for more */
  SYS_IN_FLIGHT = ETOOMANYREFS,          /* too many descriptors that this user has sent have not been received yet */
  SYS_NO_DESCRIPTORS_WANTED = EOPNOTSUPP, /* the other end takes no descriptors (SO_PASSRIGHTS) */
  SYS_TOO_LONG = EMSGSIZE,               /* a message was longer than the buffer: its end is lost */
  SYS_TOO_MANY_DESCRIPTORS = E2BIG,      /* more descriptors came with a message than are wanted */
  SYS_DESCRIPTORS_LOST = EMFILE,         /* not all came, most likely since the process may not have as many (ulimit -n) */
  SYS_IN_VAIN = ETIMEDOUT,               /* nothing came in time */
  SYS_SHUT = ESHUTDOWN,                  /* the listener was shut down */
  SYS_CLOSE_HANGS = EBUSY,               /* too many descriptors that others have sent cannot be closed: no more are taken */
  SYS_NOBODY_LISTENS = ECONNREFUSED,     /* there is a socket, and its process is gone, or is going */
  SYS_BACKLOG_FULL = EAGAIN,             /* so many wait to be accepted that no more may: its process is stopped, or is overrun */
  SYS_OTHER_SOCKET = EPROTOTYPE,         /* there is a socket of another kind */
  SYS_NOT_MEMORY = EBADF,                /* a descriptor that came does not lead to memory as it was announced */
  SYS_OLD_KERNEL = ENOSYS,               /* the kernel lacks what is asked for, or forbids it */
};

/* sys_out_of_resources reports whether an error says that the process, its user or the system has no more of something that a
 * socket or a descriptor takes. It may have some later. */
bool sys_out_of_resources(int error);

/* ---- memory.c */

/* Seals are promises of the kernel about memory. Nobody can take one back. */
enum {
  SEAL_SEAL = 0x1,   /* nobody can add a seal */
  SEAL_SHRINK = 0x2, /* it does not become smaller */
  SEAL_GROW = 0x4,   /* it does not become larger */
  /* Nobody can write to it, punch a hole into it, or map it writable, any more; mappings made before go on
   * writing (Linux 5.1). */
  SEAL_FUTURE_WRITE = 0x10
};

/* struct memory is a file without a name, made of memory only (memfd_create(2)). Whoever has one of its
 * descriptors can map it. */
struct memory {
  int fd; /* -1: none */
  uint64_t size;
  char name[64]; /* for errors: the beginning of it */
};

#define NO_MEMORY ((struct memory){.fd = -1})

/* memory_create makes a file of memory of so many bytes, every page allocated, so that no later access can
 * fail for lack of memory. Look first whether the control group has room for it (sys_memory_room): the kernel
 * kills who goes beyond. What the system has in all is looked at here: -ENOMEM. The name, of at most 249 bytes, is for people
 * who look for what uses up memory (/proc/PID/maps). */
int memory_create(const char *name, uint64_t size, struct memory *m);
/* memory_add_seals adds seals to those that it has. -SYS_OLD_KERNEL: the kernel has no SEAL_FUTURE_WRITE. -EACCES: somebody
 * has sealed it against further ones. */
int memory_add_seals(const struct memory *m, int seals);
/* memory_read_only makes another descriptor of the same file that cannot write to it, whatever seals it has.
 * Where there is no /proc to open it by, it is one like the first: SEAL_FUTURE_WRITE keeps others from writing all
 * the same. The file's mode becomes 0400, so that no other user can open it for writing by way of /proc. */
int memory_read_only(const struct memory *m, struct memory *readable);
/* memory_map maps all of it, and leaves it out of core dumps. Its pages come when they are used, or with
 * mapping_populate. */
int memory_map(const struct memory *m, enum access access, struct mapping *mapping);
/* memory_close closes the descriptor. The memory itself goes with the last descriptor and the last mapping that anybody
 * has. It may be called again. Not for memory that was received, before it was checked: received_memory does that. */
void memory_close(struct memory *m);
/* mapping_populate fills the page tables where the kernel can (Linux 5.14). It takes the longer the larger the mapping is. */
void mapping_populate(const struct mapping *mapping, enum access access);

/* ---- conn.c, send.c, receive.c
 *
 * struct conn is one end of a connection that keeps messages apart (SOCK_SEQPACKET). One thread at a time may receive;
 * all else may be done by any thread at any time.
 *
 * Each thread that uses it holds it: who makes it does from the start, others by conn_hold. The descriptor is closed
 * when the last one closes it. So nobody ever waits at a descriptor that is another file by now. Whoever wants the others
 * to come back calls conn_shutdown; with both ways to close it, the other end sees the end at once, too.
 *
 * In a child that was made by fork the fork guard has closed the descriptor: nothing that was inherited may be used there. */
struct conn;

struct conn *conn_hold(struct conn *c);
/* conn_shutdown ends it in both directions: whoever waits for it, in this process and in others, comes back at once, also when a
 * forked child has the descriptor too. It never blocks. */
void conn_shutdown(struct conn *c);
/* conn_close ends it as conn_shutdown does, and gives up the caller's hold. It may hang, as long as a peer likes that has
 * sent descriptors. *c becomes NULL; it accepts that. */
void conn_close(struct conn **c);
/* conn_close_apart is conn_close for who must not hang: what may take long is done by another thread (apart.c). */
void conn_close_apart(struct conn **c);

/* struct peer_process is who made the other end, as numbers of this process's namespaces: of another PID namespace the PID is 0, in
 * another user namespace users may be 65534. */
struct peer_process {
  int32_t pid;
  uint32_t uid, gid;
};

/* conn_peer tells who made the other end: who listened, or who connected. The connection may have been handed on since. */
int conn_peer(struct conn *c, struct peer_process *peer);
/* conn_ended reports whether the other end is gone or says that nothing more will come, or this end was shut down. It takes
 * nothing: messages that came before may still be there to be received. */
bool conn_ended(struct conn *c);
/* conn_wait waits until there is something to receive, the end included, at most so long (nanoseconds; FOREVER), and reports
 * whether there is. A signal does not end the wait, conn_shutdown does. */
bool conn_wait(struct conn *c, int64_t limit);

/* conn_pair makes a connection without a listener, whose both ends are here. */
int conn_pair(struct conn *ends[2]);

/* conn_send sends a message, with descriptors that stay the caller's. It never waits, and no signal comes when the
 * other end is gone. -SYS_ENDED, -SYS_NOT_READING, -SYS_IN_FLIGHT, -SYS_NO_DESCRIPTORS_WANTED, where that is what happened. */
int conn_send(struct conn *c, const void *message, size_t size, const int *descriptors, size_t count);

/* How many descriptors can come with a message (SCM_MAX_FD of the kernel). */
enum { MOST_RIGHTS = 253 };

#define FOREVER INT64_C(-1) /* as a limit: none */

/* struct received are the descriptors that came with a message. They lead to whatever the sender liked, so that most of
 * what one may do with a descriptor can hang, its closing too. Whoever has them calls received_discard in the end. */
struct received {
  size_t count;
  int fds[MOST_RIGHTS]; /* -1: taken */
};

/* conn_receive waits for the next message, puts it into the buffer, of *size bytes, and says how many it has, and which descriptors
 * came along, of which at most so many are wanted.
 *
 * With 0 the kernel drops what comes, and lets nothing in: which may hang, as long as the sender likes, where the kernel does
 * not refuse descriptors (listener_open). With more it does not hang: all that came are let in, and are discarded when there are
 * too many.
 *
 * The limit, in nanoseconds, is for how long to wait: 0 is not to wait at all, FOREVER is until something comes. A signal does not
 * end the wait; conn_shutdown, of another thread, does.
 *
 * After an error nothing has to be discarded. -SYS_IN_VAIN, when nothing has come in time; -SYS_ENDED, when nothing will come (an
 * empty message counts as the end); -SYS_TOO_LONG, -SYS_TOO_MANY_DESCRIPTORS, -SYS_DESCRIPTORS_LOST, when a message came that
 * cannot be used; -SYS_CLOSE_HANGS. received may be NULL if no descriptors are wanted. */
int conn_receive(struct conn *c, void *buffer, size_t *size, size_t descriptors, int64_t limit, struct received *received);

/* ---- received.c */

/* received_memory takes the descriptor with this index, from 0, if it leads to memory of exactly this size in bytes, every
 * page allocated, that has these seals and perhaps others. Else it is -SYS_NOT_MEMORY, and the descriptor stays among those to
 * discard. */
int received_memory(struct received *r, size_t index, uint64_t size, int seals, struct memory *m);
/* received_discard has those closed that were not taken, by another thread since that may hang, and returns at once. It may be
 * called again. */
void received_discard(struct received *r);

/* ---- apart.c */

/* close_apart closes a descriptor that may hang, soon, by another thread. */
void close_apart(int fd);
/* closing_hangs reports whether so much waits to be closed that no more should be taken. */
bool closing_hangs(void);

/* ---- listener.c
 *
 * struct listener is a socket that has a name in a folder. Processes that may write to its file connect to it. It is
 * held and closed as a struct conn is. */
struct listener;

/* listener_open makes a socket at folder/name, which must not exist, and listens. mode is given as that of a file that is read:
 * who may read it by mode may connect. group is the file's, or KEEP_GROUP.
 *
 * The folder's path may be as long as it likes, where there is a /proc: the address is given by the folder's descriptor. The
 * name may have 80 bytes. A longer one can be had by renaming the file, which goes on being the socket's, and entry_connect finds
 * it. Descriptors that a peer sends are refused by kernels that can (Linux 6.16). On an error nothing is left behind. */
int listener_open(const char *folder, const char *name, gid_t group, mode_t mode, struct listener **listener);
/* listener_id describes the socket's file as it was made. */
const struct file_id *listener_id(const struct listener *l);
/* listener_is_at reports whether the socket's file is the one at path, and no other one: while the socket is open, no other file
 * gets its inode. */
bool listener_is_at(const struct listener *l, const char *path);
/* listener_accept waits for the next connection. -SYS_SHUT after listener_shutdown. When sys_out_of_resources says so of an
 * error, the connection goes on waiting, so that the next call would fail at once: pause before it. */
int listener_accept(struct listener *l, struct conn **conn);
struct listener *listener_hold(struct listener *l);
void listener_shutdown(struct listener *l);
bool listener_is_shut(const struct listener *l); /* by listener_shutdown, or somebody's close */
void listener_close(struct listener **l);
void listener_close_apart(struct listener **l);

/* ---- entry.c */

/* struct entry is what a folder had under a name when it was looked at, held fast, but not opened: that has no effect on
 * anybody, whatever it is (O_PATH). */
struct entry {
  int fd; /* -1: none */
  struct file_id id;
  const char *path; /* the caller's, who keeps it as long as the entry */
};

/* entry_open looks what is at path, without following a link. -ENOENT: nothing. */
int entry_open(const char *path, struct entry *e);
/* entry_connect connects to the socket that it is. It does not wait: the connection is there before the peer accepts it.
 * -SYS_NOBODY_LISTENS, -SYS_BACKLOG_FULL, -SYS_OTHER_SOCKET, -SYS_CLOSE_HANGS, -EACCES; sys_out_of_resources knows others. */
int entry_connect(const struct entry *e, struct conn **conn);
void entry_close(struct entry *e); /* may be called again */

/* ---- futexany.c */

/* How many words sys_futex_wait_any sleeps at. */
enum { MOST_FUTEX_WORDS = 65 };

struct futex_word {
  const uint32_t *word;
  uint32_t value; /* what it was when there was nothing to do */
};

/* sys_futex_wait_any sleeps while each word has its value, at most timeout, which must be above 0, at 1 to MOST_FUTEX_WORDS words.
 * As with sys_futex_wait a return without an error means nothing but "look again", and those who wake use the same
 * functions. A word whose memory is not mapped any more ends the sleep at once. -SYS_OLD_KERNEL: the kernel cannot sleep at
 * several words, or may not (before Linux 5.16; seccomp); then nobody slept. */
int sys_futex_wait_any(const struct futex_word *words, size_t count, int64_t timeout);

#endif
