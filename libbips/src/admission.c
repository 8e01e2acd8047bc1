#include <stdio.h>

#include "atomics.h"
#include "errors.h"
#include "grant.h"
#include "reception.h"
#include "words.h"

/* UNSEATED_LIMIT is how old a grant may be whose reader has not said that it is ready, before somebody else gets it who would find
 * nothing. */
#define UNSEATED_LIMIT (50 * MILLISECOND)

bool refuse(struct refusal *why, uint32_t code, uint32_t again) {
  why->code = code;
  why->again = again;
  snprintf(why->text, sizeof why->text, "%s", bips_error_message());
  return false;
}

/* requests_but are what the readers of a pool asked for and were granted, but for one of them. */
static uint32_t requests_but(const struct own_pool *o, uint32_t but, struct request *others) {
  uint32_t count = 0;

  for (uint32_t i = 0; i < o->seats.count; i++)
    if (o->views[i].pins > 0 && i != but)
      others[count++] = request_of(o->seats.seats[i]);
  return count;
}

/* slots_taken says why there are no pins for a seat. */
static void slots_taken(const struct own_pool *o, uint32_t seat, struct request own) {
  struct request others[BIPS_LAYOUT_MAX_SEATS];
  uint32_t count = requests_but(o, seat, others);

  explain_slots_taken(o->pool.g.slots, own_pool_granted(o), others, count, own);
}

/* try_to_seat is one try. With mu. */
static bool try_to_seat(struct guest *guest, const struct bips_wire_hello *hello, struct refusal *why) {
  struct reception *r = guest->reception;
  bips_producer *p = r->producer;
  struct own_pool *o = p->own;
  uint32_t i = 0, generation;

  while (i < o->seats.count && (r->guests[i] != NULL || o->views[i].place.pending))
    i++;
  if (i == o->seats.count) {
    fail_plain(BIPS_POOL_FULL, "all its %u seats are taken: raise max-consumers on the producer", o->seats.count);
    return refuse(why, BIPS_WIRE_SEATS_TAKEN, 0);
  }
  struct bips_layout_seat *seat = o->seats.seats[i];
  struct seat_view *v = &o->views[i];
  generation = most32(load32(o->generations[i]) + 1, 1); /* 0 is nobody's */
  store32(o->generations[i], generation);
  store32(&seat->asked, pack_asked(hello->wanted, hello->least));
  store32(&seat->pid, hello->pid);
  store32(&seat->state, BIPS_LAYOUT_SEAT_ASKING);
  *v = (struct seat_view){.seen = generation, .state = BIPS_LAYOUT_SEAT_ASKING};
  grant(p, i);
  if (v->pins == 0) {
    store32(&seat->state, BIPS_LAYOUT_SEAT_FREE);
    forget_grant(v);
    store64(&seat_word_of(&o->pool, i)->granted, 0);
    slots_taken(o, i, (struct request){hello->wanted, hello->least});
    return refuse(why, BIPS_WIRE_SLOTS_TAKEN, 0);
  }
  guest->seat = (int)i;
  guest->generation = generation;
  guest->own = o->pool.g.move;
  guest->granted = sys_now();
  r->guests[i] = guest;
  return true;
}

/* dismiss_slow ends the connection whose grant is oldest of those that have not got ready in time, and reports whether there was one.
 * With mu. */
static bool dismiss_slow(struct reception *r) {
  struct guest *slow = NULL;
  int64_t now = sys_now();

  for (uint32_t i = 0; i < BIPS_LAYOUT_MAX_SEATS; i++) {
    struct guest *g = r->guests[i];
    if (g != NULL && !g->seated && now - g->granted > UNSEATED_LIMIT && (slow == NULL || g->granted < slow->granted))
      slow = g;
  }
  if (slow != NULL)
    reception_dismiss(r, (uint32_t)slow->seat);
  return slow != NULL;
}

/* describe_grant fills in what the reader is told. With mu. */
static void describe_grant(const struct guest *guest, const struct bips_wire_hello *hello, struct bips_wire_grant *grant) {
  const struct own_pool *o = guest->reception->producer->own;
  const struct geometry *g = &o->pool.g;
  uint32_t seat = (uint32_t)guest->seat, pins = o->views[seat].pins;

  *grant = (struct bips_wire_grant){
      .instance = g->instance, .pool_size = g->segment_size, .seat_size = SEAT_MEMORY_SIZE, .seat = seat,
      .generation = guest->generation, .granted = pins, .required = BIPS_LAYOUT_KNOWN_REQUIRED,
  };
  if (pins < hello->wanted) {
    struct request others[BIPS_LAYOUT_MAX_SEATS];
    uint32_t count = requests_but(o, seat, others);
    uint32_t slots = slots_for(g->slots + 1, others, count, (struct request){hello->wanted, hello->least}, hello->wanted);
    if (slots <= BIPS_MAX_SLOTS)
      grant->slots_for_most = slots;
  }
}

bool seat_guest(struct guest *guest, const struct bips_wire_hello *hello, struct bips_wire_grant *grant, struct geometry *g,
    struct refusal *why) {
  bips_producer *p = guest->reception->producer;
  bool seated = false;

  pthread_mutex_lock(&p->mu);
  if (!is_usable(p)) {
    fail_plain(BIPS_CLOSED, "the producer ends");
    refuse(why, BIPS_WIRE_CLOSING, 100);
  } else {
    read_seats(p); /* who has left needs its pins no more */
    while (!(seated = try_to_seat(guest, hello, why)) && dismiss_slow(guest->reception))
      ;
  }
  if (seated) {
    describe_grant(guest, hello, grant);
    *g = p->own->pool.g;
  }
  pthread_mutex_unlock(&p->mu);
  return seated;
}
