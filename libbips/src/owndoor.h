#ifndef BIPS_OWNDOOR_H
#define BIPS_OWNDOOR_H

#include <pthread.h>

#include "bells.h"

/* struct own_door is the producer's end of a pool's door, which all consumers ring, and threads of the
 * producer's own too. */
struct own_door {
  struct door door;
  uint32_t *waiting; /* ProducerWaiting, to be written */
  bool eager;        /* atomic: the last wait was short */

  pthread_mutex_t mu;
  uint32_t sleepers; /* protected by mu; shared memory only shows whether there are any */
};

/* own_door_init must be called before the door is used, and own_door_destroy after it. */
void own_door_init(struct own_door *d, struct bips_layout_pool_header *pool, struct bips_layout_seat_header *seats);
void own_door_destroy(struct own_door *d);

/* own_door_look remembers what the door shows (P4a), before the scan that finds nothing. */
uint64_t own_door_look(const struct own_door *d);

/* own_door_wait sleeps until the door rings after what it showed was remembered (P4e, P4f). The whole scan
 * starts again after it, whatever ended it. */
void own_door_wait(struct own_door *d, uint64_t remembered, int64_t limit);

#endif
