#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "atomics.h"
#include "crashpoint.h"
#include "errors.h"
#include "link.h"
#include "permission.h"
#include "words.h"

/* NAME_LIMIT is how often an applicant that waits looks whether the name still leads to whom it asked: that one may be stopped,
 * and another one have come. */
#define NAME_LIMIT SECOND

/* The seals of the memory that a reader gets (T8). */
enum {
  POOL_SEALS = SEAL_SHRINK | SEAL_GROW | SEAL_FUTURE_WRITE | SEAL_SEAL,
  SEAT_SEALS = SEAL_SHRINK | SEAL_GROW
};

/* struct applicant is a consumer that has asked a producer for a seat over a connection. */
struct applicant {
  struct application application;
  bips_consumer *consumer;
  struct file_id socket; /* that it is connected to */
  struct connection *connection;
  struct attachment *granted; /* not seated yet */
  int64_t looked;             /* when the name was looked at last */
};

/* ---- What a producer's messages mean */

int wrong_message(enum wire_result result, const struct wire_why *why) {
  return fail(result == WIRE_VERSION ? BIPS_OTHER_VERSION : BIPS_DAMAGED, "%s", why->text);
}

int wrong_end(int error) {
  return error == -SYS_DESCRIPTORS_LOST || error == -BIPS_DAMAGED ? error : recode(BIPS_DAMAGED);
}

int unexpected(const struct letter *l, const char *instead) {
  char magic[9];

  wire_clean((const char *)l->message, sizeof magic - 1, magic, sizeof magic - 1);
  return fail(BIPS_DAMAGED, "its producer sends %s %s", magic, instead);
}

/* hung_up: the connection ended where an answer was due. The producer has ended, or had to let somebody go. */
static int hung_up(void) { return fail_plain(PASSING, "its producer has closed the connection"); }

/* hung_up_on is hung_up of an applicant, which asks again after a moment. */
static int hung_up_on(struct applicant *a) {
  again_after(&a->consumer->again, 0, &a->socket);
  return hung_up();
}

/* refused is what a refusal means (T6). */
static int refused(struct applicant *a, const struct letter *l) {
  char text[BIPS_WIRE_MAX_TEXT + 1];
  struct bips_wire_refuse m;
  struct wire_why why;
  enum wire_result result = wire_parse_refuse(l->message, l->size, &m, text, &why);

  if (result != WIRE_OK)
    return wrong_message(result, &why);
  if (text[0] == 0)
    snprintf(text, sizeof text, "%s", wire_code_text(m.code));
  switch (m.code) {
  case BIPS_WIRE_SEATS_TAKEN:
  case BIPS_WIRE_SLOTS_TAKEN:
    again_after(&a->consumer->again, 0, &a->socket);
    return fail(BIPS_POOL_FULL, "%s", text);
  case BIPS_WIRE_OTHER_VERSION: return fail(BIPS_OTHER_VERSION, "%s", text);
  case BIPS_WIRE_NOT_ALLOWED: return fail(BIPS_PERMISSION, "its user did not share the pool: %s", text);
  case BIPS_WIRE_BAD_MESSAGE: return fail(BIPS_OTHER_VERSION, "its producer does not understand this program: %s", text);
  case BIPS_WIRE_TOO_BUSY:
  case BIPS_WIRE_NO_RESOURCES:
  case BIPS_WIRE_CLOSING: break;
  default: /* a reason that this program does not know */
    if (m.again == 0)
      return fail(BIPS_OTHER_VERSION, "its producer refuses a seat: %s", text);
  }
  again_after(&a->consumer->again, m.again * MILLISECOND, &a->socket);
  return fail_plain(PASSING, "%s", text);
}

/* ---- What it hands out */

/* map_received maps memory that came with a message, if it is what was announced. */
static int map_received(struct received *received, size_t index, uint64_t size, int seals, enum access access, struct mapping *mapping) {
  struct memory memory;
  int err;

  if (received_memory(received, index, size, seals, &memory) < 0)
    return recode(BIPS_DAMAGED);
  err = memory_map(&memory, access, mapping);
  memory_close(&memory);
  return err == -EACCES ? recode(BIPS_DAMAGED) : err; /* it has seals that the reader's seat must not have */
}

/* map_granted maps both segments, and checks what they say of themselves. */
static int map_granted(struct link *l, const struct bips_wire_grant *grant, struct received *received, struct pool_segment *pool,
    struct seat_segment *seats) {
  struct geometry g, one;
  struct seat_table table;
  int err;

  if (received->count != BIPS_WIRE_DESCRIPTORS)
    return fail(BIPS_DAMAGED, "%zu descriptors came with a seat, not %d", received->count, BIPS_WIRE_DESCRIPTORS);
  if ((err = map_received(received, 0, grant->pool_size, POOL_SEALS, READ_ONLY, &l->pool_map)) < 0 ||
      (err = map_received(received, 1, grant->seat_size, SEAT_SEALS, READ_WRITE, &l->seat_map)) < 0)
    return err;
  HIT("T7");
  if ((err = read_geometry(l->pool_map.bytes, grant->pool_size, BIPS_LAYOUT_BACKEND_MEMFD, &g)) < 0)
    return err;
  if (g.instance != grant->instance || grant->seat >= g.seats)
    return fail(BIPS_DAMAGED, "its producer grants seat %u of instance %llx, the pool has %u and is of instance %llx", grant->seat,
        (unsigned long long)grant->instance, g.seats, (unsigned long long)g.instance);
  one = g;
  one.seats = 1;
  if ((err = read_seat_table(l->seat_map.bytes, &one, grant->seat_size, &table)) < 0)
    return err;
  pool_segment_init(pool, l->pool_map.bytes, &g);
  seat_segment_init(seats, l->seat_map.bytes, &table);
  return 0;
}

int accept_pool(bips_consumer *c, const struct bips_wire_grant *grant, struct received *received, struct attachment **attachment) {
  struct link *l = link_new();
  struct pool_segment pool;
  struct seat_segment seats;

  if (l == NULL)
    return fail_as(BIPS_NO_MEMORY);
  int err = map_granted(l, grant, received, &pool, &seats);
  if (err < 0) {
    link_close(l);
    return err;
  }
  struct attachment *a = new_attachment(c, &l->peer, &pool, &seats);
  if (a == NULL) {
    link_close(l);
    return fail_as(BIPS_NO_MEMORY);
  }
  sit(a, grant->seat, seats.seats[0], true);
  a->generation = grant->generation;
  a->granted = least32(grant->granted, BIPS_LAYOUT_MAX_SLOTS - 1);
  HIT("T8");
  *attachment = a;
  return 0;
}

int send_ready(struct connection *c, const struct bips_wire_grant *grant) {
  const struct bips_wire_ready m = {.instance = grant->instance, .seat = grant->seat};
  uint8_t message[BIPS_WIRE_MAX_SIZE];

  return connection_send(c, message, wire_append_ready(message, &m));
}

bool is_seated(const struct attachment *a, const struct letter *l) {
  struct bips_wire_sits m;
  struct wire_why why;

  return wire_parse_sits(l->message, l->size, &m, &why) == WIRE_OK && m.instance == a->pool.g.instance && m.seat == a->index;
}

/* ---- The handshake */

/* get_ready says that both segments are mapped (T9). */
static int get_ready(struct applicant *a, const struct bips_wire_grant *grant) {
  bips_consumer *c = a->consumer;
  struct attachment *granted = a->granted;

  if (!c->was_before) {
    reading_end(&c->reading);
    reading_begin(&c->reading, &c->options);
  } else if (grant->instance == c->before_instance) {
    heed_closed_place(&c->reading, granted->pool.g.slots);
  } else {
    return fail(BIPS_NO_POOL, "another one has its name"); /* the one before is to be told first */
  }
  granted->reading = &c->reading;
  link_of(granted)->slots = least32(grant->slots_for_most, BIPS_MAX_SLOTS);
  store32(&granted->seat->pid, (uint32_t)getpid());
  return send_ready(a->connection, grant) < 0 ? hung_up_on(a) : 0;
}

/* read_grant is T6 to T9 with a GRANT. */
static int read_grant(struct applicant *a, struct letter *l) {
  const bips_consumer_options *o = &a->consumer->options;
  struct bips_wire_grant grant;
  struct wire_why why;
  enum wire_result result;
  int err;

  if (a->granted != NULL)
    return fail(BIPS_DAMAGED, "its producer grants a seat twice");
  if ((result = wire_parse_grant(l->message, l->size, &grant, &why)) != WIRE_OK)
    return wrong_message(result, &why);
  HIT("T6");
  if (grant.granted < o->min_held || grant.granted > o->max_held)
    return fail(BIPS_DAMAGED, "its producer grants %u frames to who wants %u to %u", grant.granted, o->min_held, o->max_held);
  if ((err = accept_pool(a->consumer, &grant, &l->received, &a->granted)) < 0)
    return err;
  return get_ready(a, &grant);
}

/* read_letter reads one message of the handshake. */
static int read_letter(struct applicant *a, struct letter *l, enum answer *told) {
  struct bips_wire_head head;
  struct wire_why why;
  enum wire_result result = wire_parse_head(l->message, l->size, &head, &why);

  *told = NO_ANSWER;
  if (result != WIRE_OK)
    return wrong_message(result, &why);
  switch (head.magic) {
  case BIPS_WIRE_REFUSE_MAGIC: return refused(a, l);
  case BIPS_WIRE_GRANT_MAGIC: return read_grant(a, l);
  case BIPS_WIRE_SITS_MAGIC:
    if (a->granted == NULL || !is_seated(a->granted, l))
      return fail(BIPS_DAMAGED, "its producer seats a reader where it granted nothing");
    HIT("T9");
    *told = ANSWER_GRANTED;
    return 0;
  }
  return unexpected(l, "and was asked for a seat");
}

/* is_named looks now and then whether the name still leads to the producer that was asked. */
static bool is_named(struct applicant *a) {
  struct file_id named;
  path_text path;

  if (sys_now() - a->looked < NAME_LIMIT)
    return true;
  a->looked = sys_now();
  return sys_stat_path(pool_path(&a->consumer->paths, path), &named) == 0 && sys_same_file(&named, &a->socket);
}

/* answer_over_connection is T5 to T9. */
static int answer_over_connection(struct application *application, enum answer *told, struct attachment **granted) {
  struct applicant *a = (struct applicant *)application;

  for (;;) {
    struct letter l;
    bool there, ended;
    int err = connection_take(a->connection, &l, &there, &ended); /* T5 */
    HIT("T5");
    *told = NO_ANSWER;
    if (err < 0)
      return wrong_end(err);
    if (ended)
      return hung_up_on(a);
    if (!there)
      return is_named(a) ? 0 : fail_plain(MOVING, "no such pool: another one has its name by now");
    err = read_letter(a, &l, told);
    received_discard(&l.received);
    if (err < 0)
      return err;
    if (*told == ANSWER_GRANTED) {
      *granted = a->granted;
      __atomic_store_n(&link_of(a->granted)->connection, a->connection, __ATOMIC_SEQ_CST);
      link_populate(link_of(a->granted));
      free(a);
      return 0;
    }
  }
}

/* await_over_connection: what comes ends it. */
static void await_over_connection(struct application *application, uint32_t poked, int64_t limit) {
  waiter_wait_poke(&((struct applicant *)application)->consumer->waiter, poked, earlier(limit, NAME_LIMIT));
}

static void withdraw(struct application *application) {
  struct applicant *a = (struct applicant *)application;

  if (a->granted != NULL)
    free_attachment(a->granted); /* has no connection yet */
  connection_close(a->connection);
  free(a);
}

static const struct application_ops applicant_ops = {
    .answer = answer_over_connection,
    .await = await_over_connection,
    .withdraw = withdraw,
};

/* ---- Connecting */

/* check_listener refuses who listens, if it may not have the pool's name (T3). */
static int check_listener(struct conn *conn, const struct entry *entry) {
  struct file_id listening = entry->id;
  struct peer_process process;
  int err = conn_peer(conn, &process);

  if (err < 0)
    return err;
  listening.uid = process.uid;
  listening.gid = process.gid;
  return check_owner(&listening);
}

int connect_to(const struct entry *entry, struct conn **conn) {
  int err = check_owner(&entry->id);

  if (err < 0 || (err = sys_check_futex()) < 0)
    return err;
  switch (err = entry_connect(entry, conn)) { /* T2 */
  case 0: break;
  case -SYS_NOBODY_LISTENS: return fail(BIPS_NO_POOL, "its producer is gone");
  case -SYS_BACKLOG_FULL: return fail_plain(MOVING, "no such pool: its producer does not answer: too many wait to be accepted");
  case -SYS_OTHER_SOCKET: return fail(BIPS_DAMAGED, "its socket is of another kind: somebody else has its name");
  default: return err;
  }
  HIT("T2");
  if ((err = check_listener(*conn, entry)) < 0)
    conn_close_apart(conn);
  return err;
}

/* base_name is the last part of a path. */
static const char *base_name(const char *path) {
  const char *slash = strrchr(path, '/');

  return slash == NULL ? path : slash + 1;
}

/* send_hello says what a reader wants (T4). */
static int send_hello(struct conn *conn, const bips_consumer_options *o) {
  struct bips_wire_hello m = {
      .known = BIPS_LAYOUT_KNOWN_REQUIRED, .layout_major = BIPS_LAYOUT_VERSION_MAJOR, .layout_minor = BIPS_LAYOUT_VERSION_MINOR,
      .mode = o->mode == BIPS_EVERY ? BIPS_WIRE_MODE_EVERY : BIPS_WIRE_MODE_LATEST, .wanted = o->max_held, .least = o->min_held,
      .pid = (uint32_t)getpid(),
  };
  uint8_t message[BIPS_WIRE_MAX_SIZE];

  wire_set_program(&m, base_name(program_invocation_name));
  return conn_send(conn, message, wire_append_hello(message, &m), NULL, 0);
}

/* begin connects to a socket and says what the reader wants. */
static int begin(struct applicant *a, const struct entry *entry) {
  struct conn *conn;
  int err = connect_to(entry, &conn);

  if (err < 0)
    return err;
  HIT("T3");
  if (send_hello(conn, &a->consumer->options) < 0) {
    conn_close_apart(&conn);
    return hung_up(); /* whether it is dead shows when it is asked again */
  }
  HIT("T4");
  return connection_begin(conn, a->consumer, &a->connection);
}

/* apply_at asks who listens at a socket (T2 to T4). */
static int apply_at(bips_consumer *c, const struct entry *entry, struct application **application) {
  struct applicant *a = calloc(1, sizeof *a);
  int err;

  if (a == NULL)
    return fail_as(BIPS_NO_MEMORY);
  a->application.ops = &applicant_ops;
  a->consumer = c;
  a->socket = entry->id;
  a->looked = sys_now();
  if ((err = begin(a, entry)) < 0) {
    free(a);
    return err;
  }
  *application = &a->application;
  return 0;
}

int apply(bips_consumer *c, struct application **application) {
  struct entry entry;
  path_text path;
  int err = entry_open(pool_path(&c->paths, path), &entry); /* T1 */

  if (err < 0)
    return err;
  if (entry.id.type == FILE_SOCKET) {
    HIT("T1");
    err = apply_at(c, &entry, application);
  } else {
    err = ask(c, application);
  }
  entry_close(&entry);
  return err;
}
