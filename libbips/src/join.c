#include "atomics.h"
#include "attach.h"
#include "captext.h"
#include "crashpoint.h"
#include "words.h"

void reading_begin(struct reading *r, const bips_consumer_options *o) {
  *r = (struct reading){
      .mode = o->mode, .automatic = o->mode == BIPS_AUTO, .undecided = true, .discontinuity = true,
  };
}

void reading_end(struct reading *r) {
  caps_text_unref(r->mode_caps);
  caps_text_unref(r->last_caps);
  r->mode_caps = r->last_caps = NULL;
}

void pass_by(struct attachment *a, uint64_t frames) {
  if (a->reading->mode == BIPS_EVERY)
    a->reading->lost += frames;
  else
    a->reading->skipped += frames;
}

void set_cursor(struct attachment *a, uint64_t sequence) {
  a->reading->cursor = sequence;
  store64(&a->seat->cursor, sequence);
}

uint64_t head_of(const struct attachment *a) { return least64(load64(&a->pool.header->head), BIPS_LAYOUT_MAX_SEQUENCE); }

/* take_part begins with the frames published from now on if the producer waits for us, else with the newest one. */
uint64_t take_part(struct attachment *a, enum occasion why) {
  struct reading *r = a->reading;
  uint32_t state = BIPS_LAYOUT_SEAT_LATEST;
  uint64_t head, from;

  if (why != FOLLOWING) { /* before we count: what is dropped from then on is lost for us */
    r->dropped = load64(&a->pool.header->dropped);
    r->discontinuity = true;
    r->rested = false;
    store_flag(&r->standing.blocking, wants_to_block(a) && !is_judged(a));
    r->standing.stayed = false;
  }
  r->standing.counted = false;
  r->standing.sure = 0;
  if (load_flag(&r->standing.blocking)) {
    r->standing.in_row = 0;
    state = BIPS_LAYOUT_SEAT_EVERY;
    store64(&a->seat->cursor, head_of(a) + 1); /* J1 */
    HIT("J1");
    store32(&a->seat->state, BIPS_LAYOUT_SEAT_JOINING); /* J2: from here on all frames are kept for us */
    HIT("J2");
  }
  head = head_of(a);
  from = state == BIPS_LAYOUT_SEAT_EVERY ? head + 1 : most64(head, a->pool.g.first);
  from = most64(from, r->cursor); /* nothing again, also of what was read before it is the head (P3b), and nothing of a stream whose end was told (C8a) */
  if (why == FOLLOWING)
    pass_by(a, from - least64(r->cursor, from));
  set_cursor(a, from); /* J3 */
  HIT("J3");
  if (why == JOINING) {
    r->owed = load64(&a->pool.header->ended); /* J4: after the head, and before we count */
    HIT("J4");
  }
  store32(&a->seat->state, state); /* J5 */
  if (state == BIPS_LAYOUT_SEAT_EVERY)
    note_counted(a);
  HIT("J5");
  ring_door(&a->door); /* J6 */
  HIT("J6");
  return head;
}

int join(struct attachment *a, bool *seen) {
  struct reading *r = a->reading;
  uint64_t head;
  uint32_t state;
  bool alive, gone;
  int err;

  *seen = true;
  if (r->rested) { /* over a move, and it has no place any more */
    take_part(a, RESUMING);
    return 0;
  }
  if (r->joined) {
    take_part(a, FOLLOWING);
    return 0;
  }
  if (r->automatic)
    r->mode = mode_at_first(a);
  r->joined = true;
  head = take_part(a, JOINING);
  /* J7: a producer that went while we sat down has not seen us and will not tell us, unless it published or ended
   * something since: it may have waited for us to do so. */
  err = a->peer->ops->producer_alive(a->peer, &alive); /* before the state: a producer that moves and dies in between kept a place for us */
  state = load32(&a->pool.header->state);
  HIT("J7");
  gone = state == BIPS_LAYOUT_STATE_CLOSED || (state == BIPS_LAYOUT_STATE_RUNNING && !alive);
  *seen = err == 0 && !(gone && head_of(a) == head && load64(&a->pool.header->ended) == r->owed);
  return err;
}
