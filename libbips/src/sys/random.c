#include "sys.h"

#include <errno.h>
#include <sys/random.h>

#include "../errors.h"

int sys_random(void *bytes, size_t size) {
  uint8_t *at = bytes;

  while (size > 0) {
    ssize_t n = getrandom(at, size, 0);
    if (n < 0 && errno != EINTR)
      return fail_system("getrandom", "the system's random numbers");
    if (n > 0) {
      at += n;
      size -= (size_t)n;
    }
  }
  return 0;
}
