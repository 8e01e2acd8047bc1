#include "atomics.h"
#include "crashpoint.h"
#include "producer.h"

/* reclaim takes back one seat, and reports whether it could: its holder is dead (R1). forget says that its
 * grant and verdict are forgotten, too. */
static bool reclaim(struct own_pool *o, uint32_t i, bool forget) {
  struct bips_layout_seat *seat = o->seats.seats[i];

  if (!o->backing->ops->seize_dead(o->backing, i))
    return false;
  HIT("R1");
  store32(&seat->state, BIPS_LAYOUT_SEAT_FREE); /* R2 */
  HIT("R2");
  store64(&seat->pins, 0); /* R3 */
  HIT("R3");
  if (forget) {
    struct seat_view *v = &o->views[i];
    store32(&seat->waiting, 0);
    *v = (struct seat_view){.key_frames = v->key_frames};
    store64(&seat_word_of(&o->pool, i)->granted, 0); /* R4 */
    HIT("R4");
    store64(&seat_word_of(&o->pool, i)->verdict, 0); /* R5 */
    HIT("R5");
  }
  o->backing->ops->release(o->backing, i); /* R6 */
  HIT("R6");
  return true;
}

/* is_clean reports whether a seat shows nothing that would have to be reclaimed. */
static bool is_clean(const struct own_pool *o, uint32_t i) {
  const struct bips_layout_seat *seat = o->seats.seats[i];

  return load32(&seat->state) == BIPS_LAYOUT_SEAT_FREE && load64(&seat->pins) == 0 && load32(&seat->waiting) == 0 &&
      !o->views[i].demoted;
}

/* reclaim_dead takes back the seats of dead consumers, and reports whether there was any: then the scan
 * must start again, because nobody else will ring. */
bool reclaim_dead(bips_producer *p) {
  struct own_pool *o = p->own, *before = o->before;
  bool reclaimed = false;

  for (uint32_t i = 0; i < o->seats.count; i++)
    if (!o->views[i].place.pending && !is_clean(o, i) && reclaim(o, i, true)) {
      p->stats.reclaimed++;
      reclaimed = true;
    }
  if (before != NULL) /* grants and verdicts are those of the seats in the new pool */
    for (uint32_t i = 0; i < before->seats.count; i++)
      if (load32(&before->seats.seats[i]->state) != BIPS_LAYOUT_SEAT_FREE)
        reclaim(before, i, false);
  if (reclaimed)
    ring_door(&o->door.door); /* other threads of ours may wait for what became free */
  return reclaimed;
}

/* reclaim_if_due is reclaim_dead, unless that was done just now: it takes a system call for each seat that
 * is taken, and under back-pressure no slot is free most of the time. */
bool reclaim_if_due(bips_producer *p) {
  int64_t now = sys_now();
  bool reclaimed;

  if (p->last_reclaim != 0 && now - p->last_reclaim < RECLAIM_PAUSE)
    return false;
  reclaimed = reclaim_dead(p);
  if (!reclaimed)
    p->last_reclaim = sys_now();
  HIT("P4b");
  return reclaimed;
}
