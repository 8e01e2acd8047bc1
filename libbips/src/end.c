#include "atomics.h"
#include "crashpoint.h"
#include "producer.h"

/* The end of a stream is a place between two frames: the sequence that the next stream begins with. It
 * needs no slot, and never waits. */

static int end_stream(bips_producer *p) {
  uint64_t next = p->head + 1;
  int err = usable(p);

  if (err < 0)
    return err;
  if (p->ended == next)
    return 0; /* E1: an end without a frame since the last one is the same end */
  HIT("E1");
  p->ended = next;
  store64(&p->own->pool.header->ended, next); /* E2 */
  HIT("E2");
  own_pool_ring_bell(p->own); /* E3 */
  HIT("E3");
  return 0;
}

BIPS_API int bips_producer_end_of_stream(bips_producer *p) {
  int err = producer_is_known(p);

  if (err < 0)
    return err;
  pthread_mutex_lock(&p->mu);
  err = end_stream(p);
  pthread_mutex_unlock(&p->mu);
  return err;
}
