#ifndef BIPS_AGAIN_H
#define BIPS_AGAIN_H

#include "poolname.h"
#include "sys/sys.h"

/* struct again is when a producer that has no time for a reader, or no seat, is asked again (T6). It counts for all
 * calls to come: a program that pulls again and again for a millisecond each asks no more often than one that waits.
 * The zero value: at once. It belongs to the thread that pulls. */
struct again {
  int64_t at;            /* 0: now */
  struct file_id socket; /* of the producer that is left alone: another one under the same name is not */
};

/* again_after notes that the producer of a socket wants to be left alone for so long, in nanoseconds; 0: it did not say. */
void again_after(struct again *a, int64_t wait, const struct file_id *socket);
/* again_left is how long not to ask at the pool's name. 0: ask. */
int64_t again_left(struct again *a, const struct paths *paths);

#endif
