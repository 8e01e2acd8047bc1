#ifndef BIPS_PEER_H
#define BIPS_PEER_H

#include <bips/bips.h>
#include <stdbool.h>

struct attachment;

/* enum whereabouts is what a reader found that follows a move. */
enum whereabouts {
  NOT_YET,  /* the producer has not come there yet, or somebody is just at the seat: look again */
  TAKEN,    /* the reader has its place */
  NEWCOMER, /* there is none for it: it has to ask for a seat, as anybody */
  GONE      /* the producer is lost */
};

/* struct peer is how a consumer is connected with its producer, beside the segments. There is one for each
 * backend: files with locks on them (struct peer_files), and a socket. */
struct peer {
  const struct peer_ops *ops;
};

struct peer_ops {
  /* producer_alive probes whether the producer lives. Not so, all that it ever wrote is visible. */
  int (*producer_alive)(struct peer *peer, bool *alive);
  /* slots_for_most is how many slots the pool needs so that the consumer is granted all that it wants, beside
   * the others that there are; more than BIPS_MAX_SLOTS, or 0: no pool has so many. */
  uint32_t (*slots_for_most)(struct peer *peer, struct attachment *a, const bips_consumer_options *o);
  /* knock wakes the producer's housekeeper (A8, F2). */
  void (*knock)(struct peer *peer);
  /* find_next looks for the pool that the producer has moved to, and takes the consumer's place there (V1 to
   * V4). *next is set if it has one. */
  int (*find_next)(struct peer *peer, struct attachment *a, bool suspended, struct attachment **next, enum whereabouts *found);
  /* leave gives up the seat, which shows that nobody sits there by now (L6). */
  void (*leave)(struct peer *peer, uint32_t seat);
  /* close ends the connection, and the mappings, and frees the peer: nobody may look at the segments any more. */
  void (*close)(struct peer *peer);
};

/* enum answer is what an asking reader was told. */
enum answer {
  NO_ANSWER,
  ANSWER_GRANTED,
  ANSWER_REFUSED,
  ANSWER_GONE /* the producer is dead, closed, or moved */
};

/* struct application is what a consumer has asked a producer for, a seat and pins, and was not answered
 * yet. Its functions are for the thread that pulls. Another thread ends await by waiter_interrupt. */
struct application {
  const struct application_ops *ops;
};

struct application_ops {
  /* answer looks for the answer. With ANSWER_GRANTED the attachment comes, and the application is freed; with
   * ANSWER_REFUSED an error that says why and what to do. Any error ends it, and withdraw is next. */
  int (*answer)(struct application *application, enum answer *told, struct attachment **granted);
  /* await waits until there may be one. */
  void (*await)(struct application *application, uint32_t poked, int64_t limit);
  /* withdraw gives up what was asked for, and frees the application. */
  void (*withdraw)(struct application *application);
};

#endif
