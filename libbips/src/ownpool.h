#ifndef BIPS_OWNPOOL_H
#define BIPS_OWNPOOL_H

#include <bips/bips.h>

#include "backing.h"
#include "names.h"
#include "owndoor.h"
#include "seatmemory.h"
#include "segment.h"
#include "slot.h"

/* struct place is a seat of the new pool that is reserved for who has it in the pool before. */
struct place {
  bool pending;  /* its holder has not come yet */
  bool kept;     /* and every frame from the new pool's first on is kept for it */
  int64_t since; /* since when it is pending and not kept */
};

/* struct seat_view is what the producer knows of a seat, in private memory. */
struct seat_view {
  /* What the last look showed (P1a to P1c): */
  uint32_t seen; /* generation */
  uint32_t state;
  uint64_t cursor;

  /* The grant: so many pins of this generation count. 0, 0: none. */
  uint32_t generation, pins;
  bool overdrawn; /* more were seen, and counted */

  bool demoted; /* until D5 */
  uint32_t key_frames;
  struct place place;
};

/* wants_every reports whether frames from the cursor on must be kept. */
static inline bool wants_every(const struct seat_view *v) {
  return (v->state == BIPS_LAYOUT_SEAT_EVERY || v->state == BIPS_LAYOUT_SEAT_JOINING) && !v->demoted;
}
/* is_read_from reports whether the seat counts as one that is read from. */
static inline bool is_read_from(const struct seat_view *v) {
  return v->state == BIPS_LAYOUT_SEAT_LATEST || v->state == BIPS_LAYOUT_SEAT_EVERY;
}

/* struct own_pool is a pool as its producer has it: its memory, and what the producer knows of it in
 * private memory. A producer publishes in one of them at a time; a move makes the next.
 *
 * Everything but door is protected by bips_producer.mu. */
struct own_pool {
  struct backing *backing;
  struct pool_segment pool;
  struct seat_segment seats;
  /* generations are those of the seats' holders: in shared memory too, or where only the producer can write. */
  uint32_t *generations[BIPS_LAYOUT_MAX_SEATS];
  struct own_door door;

  uint32_t inside; /* calls that look at the segments without holding mu */
  bool unmapped;   /* nobody may look at the segments any more */
  uint64_t sequences[BIPS_LAYOUT_MAX_SLOTS]; /* of the frame in each slot; 0: none */
  uint64_t lent;      /* slots lent */
  uint64_t published; /* of those, the ones published */
  struct slot_handles *handles; /* for the slots that are lent */
  struct seat_view views[BIPS_LAYOUT_MAX_SEATS];

  uint32_t caps_index; /* of the caps in force */
  uint64_t caps_version;
  uint32_t slot_caps[BIPS_LAYOUT_MAX_SLOTS]; /* caps record that each slot refers to */

  /* Where each reader's seat is memory of its own, and a private one stands for who does not sit: */
  struct bips_layout_seat *empty[BIPS_LAYOUT_MAX_SEATS];
  struct seat_memory *seated[BIPS_LAYOUT_MAX_SEATS]; /* NULL: nobody sits there */
  struct seat_memory *left; /* of seats that were left, but may be looked at from inside: a list */

  struct own_pool *before; /* the pool that was moved from, while a place is pending */
  uint32_t pending;        /* places reserved for readers that are still in it */
  struct own_pool *next;   /* in bips_producer.old */
};

/* make_pool makes a pool that is complete and has no name yet (S4). */
int make_pool(struct own_name *n, const struct geometry *g, struct own_pool **own);

/* own_pool_ring_bell rings the bell of all who read from the pool. */
void own_pool_ring_bell(struct own_pool *o);

/* own_pool_is_idle reports whether no part of the pool's memory is in use. */
bool own_pool_is_idle(const struct own_pool *o);

/* own_pool_unmap gives the pool's memory back, once. */
void own_pool_unmap(struct own_pool *o);

/* own_pool_remove undoes what was made of a pool that has no name. It is to be destroyed then. */
void own_pool_remove(struct own_pool *o);

/* own_pool_destroy frees a pool that nobody refers to any more, but for its handles. */
void own_pool_destroy(struct own_pool *o);

/* own_pool_seat_reader lets a seat be the one that its reader has mapped. The memory is the pool's from now on. */
void own_pool_seat_reader(struct own_pool *o, uint32_t i, struct seat_memory *s);
/* own_pool_unseat_reader lets nobody sit in a seat, and reports whether somebody did who had not left it. */
bool own_pool_unseat_reader(struct own_pool *o, uint32_t seat);
/* own_pool_leave_seat keeps the memory of a seat in which nobody sits until it can be unmapped. NULL: nothing. */
void own_pool_leave_seat(struct own_pool *o, struct seat_memory *s);
/* own_pool_take_left moves the seats that nobody looks at any more to a list, for the caller to drop. */
void own_pool_take_left(struct own_pool *o, struct seat_memory **list);

/* own_pool_store_caps writes caps and tags to a record that no slot refers to; there is one more record
 * than slots. Their sizes were checked. */
void own_pool_store_caps(struct own_pool *o, const char *caps, const void *tags, size_t tags_size);

/* own_pool_seated is how many seats are read from now, those included whose readers are still on their way
 * from the pool before a move. Called after a look. */
uint32_t own_pool_seated(const struct own_pool *o);

/* own_pool_granted is the sum of all grants. */
uint32_t own_pool_granted(const struct own_pool *o);

/* own_pool_upstream_is_full reports whether all slots are lent but those that stay back: the newest
 * frame's, one for a frame that must be copied, and what is granted. */
bool own_pool_upstream_is_full(const struct own_pool *o);

#endif
