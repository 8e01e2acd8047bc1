#include "grant.h"

#include "atomics.h"
#include "crashpoint.h"
#include "errors.h"
#include "producer.h"
#include "words.h"

/* room_for is how many pins can be granted to a seat beside the other seats (G2). Never below 0: what is
 * granted is at most what can be pinned. */
static uint32_t room_for(const struct own_pool *o, uint32_t i) {
  uint32_t others = own_pool_granted(o) - o->views[i].pins, all = pinnable(o->pool.g.slots);

  return others < all ? all - others : 0;
}

/* forget_left ends the grants of those who have left since the last look. */
static void forget_left(struct own_pool *o) {
  for (uint32_t i = 0; i < o->seats.count; i++)
    if (!o->views[i].place.pending && load32(&o->seats.seats[i]->state) == BIPS_LAYOUT_SEAT_FREE)
      forget_grant(&o->views[i]);
}

void forget_grant(struct seat_view *v) {
  v->generation = v->pins = 0;
  v->overdrawn = false;
}

/* grant answers a seat that asks (G1 to G4): its holder may show so many pins, for as long as it has the
 * seat. A seat's pins beyond its grant are nobody's (P2b), so what a hostile one asks or shows costs the
 * others no more than the grant. */
void grant(bips_producer *p, uint32_t i) {
  struct own_pool *o = p->own;
  struct seat_view *v = &o->views[i];
  uint32_t asked = load32(&o->seats.seats[i]->asked), most = asked_most(asked), least = asked_least(asked), pins = 0;

  if (load32(o->generations[i]) != v->seen)
    return; /* somebody else sits there now: at the next look */
  HIT("G1");
  if (1 <= least && least <= most && most < BIPS_LAYOUT_MAX_SLOTS) {
    uint32_t room = room_for(o, i);
    HIT("G2");
    if (room < least) {
      reclaim_dead(p);
      if (v->state != BIPS_LAYOUT_SEAT_ASKING)
        return; /* who asks is dead itself */
      forget_left(o);
      room = room_for(o, i);
      HIT("G3");
    }
    pins = share(room, most, least);
  }
  v->generation = v->seen;
  v->pins = pins;
  v->overdrawn = false;
  store64(&seat_word_of(&o->pool, i)->granted, pack_of(v->seen, pins));
  HIT("G4a");
  own_pool_ring_bell(o);
  HIT("G4b");
}

uint32_t share(uint32_t room, uint32_t most, uint32_t least) {
  if (room < least)
    return 0;
  return most32(least, least32(most, (room + 2) / 3));
}

struct request request_of(const struct bips_layout_seat *seat) {
  uint32_t asked = load32(&seat->asked), most = least32(asked_most(asked), BIPS_LAYOUT_MAX_SLOTS);

  return (struct request){most, least32(asked_least(asked), most)};
}

int explain_slots_taken(uint32_t slots, uint32_t granted, const struct request *others, uint32_t count, struct request own) {
  uint32_t more = slots_for(slots + 1, others, count, own, own.least);

  fail_plain(BIPS_POOL_FULL, "its %u slots leave room for %u held frames, others may hold %u and this consumer wants %u: ", slots,
      pinnable(slots), granted, own.least);
  if (more <= BIPS_MAX_SLOTS)
    append(-BIPS_POOL_FULL, "give the producer %u slots or more, or ", more);
  return append(-BIPS_POOL_FULL, "let each consumer hold fewer frames");
}

uint32_t slots_for(uint32_t from, const struct request *others, uint32_t count, struct request own, uint32_t wanted) {
  for (uint32_t slots = from; slots <= BIPS_LAYOUT_MAX_SLOTS; slots++) {
    uint32_t room = pinnable(slots);
    for (uint32_t i = 0; i < count; i++)
      room -= share(room, others[i].most, others[i].least); /* never more than there is */
    if (share(room, own.most, own.least) >= wanted)
      return slots;
  }
  return BIPS_LAYOUT_MAX_SLOTS + 1;
}
