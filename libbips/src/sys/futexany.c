#include "memfd.h"

#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

#include "../errors.h"

#ifndef SYS_futex_waitv /* Linux 5.16; the same number on all machines */
#define SYS_futex_waitv 449
#endif

/* struct futexany_waiter is struct futex_waitv of linux/futex.h. */
struct futexany_waiter {
  uint64_t value, address;
  uint32_t flags, reserved;
};

/* FUTEX2_SIZE_U32. Without FUTEX2_PRIVATE the word is one that processes may share, as in sys_futex_wait. */
enum { FUTEXANY_SIZE_32 = 2 };

int sys_futex_wait_any(const struct futex_word *words, size_t count, int64_t timeout) {
  struct futexany_waiter waiters[MOST_FUTEX_WORDS];

  if (count == 0 || count > MOST_FUTEX_WORDS)
    return fail_plain(EINVAL, "sleep at %zu words: at least 1, at most %d", count, MOST_FUTEX_WORDS);
  for (size_t i = 0; i < count; i++)
    waiters[i] = (struct futexany_waiter){words[i].value, (uint64_t)(uintptr_t)words[i].word, FUTEXANY_SIZE_32, 0};
  int64_t now = sys_now(), end = timeout < INT64_MAX - now ? now + timeout : INT64_MAX;
  struct timespec limit = {(time_t)(end / 1000000000), (long)(end % 1000000000)}; /* a point in time, unlike that of FUTEX_WAIT */
  if (syscall(SYS_futex_waitv, waiters, count, 0, &limit, CLOCK_MONOTONIC) >= 0)
    return 0;
  switch (errno) {
  case EAGAIN:
  case EINTR:
  case ETIMEDOUT:
  case EFAULT: /* a word's memory was unmapped: the caller looks again, and it is not among the words any more */
    return 0;
  case ENOSYS:
  case EPERM: return fail_plain(SYS_OLD_KERNEL, "no futex_waitv: it needs Linux 5.16, and no seccomp filter that forbids it");
  }
  return fail_system("futex_waitv", "several words");
}
