#ifndef BIPS_OWNDOOR_H
#define BIPS_OWNDOOR_H

#include <pthread.h>

#include "bells.h"
#include "sys/memfd.h"

/* struct own_door is the producer's end of a pool's doors. There is one that all consumers ring, and threads of the producer's own too.
 * Or each consumer has one of its own, and nobody but the producer's threads rings the common one, which is private then. */
struct own_door {
  struct door door;
  uint32_t *waiting; /* ProducerWaiting, to be written */
  bool eager;        /* atomic: the last wait was short */
  /* others are the doors of single consumers, by seat; NULL: that seat has none. Protected by bips_producer.mu. */
  const uint32_t *others[BIPS_LAYOUT_MAX_SEATS];
  /* factors are secret odd numbers, one for each of others: who knew them could ring so that the rings of others do not show. */
  uint64_t factors[BIPS_LAYOUT_MAX_SEATS];

  pthread_mutex_t mu;
  uint32_t sleepers; /* protected by mu; shared memory only shows whether there are any */
};

/* own_door_init must be called before the door is used, and own_door_destroy after it. */
void own_door_init(struct own_door *d, struct bips_layout_pool_header *pool, struct bips_layout_seat_header *seats);
void own_door_destroy(struct own_door *d);
/* own_door_split prepares a door of its own for each of so many seats. */
int own_door_split(struct own_door *d, uint32_t seats);

/* own_door_look remembers what the doors show (P4a), before the scan that finds nothing. With bips_producer.mu. */
uint64_t own_door_look(const struct own_door *d);

/* struct door_words are the words of a pool's doors at some moment, for a thread that sleeps at them. They must stay mapped meanwhile. */
struct door_words {
  size_t count;
  struct futex_word words[BIPS_LAYOUT_MAX_SEATS + 1];
  uint64_t factors[BIPS_LAYOUT_MAX_SEATS + 1];
};

/* own_door_collect finds the words. With bips_producer.mu. */
void own_door_collect(const struct own_door *d, struct door_words *w);

/* own_door_wait sleeps until a door rings after what they showed was remembered (P4e, P4f). The whole scan starts again after it,
 * whatever ended it. */
void own_door_wait(struct own_door *d, struct door_words *w, uint64_t remembered, int64_t limit);

#endif
