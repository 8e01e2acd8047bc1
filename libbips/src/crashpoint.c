#include "crashpoint.h"

#ifdef BIPS_CRASH

#include <sched.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

static atomic_long hits;
static _Thread_local unsigned random_state;

static unsigned draw(unsigned below) {
  if (random_state == 0)
    random_state = (unsigned)getpid() ^ (unsigned)(uintptr_t)&random_state ^ (unsigned)time(NULL);
  return (unsigned)rand_r(&random_state) % below;
}

static void sleep_for(long nanoseconds) {
  struct timespec limit = {0, nanoseconds};
  nanosleep(&limit, NULL);
}

/* crashpoint_pause makes what others do meanwhile likely: one in sixteen is long enough for them to do something,
 * one in three hundred for a lot. */
void crashpoint_pause(void) {
  unsigned n = draw(1000);
  if (n < 3)
    sleep_for((long)draw(500) * 1000);
  else if (n < 30)
    for (volatile unsigned spin = draw(2000); spin > 0; spin--)
      ;
  else if (n < 60)
    sched_yield();
}

void crashpoint_hit(const char *point) {
  const char *chosen = getenv("BIPS_CRASH_POINT"), *slow = getenv("BIPS_CRASH_SLOW"), *count = getenv("BIPS_CRASH_HIT");
  if (slow != NULL && strcmp(point, slow) == 0)
    sleep_for(10000000);
  if (chosen != NULL || draw(10) == 0)
    crashpoint_pause();
  if (chosen == NULL || strcmp(point, chosen) != 0)
    return;
  if (atomic_fetch_add(&hits, 1) + 1 == (count != NULL ? atol(count) : 1)) {
    kill(getpid(), SIGKILL);
    for (;;)
      pause();
  }
}

#else
typedef int bips_no_crash_points; /* a source file must have something in it */
#endif
