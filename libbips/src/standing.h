#ifndef BIPS_STANDING_H
#define BIPS_STANDING_H

#include <stdbool.h>
#include <stdint.h>

/* struct standing is whether the producer waits for a consumer of every frame, and what follows from it. But
 * for blocking it belongs to the thread that pulls. */
struct standing {
  bool blocking; /* atomic. The producer waits for us. Not so, the rules of `latest` hold, and what is passed by is lost */
  uint64_t sure; /* from this frame on all are kept for us while it waits. Those before may be gone (U5) */
  bool stayed;   /* we have read something since we joined, in this pool or in one before, so that what is gone is lost for us */
  bool counted;  /* the producer knows that it is to wait for us, and keeps our place when it moves (M4a) */

  uint64_t demotions; /* that the consumer has not counted yet */
  bool on_trial;      /* after a demotion, until trial frames were read in a row */
  uint64_t trial;
  uint64_t in_row; /* frames read since one was passed by, or the producer began or ceased to wait */
};

/* A demoted consumer is waited for again when it has read as many frames in a row, without passing one by, as
 * the pool has slots: then it keeps up. Who is demoted again soon has to show more, twice as much each time,
 * so that one who stalls now and again costs the producer less and less. */

/* standing_demote notes a demotion: the producer waits for us no longer. */
void standing_demote(struct standing *s, uint32_t slots);
/* standing_cease notes that the producer does not wait for us from now on. */
void standing_cease(struct standing *s);
/* standing_note takes a frame into account that was read, and how many were passed by to reach it. */
void standing_note(struct standing *s, uint64_t gap);
/* standing_has_caught_up reports whether nothing that we know of speaks against being waited for. */
bool standing_has_caught_up(const struct standing *s);

#endif
