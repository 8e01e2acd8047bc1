#include <stdio.h>

#include "atomics.h"
#include "crashpoint.h"
#include "errors.h"
#include "reception.h"
#include "words.h"

#define HANDSHAKE_LIMIT SECOND  /* how long a producer waits for a reader's next message of the handshake */
#define KNOCK_PAUSE MILLISECOND /* how often one reader may call the housekeeper */

/* ---- Offering a seat */

/* wrong_hello refuses a HELLO that was read as result; false: nothing is wrong. */
static bool wrong_hello(enum wire_result result, const struct wire_why *problem, const struct bips_wire_hello *hello, struct refusal *why) {
  uint32_t code = BIPS_WIRE_OTHER_VERSION;

  if (result != WIRE_OK) {
    fail_plain(BIPS_DAMAGED, "%s", problem->text);
    code = result == WIRE_VERSION ? BIPS_WIRE_OTHER_VERSION : BIPS_WIRE_BAD_MESSAGE;
  } else if (hello->layout_major != BIPS_LAYOUT_VERSION_MAJOR) {
    fail_plain(BIPS_OTHER_VERSION, "the pool has layout %d.%d, the reader knows %u.%u: use the same major version on both sides",
        BIPS_LAYOUT_VERSION_MAJOR, BIPS_LAYOUT_VERSION_MINOR, hello->layout_major, hello->layout_minor);
  } else if ((BIPS_LAYOUT_KNOWN_REQUIRED & ~hello->known) != 0) {
    fail_plain(BIPS_OTHER_VERSION, "the pool needs features %#llx that the reader does not know: use a newer version there",
        (unsigned long long)(BIPS_LAYOUT_KNOWN_REQUIRED & ~hello->known));
  } else {
    return false;
  }
  refuse(why, code, 0);
  return true;
}

/* greet waits for what the reader wants (O1). */
static bool greet(struct guest *g, struct bips_wire_hello *hello, struct refusal *why) {
  uint8_t message[BIPS_WIRE_MAX_SIZE];
  size_t size = sizeof message;
  struct wire_why problem;
  int err = conn_receive(g->conn, message, &size, 0, HANDSHAKE_LIMIT, NULL);

  if (!has_greeted(g) || err < 0) { /* or somebody else needed its turn */
    fail_plain(BIPS_DAMAGED, "what came is no message of BIPS, or none came");
    return refuse(why, BIPS_WIRE_BAD_MESSAGE, 0);
  }
  return !wrong_hello(wire_parse_hello(message, size, hello, &problem), &problem, hello, why);
}

/* make_seat makes a seat's memory (O3). It is never one that another reader had: who has it could have kept it. */
static int make_seat(const struct geometry *g, const struct bips_wire_grant *grant, const struct bips_wire_hello *hello,
    struct seat_memory **made) {
  struct seat_memory *s;
  int err = seat_memory_make(g, made);

  if (err < 0)
    return err;
  s = *made;
  store32(&s->seat->generation, grant->generation);
  store32(&s->seat->asked, pack_asked(hello->wanted, hello->least));
  store32(&s->seat->state, BIPS_LAYOUT_SEAT_ASKING);
  store64(&s->header->magic, BIPS_LAYOUT_SEAT_MAGIC);
  return 0;
}

/* find_pool finds a pool that the producer has mapped still; NULL: it has not. With mu. */
static struct own_pool *find_pool(bips_producer *p, uint32_t move) {
  struct own_pool *o;

  if (p->own->pool.g.move == move)
    return p->own;
  for (o = p->old; o != NULL && o->pool.g.move != move;)
    o = o->next;
  return o;
}

/* The send waits for nobody: it is one sendmsg with MSG_DONTWAIT. A reader that does not read its messages fills the socket, and the
 * next one is refused (EAGAIN); whoever is sent something then loses its seat. */
int guest_send(struct guest *g, const struct own_pool *own, const struct seat_memory *s, const uint8_t *message, size_t size) {
  int shared = own == NULL ? -1 : shared_memory(own);
  const int descriptors[BIPS_WIRE_DESCRIPTORS] = {shared, s->memory.fd};

  return shared < 0 ? fail_plain(BIPS_CLOSED, "the pool is over") : conn_send(g->conn, message, size, descriptors, BIPS_WIRE_DESCRIPTORS);
}

/* offer hands a seat and its pool to the reader (O4). With mu, with which the pool's descriptor is closed. */
static int offer(struct guest *g, const struct seat_memory *s, const struct bips_wire_grant *grant) {
  bips_producer *p = g->reception->producer;
  uint8_t message[BIPS_WIRE_MAX_SIZE];
  size_t size = wire_append_grant(message, grant);
  int err;

  pthread_mutex_lock(&p->mu);
  err = guest_send(g, find_pool(p, g->own), s, message, size);
  pthread_mutex_unlock(&p->mu);
  return err;
}

/* no_resources refuses a reader whose seat could not be made or handed out, for the last error. */
static bool no_resources(struct refusal *why) {
  wrap(-BIPS_NO_SPACE, "the producer cannot make a seat: ");
  return refuse(why, BIPS_WIRE_NO_RESOURCES, 1000);
}

/* offer_seat hands the reader what it asks for (O1 to O4). */
static bool offer_seat(struct guest *g, struct seat_memory **made, struct refusal *why) {
  struct bips_wire_hello hello = {0};
  struct bips_wire_grant grant;
  struct geometry geometry;

  if (!greet(g, &hello, why))
    return false;
  HIT("O1");
  if (!seat_guest(g, &hello, &grant, &geometry, why))
    return false;
  HIT("O2");
  g->due = (struct bips_wire_ready){.instance = grant.instance, .seat = grant.seat};
  if (make_seat(&geometry, &grant, &hello, made) < 0)
    return no_resources(why);
  HIT("O3");
  if (offer(g, *made, &grant) < 0) {
    no_resources(why);
    seat_memory_drop(*made);
    return false;
  }
  HIT("O4");
  return true;
}

/* tell_refusal tells the reader why it gets no seat, if it still listens. */
static void tell_refusal(struct guest *g, const struct refusal *why) {
  const struct bips_wire_refuse m = {.code = why->code, .again = why->again};
  uint8_t message[BIPS_WIRE_MAX_SIZE];

  conn_send(g->conn, message, wire_append_refuse(message, &m, why->text), NULL, 0);
}

/* ---- Sitting down */

/* is_ready reports whether a message is the READY that is due. */
static bool is_ready(const struct guest *g, const uint8_t *message, size_t size) {
  struct bips_wire_ready ready;
  struct wire_why why;

  return wire_parse_ready(message, size, &ready, &why) == WIRE_OK && ready.seat == g->due.seat && ready.instance == g->due.instance;
}

/* await_ready waits until the reader has mapped its seat (O5). */
static bool await_ready(struct guest *g) {
  uint8_t message[BIPS_WIRE_MAX_SIZE];
  size_t size = sizeof message;

  if (conn_receive(g->conn, message, &size, 0, HANDSHAKE_LIMIT, NULL) < 0)
    return false;
  HIT("O5");
  return is_ready(g, message, size);
}

/* tell_sits is O8. */
static int tell_sits(struct guest *g) {
  const struct bips_wire_sits m = {.instance = g->due.instance, .seat = g->due.seat};
  uint8_t message[BIPS_WIRE_MAX_SIZE];

  return conn_send(g->conn, message, wire_append_sits(message, &m), NULL, 0);
}

/* sit_down puts the seat into the table of a pool (O7), and tells the reader so (O8). *taken: the memory is the pool's. *moved: that pool
 * is no longer the one that is published in. With mu.
 *
 * Both are one hold of the mutex. A move finds a reader that is told where it goes, or one that has not joined: it never passes by
 * one that was promised every frame. For that the message is noted in the hold that sends it, and comes before any MOVE. */
static bool sit_down(struct guest *g, struct seat_memory *s, uint32_t move, bool *taken, bool *moved) {
  bips_producer *p = g->reception->producer;
  struct own_pool *own = p->own;

  *taken = *moved = false;
  if (!is_usable(p) || g->seat < 0)
    return false;
  if (own->pool.g.move != move && ((own = p->own->before) == NULL || own->pool.g.move != move))
    return false;
  own_pool_seat_reader(own, (uint32_t)g->seat, s);
  *taken = true;
  own->views[g->seat].key_frames = 0;
  g->own = move;
  g->move = NULL;
  g->told = false;
  ring_door(&p->own->door.door);
  HIT("O7");
  if (tell_sits(g) < 0) { /* O8 */
    guest_unseat(g); /* it is gone or does not read its messages, and has no pin: it was not told that it may have one */
    return false;
  }
  g->seated = true;
  HIT("O8");
  *moved = own != p->own;
  return true;
}

bool settle(struct guest *g, struct seat_memory *s, uint32_t own) {
  bips_producer *p = g->reception->producer;
  bool sits, taken, moved;

  if (seat_memory_seal(s) < 0) {
    seat_memory_drop(s);
    return false;
  }
  HIT("O6");
  pthread_mutex_lock(&p->mu);
  sits = sit_down(g, s, own, &taken, &moved);
  pthread_mutex_unlock(&p->mu);
  if (!taken)
    seat_memory_drop(s);
  if (moved)
    send_move(g);
  return sits;
}

/* ---- Sitting */

/* heed does what a message of a reader that sits asks for (O9), and reports false if that is the end. */
static bool heed(struct guest *g, const uint8_t *message, size_t size) {
  struct bips_wire_head head;
  struct wire_why why;

  if (wire_parse_head(message, size, &head, &why) != WIRE_OK)
    return false;
  if (head.magic == BIPS_WIRE_KNOCK_MAGIC) {
    wake_housekeeper(g->reception->producer);
    HIT("O9");
    return true;
  }
  return head.magic == BIPS_WIRE_READY_MAGIC && is_ready(g, message, size) && arrive(g);
}

/* listen_to serves a reader that sits until it is gone (O9). */
static void listen_to(struct guest *g) {
  for (;;) {
    uint8_t message[BIPS_WIRE_MAX_SIZE];
    size_t size = sizeof message;
    if (conn_receive(g->conn, message, &size, 0, FOREVER, NULL) < 0)
      return;
    int64_t start = sys_now();
    if (!heed(g, message, size))
      return;
    if (sys_now() - start < KNOCK_PAUSE)
      sys_sleep(KNOCK_PAUSE);
  }
}

/* ---- The end */

void guest_unseat(struct guest *g) {
  bips_producer *p = g->reception->producer;
  struct own_pool *o = p->own;
  uint32_t i = (uint32_t)g->seat;

  if (g->seat < 0)
    return;
  g->seat = -1;
  g->reception->guests[i] = NULL;
  own_pool_leave_seat(o, g->move); /* to be unmapped without mu */
  g->move = NULL;
  g->told = false;
  for (struct own_pool *old = p->old; old != NULL; old = old->next)
    own_pool_unseat_reader(old, i);
  if (own_pool_unseat_reader(o, i))
    p->stats.reclaimed++;
  if (!is_usable(p)) /* what a closed pool says of seats stays: their readers go by it */
    return;
  if (o->views[i].place.pending)
    close_place(o, i);
  o->views[i] = (struct seat_view){0};
  store64(&seat_word_of(&o->pool, i)->granted, 0);
  store64(&seat_word_of(&o->pool, i)->verdict, 0);
  ring_door(&o->door.door);
  let_go_of_before(p);
}

void reception_dismiss(struct reception *r, uint32_t seat) {
  struct guest *g = r->guests[seat];

  if (g != NULL) {
    guest_unseat(g);
    conn_shutdown(g->conn);
  }
}

void drop_left_seats(bips_producer *p) {
  struct seat_memory *left = NULL;

  pthread_mutex_lock(&p->mu);
  own_pool_take_left(p->own, &left);
  for (struct own_pool *o = p->old; o != NULL; o = o->next)
    own_pool_take_left(o, &left);
  pthread_mutex_unlock(&p->mu);
  seat_memories_drop(left);
}

/* end is the end of a connection (O10): the seat is nobody's from now on. */
static void end(struct guest *g) {
  bips_producer *p = g->reception->producer;

  has_greeted(g);
  pthread_mutex_lock(&p->mu);
  guest_unseat(g);
  pthread_mutex_unlock(&p->mu);
  HIT("O10");
  drop_left_seats(p);
  depart(g);
}

/* serve_guest is the life of a connection (O). */
void *serve_guest(void *guest) {
  struct guest *g = guest;
  struct seat_memory *seat;
  struct refusal why;

  if (!offer_seat(g, &seat, &why))
    tell_refusal(g, &why);
  else if (!await_ready(g)) /* O5 */
    seat_memory_drop(seat);
  else if (settle(g, seat, g->own)) /* O6 to O8 */
    listen_to(g);
  end(g);
  return NULL;
}
