#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "atomics.h"
#include "crashpoint.h"
#include "errors.h"
#include "producer.h"
#include "reception.h"
#include "room.h"
#include "words.h"

/* A producer moves when it makes a new pool under the same name and goes on there: with larger slots, or
 * because its names were deleted. Who reads every frame loses none: its place in the new pool is kept until
 * it comes. */

#define PLACE_LIMIT SECOND     /* how long a place is reserved that no frames are kept for */
#define FOLLOWERS_LIMIT SECOND /* how long a shutdown waits for those who are on their way */

/* ---- The name's lock */

/* give_way ends a producer whose name another one has. */
static int give_way(bips_producer *p) {
  pthread_mutex_lock(&p->mu);
  int err = fail_plain(BIPS_NAME_TAKEN, "pool \"%s\": the pool's names were deleted in %s, and another producer took them: it is alive on this pool",
      p->named.paths.name, p->named.paths.folder);
  p->failure = err;
  strncpy(p->failure_text, bips_error_message(), sizeof p->failure_text - 1);
  end_pool(p);
  let_go_of_names(p, false);
  pthread_mutex_unlock(&p->mu);
  return err;
}

/* keep_lock takes the lock of the name again if its file was deleted (N1, N2; M0). Where another producer
 * has it, this one ends. With moving. */
static int keep_lock(bips_producer *p) {
  struct lock_file *lock;
  path_text path;
  int err;

  if (lock_file_is_at(p->named.lock, lock_path(&p->named.paths, path)))
    return 0;
  HIT("N1");
  err = take_lock(&p->named, &lock);
  if (err == -BIPS_POOL_BUSY)
    return give_way(p);
  if (err < 0)
    return explain_making(err, &p->named.paths);
  HIT("N2");
  lock_file_close(&p->named.lock);
  p->named.lock = lock;
  return 0;
}

/* ---- Kept places */

void close_place(struct own_pool *o, uint32_t i) {
  store64(&seat_word_of(&o->pool, i)->reserved, 0);
  o->views[i].place = (struct place){false, false, 0};
  o->pending--;
}

/* cancel_place takes a place back whose holder has not come (K5), and reports whether it could. */
static bool cancel_place(struct own_pool *o, uint32_t i) {
  struct bips_layout_seat_word *word = seat_word_of(&o->pool, i);
  uint64_t granted;

  if (!o->backing->ops->seize_absent(o->backing, i))
    return false; /* it is just coming */
  /* First the grant goes, and then comes the look. Who needs no lock to come shows itself, and looks at its
   * grant then. */
  granted = swap64(&word->granted, 0);
  if (load32(&o->seats.seats[i]->state) != BIPS_LAYOUT_SEAT_FREE) {
    store64(&word->granted, granted);
    o->backing->ops->release(o->backing, i);
    return false; /* it has come, and may have died: the next look finds that */
  }
  forget_grant(&o->views[i]);
  o->views[i].demoted = false;
  store64(&word->verdict, 0);
  close_place(o, i);
  o->backing->ops->dismiss(o->backing, i);
  HIT("K5");
  o->backing->ops->release(o->backing, i);
  return true;
}

void let_go_of_before(bips_producer *p) {
  if (p->own->pending == 0 && p->own->before != NULL) {
    p->own->before = NULL;
    unmap_idle(p);
  }
}

/* look_after_places closes the places of those who have come or will not (K1 to K5). */
bool look_after_places(bips_producer *p) {
  struct own_pool *o = p->own;
  bool kept = false;

  for (uint32_t i = 0; i < o->seats.count; i++) {
    struct seat_view *v = &o->views[i];
    if (!v->place.pending)
      continue;
    if (load32(&o->seats.seats[i]->state) != BIPS_LAYOUT_SEAT_FREE) { /* K1: it has come */
      close_place(o, i);
      HIT("K1");
      continue;
    }
    if (!v->place.kept) {
      if (sys_now() - v->place.since >= PLACE_LIMIT)
        cancel_place(o, i);
      continue;
    }
    uint32_t state = load32(&o->before->seats.seats[i]->state);
    if (load32(o->before->generations[i]) != v->generation || state == BIPS_LAYOUT_SEAT_FREE || state == BIPS_LAYOUT_SEAT_DRAINING) {
      close_place(o, i); /* K2: it has left, or died */
      HIT("K2");
      continue;
    }
    kept = true;
  }
  HIT("K3");
  let_go_of_before(p);
  HIT("H3");
  return kept;
}

/* close_places cancels all places that are pending and not kept, and reports whether the next move may
 * begin: none is left, or only such whose seats somebody has had locked for PLACE_LIMIT. That is a reader
 * which was stopped just when it came, or a hostile one. Its grant stays, and no slot of this pool is
 * reused once it is moved from, so that its pins harm nobody. With mu. */
static bool close_places(bips_producer *p) {
  struct own_pool *o = p->own;
  bool may_move = true;

  for (uint32_t i = 0; i < o->seats.count; i++) {
    struct seat_view *v = &o->views[i];
    if (!v->place.pending)
      continue;
    if (v->place.kept || (!cancel_place(o, i) && sys_now() - v->place.since < PLACE_LIMIT))
      may_move = false;
  }
  let_go_of_before(p);
  return may_move;
}

/* demote_kept demotes all who have a place that is kept (K4): the frames are no longer kept for them. */
bool demote_kept(bips_producer *p) {
  struct own_pool *o = p->own;
  bool demoted = false;

  for (uint32_t i = 0; i < o->seats.count; i++) {
    struct seat_view *v = &o->views[i];
    if (!v->place.pending || !v->place.kept)
      continue;
    v->demoted = true;
    store64(&seat_word_of(&o->pool, i)->verdict, pack_of(v->generation, BIPS_LAYOUT_VERDICT_DEMOTED));
    store64(&seat_word_of(&o->pool, i)->reserved, pack_reserved(v->generation, false));
    v->place = (struct place){true, false, sys_now()};
    HIT("K4");
    tell_demotion(p, load32(&o->before->seats.seats[i]->pid));
    demoted = true;
  }
  return demoted;
}

/* ---- The move itself */

/* reserve_places gives each reader of the old pool its place in the new one (M4). */
static void reserve_places(struct own_pool *o, struct own_pool *old) {
  for (uint32_t i = 0; i < o->seats.count; i++) {
    uint32_t generation = load32(old->generations[i]); /* M4a: before the state */
    uint32_t state = load32(&old->seats.seats[i]->state);
    struct seat_view *v = &o->views[i], *was = &old->views[i];
    struct bips_layout_seat_word *word = seat_word_of(&o->pool, i);
    HIT("M4a");
    store32(o->generations[i], generation);
    if (state == BIPS_LAYOUT_SEAT_FREE || state == BIPS_LAYOUT_SEAT_DRAINING)
      continue;
    if (was->generation != generation || was->pins == 0)
      continue; /* without a grant nobody has a place; who asks and has one will join the old pool */
    bool kept = (state == BIPS_LAYOUT_SEAT_EVERY || state == BIPS_LAYOUT_SEAT_JOINING) && !was->demoted;
    v->generation = generation;
    v->pins = was->pins;
    v->demoted = was->demoted;
    v->place = (struct place){true, kept, sys_now()};
    o->pending++;
    store64(&word->granted, pack_of(generation, was->pins));
    if (was->demoted)
      store64(&word->verdict, pack_of(generation, BIPS_LAYOUT_VERDICT_DEMOTED));
    store64(&word->reserved, pack_reserved(generation, kept));
  }
  if (o->pending > 0)
    o->before = old;
}

/* take_over copies what goes on from one pool to the next (M4b). */
static void take_over(bips_producer *p, struct own_pool *next) {
  struct bips_layout_pool_header *h = next->pool.header;

  h->first = next->pool.g.first = p->head + 1;
  store64(&h->head, p->head);
  store64(&h->ended, p->ended);
  store64(&h->dropped, p->stats.dropped);
  store64(&h->latency, p->latency);
  own_pool_store_caps(next, p->caps, p->tags, p->tags_size);
}

/* tell_moved wakes all who sleep at the pool that was moved from (M5b, M6). */
static void tell_moved(struct own_pool *o) {
  o->backing->ops->unlink_seats(o->backing);
  HIT("M5b");
  own_pool_ring_bell(o);
  HIT("M6a");
  ring_door(&o->door.door);
  HIT("M6b");
  knock(o->seats.header); /* the housekeeper sleeps there */
}

/* go_on_in makes another pool the one that is published in. With mu. */
static void go_on_in(bips_producer *p, struct own_pool *next) {
  drop_reserved(p);
  p->own = next;
  p->stats.moves++;
}

/* replace_pool is M3 to M6 and X2, but for what follows from an error. With mu. */
static int replace_pool(bips_producer *p, struct own_pool *next, struct spares *seats) {
  struct own_pool *old = p->own;
  int err;

  store32(&old->pool.header->state, BIPS_LAYOUT_STATE_MOVED);
  HIT("M3");
  reserve_places(next, old);
  take_over(p, next);
  HIT("M4b");
  if (sys_is_cut(next->backing->pool) || sys_is_cut(next->backing->seats))
    return of_pool(cut_short(), p->named.paths.name);
  if ((err = next->backing->ops->publish(next->backing)) < 0)
    return of_pool(err, p->named.paths.name);
  HIT("M5a");
  go_on_in(p, next);
  old->next = p->old;
  p->old = old;
  tell_moved(old);
  tell_guests(p->named.reception, seats);
  unmap_idle(p);
  return 0;
}

/* discard removes a pool that is not moved to. With mu, or before others know it. */
static void discard(bips_producer *p, struct own_pool *o) {
  if (o->handles != NULL) {
    o->handles->next = p->unused;
    p->unused = o->handles;
  }
  own_pool_remove(o);
  own_pool_destroy(o);
}

/* fail_producer ends a producer that has no pool any more. With mu. */
static int fail_producer(bips_producer *p, int err) {
  p->failure = err;
  strncpy(p->failure_text, bips_error_message(), sizeof p->failure_text - 1);
  if (!p->own->unmapped) {
    end_pool(p);
    let_go_of_names(p, true);
  } else {
    give_up_name(&p->named);
  }
  return err;
}

/* try_to_replace moves if there is a spare seat for each reader that sits. 0: it did not, and so many are needed; 1: it did. With mu. */
static int try_to_replace(bips_producer *p, struct own_pool *next, struct spares *seats, uint32_t *needed) {
  int err;

  if ((err = usable(p)) < 0)
    return err;
  *needed = reception_seated(p->named.reception);
  if (*needed > seats->tried)
    return 0;
  if (next->handles == NULL && (err = take_handles(p, next)) < 0)
    return err;
  read_seats(p); /* grants and verdicts as of now */
  err = replace_pool(p, next, seats);
  if (err == -ENOENT || err == -BIPS_DAMAGED) { /* somebody deleted the new pool before it had its name, or cut it short: nothing of the old one was changed */
    store32(&p->own->pool.header->state, BIPS_LAYOUT_STATE_RUNNING);
    own_pool_ring_bell(p->own);
  } else if (err < 0) {
    fail_producer(p, err);
  }
  return err < 0 ? err : 1;
}

/* move_to is M3 to M6, with X1 before and X2 after. A pool that is not moved to is removed. */
static int move_to(bips_producer *p, struct own_pool *next) {
  struct geometry g = next->pool.g;
  struct spares seats = {NULL, 0};
  uint32_t needed = 0;
  int moved;

  do { /* ends: there are more spares each time, and no more readers than seats */
    spares_fill(&seats, &g, needed);
    pthread_mutex_lock(&p->mu);
    moved = try_to_replace(p, next, &seats, &needed);
    if (moved < 0)
      discard(p, next);
    pthread_mutex_unlock(&p->mu);
  } while (moved == 0);
  spares_drop(&seats);
  return moved < 0 ? moved : 0;
}

/* is_used reports whether anybody reads from the pool, has a slot of it, or waits for it. */
static bool is_used(const struct own_pool *o) {
  for (uint32_t i = 0; i < o->seats.count; i++)
    if (load32(&o->seats.seats[i]->state) != BIPS_LAYOUT_SEAT_FREE)
      return true;
  return o->lent != 0 || o->inside != 0 || o->pending != 0;
}

static int no_room_for_both(bips_producer *p, const struct geometry *g) {
  return append(-BIPS_NO_SPACE,
      "; the pool of %llu MiB that is in use stays until the new one of %llu MiB is there: make it larger from the start (slot-size)",
      mebibytes(geometry_bytes(&p->own->pool.g)), mebibytes(geometry_bytes(g)));
}

/* make_without_room makes the next pool where there is no room for two, and goes on there, if nobody uses
 * the old one. With mu: other threads see the old pool or the next one; between the two is memory that is
 * not mapped. */
static int make_without_room(bips_producer *p, const struct geometry *g) {
  struct own_pool *old = p->own, *next = NULL;
  struct spares none = {NULL, 0};
  int err;

  reclaim_dead(p);
  drop_reserved(p);
  if (is_used(old) || !may_have_room(&p->named, geometry_bytes(g), geometry_bytes(&old->pool.g)))
    return no_room_for_both(p, g);
  store32(&old->pool.header->state, BIPS_LAYOUT_STATE_MOVED);
  if (is_used(old)) { /* by somebody who came just now */
    store32(&old->pool.header->state, BIPS_LAYOUT_STATE_RUNNING);
    own_pool_ring_bell(old);
    return no_room_for_both(p, g);
  }
  old->backing->ops->unlink(old->backing);
  own_pool_unmap(old);
  if ((err = make_pool(&p->named, g, &next)) < 0 || (err = take_handles(p, next)) < 0)
    goto failed;
  take_over(p, next);
  if ((err = next->backing->ops->publish(next->backing)) < 0) {
    of_pool(err, p->named.paths.name);
    goto failed;
  }
  go_on_in(p, next);
  old->handles->next = p->unused;
  p->unused = old->handles;
  own_pool_destroy(old);
  tell_guests(p->named.reception, &none); /* nobody has a place there */
  return 0;

failed:
  if (next != NULL)
    discard(p, next);
  return fail_producer(p, err);
}

static int move_without_room(bips_producer *p, const struct geometry *g) {
  char no_room[1024];
  int err;

  strncpy(no_room, bips_error_message(), sizeof no_room - 1);
  no_room[sizeof no_room - 1] = 0;
  pthread_mutex_lock(&p->mu);
  err = usable(p);
  if (err == 0) {
    fail_plain(BIPS_NO_SPACE, "%s", no_room);
    err = make_without_room(p, g);
  }
  pthread_mutex_unlock(&p->mu);
  return err;
}

/* try_to_move makes a pool and goes on there. -ENOENT, and the pool stays as it was, if the new one's names
 * were deleted meanwhile. With moving. */
static int try_to_move(bips_producer *p, uint64_t slot_size) {
  struct own_pool *next;
  struct geometry g;
  int err;

  resized_geometry(&p->own->pool.g, slot_size, &g); /* only a move changes own, and this is the one */
  err = make_pool(&p->named, &g, &next);
  if (err == -BIPS_NO_SPACE)
    return move_without_room(p, &g);
  if (err < 0)
    return err;
  HIT("M2a");
  HIT("M2b");
  return move_to(p, next);
}

/* move makes a pool with slots of a size, and goes on there (M2 to M6). With moving, when no place is pending. */
static int move(bips_producer *p, uint64_t slot_size) {
  int err = 0, lock;

  for (int i = 0; i < MAKE_TRIES; i++) {
    err = try_to_move(p, slot_size);
    if (err != -ENOENT)
      return err;
    if ((lock = keep_lock(p)) < 0) /* by who has the name now, maybe */
      return lock;
  }
  return err;
}

/* ---- When to move */

/* may_move_now reports whether the producer lives and nobody has to be waited for before a move. With moving. */
static bool may_move_now(bips_producer *p) {
  bool may_move = false;

  pthread_mutex_lock(&p->mu);
  if (is_usable(p)) /* else the pool before may be unmapped by now */
    may_move = p->own->pending == 0 || (!look_after_places(p) && close_places(p));
  pthread_mutex_unlock(&p->mu);
  return may_move;
}

static bool lives(bips_producer *p) {
  pthread_mutex_lock(&p->mu);
  bool alive = is_usable(p);
  pthread_mutex_unlock(&p->mu);
  return alive;
}

/* explain_names says to whoever knows of no deleted names what it was that failed. */
static int explain_names(bips_producer *p, int err) {
  if (err == -BIPS_NAME_TAKEN || err == -BIPS_CLOSED)
    return err;
  return wrap(err, "the pool's names were deleted in %s while it was in use, and cannot be made again yet, which is tried each second: ",
      p->named.paths.folder);
}

int keep_names(bips_producer *p, bool *renamed) {
  struct backing *b;
  bool done = false;
  int err;

  if (!lives(p))
    return 0;
  if ((err = keep_lock(p)) < 0)
    return explain_names(p, err);
  b = p->own->backing;
  if (b->ops->are_named(b))
    return 0;
  if ((err = b->ops->renew(b, &done)) < 0)
    return explain_names(p, explain_making(err, &p->named.paths));
  if (!done) {
    if (!may_move_now(p))
      return 0; /* once those are there who are on their way: at the next look */
    if ((err = move(p, p->own->pool.g.slot_size)) < 0)
      return explain_names(p, err);
  }
  HIT("N3");
  *renamed = true;
  return 0;
}

/* ready_to_move is one look of await_kept: 1 if the move may begin, 0 if it is to be waited for. With mu. */
static int ready_to_move(bips_producer *p, bool patient, struct door_look *looked) {
  int err = interrupted(p);
  bool kept;

  if (err < 0)
    return err;
  if (p->own->pending == 0)
    return 1;
  *looked = (struct door_look){p->own, own_door_look(&p->own->door)};
  reclaim_dead(p);
  kept = look_after_places(p);
  if (kept && !patient && p->overflow == BIPS_BLOCK) {
    demote_kept(p);
    kept = false;
  }
  if (!kept && close_places(p))
    return 1;
  return p->overflow == BIPS_DROP ? of_pool(fail_as(BIPS_DROPPED), p->named.paths.name) : 0;
}

/* await_kept waits for the places of the last move that are kept, as for a slot, and then closes the others (M1). */
static int await_kept(bips_producer *p) {
  struct blockade blocked = new_blockade();
  struct door_wait door = {p, 0};

  for (;;) {
    struct door_look looked;
    int64_t left;
    bool patient = blockade_left(&blocked, __atomic_load_n(&p->block_timeout, __ATOMIC_SEQ_CST), &left);
    pthread_mutex_lock(&p->mu);
    int ready = ready_to_move(p, patient, &looked);
    pthread_mutex_unlock(&p->mu);
    if (ready != 0)
      return ready < 0 ? ready : 0;
    door_wait_sleep(&door, &looked, DOOR_LIMIT);
    blockade_look(&blocked, DOOR_LIMIT);
  }
}

/* pending_followers reports whether somebody is on the way from the pool before. */
static bool pending_followers(bips_producer *p, struct door_look *looked) {
  bool pending = false;

  pthread_mutex_lock(&p->mu);
  if (is_usable(p) && p->own->pending > 0) {
    *looked = (struct door_look){p->own, own_door_look(&p->own->door)};
    reclaim_dead(p);
    look_after_places(p);
    HIT("Q0");
    pending = p->own->pending > 0;
  }
  pthread_mutex_unlock(&p->mu);
  return pending;
}

/* await_followers gives those who are on their way from the pool before a moment to come (Q0). */
void await_followers(bips_producer *p) {
  int64_t end = sys_now() + FOLLOWERS_LIMIT;
  struct door_wait door = {p, 0};
  struct door_look looked;

  while (sys_now() < end && pending_followers(p, &looked))
    door_wait_sleep(&door, &looked, DOOR_LIMIT);
}

static int grow(bips_producer *p, size_t slot_size) {
  int err;

  if (slot_size <= bips_producer_slot_size(p))
    return 0;
  if (lives(p)) {
    if ((err = keep_lock(p)) < 0) /* M0 */
      return err;
    HIT("M0");
  }
  if ((err = await_kept(p)) < 0) /* M1 */
    return err;
  HIT("M1");
  return move(p, slot_size);
}

BIPS_API int bips_producer_grow(bips_producer *p, size_t slot_size) {
  int err = producer_is_known(p);

  if (err < 0 || (err = check_slot_size(p->named.paths.name, slot_size)) < 0)
    return err;
  pthread_mutex_lock(&p->moving);
  err = grow(p, slot_size);
  pthread_mutex_unlock(&p->moving);
  return err;
}
