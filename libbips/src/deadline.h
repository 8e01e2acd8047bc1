#ifndef BIPS_DEADLINE_H
#define BIPS_DEADLINE_H

#include <stdbool.h>
#include <stdint.h>

/* No sleep is without a limit: whoever should have rung may have died before. In nanoseconds. */
#define MICROSECOND INT64_C(1000)
#define MILLISECOND INT64_C(1000000)
#define SECOND INT64_C(1000000000)
#define DOOR_LIMIT (50 * MILLISECOND)
#define BELL_LIMIT (100 * MILLISECOND)
#define RECLAIM_PAUSE (5 * MILLISECOND)  /* how long the dead are not looked for again after none was found */
#define SEARCH_LIMIT (50 * MILLISECOND)  /* how often a consumer looks for a pool that is not there */

/* struct deadline is a time-out turned into a point in time. The zero deadline is for ever. */
struct deadline {
  int64_t at;
  bool limited;
};

struct deadline deadline_after(int64_t timeout);
/* deadline_at_least is the deadline, or so long from now if that is later. */
struct deadline deadline_at_least(struct deadline d, int64_t wait);
/* deadline_left reports whether there is time left, and how long may be waited at once, at most limit. */
bool deadline_left(const struct deadline *d, int64_t limit, int64_t *wait);

/* STOPPED_FOR is by how much a wait must be too long to say that the process was stopped. */
#define STOPPED_FOR DOOR_LIMIT

/* struct blockade measures for how long consumers have kept every slot from coming free. Time in which
 * the process was stopped (SIGSTOP, a frozen container) does not count: those it waits for were most
 * likely stopped with it. The zero blockade is none. */
struct blockade {
  int64_t since; /* 0: there is none */
  int64_t looked;
};

struct blockade new_blockade(void);
/* blockade_look is called now and again, limit or less after the look before unless the process was stopped. */
void blockade_look(struct blockade *b, int64_t limit);
/* blockade_lasted is how long it had lasted at the last look. */
int64_t blockade_lasted(const struct blockade *b);
/* blockade_left is how long it still is from the last look until the blockade has lasted for a time-out,
 * and false if it has. Negative time-outs are for ever. */
bool blockade_left(const struct blockade *b, int64_t timeout, int64_t *left);

#endif
