/*
 * What the files about the readers of a pool without files have in common: memory.c, listen.c, offer.c, admission.c, transfer.c.
 * "mu" is bips_producer.mu, as in producer.h.
 */
#ifndef BIPS_RECEPTION_H
#define BIPS_RECEPTION_H

#include "producer.h"
#include "seatmemory.h"
#include "wire/wire.h"

/* MOST_GREETING is how many connections may not have said yet what they want. One more closes the oldest. An honest reader's word
 * is there with its connection. */
enum { MOST_GREETING = 32 };

/* struct task is a thread of a reception. When it is done with everything it waits to be joined. */
struct task {
  unsigned long thread;
  struct task *next; /* in reception.done */
};

/* struct guest is a connection with a reader, as the producer has it. Each has a thread of its own: a descriptor that somebody
 * sends can hang whoever drops it. */
struct guest {
  struct task task;
  struct reception *reception;
  struct conn *conn; /* until the guest's own thread closes it: when no other one finds the guest any more, by seat or in greeting */
  struct bips_wire_ready due; /* the READY that answers what the reader was offered, here and after a move. Of the guest's own thread */
  struct guest *before, *after; /* in reception.connections */
  bool closing; /* conn is being closed; protected by reception.mu */

  /* Protected by mu. Pools are told apart by how often the producer had moved: */
  int seat; /* -1: none */
  uint32_t generation;
  uint32_t own;      /* where its seat is */
  int64_t granted;   /* when it was granted pins */
  bool seated;       /* it was told that its seat counts */
  struct seat_memory *move; /* its seat where it was told to go, until it is ready there */
  bool told;         /* it was told where to go, and has not come there yet */
  uint32_t move_to;  /* where that is */
};

/* struct reception is where the readers of a pool without files come to: a socket, and a connection with each of them. There is
 * one in the life of a producer, whatever pools it moves to. */
struct reception {
  bips_producer *producer;
  struct own_name *name;
  uint32_t most; /* connections that may be open */

  /* Protected by mu: */
  struct listener *listener; /* NULL: none yet. Changed with moving held, too */
  struct guest *guests[BIPS_LAYOUT_MAX_SEATS]; /* by seat */

  /* inside is for those who accept and greet, so that they are in no frame's way. Lock order: mu, inside. It protects: */
  pthread_mutex_t inside;
  bool closed;
  bool abandoned; /* nobody joins threads any more */
  struct guest *connections; /* that are open, or being closed: a list */
  uint32_t count;
  struct guest *greeting[MOST_GREETING + 1]; /* who has not said yet what it wants, the oldest first */
  uint32_t greeters;
  uint32_t acceptors;
  struct task *done; /* threads to be joined */
};

/* ---- listen.c */

/* reception_new makes one for a pool of so many seats; NULL: no memory. */
struct reception *reception_new(bips_producer *p, uint32_t seats);
/* reception_accept_at begins to accept connections (Y) from a listener, whose hold it takes over, also if that fails. */
int reception_accept_at(struct reception *r, struct listener *listener);
/* reception_close ends all connections. With mu, or when nobody else knows the producer. */
void reception_close(struct reception *r);
/* reception_await waits until the threads of the reception have ended, after reception_close. One that hangs, since what came with a
 * message cannot be closed, ends later: it keeps the producer's memory until then. Without mu. NULL: nothing. */
void reception_await(struct reception *r);
/* reception_reap joins the threads that are done. NULL: nothing. */
void reception_reap(struct reception *r);
void reception_free(struct reception *r); /* of which no thread is left. NULL: nothing */
/* These are for a guest's own thread: has_greeted takes it from those that have not said what they want, and reports whether it still
 * was among them; depart is the end of the connection, and the last that the thread does. */
bool has_greeted(struct guest *g);
void depart(struct guest *g);

/* ---- memory.c */

/* create_memory makes the memory of a new pool (B1 to B4). */
int create_memory(struct own_name *n, const struct geometry *g, struct backing **b);
/* shared_memory is the descriptor that readers get; -1: the pool is over. With mu. */
int shared_memory(const struct own_pool *o);
/* reception_open gives the pool its name: a socket is made under another one and renamed (B5, S5), so that whoever finds the name can
 * connect. With moving, or when nobody else knows the producer. */
int reception_open(struct reception *r);
/* reception_unlink takes the name away. */
void reception_unlink(struct reception *r);

/* ---- offer.c */

void *serve_guest(void *guest); /* a thread */
/* settle makes the memory the reader's seat in a pool, and tells it so (O6 to O8). It reports false if the reader has none there, or no
 * longer: then the memory is the caller's still. Without mu. */
bool settle(struct guest *g, struct seat_memory *s, uint32_t own);
/* guest_send sends a message with a seat and its pool. It waits for nobody. With mu. */
int guest_send(struct guest *g, const struct own_pool *own, const struct seat_memory *s, const uint8_t *message, size_t size);
/* guest_unseat gives the seat up. What the reader could write to is not looked at any more. With mu. */
void guest_unseat(struct guest *g);
/* reception_dismiss ends the connection of a seat's reader. With mu. */
void reception_dismiss(struct reception *r, uint32_t seat);
/* drop_left_seats unmaps the memory of seats that nobody looks at any more. Without mu: that may have to wait for another thread that
 * maps something large. */
void drop_left_seats(bips_producer *p);

/* ---- admission.c */

/* struct refusal is why a reader gets no seat. */
struct refusal {
  uint32_t code;  /* BIPS_WIRE_SEATS_TAKEN and so on */
  uint32_t again; /* milliseconds after which it is worth to ask again; 0: only when something has changed */
  char text[BIPS_WIRE_MAX_TEXT + 1]; /* for people */
};

/* refuse fills in a refusal with the sentence of the last error, and returns false. */
bool refuse(struct refusal *why, uint32_t code, uint32_t again);
/* seat_guest finds a seat and grants pins (O2). The seat is not the reader's yet. *g is the geometry of the pool. It reports false, and
 * why, if the reader gets none. Without mu. */
bool seat_guest(struct guest *guest, const struct bips_wire_hello *hello, struct bips_wire_grant *grant, struct geometry *g,
    struct refusal *why);

/* ---- transfer.c */

/* struct spares are seats of a pool that is about to be moved to, one for each reader that has to be told (X1). They are made before
 * the move, without mu: all who sit are told in the hold that moves, before anybody can publish in the new pool. */
struct spares {
  struct seat_memory *seats; /* a list */
  uint32_t tried;            /* how many were to be there: there are fewer if memory or descriptors are short */
};

void spares_fill(struct spares *s, const struct geometry *g, uint32_t n); /* until there are n, or one cannot be made */
void spares_drop(struct spares *s);                                       /* what was not taken. Without mu */
/* reception_seated counts the readers that were told that they sit. With mu. NULL: none. */
uint32_t reception_seated(const struct reception *r);
/* tell_guests tells all readers that sit where the pool has moved to (X2). With mu, in the hold that moves. NULL: nobody. */
void tell_guests(struct reception *r, struct spares *seats);
/* send_move tells a reader that sat down in a pool which had been moved from by then where to go (X1, X2). Without mu. */
void send_move(struct guest *g);
/* arrive seats a reader in the pool that it was told to go to (X5), and reports whether it was. Without mu. */
bool arrive(struct guest *g);

#endif
