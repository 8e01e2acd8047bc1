#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "atomics.h"
#include "attach.h"
#include "crashpoint.h"
#include "errors.h"
#include "limits.h"
#include "options.h"
#include "permission.h"
#include "words.h"

/* ---- Opening and closing */

static int set_defaults(bips_consumer_options *o) {
  if (o->max_held == 0)
    o->max_held = BIPS_DEFAULT_MAX_HELD;
  if (o->min_held == 0)
    o->min_held = o->max_held;
  if (o->mode > BIPS_EVERY)
    return fail(BIPS_BAD_OPTION, "mode %u: use BIPS_AUTO, BIPS_LATEST or BIPS_EVERY", o->mode);
  if (o->max_age < 0)
    return fail(BIPS_BAD_OPTION, "max_age %lld: use 0 or more", (long long)o->max_age);
  if (o->max_held > BIPS_MAX_SLOTS - 1)
    return fail(BIPS_BAD_OPTION, "%u frames held: use 1 to %d", o->max_held, BIPS_MAX_SLOTS - 1);
  if (o->min_held > o->max_held)
    return fail(BIPS_BAD_OPTION, "at least %u frames held: use 1 to max_held, which is %u", o->min_held, o->max_held);
  if (o->spin < 0 || o->spin > BIPS_MAX_SPIN)
    return fail(BIPS_BAD_OPTION, "spin %lld: use 0 to %lld", (long long)o->spin, (long long)BIPS_MAX_SPIN);
  if (o->stall_timeout < BIPS_FOREVER)
    return fail(BIPS_BAD_OPTION, "stall_timeout %lld: use more than 0, or BIPS_FOREVER", (long long)o->stall_timeout);
  if (o->reserved != 0)
    return fail(BIPS_BAD_OPTION, "reserved is %u: begin with BIPS_CONSUMER_OPTIONS_INIT", o->reserved);
  return 0;
}

BIPS_API int bips_consumer_open(const char *name, const bips_consumer_options *options, bips_consumer **consumer) {
  bips_consumer_options o = BIPS_CONSUMER_OPTIONS_INIT;
  struct paths paths;
  bips_consumer *c;
  int err;

  if (consumer == NULL)
    return fail(BIPS_BAD_OPTION, "there is no place for the consumer: it is NULL");
  *consumer = NULL;
  if ((err = paths_of(name, &paths)) < 0 || (err = fork_guard_begin()) < 0)
    return err;
  if ((options != NULL && (err = read_struct(&o, sizeof o, options, "bips_consumer_options")) < 0) || (err = set_defaults(&o)) < 0)
    return of_pool(err, paths.name);
  if ((c = aligned_alloc(FRAME_SPACING, sizeof *c)) == NULL)
    return fail_as(BIPS_NO_MEMORY);
  memset(c, 0, sizeof *c);
  c->free_frames = UINT64_MAX;
  c->references = 1;
  c->paths = paths;
  c->options = o;
  c->max_age = o.max_age;
  c->generation = fork_generation();
  pthread_mutex_init(&c->pulling, NULL);
  pthread_mutex_init(&c->mu, NULL);
  *consumer = c;
  return 0;
}

void consumer_unreference(bips_consumer *c) {
  if (add32(&c->references, (uint32_t)-1) > 0)
    return;
  reading_end(&c->reading);
  pthread_mutex_destroy(&c->pulling);
  pthread_mutex_destroy(&c->mu);
  free(c);
}

int consumer_is_known(const bips_consumer *c) {
  if (c == NULL)
    return fail_plain(BIPS_STALE, "the consumer is NULL");
  if (c->generation != fork_generation())
    return fail_as(BIPS_FORKED);
  return 0;
}

/* poke makes a pull in progress look around. */
static void poke(bips_consumer *c) { waiter_interrupt(&c->waiter); }

static bool try_to_shut_down(void *consumer) {
  bips_consumer *c = consumer;

  if (pthread_mutex_trylock(&c->pulling) != 0) {
    poke(c);
    return false;
  }
  detach(c);
  pthread_mutex_unlock(&c->pulling);
  return true;
}

BIPS_API int bips_consumer_shutdown(bips_consumer *c) {
  int err = consumer_is_known(c);

  if (err < 0 || swap_flag(&c->closed, true))
    return err;
  baton_await(&c->turn, try_to_shut_down, c);
  baton_pass(&c->turn);
  return 0;
}

BIPS_API bips_consumer *bips_consumer_close(bips_consumer *c) {
  if (c != NULL && c->generation == fork_generation()) {
    bips_consumer_shutdown(c);
    join_watch(c);
    readable_end(c);
    consumer_unreference(c);
  }
  return NULL;
}

/* ---- What a pull ends with */

/* count_demotions counts those that are not counted yet. With mu. */
static void count_demotions(bips_consumer *c) {
  struct standing *s = &c->reading.standing;

  c->stats.demoted += s->demotions;
  s->demotions = 0;
}

/* count_rest counts what was passed by since the last frame of an instance, when no other frame comes that could tell.
 * With mu. */
static void count_rest(bips_consumer *c) {
  struct reading *r = &c->reading;

  c->stats.skipped += r->skipped;
  c->stats.lost += r->lost;
  r->skipped = r->lost = 0;
}

/* count_delivery counts what a delivery brought: so many frames, and those that are missing before it. */
static void count_delivery(bips_consumer *c, const struct delivery *d, uint64_t received) {
  pthread_mutex_lock(&c->mu);
  c->stats.received += received;
  c->stats.skipped += d->skipped;
  c->stats.lost += d->lost;
  count_demotions(c);
  pthread_mutex_unlock(&c->mu);
}

static void set_asking(bips_consumer *c, struct application *asking) {
  pthread_mutex_lock(&c->mu);
  c->asking = asking;
  pthread_mutex_unlock(&c->mu);
}

/* stop_asking gives up the seat of a consumer that was not granted one yet. With pulling. */
static void stop_asking(bips_consumer *c) {
  struct application *asking = c->asking;

  if (asking != NULL) {
    set_asking(c, NULL);
    asking->ops->withdraw(asking);
  }
}

void detach(bips_consumer *c) {
  struct attachment *a = c->attachment;

  stop_watch(c);
  stop_asking(c);
  if (a == NULL)
    return;
  pthread_mutex_lock(&c->mu);
  count_demotions(c);
  if (!c->was_before)
    count_rest(c);
  c->attachment = NULL;
  pthread_mutex_unlock(&c->mu);
  let_go(a);
}

/* pull_interrupted says why no pull may go on. The looker leaves interrupts to the pull that follows. */
static int pull_interrupted(bips_consumer *c) {
  if (load_flag(&c->closed))
    return of_pool(fail_as(BIPS_CLOSED), c->paths.name);
  if (load_flag(&c->flushing))
    return of_pool(fail_as(BIPS_FLUSHING), c->paths.name);
  if (load_flag(&c->interrupted) && (c->readable.looking || swap_flag(&c->interrupted, false)))
    return of_pool(fail_as(BIPS_INTERRUPTED), c->paths.name);
  if (c->readable.looking && load32(&c->readable.claims) != 0)
    return -YIELDED;
  return 0;
}

static int no_frame(bips_consumer *c) { return fail_plain(BIPS_TIMEOUT, "pool \"%s\": no frame: timeout", c->paths.name); }

/* AGAIN is not an outcome of a pull: it goes on. */
enum { AGAIN = 1 };

/* result_of turns what a look at the pool ended with into pull's result; AGAIN: wait. */
static int result_of(bips_consumer *c, int got, struct delivery *d, bips_frame **frame) {
  int err;

  if (got < 0) {
    detach(c);
    return of_pool(got, c->paths.name);
  }
  switch ((enum outcome)got) {
  case GOT_FRAME:
    c->attachment->busy_since = c->attachment->nameless_since = 0;
    if (c->options.spin > 0) /* else waking ahead of frames gains nothing */
      pace_note(&c->pace, d->frame->delivery.sequence, (int64_t)d->frame->delivery.publish_time);
    count_delivery(c, d, 1);
    *frame = frame_hand_out(d->frame);
    return 0;
  case GOT_END_OF_STREAM:
    count_delivery(c, d, 0);
    return of_pool(fail_as(BIPS_END_OF_STREAM), c->paths.name);
  case POOL_CLOSED:
    detach(c);
    return AGAIN;
  case POOL_LOST:
    detach(c);
    return fail_plain(BIPS_PRODUCER_LOST, "pool \"%s\": it closed without an end of stream: producer lost", c->paths.name);
  case POOL_MOVED:
    err = follow(c);
    return err < 0 ? err : AGAIN;
  case GOT_NOTHING:
  case GOT_BUSY:
    break;
  }
  return AGAIN;
}

/* ---- Waiting for a frame */

/* A thread that is just giving a slot back is looked for again after BUSY_PAUSE, for BUSY_PATIENCE: it may have lost
 * its processor. */
#define BUSY_PAUSE (20 * MICROSECOND)
#define BUSY_PATIENCE SECOND

/* await_slot waits a moment for a thread that is giving back the slot which the next frame is in. Whoever pulls with
 * short time-outs looks again in the next pull. After a longer time without a look, patience begins anew. */
static int await_slot(bips_consumer *c, uint32_t poked, const struct deadline *limit) {
  struct attachment *a = c->attachment;
  int64_t now = sys_now(), wait;

  if (a->busy_since == 0 || now - a->busy_seen > BUSY_PATIENCE)
    a->busy_since = now;
  a->busy_seen = now;
  if (now - a->busy_since > BUSY_PATIENCE) {
    detach(c);
    return of_pool(fail(BIPS_DAMAGED, "a slot that nobody holds is marked as being read"), c->paths.name);
  }
  if (!deadline_left(limit, BUSY_PAUSE, &wait))
    return no_frame(c);
  waiter_wait_poke(&c->waiter, poked, wait);
  return 0;
}

/* spin_for is how long to look for a frame that is due at any moment, before sleeping. */
static int64_t spin_for(const bips_consumer *c, int64_t left) {
  int64_t spin = c->options.spin;

  if (c->waiter.eager && spin < EAGER_SPIN)
    spin = EAGER_SPIN;
  return earlier(spin, left);
}

/* look_after_producer is C4e: it probes the producer, and says what follows if it is dead. err is what the pull ends
 * with if it lives; 0: it goes on. */
static int look_after_producer(bips_consumer *c, bool stalled, bool timed_out) {
  struct attachment *a = c->attachment;
  bool alive;
  int err = a->peer->ops->producer_alive(a->peer, &alive);

  c->quiet_since = sys_now();
  HIT("C4e");
  if (err < 0)
    return of_pool(err, c->paths.name);
  if (alive)
    return stalled ? of_pool(stall_tell(&a->reading->stall), c->paths.name) : timed_out ? no_frame(c) : 0;
  /* Its lock is free, so all it ever did is visible now. End of stream, closed and moved win over lost, and what it
   * published is read first. */
  struct sight seen = look_at_header(a);
  if (has_ended(a) || seen.head >= a->reading->cursor || owes_end(a->reading, seen.ended))
    return 0;
  detach(c);
  if (seen.ended == seen.head + 1)
    return 0;
  return fail_plain(BIPS_PRODUCER_LOST, "pool \"%s\": its producer died: producer lost", c->paths.name);
}

/* await_frame sleeps until there may be news (C4). When nothing rings for long it looks whether the producer still
 * lives. */
static int await_frame(bips_consumer *c, uint32_t rung, uint32_t poked, const struct deadline *limit) {
  struct attachment *a = c->attachment;
  struct stall *stall = &a->reading->stall;
  int64_t left, start, early, spin;
  bool in_time = deadline_left(limit, BELL_LIMIT, &left);
  bool stalled = stall_look(stall, a->reading, c->options.stall_timeout, &left);

  start = sys_now();
  if (in_time && !stalled) {
    if ((early = pace_until_anticipation(&c->pace, start)) > 0) {
      left = earlier(left, early);
    } else if ((spin = spin_for(c, left)) > 0 && sys_spin(&a->pool.header->bell, rung, start, spin)) {
      c->waiter.eager = true;
      return 0;
    }
  }
  if (c->quiet_bell != rung || c->quiet_since == 0) {
    c->quiet_bell = rung;
    c->quiet_since = sys_now();
  }
  if (in_time && !stalled) {
    waiter_wait(&c->waiter, &a->bell, rung, poked, left);
    stall_slept(stall, start, left);
    c->waiter.eager = sys_now() - start < SHORT_WAIT;
  }
  /* Not whenever a sleep times out: it may have been a short one, signals may end each before its time-out does, and
   * who polls never sleeps. The end of a connection is known, and ends the sleep. */
  if (stalled || a->bell.alone || sys_now() - c->quiet_since >= BELL_LIMIT)
    return look_after_producer(c, stalled, !in_time);
  return in_time ? 0 : no_frame(c);
}

/* await_next waits a moment for a producer that is just moving. */
static int await_next(bips_consumer *c, uint32_t poked, const struct deadline *limit) {
  int64_t wait;

  if (!deadline_left(limit, FOLLOW_PAUSE, &wait))
    return no_frame(c);
  waiter_wait_poke(&c->waiter, poked, wait);
  return 0;
}

/* ---- Looking for a pool */

#define FULL_GRACE SECOND /* how long a full pool is tried again before pull says so: the seat of a consumer that was
                             just killed is free only when the kernel is done with it */

/* pause_search waits until the next look. */
static int pause_search(bips_consumer *c, uint32_t poked, const struct deadline *limit, int64_t pause) {
  int64_t wait;

  if (deadline_left(limit, pause, &wait)) {
    waiter_wait_poke(&c->waiter, poked, wait);
    return 0;
  }
  if (load_flag(&c->suspended))
    return because(fail_plain(BIPS_TIMEOUT, "pool \"%s\": suspended: timeout", c->paths.name), BIPS_SUSPENDED);
  return because(fail_plain(BIPS_TIMEOUT, "pool \"%s\": not attached (%s): timeout", c->paths.name, c->last_search.text),
      -c->last_search.error);
}

/* search_pause is how long to wait before the next look for a pool. One that is moving is there in a moment, unless
 * one of its files was deleted. */
static int64_t search_pause(bips_consumer *c, int error) {
  if (error != -MOVING) {
    c->move_since = 0;
    return SEARCH_LIMIT;
  }
  if (c->move_since == 0)
    c->move_since = sys_now();
  else if (sys_now() - c->move_since >= SEARCH_LIMIT)
    return SEARCH_LIMIT;
  return FOLLOW_PAUSE;
}

/* fatal_search returns the errors that looking again does not cure, and 0 for the others. */
static int fatal_search(bips_consumer *c, int error) {
  if (error == -BIPS_NO_POOL || error == -MOVING || error == -PASSING) {
    c->full_since = 0;
    return 0;
  }
  if (error == -BIPS_PERMISSION)
    return explain_refusal_to_reader(error);
  if (error == -BIPS_POOL_FULL) {
    if (c->full_since == 0)
      c->full_since = sys_now();
    if (sys_now() - c->full_since < FULL_GRACE)
      return 0;
    c->full_since = 0;
  }
  return advise_on(error);
}

/* note_search is what a search says that found no pool to attach to, and waits a moment. */
static int note_search(bips_consumer *c, int error, uint32_t poked, const struct deadline *limit) {
  int64_t pause;

  if (c->was_before && error == -BIPS_NO_POOL) {
    c->was_before = false;
    pthread_mutex_lock(&c->mu);
    count_rest(c);
    pthread_mutex_unlock(&c->mu);
    return fail_plain(BIPS_PRODUCER_LOST, "pool \"%s\": its producer died while it moved: producer lost", c->paths.name);
  }
  if (fatal_search(c, error) < 0)
    return of_pool(error, c->paths.name);
  pause = search_pause(c, error);
  tell_later(&c->last_search, error == -MOVING || error == -PASSING ? -BIPS_NO_POOL : error);
  return pause_search(c, poked, limit, pause);
}

/* attach begins to read, with the grant that there is. If the producer is gone, it waits a moment: the name may stay for a
 * while. With pulling. */
static int attach(bips_consumer *c, struct attachment *a, uint32_t poked, const struct deadline *limit) {
  bool again = a->reading->joined, seen;
  int err = join(a, &seen);

  set_asking(c, NULL); /* the attachment has come of it */
  if (err < 0 || !seen)
    let_go(a);
  if (err < 0)
    return of_pool(err, c->paths.name);
  if (!seen) {
    fail(BIPS_NO_POOL, "its producer is gone");
    tell_later(&c->last_search, -BIPS_NO_POOL);
    return pause_search(c, poked, limit, SEARCH_LIMIT);
  }
  c->full_since = c->move_since = c->quiet_since = 0;
  c->was_before = false;
  pthread_mutex_lock(&c->mu);
  c->attachment = a;
  if (!again)
    c->stats.instances++;
  if (c->wants_key_frame) {
    c->wants_key_frame = false;
    request_key_frame(a);
  }
  pthread_mutex_unlock(&c->mu);
  return 0;
}

/* search_again gives up what was asked for in vain, and waits a moment. Whatever has come until then was about that. */
static int search_again(bips_consumer *c, int error, const struct deadline *limit) {
  struct told_later why;
  uint32_t poked;
  int err;

  tell_later(&why, error);
  stop_asking(c);
  poked = waiter_look(&c->waiter);
  if ((err = pull_interrupted(c)) < 0)
    return err;
  return note_search(c, tell_now(&why), poked, limit);
}

int search(bips_consumer *c, uint32_t poked, const struct deadline *limit) {
  struct deadline patience = *limit; /* for the answer; not for what may be tried again after it */
  int64_t grace, wait;
  int err;

  if (load_flag(&c->suspended)) {
    let_go_of_dead(c);
    return pause_search(c, poked, limit, SEARCH_LIMIT);
  }
  if (c->asking == NULL) {
    struct application *asking;
    if ((wait = again_left(&c->again, &c->paths)) > 0)
      return pause_search(c, poked, limit, earlier(wait, SEARCH_LIMIT));
    if ((err = apply(c, &asking)) < 0)
      return note_search(c, err, poked, limit);
    set_asking(c, asking);
    c->asked_at = sys_now();
  }
  if ((grace = ANSWER_GRACE - (sys_now() - c->asked_at)) > 0)
    patience = deadline_at_least(*limit, grace);
  while (waiter_look(&c->waiter) == poked) {
    struct attachment *granted;
    enum answer told;
    if ((err = c->asking->ops->answer(c->asking, &told, &granted)) < 0)
      return search_again(c, err, limit);
    if (told == ANSWER_GRANTED)
      return attach(c, granted, poked, limit);
    if (!deadline_left(&patience, BELL_LIMIT, &wait))
      return because(fail_plain(BIPS_TIMEOUT, "pool \"%s\": not attached, the producer does not answer: timeout", c->paths.name),
          BIPS_NO_ANSWER);
    c->asking->ops->await(c->asking, poked, wait);
  }
  return 0;
}

/* ---- Wishes: what other calls ask whoever pulls to do */

static void apply_suspension(bips_consumer *c) {
  bool want = load_flag(&c->want_suspended);
  int64_t end;

  if (want == load_flag(&c->suspended))
    return;
  stop_asking(c);
  if (want && c->attachment != NULL) {
    store_flag(&c->suspended, true);
    suspend_reading(c->attachment);
    follow_if_moved(c);
    start_watch(c);
  } else if (!want) {
    stop_watch(c);
    end = sys_now() + ANSWER_GRACE;
    catch_up(c, end); /* suspended still: frames that came before are not lost */
    store_flag(&c->suspended, false);
    if (c->attachment != NULL) {
      resume_reading(c->attachment);
      HIT("U3");
    }
    look_again(c, end);
  }
  store_flag(&c->suspended, want);
  store_flag(&c->settled, want);
  baton_pass(&c->turn);
}

/* apply_wishes makes what suspend, resume and set_blocking asked for so. With pulling. */
static void apply_wishes(bips_consumer *c) {
  struct attachment *a;
  bool ignored;

  apply_suspension(c);
  ignored = load_flag(&c->ignored_wish);
  a = c->attachment;
  if (a != NULL && a->reading->mode == BIPS_EVERY && !load_flag(&c->suspended) && load_flag(&a->reading->standing.blocking) == ignored) {
    if (ignored)
      unblock(a);
    else
      block(a);
  }
  if (ignored != load_flag(&c->ignored)) {
    store_flag(&c->ignored, ignored);
    baton_pass(&c->turn);
  }
}

/* struct wish is something that is to become so. */
struct wish {
  bips_consumer *c;
  bool *wanted, *is;
  bool value;
};

static bool try_to_grant(void *argument) {
  struct wish *w = argument;

  if (load_flag(w->is) == w->value || load_flag(w->wanted) != w->value)
    return true;
  if (pthread_mutex_trylock(&w->c->pulling) == 0) {
    apply_wishes(w->c);
    pthread_mutex_unlock(&w->c->pulling);
    return true;
  }
  poke(w->c);
  return false;
}

/* make_wish has something done by whoever pulls, or else does it. */
static int make_wish(bips_consumer *c, bool *wanted, bool *is, bool value) {
  struct wish w = {c, wanted, is, value};

  store_flag(wanted, value);
  baton_await(&c->turn, try_to_grant, &w);
  baton_pass(&c->turn);
  return 0;
}

BIPS_API int bips_consumer_suspend(bips_consumer *c) {
  int err = consumer_is_known(c);

  return err < 0 ? err : make_wish(c, &c->want_suspended, &c->settled, true);
}

BIPS_API int bips_consumer_resume(bips_consumer *c) {
  int err = consumer_is_known(c);

  return err < 0 ? err : make_wish(c, &c->want_suspended, &c->settled, false);
}

BIPS_API int bips_consumer_set_blocking(bips_consumer *c, int blocking) {
  int err = consumer_is_known(c);

  return err < 0 ? err : make_wish(c, &c->ignored_wish, &c->ignored, blocking == 0);
}

BIPS_API int bips_consumer_set_flushing(bips_consumer *c, int flushing) {
  int err = consumer_is_known(c);

  if (err < 0)
    return err;
  store_flag(&c->flushing, flushing != 0);
  if (flushing)
    poke(c);
  return 0;
}

BIPS_API int bips_consumer_interrupt(bips_consumer *c) {
  if (c == NULL)
    return -BIPS_STALE; /* without a sentence: this may be a signal handler */
  if (c->generation != fork_generation())
    return -BIPS_FORKED;
  store_flag(&c->interrupted, true);
  waiter_interrupt(&c->waiter);
  return 0;
}

BIPS_API int bips_consumer_set_max_age(bips_consumer *c, int64_t max_age) {
  int err = consumer_is_known(c);

  if (err == 0)
    __atomic_store_n(&c->max_age, max_age < 0 ? 0 : max_age, __ATOMIC_SEQ_CST);
  return err;
}

/* ---- Pulling */

/* quota_of is how many frames may be held. With pulling or mu. */
static uint32_t quota_of(const bips_consumer *c) { return c->attachment == NULL ? c->options.max_held : c->attachment->granted; }

static bool is_cut(const struct attachment *a) { return sys_is_cut(a->pool.header) || sys_is_cut(a->seats.header); }

static bool may_hold_more(const bips_consumer *c) { return load32(&c->held) < quota_of(c); }

/* await_room sleeps until a frame is given back, if no more may be held. Only the looker waits for that: a pull fails. */
static void await_room(bips_consumer *c, uint32_t poked) {
  store32(&c->readable.starved, 1); /* before the look: one of the two sees the other */
  if (!may_hold_more(c))
    waiter_wait_poke(&c->waiter, poked, BELL_LIMIT);
  store32(&c->readable.starved, 0);
}

/* look_around is one look for a frame; AGAIN: there is none, and *rung is what the bell was before. */
static int look_around(bips_consumer *c, uint32_t *rung, int *got, bips_frame **frame) {
  struct delivery d = {NULL, 0, 0};

  *got = GOT_NOTHING;
  if (c->attachment == NULL || load_flag(&c->suspended))
    return AGAIN;
  if (is_cut(c->attachment))
    return of_pool(cut_short(), c->paths.name);
  *rung = load32(&c->attachment->pool.header->bell); /* C1 */
  HIT("C1");
  *got = frame == NULL ? outcome_ahead(c->attachment) : next_frame(c->attachment, &d);
  if (frame == NULL && *got == GOT_FRAME)
    return 0;
  return result_of(c, *got, &d, frame);
}

/* pull is pull_or_look, which ends the attachment after some errors. */
static int pull(bips_consumer *c, int64_t timeout, bips_frame **frame) {
  struct deadline limit = {0, false};
  bool first = true;
  int err = pull_interrupted(c);

  if (err < 0)
    return err;
  if (frame != NULL && !may_hold_more(c)) { /* C0 */
    HIT("C0");
    return fail_plain(BIPS_QUOTA, "pool \"%s\": %u frames held, %u were granted: %s", c->paths.name, load32(&c->held), quota_of(c),
        error_text(BIPS_QUOTA));
  }
  do {
    uint32_t poked = waiter_look(&c->waiter), rung = 0;
    struct attachment *looked;
    int got;
    if ((err = pull_interrupted(c)) < 0)
      return err;
    if (frame != NULL)
      readable_note_missed(c);
    apply_wishes(c);
    if (c->owed.error != 0 && !load_flag(&c->suspended))
      return frame == NULL ? 0 : tell_now(&c->owed);
    if (frame == NULL && !may_hold_more(c)) {
      await_room(c, poked);
      continue;
    }
    looked = c->attachment;
    if ((err = look_around(c, &rung, &got, frame)) != AGAIN)
      return err;
    if (first) /* no clock is read when a frame is there */
      limit = deadline_after(timeout);
    first = false;
    if (got == POOL_MOVED && c->attachment == looked) { /* not there yet */
      err = await_next(c, poked, &limit);
    } else if (got == POOL_MOVED && c->attachment != NULL) { /* in the next pool */
      err = 0;
    } else if (got == GOT_BUSY) {
      err = await_slot(c, poked, &limit);
    } else if (c->attachment != NULL && !load_flag(&c->suspended)) {
      c->attachment->busy_since = c->attachment->nameless_since = 0;
      err = await_frame(c, rung, poked, &limit);
    } else {
      err = search(c, poked, &limit);
    }
  } while (err == 0);
  return err;
}

int pull_or_look(bips_consumer *c, int64_t timeout, bips_frame **frame) {
  int err = pull(c, timeout, frame);

  if (err == -BIPS_DAMAGED)
    detach(c);
  return err;
}

BIPS_API int bips_consumer_pull(bips_consumer *c, int64_t timeout, bips_frame **frame) {
  int err;

  if (frame == NULL)
    return fail(BIPS_BAD_OPTION, "there is no place for the frame: it is NULL");
  *frame = NULL;
  if ((err = consumer_is_known(c)) < 0)
    return err;
  if ((err = readable_begin_pull(c, &timeout)) < 0)
    return err;
  err = pull_or_look(c, timeout, frame);
  readable_end_pull(c, err);
  return err;
}

BIPS_API int bips_consumer_push(bips_consumer *c, bips_frame *frame) {
  int err = consumer_is_known(c);

  if (err == 0 && (err = bips_frame_release(frame)) < 0)
    of_pool(err, c->paths.name);
  return err;
}

/* ---- What a consumer knows */

BIPS_API uint32_t bips_consumer_held(const bips_consumer *c) { return c == NULL ? 0 : load32(&c->held); }

BIPS_API uint32_t bips_consumer_quota(bips_consumer *c) {
  uint32_t quota = 0;

  if (consumer_is_known(c) == 0) {
    pthread_mutex_lock(&c->mu);
    quota = quota_of(c);
    pthread_mutex_unlock(&c->mu);
  }
  return quota;
}

BIPS_API const char *bips_consumer_name(const bips_consumer *c) { return c == NULL ? "" : c->paths.name; }

/* describe_pool is with mu. */
static void describe_pool(const struct attachment *a, bips_pool_info *info) {
  const struct geometry *g = &a->pool.g;

  *info = (bips_pool_info){
      .size = sizeof *info, .instance = g->instance, .slot_size = g->slot_size, .latency = load64(&a->pool.header->latency),
      .interval = interval_of(a), .slots = g->slots, .room = pinnable(g->slots), .granted = granted_to_all(a),
      .max_consumers = g->seats, .producer_pid = g->producer_pid, .moves = g->move,
  };
}

BIPS_API int bips_consumer_get_pool(bips_consumer *c, bips_pool_info *info) {
  bips_pool_info now = BIPS_POOL_INFO_INIT;
  int err = consumer_is_known(c), written;

  if (err < 0)
    return err;
  pthread_mutex_lock(&c->mu);
  if (c->attachment != NULL)
    describe_pool(c->attachment, &now);
  else
    err = of_pool(fail(BIPS_NO_POOL, "none is attached now"), c->paths.name);
  pthread_mutex_unlock(&c->mu);
  written = write_struct(info, &now, sizeof now, "bips_pool_info");
  return err < 0 ? err : written;
}

BIPS_API uint32_t bips_consumer_slots_for_max_held(bips_consumer *c) {
  uint32_t slots = 0;

  if (consumer_is_known(c) < 0)
    return 0;
  pthread_mutex_lock(&c->mu);
  struct attachment *a = c->attachment;
  if (a != NULL && a->granted < c->options.max_held)
    slots = a->peer->ops->slots_for_most(a->peer, a, &c->options);
  pthread_mutex_unlock(&c->mu);
  return slots > BIPS_MAX_SLOTS ? 0 : slots;
}

BIPS_API int bips_consumer_get_stats(bips_consumer *c, bips_consumer_stats *stats) {
  bips_consumer_stats now;
  int err = consumer_is_known(c);

  if (err < 0)
    return err;
  pthread_mutex_lock(&c->mu);
  now = c->stats;
  now.held = load32(&c->held);
  now.blocking = c->attachment != NULL && !load_flag(&c->suspended) && load_flag(&c->reading.standing.blocking);
  pthread_mutex_unlock(&c->mu);
  return write_struct(stats, &now, sizeof now, "bips_consumer_stats");
}

/* request_key_frame is called by one thread at a time. */
void request_key_frame(struct attachment *a) {
  add32(&a->seat->key_frames, 1); /* F1 */
  HIT("F1");
  a->peer->ops->knock(a->peer); /* F2 */
  HIT("F2");
}

BIPS_API int bips_consumer_request_key_frame(bips_consumer *c) {
  int err = consumer_is_known(c);

  if (err < 0)
    return err;
  pthread_mutex_lock(&c->mu);
  if (load_flag(&c->closed))
    err = of_pool(fail_as(BIPS_CLOSED), c->paths.name);
  else if (c->attachment == NULL)
    c->wants_key_frame = true;
  else
    request_key_frame(c->attachment);
  pthread_mutex_unlock(&c->mu);
  return err;
}
