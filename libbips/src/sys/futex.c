#include "sys.h"

#include <errno.h>
#include <limits.h>
#include <linux/futex.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

#include "../errors.h"

/* Without FUTEX_PRIVATE_FLAG: the words lie in memory that several processes map. */

void sys_futex_wait(const uint32_t *word, uint32_t value, int64_t timeout) {
  struct timespec limit = {(time_t)(timeout / 1000000000), (long)(timeout % 1000000000)};
  int saved = errno;

  syscall(SYS_futex, word, FUTEX_WAIT, value, &limit, NULL, 0);
  errno = saved;
}

static void wake(const uint32_t *word, int sleepers) {
  int saved = errno; /* bips_consumer_interrupt may be called from a signal handler */

  syscall(SYS_futex, word, FUTEX_WAKE, sleepers, NULL, NULL, 0);
  errno = saved;
}

void sys_futex_wake_all(const uint32_t *word) { wake(word, INT_MAX); }
void sys_futex_wake_one(const uint32_t *word) { wake(word, 1); }

int sys_check_futex(void) {
  uint32_t word = 0;

  if (syscall(SYS_futex, &word, FUTEX_WAKE, 1, NULL, NULL, 0) < 0)
    return fail_plain(errno == EPERM ? EACCES : errno,
        "futex: the kernel forbids it: a seccomp filter or a security module forbids the call (containers: --security-opt seccomp=...)");
  return 0;
}
