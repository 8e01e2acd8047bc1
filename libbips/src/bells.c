#include "bells.h"

#include <pthread.h>

#include "atomics.h"
#include "crashpoint.h"
#include "deadline.h"
#include "sys/sys.h"
#include "words.h"

void ring_door(const struct door *d) {
  add32(d->word, 1);
  HIT("W1");
  if (load32(d->waiting) != 0) {
    sys_futex_wake_all(d->word);
    HIT("W2");
  }
}

void knock(struct bips_layout_seat_header *seats) {
  add32(&seats->knock, 1);
  sys_futex_wake_all(&seats->knock);
}

void ring_bell(struct bips_layout_pool_header *pool, struct bips_layout_seat *const *seats, uint32_t count, bool alone) {
  add32(&pool->bell, 1);
  HIT("P3e");
  for (uint32_t i = 0; i < count; i++) {
    if (load32(&seats[i]->waiting) == 0)
      continue;
    if (!alone) {
      sys_futex_wake_all(&pool->bell);
      HIT("P3f");
      return;
    }
    store32(&seats[i]->waiting, 0);
    sys_futex_wake_one(&seats[i]->waiting);
    HIT("P3f");
  }
}

#define IS_SLEEPING (UINT64_C(1) << 32)

uint32_t waiter_look(const struct bell_waiter *w) { return load32(&w->pokes); }

/* sleep_at is waiter_wait without the announcement to the producer. */
static void sleep_at(struct bell_waiter *w, const struct bell *b, uint32_t rung, uint32_t poked, int64_t limit) {
  const uint32_t *word = b->alone ? b->waiting : b->count;

  __atomic_store_n(&w->word, word, __ATOMIC_SEQ_CST);
  __atomic_store_n(&w->sleeper, pthread_self(), __ATOMIC_SEQ_CST);
  store64(&w->sleeping, IS_SLEEPING | poked);
  if (load32(&w->pokes) == poked)
    sys_futex_wait(word, b->alone ? 1 : rung, limit);
  store64(&w->sleeping, 0);
}

void waiter_wait(struct bell_waiter *w, const struct bell *b, uint32_t rung, uint32_t poked, int64_t limit) {
  store32(b->waiting, 1); /* C4a */
  HIT("C4a");
  if (!b->alone || load32(b->count) == rung)                     /* C4b: at the common bell the system looks */
    sleep_at(w, b, rung, poked, earlier(limit, BELL_LIMIT)); /* C4c */
  HIT("C4c");
  store32(b->waiting, 0); /* C4d */
  HIT("C4d");
}

void waiter_wait_poke(struct bell_waiter *w, uint32_t poked, int64_t limit) { sys_futex_wait(&w->pokes, poked, limit); }

/* Consumers cannot bump the bell, which they map read-only, so a wake-up may come just before the sleep
 * that it is for: it is repeated until the waiter has left. */
void waiter_interrupt(struct bell_waiter *w) {
  uint64_t current = IS_SLEEPING | add32(&w->pokes, 1), sleeper;

  sys_futex_wake_all(&w->pokes);
  while ((sleeper = load64(&w->sleeping)) != 0 && sleeper != current) {
    if (pthread_equal(__atomic_load_n(&w->sleeper, __ATOMIC_SEQ_CST), pthread_self()))
      return; /* a signal handler in the sleeper itself: the signal ends its sleep, or BELL_LIMIT does */
    sys_futex_wake_all(__atomic_load_n(&w->word, __ATOMIC_SEQ_CST));
    sys_sleep(20 * MICROSECOND);
  }
}
