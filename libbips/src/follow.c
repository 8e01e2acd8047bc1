#include "atomics.h"
#include "attach.h"
#include "crashpoint.h"
#include "errors.h"
#include "words.h"

/* ---- The place in the next pool */

bool is_reserved(const struct pool_segment *pool, uint32_t seat, uint32_t generation, bool *kept) {
  uint64_t reserved = load64(&seat_word_of(pool, seat)->reserved);

  *kept = reserved_kept(reserved);
  return reserved_generation(reserved) == generation;
}

/* take_state goes on in the new pool as in the one before (V3). Who was waited for, and finds neither a verdict
 * nor its frames kept, joins again. */
static void take_state(struct attachment *a, bool kept, bool suspended) {
  struct standing *s = &a->reading->standing;
  uint32_t state = BIPS_LAYOUT_SEAT_EVERY;
  bool blocking = load_flag(&s->blocking), judged = blocking && is_judged(a);

  if (judged)
    standing_demote(s, a->pool.g.slots);
  if (suspended) {
    state = BIPS_LAYOUT_SEAT_SUSPENDED;
  } else if (judged) {
    state = BIPS_LAYOUT_SEAT_LATEST;
  } else if (!blocking || !kept) {
    take_part(a, FOLLOWING);
    return;
  }
  set_cursor(a, a->reading->cursor);
  store32(&a->seat->state, state);
}

bool inspect_place(struct attachment *a, const struct attachment *before, bool *kept) {
  bool reserved;
  uint64_t granted;

  a->reading = before->reading;
  a->generation = before->generation;
  reserved = is_reserved(&a->pool, a->index, a->generation, kept);
  granted = load64(&seat_word_of(&a->pool, a->index)->granted);
  a->granted = least32(value_of(granted), BIPS_LAYOUT_MAX_SLOTS - 1);
  return reserved && generation_of(granted) == a->generation && value_of(granted) > 0;
}

bool occupy_place(struct attachment *a, const struct attachment *before, bool kept, bool suspended) {
  store32(&a->seat->pid, load32(&before->seat->pid));
  store64(&a->seat->received, load64(&before->seat->received));
  store64(&a->seat->skipped, load64(&before->seat->skipped));
  store64(&a->seat->lost, load64(&before->seat->lost));
  take_state(a, kept, suspended);
  a->reading->standing.counted = load_flag(&a->reading->standing.blocking) && !suspended; /* the producer moves on when it has seen us here (M1) */
  HIT("V3");
  /* Where no lock keeps the place: the producer takes the grant back first, and looks whether we are there then. */
  if (a->bell.alone && generation_of(load64(&seat_word_of(&a->pool, a->index)->granted)) != a->generation) {
    store32(&a->seat->state, BIPS_LAYOUT_SEAT_FREE);
    return false;
  }
  ring_door(&a->door); /* V4 */
  HIT("V4");
  return true;
}

bool take_place(struct attachment *a, const struct attachment *before, bool suspended) {
  bool kept;

  return inspect_place(a, before, &kept) && occupy_place(a, before, kept, suspended);
}

/* ---- Following */

/* replace goes on in another pool of the instance (V5). */
static void replace(bips_consumer *c, struct attachment *next) {
  struct attachment *before = c->attachment;

  pthread_mutex_lock(&c->mu);
  c->attachment = next;
  c->stats.moves++;
  pthread_mutex_unlock(&c->mu);
  c->quiet_since = 0;
  let_go(before);
}

void heed_closed_place(struct reading *r, uint32_t slots) {
  if (r->displaced) {
    r->displaced = false;
    standing_demote(&r->standing, slots);
  }
}

/* Where the consumer has a place, it is attached to that when follow returns; where it has none, to nothing, and
 * the search goes on. What is held of the old pool stays valid, and keeps it. */
int follow(bips_consumer *c) {
  struct attachment *a = c->attachment, *next;
  enum whereabouts found;
  /* Before it looks for its place, where it may join anew (V3.4) and then find that the place was closed (V3.5). */
  bool counted = a->reading->standing.counted;
  int err = a->peer->ops->find_next(a->peer, a, load_flag(&c->suspended), &next, &found);

  if (err < 0) {
    detach(c);
    return of_pool(err, c->paths.name);
  }
  switch (found) {
  case TAKEN:
    replace(c, next); /* V5 */
    HIT("V5");
    break;
  case NEWCOMER:
    /* The producer closes the place of who is counted on only when it waits for its reader no more (K4), or when it
     * dies: which of the two, the name shows. Who is not waited for any more has seen the verdict. */
    a->reading->displaced = counted && load_flag(&a->reading->standing.blocking);
    c->was_before = true;
    c->before_instance = a->pool.g.instance;
    detach(c);
    break;
  case GONE:
    detach(c);
    return fail_plain(BIPS_PRODUCER_LOST, "pool \"%s\": its producer died while it moved: producer lost", c->paths.name);
  case NOT_YET:
    break;
  }
  return 0;
}
