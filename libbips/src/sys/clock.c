#include "sys.h"

#include <time.h>

int64_t sys_now(void) {
  struct timespec now;

  clock_gettime(CLOCK_MONOTONIC, &now);
  return (int64_t)now.tv_sec * 1000000000 + now.tv_nsec;
}

void sys_sleep(int64_t nanoseconds) {
  struct timespec limit = {(time_t)(nanoseconds / 1000000000), (long)(nanoseconds % 1000000000)};

  nanosleep(&limit, NULL);
}
