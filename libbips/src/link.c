#include "link.h"

#include <stdlib.h>

static struct link *link_of_peer(struct peer *peer) { return (struct link *)peer; }

static int producer_alive(struct peer *peer, bool *alive) {
  struct connection *c = connection_of(link_of_peer(peer));

  *alive = c != NULL && connection_is_alive(c);
  return 0;
}

static uint32_t slots_for_most(struct peer *peer, struct attachment *a, const bips_consumer_options *o) {
  (void)a;
  (void)o;
  return link_of_peer(peer)->slots;
}

/* knock_by_message: if there is no room for the message, or the connection is just handed on, the producer looks by itself in a
 * moment. */
static void knock_by_message(struct peer *peer) {
  struct connection *c = connection_of(link_of_peer(peer));
  uint8_t message[BIPS_WIRE_MAX_SIZE];

  if (c != NULL)
    connection_send(c, message, wire_append_knock(message));
}

/* leave: the end of the connection says it. */
static void leave(struct peer *peer, uint32_t seat) {
  (void)peer;
  (void)seat;
}

static void close_peer(struct peer *peer) { link_close(link_of_peer(peer)); }

static const struct peer_ops link_ops = {
    .producer_alive = producer_alive,
    .slots_for_most = slots_for_most,
    .knock = knock_by_message,
    .find_next = link_find_next,
    .leave = leave,
    .close = close_peer,
};

struct link *link_new(void) {
  struct link *l = calloc(1, sizeof *l);

  if (l != NULL)
    l->peer.ops = &link_ops;
  return l;
}

void link_close(struct link *l) {
  if (l->next != NULL)
    free_attachment(l->next);
  connection_close(connection_of(l));
  mapping_end(&l->seat_map);
  mapping_end(&l->pool_map);
  free(l);
}

void link_populate(struct link *l) { mapping_populate(&l->pool_map, READ_ONLY); }
