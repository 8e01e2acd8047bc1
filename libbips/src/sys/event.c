#include "sys.h"

#include <errno.h>
#include <string.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include "../errors.h"

int sys_event_open(int *fd) {
  int err;

  fork_guard_hold();
  *fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
  err = *fd < 0 ? fail_plain(errno, "eventfd: %s", strerror(errno)) : fork_guard_add(*fd);
  if (err < 0 && *fd >= 0)
    close(*fd);
  fork_guard_let_go();
  return err;
}

/* Neither can fail: the count is 0 or 1, and the descriptor does not block. */

void sys_event_set(int fd) {
  uint64_t one = 1;

  while (write(fd, &one, sizeof one) < 0 && errno == EINTR)
    ;
}

void sys_event_clear(int fd) {
  uint64_t count;
  int saved = errno;

  while (read(fd, &count, sizeof count) < 0 && errno == EINTR)
    ;
  errno = saved;
}

void sys_event_close(int fd) {
  fork_guard_hold();
  fork_guard_remove(fd);
  close(fd);
  fork_guard_let_go();
}
