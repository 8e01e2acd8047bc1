#ifndef BIPS_BELLS_H
#define BIPS_BELLS_H

#include <bips/layout.h>
#include <pthread.h>
#include <stdbool.h>
#include <stdint.h>

/* Spinning before a sleep saves both sides a system call, if what is waited for comes soon. Whether it
 * does is guessed from the last wait. */
#define EAGER_SPIN (30 * MICROSECOND) /* how long is spun after a short wait */
#define SHORT_WAIT (50 * MICROSECOND) /* the longest wait after which the next one is expected to be short */

/* struct door is what consumers ring when something that could free a slot changed. The word lies with
 * the seats; whether a producer sleeps there, it says where only it can write. */
struct door {
  uint32_t *word;          /* of the seat segment */
  const uint32_t *waiting; /* of the pool segment: ProducerWaiting */
};

/* ring_door tells the producer that a slot may be free (W). */
void ring_door(const struct door *d);

/* knock wakes the producer's housekeeper. */
void knock(struct bips_layout_seat_header *seats);

/* ring_bell tells consumers that there is news: with one system call where they sleep at the bell, else
 * (alone) each at its own word (P3e, P3f). */
void ring_bell(struct bips_layout_pool_header *pool, struct bips_layout_seat *const *seats, uint32_t count, bool alone);

/* struct bell is where a consumer sleeps. */
struct bell {
  const uint32_t *count; /* of the pool segment: Bell */
  uint32_t *waiting;     /* of the own seat */
  bool alone;            /* it sleeps at waiting, where nobody else does, and not at count */
};

/* struct bell_waiter is a consumer's end of the bell. It can be interrupted from other threads, and from
 * signal handlers. The zero waiter is ready for use. */
struct bell_waiter {
  bool eager;           /* the last wait was short. Of the thread that pulls */
  uint32_t pokes;       /* futex word: counts the interrupts */
  uint64_t sleeping;    /* atomic: 0, or IS_SLEEPING and the count that the sleeper remembered */
  const uint32_t *word; /* atomic: where it sleeps */
  pthread_t sleeper;    /* atomic: its thread. No system call tells it */
};

/* waiter_look remembers the count of interrupts, before the look around that finds nothing. */
uint32_t waiter_look(const struct bell_waiter *w);
/* waiter_wait sleeps until the bell rings, or an interrupt comes, after their values were remembered (C4). */
void waiter_wait(struct bell_waiter *w, const struct bell *b, uint32_t rung, uint32_t poked, int64_t limit);
/* waiter_wait_poke sleeps until an interrupt comes. There is no bell to wait for. */
void waiter_wait_poke(struct bell_waiter *w, uint32_t poked, int64_t limit);
/* waiter_interrupt wakes the waiter, whatever it waits for. It is async-signal-safe. */
void waiter_interrupt(struct bell_waiter *w);

#endif
