#ifndef BIPS_PAUSE_H
#define BIPS_PAUSE_H

#include <stdbool.h>
#include <stdint.h>

#include "deadline.h"

/* struct baton tells threads that wait for others to be done with something that these are. The zero
 * baton is ready for use. */
struct baton {
  uint32_t waiting; /* atomic: threads in baton_await */
  uint32_t passed;  /* futex word: counts the passes that somebody waited for */
};

/* baton_await calls try until that reports true. Between two calls it sleeps until baton_pass is called,
 * for 10 ms at most. */
void baton_await(struct baton *b, bool (*try)(void *argument), void *argument);
/* baton_await_until does so until the limit; false: try never reported true. It calls try once at least. */
bool baton_await_until(struct baton *b, const struct deadline *limit, bool (*try)(void *argument), void *argument);
/* baton_pass wakes all who wait. Without any it is one load. */
void baton_pass(struct baton *b);

#endif
