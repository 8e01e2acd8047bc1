#include "atomics.h"
#include "crashpoint.h"
#include "errors.h"
#include "link.h"
#include "reception.h"

/* ---- The producer: it tells its readers where it has moved to */

void spares_fill(struct spares *s, const struct geometry *g, uint32_t n) {
  for (; s->tried < n; s->tried++) {
    struct seat_memory *seat;
    if (seat_memory_make(g, &seat) == 0) {
      seat->next = s->seats;
      s->seats = seat;
    }
    HIT("X1");
  }
}

void spares_drop(struct spares *s) {
  seat_memories_drop(s->seats);
  s->seats = NULL;
}

uint32_t reception_seated(const struct reception *r) {
  uint32_t n = 0;

  for (uint32_t i = 0; r != NULL && i < BIPS_LAYOUT_MAX_SEATS; i++)
    if (r->guests[i] != NULL && r->guests[i]->seated)
      n++;
  return n;
}

/* is_behind reports whether the reader sits in the pool before, and was not told where to go. With mu. */
static bool is_behind(const struct guest *g) {
  return g->seated && g->own != g->reception->producer->own->pool.g.move && !g->told;
}

/* try_to_send_move is with mu. */
static bool try_to_send_move(struct guest *g, struct seat_memory *s) {
  struct own_pool *target = g->reception->producer->own;
  const struct geometry *to = &target->pool.g;
  uint8_t message[BIPS_WIRE_MAX_SIZE];

  if (g->seat < 0 || !target->views[g->seat].place.pending)
    return false;
  store32(&s->seat->generation, g->generation);
  store64(&s->header->magic, BIPS_LAYOUT_SEAT_MAGIC);
  const struct bips_wire_move m = {
      .instance = to->instance, .pool_size = to->segment_size, .seat_size = SEAT_MEMORY_SIZE, .seat = (uint32_t)g->seat,
      .generation = g->generation, .granted = target->views[g->seat].pins, .required = BIPS_LAYOUT_KNOWN_REQUIRED, .left = to->instance,
      .first = to->first,
  };
  return guest_send(g, target, s, message, wire_append_move(message, &m)) == 0;
}

/* tell_move hands the reader its seat in the pool that is published in (X2). Who has no place there, or does not read what it is sent, or
 * has no seat since none could be made, is disconnected (X6): it comes back as a newcomer. With mu. */
static void tell_move(struct guest *g, struct spares *seats) {
  struct seat_memory *seat = seats->seats;

  if (seat != NULL && try_to_send_move(g, seat)) {
    seats->seats = seat->next;
    g->move = seat;
    g->move_to = g->reception->producer->own->pool.g.move;
    g->told = true;
    HIT("X2");
    return;
  }
  guest_unseat(g);
  conn_shutdown(g->conn);
  HIT("X6");
}

void tell_guests(struct reception *r, struct spares *seats) {
  for (uint32_t i = 0; r != NULL && i < BIPS_LAYOUT_MAX_SEATS; i++)
    if (r->guests[i] != NULL && is_behind(r->guests[i]))
      tell_move(r->guests[i], seats);
}

void send_move(struct guest *g) {
  bips_producer *p = g->reception->producer;
  struct spares seats = {NULL, 0};
  struct geometry target;
  bool usable;

  pthread_mutex_lock(&p->mu);
  usable = is_usable(p); /* else it will be told that the pool has ended */
  target = p->own->pool.g;
  pthread_mutex_unlock(&p->mu);
  if (!usable)
    return;
  spares_fill(&seats, &target, 1);
  pthread_mutex_lock(&p->mu);
  if (is_usable(p) && p->own->pool.g.move == target.move && is_behind(g))
    tell_move(g, &seats);
  pthread_mutex_unlock(&p->mu);
  spares_drop(&seats);
}

bool arrive(struct guest *g) {
  bips_producer *p = g->reception->producer;
  struct seat_memory *move;
  uint32_t target;

  pthread_mutex_lock(&p->mu);
  move = g->move; /* the caller's from now on, to seal it */
  target = g->move_to;
  g->move = NULL;
  pthread_mutex_unlock(&p->mu);
  if (move == NULL || !settle(g, move, target))
    return false;
  HIT("X5");
  return true;
}

/* ---- The reader: the producer says where it has moved to */

/* read_move is X3 with a MOVE. */
static int read_move(struct link *l, struct attachment *a, struct letter *letter) {
  struct connection *c = connection_of(l);
  struct bips_wire_grant grant;
  struct bips_wire_move move;
  struct attachment *next;
  struct wire_why why;
  enum wire_result result = wire_parse_move(letter->message, letter->size, &move, &why);
  int err;

  if (result != WIRE_OK)
    return wrong_message(result, &why);
  wire_grant_of_move(&move, &grant);
  if ((err = accept_pool(a->consumer, &grant, &letter->received, &next)) < 0)
    return err;
  const struct geometry *g = &next->pool.g;
  if (move.left != a->pool.g.instance || g->instance != a->pool.g.instance || g->move != a->pool.g.move + 1 || g->first != move.first ||
      next->index != a->index || next->generation != a->generation || next->granted != a->granted) {
    free_attachment(next);
    return fail(BIPS_DAMAGED, "it moves to another pool, or to another one's seat");
  }
  link_of(next)->slots = l->slots;
  l->next = next;
  l->seated = false;
  HIT("X3");
  if (send_ready(c, &grant) < 0)
    connection_shutdown(c); /* the end of the connection tells the rest */
  return 0;
}

static int read_letter(struct link *l, struct attachment *a, struct letter *letter) {
  struct bips_wire_head head;
  struct wire_why why;
  enum wire_result result = wire_parse_head(letter->message, letter->size, &head, &why);

  if (result != WIRE_OK)
    return wrong_message(result, &why);
  if (head.magic == BIPS_WIRE_SITS_MAGIC && l->next != NULL && is_seated(l->next, letter)) {
    l->seated = true;
    HIT("X4");
    return 0;
  }
  if (head.magic != BIPS_WIRE_MOVE_MAGIC || l->next != NULL)
    return unexpected(letter, "to a reader that sits");
  return read_move(l, a, letter);
}

int link_read_moves(struct link *l, struct attachment *a, bool *ended) {
  for (;;) {
    struct letter letter;
    bool there;
    int err = connection_take(connection_of(l), &letter, &there, ended);
    if (err < 0)
      return wrong_end(err);
    if (!there)
      return 0;
    err = read_letter(l, a, &letter);
    received_discard(&letter.received);
    if (err < 0)
      return err;
  }
}

/* If the producer dies after it said where it has moved to, the place there is the reader's own all the same. */
int link_find_next(struct peer *peer, struct attachment *a, bool suspended, struct attachment **next, enum whereabouts *found) {
  struct link *l = (struct link *)peer;
  struct attachment *n;
  bool ended;
  int err = link_read_moves(l, a, &ended);

  *next = NULL;
  *found = GONE;
  if (err < 0)
    return err;
  if (l->next == NULL || (!l->seated && !ended)) {
    *found = l->next == NULL && ended ? NEWCOMER : NOT_YET; /* a newcomer; or the producer is lost, as its name will show */
    return 0;
  }
  n = l->next;
  l->next = NULL;
  if (!take_place(n, a, suspended)) {
    free_attachment(n);
    *found = NEWCOMER;
    return 0;
  }
  __atomic_store_n(&link_of(n)->connection, __atomic_exchange_n(&l->connection, NULL, __ATOMIC_SEQ_CST), __ATOMIC_SEQ_CST);
  link_populate(link_of(n));
  *next = n;
  *found = TAKEN;
  return 0;
}
