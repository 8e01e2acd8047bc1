#include "atomics.h"
#include "crashpoint.h"
#include "producer.h"
#include "words.h"

/* MOST_JUDGEMENTS is how many verdicts are taken back for one slot that is looked for: a holder that
 * changes its generation at will must not keep the producer. */
enum { MOST_JUDGEMENTS = 3 };

/* demote puts the verdict on a seat (D2 to D4), and takes it back when somebody else turns out to sit
 * there. It reports whether the verdict stands. */
static bool demote(bips_producer *p, uint32_t i, uint32_t generation) {
  struct own_pool *o = p->own;
  uint64_t *word = &seat_word_of(&o->pool, i)->verdict;

  if (p->judgements >= MOST_JUDGEMENTS)
    return false;
  o->views[i].demoted = true;
  store64(word, pack_of(generation, BIPS_LAYOUT_VERDICT_DEMOTED)); /* D2 */
  HIT("D2");
  if (load32(o->generations[i]) != generation) { /* D3 */
    store64(word, 0);
    o->views[i].demoted = false;
    p->judgements++;
    return false;
  }
  HIT("D3");
  tell_demotion(p, load32(&o->seats.seats[i]->pid));
  return true;
}

/* demote_blockers demotes each consumer that still wants the oldest frame (D1), and reports whether there
 * was any. */
bool demote_blockers(bips_producer *p, uint64_t oldest) {
  struct own_pool *o = p->own;
  bool demoted = false;

  if (oldest == NO_SEQUENCE)
    return false; /* what is not free is lent or pinned: nobody's wish keeps it */
  HIT("D1");
  for (uint32_t i = 0; i < o->seats.count; i++) {
    struct seat_view *v = &o->views[i];
    if (wants_every(v) && v->cursor <= oldest && demote(p, i, v->seen))
      demoted = true;
  }
  if (o->pool.g.first <= oldest && demote_kept(p))
    demoted = true;
  return demoted;
}

/* tell_demotion rings for a verdict that stands, and counts it. */
void tell_demotion(bips_producer *p, uint32_t pid) {
  own_pool_ring_bell(p->own);    /* D4 */
  ring_door(&p->own->door.door); /* for threads of ours that found nothing */
  HIT("D4");
  store64(&p->demotions, ++p->stats.demoted);
  p->stats.last_demoted = pid;
}

/* end_demotion is D5: the seat's holder knows, or is gone. */
void end_demotion(struct own_pool *o, uint32_t seat) {
  o->views[seat].demoted = false;
  store64(&seat_word_of(&o->pool, seat)->verdict, 0);
  HIT("D5");
}
