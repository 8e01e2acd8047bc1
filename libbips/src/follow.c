#include "atomics.h"
#include "attach.h"
#include "crashpoint.h"
#include "errors.h"

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

/* note_closed_place remembers whether a place was kept for this reader, as was so if it has read a frame since the
 * producer began to wait for it, and so was counted on when it moved. The producer closes such a place only when it
 * does not wait for its reader any more (K4), or when it dies: which of the two, the name shows. */
static void note_closed_place(struct attachment *a) {
  struct reading *r = a->reading;

  r->displaced = load32(&a->seat->state) == BIPS_LAYOUT_SEAT_EVERY && load_flag(&r->standing.blocking) && r->standing.stayed &&
      r->cursor > r->standing.sure;
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
    note_closed_place(a);
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
