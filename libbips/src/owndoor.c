#include "owndoor.h"

#include "atomics.h"
#include "crashpoint.h"
#include "deadline.h"
#include "sys/sys.h"
#include "words.h"

void own_door_init(struct own_door *d, struct bips_layout_pool_header *pool, struct bips_layout_seat_header *seats) {
  d->door = (struct door){&seats->door, &pool->producer_waiting};
  d->waiting = &pool->producer_waiting;
  d->eager = false;
  d->sleepers = 0;
  pthread_mutex_init(&d->mu, NULL);
}

void own_door_destroy(struct own_door *d) { pthread_mutex_destroy(&d->mu); }

uint64_t own_door_look(const struct own_door *d) { return load32(d->door.word); }

/* count keeps ProducerWaiting up while any thread of the producer sleeps. The lock is not held while sleeping. */
static void count(struct own_door *d, int change) {
  pthread_mutex_lock(&d->mu);
  d->sleepers += (uint32_t)change;
  store32(d->waiting, d->sleepers > 0 ? 1 : 0);
  pthread_mutex_unlock(&d->mu);
}

void own_door_wait(struct own_door *d, uint64_t remembered, int64_t limit) {
  int64_t start = sys_now();

  if (load_flag(&d->eager) && sys_spin(d->door.word, (uint32_t)remembered, start, earlier(limit, EAGER_SPIN)))
    return; /* and the next wait may be as short */
  count(d, +1);
  HIT("P4e");
  if (own_door_look(d) == remembered)
    sys_futex_wait(d->door.word, (uint32_t)remembered, earlier(limit, DOOR_LIMIT));
  HIT("P4f");
  count(d, -1);
  store_flag(&d->eager, sys_now() - start < SHORT_WAIT);
}
