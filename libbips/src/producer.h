/*
 * What the files about a producer have in common. Each function says which lock its caller holds: "mu"
 * is bips_producer.mu.
 */
#ifndef BIPS_PRODUCER_H
#define BIPS_PRODUCER_H

#include <pthread.h>

#include "deadline.h"
#include "names.h"
#include "ownpool.h"

/* NO_SEQUENCE is more than any sequence: docs/protocol.md's NONE. */
#define NO_SEQUENCE UINT64_MAX

enum { MAKE_TRIES = 3 }; /* how often a pool is made again whose names are deleted while it is made */

struct bips_producer {
  struct own_name named;
  uint32_t overflow;
  int64_t block_timeout; /* atomic */
  uint32_t generation;   /* fork_generation() when it was made */
  uint32_t references;   /* atomic: the handle, and each slot that is lent */
  uint64_t demotions;    /* atomic: as stats.demoted */
  uint64_t waited;       /* atomic: nanoseconds, for consumers to give slots back */
  bips_warning warn;
  void *warn_user;
  unsigned long house; /* the housekeeper's thread */

  bool key_frame_asked; /* atomic */
  uint32_t key_frames;  /* futex word: counts what bips_producer_wait_key_frame_request waits for */

  /* moving is held during a move. Lock order: moving, mu. */
  pthread_mutex_t moving;

  /* mu is over scan, grant, reclaim and publish: without it two threads take the same slot, each seeing
   * the other's probe as free. It is never held while sleeping, and protects all below. */
  pthread_mutex_t mu;
  bool flushing, closed;
  bool housekept; /* the housekeeper has ended */
  int failure;    /* why the producer has no pool any more; 0: it has one */
  char failure_text[1024];
  struct own_pool *own;         /* published in */
  struct own_pool *old;         /* moved from, and still mapped: a list */
  struct slot_handles *unused;  /* of pools that are gone: a list */
  bool watched;                 /* a thread has found nothing since a slot that came back last rang the door */
  uint64_t head;                /* sequence of the newest frame */
  uint64_t ended;               /* sequence that the stream after the last end begins with; 0: none has ended */
  struct slot_entry *reserved;  /* lent to ourselves by bips_producer_wait_lendable; NULL: none */
  int judgements;               /* verdicts taken back in the present round */
  int64_t last_reclaim;         /* when a look for dead consumers last found none */
  struct blockade dropping;     /* since no slot was free, with BIPS_DROP */
  struct blockade blocked;      /* as a call left it whose time was over, unless it is over since */
  uint64_t turns;               /* how many blockades were over, or not one: a slot was lent, or nobody was behind */
  char *caps;                   /* in force */
  uint8_t *tags;
  size_t tags_size;
  uint64_t latency;
  bips_producer_stats stats;
};

/* struct door_look is the value that a pool's door had before a look that found nothing. */
struct door_look {
  struct own_pool *own; /* may be gone meanwhile: it is only compared */
  uint64_t value;
};

/* struct door_wait is one wait for something that consumers can bring about. */
struct door_wait {
  bips_producer *p;
  int rings; /* that came within a moment, one behind the other, and brought nothing about */
};

/* door_wait_sleep sleeps until the door rings after the look, unless the pool is over by then. Without mu. */
void door_wait_sleep(struct door_wait *w, const struct door_look *looked, int64_t limit);

/* ---- producer.c */

/* is_usable reports whether the producer has a pool, usable says why not, and interrupted why no wait may
 * go on. With mu. */
bool is_usable(const bips_producer *p);
int usable(const bips_producer *p);
int interrupted(const bips_producer *p);
/* end_loan takes a slot back. With mu; then producer_unreference without it. */
void end_loan(bips_producer *p, struct slot_entry *e);
void producer_unreference(bips_producer *p);
/* unmap_idle unmaps the pools that are not needed any more. With mu. */
void unmap_idle(bips_producer *p);
void count_dropped(bips_producer *p);                                  /* with mu */
void drop_reserved(bips_producer *p);                                  /* with mu */
void end_pool(bips_producer *p);                                       /* Q1, Q2. With mu */
void let_go_of_names(bips_producer *p, bool ours);                     /* Q3, Q4. With mu */
int take_handles(bips_producer *p, struct own_pool *o);                /* for the slots of a new pool. With mu, or before others know p */
int check_slot_size(const char *pool, size_t size);
int producer_is_known(const bips_producer *p); /* refuses NULL and those from before a fork */

/* ---- produce.c */

enum demand {
  FOR_UPSTREAM, /* keeps one slot back besides the newest frame's and the consumers' quotas, and never applies the overflow policy */
  FOR_FRAME,    /* may take the last slot and applies the overflow policy */
  FOR_RESERVE   /* FOR_UPSTREAM with BIPS_BLOCK: the caller has time to wait */
};

/* What a round of looking for a slot can end with, besides a slot and an error. */
enum { NOTHING_FREE = 1, ALL_UPSTREAM = 2 };

/* acquire finds an empty slot and lends it (P1 to P4); ALL_UPSTREAM: waiting for consumers is no use. Without mu. */
int acquire(bips_producer *p, enum demand d, int64_t timeout, struct slot_entry **e, bips_slot **slot);
/* read_seats takes a view of each seat (P1), answers those that ask, and returns the lowest sequence that
 * a consumer still needs. With mu. */
uint64_t read_seats(bips_producer *p);
/* publish_slot makes a lent slot the newest frame (P3). With mu. */
uint64_t publish_slot(bips_producer *p, struct slot_entry *e, const bips_frame_info *f);

/* ---- reclaim.c, demote.c, grant.c, keyframe.c: with mu */

bool reclaim_if_due(bips_producer *p);
bool reclaim_dead(bips_producer *p);
bool demote_blockers(bips_producer *p, uint64_t oldest);
void tell_demotion(bips_producer *p, uint32_t pid);
void end_demotion(struct own_pool *o, uint32_t seat);
void grant(bips_producer *p, uint32_t i);
void forget_grant(struct seat_view *v);
void look_for_key_frame_requests(bips_producer *p);

/* ---- move.c */

int keep_names(bips_producer *p, bool *renamed); /* N1 to N3. With moving */
void await_followers(bips_producer *p);          /* Q0 */
bool look_after_places(bips_producer *p);        /* K1 to K5: whether any is still kept. With mu */
bool demote_kept(bips_producer *p);              /* K4. With mu */
void close_place(struct own_pool *o, uint32_t i);    /* opens a seat to all. With mu */
void let_go_of_before(bips_producer *p); /* unmaps the pool before when nobody is on the way any more. With mu */

/* ---- housekeeping.c */

void *keep_house(void *producer); /* a thread */
void wake_housekeeper(bips_producer *p);

#endif
