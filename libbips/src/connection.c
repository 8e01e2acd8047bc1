#include "connection.h"

#include <errno.h>
#include <stdlib.h>

#include "errors.h"

/* MOST_LETTERS is how many messages may wait to be taken: a producer that keeps to the protocol sends no more. */
enum { MOST_LETTERS = 4 };

struct connection {
  struct conn *conn;
  bips_consumer *consumer;
  unsigned long receiver; /* the thread that receives */

  pthread_mutex_t mu; /* protects what follows */
  struct letter inbox[MOST_LETTERS]; /* what has come and was not taken: a ring */
  size_t first, count;
  bool ended; /* nothing more will come */
  struct told_later broken; /* because of this, if it was not the producer that ended it */
};

/* note_end is with mu. The sentence is the receiver's. */
static void note_end(struct connection *c, int error) {
  c->ended = true;
  if (error != -SYS_ENDED && c->broken.error == 0)
    tell_later(&c->broken, error);
}

/* put keeps a message until it is taken. With mu. */
static void put(struct connection *c, struct letter *l) {
  if (c->count == MOST_LETTERS) {
    received_discard(&l->received);
    if (c->broken.error == 0)
      tell_later(&c->broken, fail(BIPS_DAMAGED, "its producer sends messages without end"));
    conn_shutdown(c->conn);
    return;
  }
  c->inbox[(c->first + c->count++) % MOST_LETTERS] = *l;
}

/* receive receives until the connection ends, by the other side or by connection_shutdown. */
static void *receive(void *connection) {
  struct connection *c = connection;
  struct letter l;
  int err;

  do {
    l.size = sizeof l.message;
    err = conn_receive(c->conn, l.message, &l.size, BIPS_WIRE_DESCRIPTORS, FOREVER, &l.received);
    pthread_mutex_lock(&c->mu);
    if (err < 0)
      note_end(c, err);
    else
      put(c, &l);
    pthread_mutex_unlock(&c->mu);
    waiter_interrupt(&c->consumer->waiter);
  } while (err == 0);
  return NULL;
}

int connection_begin(struct conn *conn, bips_consumer *consumer, struct connection **connection) {
  struct connection *c = calloc(1, sizeof *c);

  if (c == NULL) {
    conn_close_apart(&conn);
    return fail_as(BIPS_NO_MEMORY);
  }
  c->conn = conn;
  c->consumer = consumer;
  pthread_mutex_init(&c->mu, NULL);
  int err = sys_start_thread(&c->receiver, receive, c);
  if (err < 0) {
    pthread_mutex_destroy(&c->mu);
    free(c);
    conn_close_apart(&conn);
    return err;
  }
  *connection = c;
  return 0;
}

int connection_take(struct connection *c, struct letter *l, bool *there, bool *ended) {
  struct told_later broken;

  pthread_mutex_lock(&c->mu);
  *there = c->count > 0;
  *ended = c->count == 0 && c->ended;
  broken = c->broken;
  if (*there) {
    *l = c->inbox[c->first];
    c->first = (c->first + 1) % MOST_LETTERS;
    c->count--;
  }
  pthread_mutex_unlock(&c->mu);
  return *there ? 0 : tell_now(&broken);
}

bool connection_is_alive(struct connection *c) {
  pthread_mutex_lock(&c->mu);
  bool alive = !c->ended;
  pthread_mutex_unlock(&c->mu);
  return alive;
}

int connection_send(struct connection *c, const uint8_t *message, size_t size) { return conn_send(c->conn, message, size, NULL, 0); }

void connection_shutdown(struct connection *c) { conn_shutdown(c->conn); }

/* It waits for the receiver, whom the shutdown ends at once: a receive that has room for descriptors never hangs. */
void connection_close(struct connection *c) {
  if (c == NULL)
    return;
  conn_shutdown(c->conn);
  sys_join_thread(c->receiver);
  for (; c->count > 0; c->count--) {
    received_discard(&c->inbox[c->first].received);
    c->first = (c->first + 1) % MOST_LETTERS;
  }
  conn_close_apart(&c->conn);
  pthread_mutex_destroy(&c->mu);
  free(c);
}
