#include "owndoor.h"

#include "atomics.h"
#include "crashpoint.h"
#include "deadline.h"
#include "sys/sys.h"
#include "words.h"

_Static_assert(BIPS_LAYOUT_MAX_SEATS + 1 <= MOST_FUTEX_WORDS, "a door for each seat, and the common one");

#define SLEEP_ANY_LIMIT MILLISECOND /* how long is slept where the kernel cannot sleep at several words */

void own_door_init(struct own_door *d, struct bips_layout_pool_header *pool, struct bips_layout_seat_header *seats) {
  d->door = (struct door){&seats->door, &pool->producer_waiting};
  d->waiting = &pool->producer_waiting;
  d->eager = false;
  d->sleepers = 0;
  for (uint32_t i = 0; i < BIPS_LAYOUT_MAX_SEATS; i++)
    d->others[i] = NULL;
  pthread_mutex_init(&d->mu, NULL);
}

void own_door_destroy(struct own_door *d) { pthread_mutex_destroy(&d->mu); }

int own_door_split(struct own_door *d, uint32_t seats) {
  int err = sys_random(d->factors, seats * sizeof d->factors[0]);

  for (uint32_t i = 0; i < seats; i++)
    d->factors[i] |= 1;
  return err;
}

uint64_t own_door_look(const struct own_door *d) {
  uint64_t seen = load32(d->door.word);

  for (uint32_t i = 0; i < BIPS_LAYOUT_MAX_SEATS; i++)
    if (d->others[i] != NULL)
      seen += d->factors[i] * load32(d->others[i]);
  return seen;
}

void own_door_collect(const struct own_door *d, struct door_words *w) {
  w->words[0].word = d->door.word;
  w->factors[0] = 1;
  w->count = 1;
  for (uint32_t i = 0; i < BIPS_LAYOUT_MAX_SEATS; i++)
    if (d->others[i] != NULL) {
      w->words[w->count].word = d->others[i];
      w->factors[w->count++] = d->factors[i];
    }
}

/* look is own_door_look. The values stay in the words. */
static uint64_t look(struct door_words *w) {
  uint64_t seen = 0;

  for (size_t i = 0; i < w->count; i++) {
    w->words[i].value = load32(w->words[i].word);
    seen += w->factors[i] * w->words[i].value;
  }
  return seen;
}

/* spin looks until start + limit without sleeping, and reports whether a door rang. */
static bool spin(struct door_words *w, uint64_t remembered, int64_t start, int64_t limit) {
  do {
    for (int i = 0; i < 16; i++) {
      if (look(w) != remembered)
        return true;
      sys_pause();
    }
  } while (sys_now() - start < limit);
  return false;
}

/* sleep_at sleeps while no word has changed since the last look. */
static void sleep_at(const struct door_words *w, int64_t limit) {
  const struct futex_word *first = &w->words[0];

  if (w->count == 1)
    sys_futex_wait(first->word, first->value, limit);
  else if (sys_futex_wait_any(w->words, w->count, limit) < 0)
    sys_futex_wait(first->word, first->value, earlier(limit, SLEEP_ANY_LIMIT));
}

/* count keeps ProducerWaiting up while any thread of the producer sleeps. The lock is not held while sleeping. */
static void count(struct own_door *d, int change) {
  pthread_mutex_lock(&d->mu);
  d->sleepers += (uint32_t)change;
  store32(d->waiting, d->sleepers > 0 ? 1 : 0);
  pthread_mutex_unlock(&d->mu);
}

void own_door_wait(struct own_door *d, struct door_words *w, uint64_t remembered, int64_t limit) {
  int64_t start = sys_now();

  if (load_flag(&d->eager) && spin(w, remembered, start, earlier(limit, EAGER_SPIN)))
    return; /* and the next wait may be as short */
  count(d, +1);
  HIT("P4e");
  if (look(w) == remembered)
    sleep_at(w, earlier(limit, DOOR_LIMIT));
  HIT("P4f");
  count(d, -1);
  store_flag(&d->eager, sys_now() - start < SHORT_WAIT);
}
