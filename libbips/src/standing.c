#include "standing.h"

#include "atomics.h"
#include "attach.h"
#include "crashpoint.h"
#include "words.h"

enum {
  LONGEST_TRIAL = 64, /* times the slots */
  SOON = 16           /* how many trials' frames after the last one a demotion counts as another one */
};

void standing_demote(struct standing *s, uint32_t slots) {
  s->demotions++;
  if (s->trial == 0 || s->in_row >= SOON * s->trial)
    s->trial = slots;
  else
    s->trial = least64(2 * s->trial, (uint64_t)LONGEST_TRIAL * slots);
  s->on_trial = true;
  standing_cease(s);
}

void standing_cease(struct standing *s) {
  store_flag(&s->blocking, false);
  s->counted = false;
  s->in_row = 0;
}

void note_counted(struct attachment *a) {
  a->reading->standing.counted = load32(&a->pool.header->state) == BIPS_LAYOUT_STATE_RUNNING;
}

void standing_note(struct standing *s, uint64_t gap) {
  s->stayed = true;
  s->in_row = gap > 0 ? 0 : s->in_row + 1;
}

bool standing_has_caught_up(const struct standing *s) { return !s->on_trial || s->in_row >= s->trial; }

/* block makes the producer wait for us again, as far as we deserve it (U5). We go on where we are; what lies
 * further back than the pool has slots is gone for certain. */
void block(struct attachment *a) {
  struct reading *r = a->reading;
  struct standing *s = &r->standing;
  uint64_t from = r->cursor, head = head_of(a), slots = a->pool.g.slots;

  if (!standing_has_caught_up(s) || is_judged(a))
    return;
  if (head >= slots)
    from = most64(from, head + 1 - slots);
  r->lost += from - r->cursor;
  s->on_trial = false;
  s->in_row = 0;
  store_flag(&s->blocking, true);
  set_cursor(a, from);
  store32(&a->seat->state, BIPS_LAYOUT_SEAT_EVERY);
  note_counted(a);
  /* What was published before was not kept for us, and may be gone. */
  s->sure = head_of(a) + 1;
  ring_door(&a->door);
  HIT("U5");
}

/* unblock makes the producer wait for us no longer (U4). */
void unblock(struct attachment *a) {
  standing_cease(&a->reading->standing);
  store32(&a->seat->state, BIPS_LAYOUT_SEAT_LATEST);
  HIT("U4a");
  ring_door(&a->door);
  HIT("U4b");
}

/* wants_to_block reports whether the producer is to wait for us. */
bool wants_to_block(const struct attachment *a) {
  return a->reading->mode == BIPS_EVERY && !load_flag(&a->consumer->ignored_wish);
}

/* is_judged reports whether the producer's word is about us. It takes a demotion back when it has seen that we
 * know (D5). */
bool is_judged(const struct attachment *a) {
  uint64_t verdict = load64(&seat_word_of(&a->pool, a->index)->verdict);

  return value_of(verdict) != 0 && generation_of(verdict) == a->generation;
}

/* pass_over goes on with the next frame: the one wanted was not kept for us, and is gone (C7e). */
void pass_over(struct attachment *a) {
  if (a->reading->standing.stayed)
    a->reading->lost++;
  set_cursor(a, a->reading->cursor + 1);
  ring_door(&a->door);
  HIT("C7e");
}
