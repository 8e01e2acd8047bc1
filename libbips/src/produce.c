#include "atomics.h"
#include "crashpoint.h"
#include "errors.h"
#include "producer.h"
#include "words.h"

#include <string.h>

/* struct scan_result is what a scan found. */
struct scan_result {
  int slot;        /* -1: none */
  uint64_t oldest; /* lowest sequence that nothing but some consumer's wish keeps; NO_SEQUENCE: none */
  bool full;       /* upstream has all the slots that it may have */
};

/* look_at_seat reads state and cursor of one and the same holder (P1a to P1d). A holder that changes its
 * generation at will gets the benefit of the third look. */
static void look_at_seat(struct seat_view *v, const struct bips_layout_seat *seat, const uint32_t *generation) {
  for (int i = 0; i < 3; i++) {
    v->seen = load32(generation);
    HIT("P1a");
    v->state = load32(&seat->state);
    HIT("P1b");
    if (v->state == BIPS_LAYOUT_SEAT_FREE)
      return; /* it has no cursor */
    v->cursor = load64(&seat->cursor);
    HIT("P1c");
    if (load32(generation) == v->seen) {
      HIT("P1d");
      return;
    }
  }
}

uint64_t read_seats(bips_producer *p) {
  struct own_pool *o = p->own;
  uint64_t least = NO_SEQUENCE, asking = 0;

  if (o->pending > 0 && look_after_places(p))
    least = o->pool.g.first; /* K3 */
  for (uint32_t i = 0; i < o->seats.count; i++) {
    struct seat_view *v = &o->views[i];
    look_at_seat(v, o->seats.seats[i], o->generations[i]);
    if (v->state == BIPS_LAYOUT_SEAT_FREE && v->generation == 0 && !v->demoted)
      continue;
    if (!v->place.pending) {
      if (v->demoted && v->state != BIPS_LAYOUT_SEAT_EVERY && v->state != BIPS_LAYOUT_SEAT_JOINING)
        end_demotion(o, i); /* D5 */
      if (v->state == BIPS_LAYOUT_SEAT_FREE)
        forget_grant(v);
      else if (v->state == BIPS_LAYOUT_SEAT_ASKING && v->generation != v->seen && !o->backing->alone)
        asking |= bit(i); /* else it asks over its connection */
    }
    if (wants_every(v))
      least = least64(least, v->cursor);
  }
  for (; asking != 0; asking &= asking - 1)
    grant(p, (uint32_t)__builtin_ctzll(asking));
  return least;
}

/* candidate picks the slot with the lowest sequence that is not in tried, not the newest frame's, and not
 * needed any more; empty slots first. *oldest is the lowest sequence that is still needed, of the slots not
 * in tried: when there is no candidate left, those are neither lent nor pinned. */
static int candidate(const bips_producer *p, uint64_t tried, uint64_t least, uint64_t *oldest) {
  const struct own_pool *o = p->own;
  uint64_t best = NO_SEQUENCE;
  int slot = -1;

  *oldest = NO_SEQUENCE;
  for (uint32_t i = 0; i < o->pool.g.slots; i++) {
    uint64_t sequence = o->sequences[i];
    if ((tried & bit(i)) != 0 || (sequence != 0 && sequence == p->head))
      continue;
    if (sequence != 0 && sequence >= least) {
      *oldest = least64(*oldest, sequence);
    } else if (sequence < best) {
      slot = (int)i;
      best = sequence;
    }
  }
  return slot;
}

/* is_pinned reports whether any consumer reads a slot (P2b). The slot's sequence is invalid when this is
 * called: a pin that comes later finds that out. A seat that shows more pins than it was granted is not a
 * reader's that keeps to the protocol, and none of them counts. */
static bool is_pinned(bips_producer *p, uint32_t slot) {
  struct own_pool *o = p->own;

  for (uint32_t i = 0; i < o->seats.count; i++) {
    uint64_t pins = load64(&o->seats.seats[i]->pins);
    struct seat_view *v = &o->views[i];
    if (pins == 0)
      continue;
    if (count_bits(pins) > v->pins) {
      if (!v->overdrawn) {
        v->overdrawn = true;
        p->stats.overdrawn++;
      }
    } else if ((pins & bit(slot)) != 0) {
      return true;
    }
  }
  return false;
}

/* scan looks for a slot that nobody needs, oldest frame first (P1, P2). The one it finds is invalid and the
 * producer's. With mu. */
static struct scan_result scan(bips_producer *p, enum demand d) {
  struct own_pool *o = p->own;
  struct scan_result found = {-1, NO_SEQUENCE, false};
  uint64_t least = read_seats(p), tried = o->lent;

  if (d != FOR_FRAME && own_pool_upstream_is_full(o)) {
    found.full = true;
    return found;
  }
  for (;;) {
    int slot = candidate(p, tried, least, &found.oldest);
    if (slot < 0)
      return found;
    uint64_t *sequence = &record_of(&o->pool, (uint32_t)slot)->sequence;
    store64(sequence, 0); /* P2a: invalidate before the look at the pins. Dekker pair with C7 */
    HIT("P2a");
    bool pinned = is_pinned(p, (uint32_t)slot);
    HIT("P2b");
    if (!pinned) {
      o->sequences[slot] = 0;
      found.slot = slot;
      found.oldest = NO_SEQUENCE;
      return found;
    }
    store64(sequence, o->sequences[slot]); /* P2c */
    HIT("P2c");
    tried |= bit((uint32_t)slot);
  }
}

/* end_blockade notes that consumers do not keep all slots from coming free. With mu. */
static void end_blockade(bips_producer *p) {
  p->turns++;
  p->blocked = (struct blockade){0, 0};
}

/* lend gives a slot that scan found to the caller. With mu. */
static void lend(bips_producer *p, uint32_t slot, struct slot_entry **entry, bips_slot **handle) {
  struct own_pool *o = p->own;
  struct slot_entry *e = &o->handles->entries[slot];

  p->dropping = (struct blockade){0, 0};
  end_blockade(p);
  o->lent |= bit(slot);
  o->published &= ~bit(slot);
  e->producer = p;
  e->own = o;
  e->data = slot_bytes(&o->pool, slot);
  e->size = o->pool.g.slot_size;
  e->index = slot;
  add32(&p->references, 1);
  *entry = e;
  *handle = slot_lend(e);
}

/* dropped_for_too_long reports whether consumers have kept slots from coming free for block_timeout, with
 * BIPS_DROP. With mu, when no slot is free. */
static bool dropped_for_too_long(bips_producer *p) {
  int64_t left;

  if (p->dropping.since == 0)
    p->dropping = new_blockade();
  blockade_look(&p->dropping, DOOR_LIMIT); /* the housekeeper looks, too */
  return !blockade_left(&p->dropping, p->block_timeout, &left);
}

/* try_acquire is one round: it scans, reclaims and applies the policy until there is a slot or nothing but
 * waiting is left (NOTHING_FREE). With mu. */
static int try_acquire(bips_producer *p, enum demand d, bool patient, struct door_look *looked, struct slot_entry **e, bips_slot **slot) {
  p->judgements = 0;
  for (uint32_t round = 0;; round++) {
    int err = interrupted(p);
    if (err < 0)
      return err;
    if (p->reserved != NULL && d != FOR_RESERVE) {
      *e = p->reserved;
      *slot = (bips_slot *)((uint8_t *)*e + load64(&(*e)->use) / 2 % HANDLE_SPACING);
      p->reserved = NULL;
      return 0;
    }
    *looked = (struct door_look){p->own, own_door_look(&p->own->door)}; /* P4a */
    HIT("P4a");
    struct scan_result found = scan(p, d);
    if (found.slot >= 0) {
      lend(p, (uint32_t)found.slot, e, slot);
      return 0;
    }
    if (found.full && d == FOR_RESERVE)
      return ALL_UPSTREAM;
    if (found.full) {
      p->watched = true;
      return NOTHING_FREE;
    }
    /* P4b, P4c. Seats that show something again and again although nobody holds them are being written to
     * by somebody hostile: then we wait like for anything else. */
    if (round <= p->own->seats.count && reclaim_if_due(p)) {
      HIT("P4c");
      continue;
    }
    if (d == FOR_FRAME && p->overflow == BIPS_DROP) {
      if (dropped_for_too_long(p) && demote_blockers(p, found.oldest)) /* P4d */
        continue;
      count_dropped(p);
      HIT("P4d");
      return of_pool(fail_as(BIPS_DROPPED), p->named.paths.name);
    }
    if (d != FOR_UPSTREAM && !patient && demote_blockers(p, found.oldest)) /* P4d */
      continue;
    if (found.oldest == NO_SEQUENCE) /* nobody is behind */
      end_blockade(p);
    p->watched = true;
    return NOTHING_FREE;
  }
}

static int locked_try_acquire(bips_producer *p, enum demand d, bool patient, struct door_look *looked, struct slot_entry **e,
    bips_slot **slot) {
  pthread_mutex_lock(&p->mu);
  int err = try_acquire(p, d, patient, looked, e, slot);
  pthread_mutex_unlock(&p->mu);
  return err;
}

static int64_t patience(const bips_producer *p) { return __atomic_load_n(&p->block_timeout, __ATOMIC_SEQ_CST); }

/* struct slot_wait is one call's wait for a slot. The blockade may have begun in calls before it: whoever waits in many short calls, or
 * only looks, waits for no longer than who waits in one. Of more than 100 ms between two calls 50 ms count. */
struct slot_wait {
  struct blockade blocked;
  uint64_t turns; /* the producer's when it began */
  int64_t before; /* how long it had lasted when this call began */
  int64_t over;   /* for how long this call waited in blockades before it */
};

/* slot_wait_lasted is for how long this call has waited. */
static int64_t slot_wait_lasted(const struct slot_wait *w) { return w->over + blockade_lasted(&w->blocked) - w->before; }

/* resume_wait begins a call's wait, with the blockade that the last one left. */
static struct slot_wait resume_wait(bips_producer *p) {
  pthread_mutex_lock(&p->mu);
  struct slot_wait w = {.blocked = p->blocked, .turns = p->turns};
  pthread_mutex_unlock(&p->mu);
  if (w.blocked.since == 0)
    w.blocked = new_blockade();
  blockade_look(&w.blocked, DOOR_LIMIT);
  w.before = blockade_lasted(&w.blocked);
  return w;
}

/* look_at_wait is the blockade's look, at most limit after the one before. It begins anew where consumers did not keep all slots
 * meanwhile: also when another thread got the one that came free. */
static void look_at_wait(bips_producer *p, struct slot_wait *w, int64_t limit) {
  blockade_look(&w->blocked, limit);
  pthread_mutex_lock(&p->mu);
  if (w->turns != p->turns)
    *w = (struct slot_wait){.blocked = new_blockade(), .turns = p->turns, .over = slot_wait_lasted(w)};
  pthread_mutex_unlock(&p->mu);
}

/* leave_wait keeps the blockade for the call that follows. */
static void leave_wait(bips_producer *p, const struct slot_wait *w) {
  pthread_mutex_lock(&p->mu);
  if (w->turns == p->turns)
    p->blocked = w->blocked;
  pthread_mutex_unlock(&p->mu);
}

int acquire(bips_producer *p, enum demand d, int64_t timeout, struct slot_entry **e, bips_slot **slot) {
  bool for_consumers = d != FOR_UPSTREAM; /* which waits for its own slots, too */
  struct door_wait door = {p, 0};
  struct door_look looked;
  struct slot_wait w;
  struct deadline limit;
  int64_t wait, left;
  int err = locked_try_acquire(p, d, patience(p) != 0, &looked, e, slot);

  if (err != NOTHING_FREE)
    return err;
  limit = deadline_after(timeout);
  w = resume_wait(p);
  if (w.before > 0 && !blockade_left(&w.blocked, patience(p), &left))
    err = locked_try_acquire(p, d, false, &looked, e, slot);
  while (err == NOTHING_FREE) {
    if (!deadline_left(&limit, DOOR_LIMIT, &wait)) {
      if (for_consumers)
        leave_wait(p, &w);
      err = fail_plain(BIPS_TIMEOUT, "pool \"%s\": no slot is free: timeout", p->named.paths.name);
      break;
    }
    if (blockade_left(&w.blocked, patience(p), &left))
      wait = earlier(wait, left);
    door_wait_sleep(&door, &looked, wait);
    look_at_wait(p, &w, wait);
    err = locked_try_acquire(p, d, blockade_left(&w.blocked, patience(p), &left), &looked, e, slot);
  }
  if (for_consumers)
    add64(&p->waited, (uint64_t)slot_wait_lasted(&w));
  return err;
}

/* enter and leave are around what may look at a pool's segments without holding mu, so that they stay
 * mapped meanwhile. enter reports false when there is nothing to wait for in that pool. */
static bool enter(bips_producer *p, struct own_pool *o, struct door_words *words) {
  pthread_mutex_lock(&p->mu);
  bool there = is_usable(p) && o == p->own;
  if (there) {
    o->inside++;
    own_door_collect(&o->door, words);
  }
  pthread_mutex_unlock(&p->mu);
  return there;
}

static void leave(bips_producer *p, struct own_pool *o) {
  struct seat_memory *left = NULL;

  pthread_mutex_lock(&p->mu);
  o->inside--;
  own_pool_take_left(o, &left); /* of readers that went meanwhile */
  unmap_idle(p);
  pthread_mutex_unlock(&p->mu);
  seat_memories_drop(left);
}

/* FREE_RINGS is how often consumers may ring for nothing, each time within RING_PAUSE. After that the producer looks twice in RING_PAUSE
 * at most: where each consumer has a door of its own, none of them has to be trusted. */
enum { FREE_RINGS = 8 };
#define RING_PAUSE MILLISECOND

void door_wait_sleep(struct door_wait *w, const struct door_look *looked, int64_t limit) {
  struct door_words words;
  int64_t start;

  if (!enter(w->p, looked->own, &words))
    return;
  if (w->rings == FREE_RINGS && looked->own->backing->alone) {
    w->rings--;
    sys_sleep(earlier(limit, RING_PAUSE));
  } else {
    start = sys_now();
    own_door_wait(&looked->own->door, &words, looked->value, limit);
    if (sys_now() - start >= earlier(limit, RING_PAUSE))
      w->rings = 0;
    else if (w->rings < FREE_RINGS)
      w->rings++;
  }
  leave(w->p, looked->own);
}

uint64_t publish_slot(bips_producer *p, struct slot_entry *e, const bips_frame_info *f) {
  struct own_pool *o = p->own;
  struct bips_layout_slot_record *r = record_of(&o->pool, e->index);
  uint64_t sequence = p->head + 1;

  r->stream = p->ended;
  r->caps_index = o->caps_index;
  r->caps_version = o->caps_version;
  r->size = f->data_size;
  r->pts = f->pts;
  r->dts = f->dts;
  r->duration = f->duration;
  r->capture_time = f->capture_time;
  r->offset = f->offset;
  r->offset_end = f->offset_end;
  r->flags = f->flags;
  r->meta_length = (uint32_t)f->meta_size;
  if (f->meta_size > 0)
    memcpy(meta_bytes(&o->pool, e->index), f->meta, f->meta_size);
  r->plane_count = f->plane_count;
  if (f->plane_count > 0) { /* else nobody reads them, and they would cost a cache line */
    memcpy(r->plane_stride, f->plane_stride, sizeof r->plane_stride);
    memcpy(r->plane_offset, f->plane_offset, sizeof r->plane_offset);
  }
  r->dropped = p->stats.dropped;
  store64(&r->publish_time, (uint64_t)sys_now());
  o->slot_caps[e->index] = o->caps_index;
  HIT("P3a");

  /* P3b: an exchange, which orders the payload's stores before it even if they were non-temporal ones. */
  swap64(&r->sequence, sequence);
  HIT("P3b");
  store64(ring_word_of(&o->pool, sequence), pack_ring(sequence, e->index)); /* P3c */
  HIT("P3c");
  store64(&o->pool.header->head, sequence); /* P3d */
  HIT("P3d");
  p->head = o->sequences[e->index] = sequence;
  o->published |= bit(e->index);
  p->stats.published++;
  own_pool_ring_bell(o); /* P3e, P3f */
  return sequence;
}
