#ifndef BIPS_GRANT_H
#define BIPS_GRANT_H

#include <bips/layout.h>
#include <stdint.h>

/* struct request is how many pins a reader asks for, at most and at least. */
struct request {
  uint32_t most, least;
};

/* request_of is what the holder of a seat asked for, or says so. */
struct request request_of(const struct bips_layout_seat *seat);

/* share is how many of the pins that are left a reader gets; 0: too few are left. Who is content with less
 * than it asks for gets a third of them, so that those who come later find some too. */
uint32_t share(uint32_t room, uint32_t most, uint32_t least);

/* slots_for is how many slots a pool needs, at least from, so that a reader is granted wanted pins when it
 * comes after count others; more than BIPS_MAX_SLOTS: no pool has so many. Those others share anew what
 * the larger pool has, so that to add what is missing is not enough. */
uint32_t slots_for(uint32_t from, const struct request *others, uint32_t count, struct request own, uint32_t wanted);

/* explain_slots_taken says why a reader is refused pins, and what would cure that: -BIPS_POOL_FULL. The sentence begins without that
 * code's own text. */
int explain_slots_taken(uint32_t slots, uint32_t granted, const struct request *others, uint32_t count, struct request own);

#endif
