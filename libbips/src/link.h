#ifndef BIPS_LINK_H
#define BIPS_LINK_H

#include "attach.h"
#include "connection.h"

/* struct link is a struct peer by a connection, and has the mappings of one pool. */
struct link {
  struct peer peer;
  struct connection *connection; /* atomic. NULL: the attachment to the next pool has it, or none has it yet */
  struct mapping pool_map, seat_map;
  uint32_t slots;          /* slots_for_most, as the producer said */
  struct attachment *next; /* in the pool that the producer has moved to, once it said so; NULL: not yet */
  bool seated;             /* it has said too that the seat there counts */
};

static inline struct link *link_of(const struct attachment *a) { return (struct link *)a->peer; }

static inline struct connection *connection_of(struct link *l) { return __atomic_load_n(&l->connection, __ATOMIC_SEQ_CST); }

/* link_new makes one without a connection and mappings; NULL: no memory. */
struct link *link_new(void);
/* link_close ends the connection, if the link has it, and the mappings, and frees it. */
void link_close(struct link *l);
/* link_populate fills the page tables of the pool, which may take longer than a producer waits for a reader that is not ready. */
void link_populate(struct link *l);

/* ---- connect.c: what a reader does with GRANT, and with MOVE */

/* accept_pool maps what the producer hands out (T6 to T8). The attachment sits in its seat there, and has no connection. */
int accept_pool(bips_consumer *c, const struct bips_wire_grant *grant, struct received *received, struct attachment **attachment);
/* send_ready says that both segments are mapped. */
int send_ready(struct connection *c, const struct bips_wire_grant *grant);
/* is_seated reports whether a message is the SITS of an attachment. */
bool is_seated(const struct attachment *a, const struct letter *l);
/* wrong_message says what is wrong with a producer's message, and wrong_end why no more can be received, where it was not the
 * producer's end. */
int wrong_message(enum wire_result result, const struct wire_why *why);
int wrong_end(int error);
/* unexpected says that a message is none that may come now: "sends BIPSSITS" and so on. */
int unexpected(const struct letter *l, const char *instead);

/* ---- transfer.c */

/* link_read_moves reads what has come, and says whether nothing more will (X3, X4). */
int link_read_moves(struct link *l, struct attachment *a, bool *ended);
/* link_find_next implements find_next of struct peer_ops (X3, X4). */
int link_find_next(struct peer *peer, struct attachment *a, bool suspended, struct attachment **next, enum whereabouts *found);

#endif
