/*
 * A descriptor for event loops: readable when there is something to pull.
 *
 * What tells a consumer of frames is a futex word in shared memory, and no poll can wait for that. So a thread does, the
 * looker, and writes an eventfd. It does what a pull does, with the consumer's own seat and under the same lock, pulling: it
 * looks for the pool, joins, sleeps at the bell, follows moves, notices deaths. But it takes nothing: where a pull would
 * take, it sets the descriptor and rests. An error that no pull would find again it leaves in owed, for the next pull.
 *
 *     looking   the looker has pulling. fd is not readable.
 *     set       fd is readable, the looker rests: nobody sleeps at the bell, and frames cost nothing more.
 *
 * looking -> set      by the looker, when it found something; it writes fd before it gives pulling up.
 * set -> looking      by a pull that found nothing, which reads fd and wakes the looker; it holds pulling.
 *
 * No wake-up is lost. Both transitions happen with pulling held, so that fd is readable exactly as long as set is 1. After
 * set -> looking the looker loads the bell, then looks, then sleeps if the bell has not changed since (C1, C4): what
 * came after the last look of the pull that found nothing, it finds in its own first look, or the bell wakes it. What
 * came before that look of the pull, the pull would have found. Interrupts, flushing and a shutdown are flags, which are set
 * before the looker is poked (waiter_interrupt), and looked at after its pokes are remembered. That a frame was given back where no more
 * may be held is such a pair, too: held falls before starved is looked at, and starved is set before held is.
 *
 * A pull whose time is over while another pull has pulling has found nothing either, and cannot take fd's word back. It says so in missed,
 * and pokes that other pull, which does it: before it sleeps, and when it ends, also with a frame. An edge follows if more is there.
 *
 * A pull while the looker looks needs pulling: it counts itself in claims and pokes the looker, which then gives pulling up,
 * and does not take it again before claims is 0.
 */
#include "atomics.h"
#include "attach.h"
#include "errors.h"
#include "limits.h"

/* ---- The looker */

/* rest sleeps while a word is a value, and the looker is not to end. */
static void rest(struct readable *r, const uint32_t *word, uint32_t value) {
  if (load32(word) == value && !load_flag(&r->over))
    sys_futex_wait(word, value, SECOND);
}

/* yield leaves pulling to those who claim it. */
static void yield(struct readable *r) {
  uint32_t claims;

  while ((claims = load32(&r->claims)) != 0 && !load_flag(&r->over))
    rest(r, &r->claims, claims);
}

/* leave_to_pull keeps an error for the pull that follows, unless that finds it again by itself. */
static void leave_to_pull(bips_consumer *c, int err) {
  if (err < 0 && err != -BIPS_CLOSED && err != -BIPS_FLUSHING && err != -BIPS_INTERRUPTED)
    tell_later(&c->owed, err);
}

/* look_once looks until there is something to pull, and tells so; false: somebody else wants to pull. */
static bool look_once(bips_consumer *c) {
  struct readable *r = &c->readable;
  int err;

  pthread_mutex_lock(&c->pulling);
  r->looking = true;
  err = pull_or_look(c, BIPS_FOREVER, NULL);
  r->looking = false;
  if (err != -YIELDED) {
    leave_to_pull(c, err);
    store32(&r->set, 1);
    sys_event_set(r->fd);
  }
  pthread_mutex_unlock(&c->pulling);
  baton_pass(&c->turn);
  return err != -YIELDED;
}

static void *look(void *consumer) {
  bips_consumer *c = consumer;
  struct readable *r = &c->readable;

  while (!load_flag(&r->over)) {
    if (!look_once(c))
      yield(r);
    while (load32(&r->set) == 1 && !load_flag(&r->over))
      rest(r, &r->set, 1);
  }
  return NULL;
}

/* ---- Pulls */

static bool try_to_pull(void *consumer) { return pthread_mutex_trylock(&((bips_consumer *)consumer)->pulling) == 0; }

/* is_pulled reports whether a pull has pulling, which will find missed set then. */
static bool is_pulled(struct readable *r) {
  if (!load_flag(&r->pulled))
    return false;
  store_flag(&r->missed, true); /* before the look that counts: one of the two pulls sees the other */
  return load_flag(&r->pulled);
}

/* await_turn takes pulling. When the time is over it still waits for whoever is not a pull, and gives pulling up at once: the
 * looker, above all. Otherwise this pull would find nothing, and fd would stay readable. */
static int await_turn(bips_consumer *c, int64_t *timeout) {
  struct deadline limit;

  if (*timeout < 0) {
    pthread_mutex_lock(&c->pulling);
    return 0;
  }
  limit = deadline_after(*timeout);
  while (!baton_await_until(&c->turn, &limit, try_to_pull, c)) {
    if (is_pulled(&c->readable)) {
      waiter_interrupt(&c->waiter);
      return fail_plain(BIPS_TIMEOUT, "pool \"%s\": another thread pulls: timeout", c->paths.name);
    }
    limit = deadline_at_least(limit, MILLISECOND);
  }
  if (limit.limited)
    *timeout = limit.at > sys_now() ? limit.at - sys_now() : 0;
  return 0;
}

/* claim takes pulling from whoever has it. */
static int claim(bips_consumer *c, int64_t *timeout) {
  struct readable *r = &c->readable;
  int err;

  add32(&r->claims, 1); /* before the look whether there is a looker: one that begins now sees the claim */
  if (load_flag(&r->on))
    waiter_interrupt(&c->waiter);
  err = await_turn(c, timeout);
  if (add32(&r->claims, (uint32_t)-1) == 0 && load_flag(&r->on))
    sys_futex_wake_all(&r->claims);
  return err;
}

int readable_begin_pull(bips_consumer *c, int64_t *timeout) {
  int err = 0;

  if (pthread_mutex_trylock(&c->pulling) != 0 && (err = claim(c, timeout)) < 0)
    return err;
  __atomic_store_n(&c->readable.pulled, true, __ATOMIC_RELAXED); /* this is every pull's: it need not be ordered */
  return 0;
}

/* take_back makes fd not readable, and has the looker look; false: it does already. With pulling. */
static bool take_back(struct readable *r) {
  if (load32(&r->set) == 0)
    return false;
  sys_event_clear(r->fd);
  store32(&r->set, 0);
  return true;
}

static bool was_missed(struct readable *r) { return load_flag(&r->missed) && swap_flag(&r->missed, false); }

void readable_note_missed(bips_consumer *c) {
  if (was_missed(&c->readable) && take_back(&c->readable))
    sys_futex_wake_all(&c->readable.set);
}

void readable_end_pull(bips_consumer *c, int err) {
  struct readable *r = &c->readable;
  bool found_nothing = err == -BIPS_TIMEOUT || err == -BIPS_QUOTA, look = false;

  if (load_flag(&r->on)) {
    store_flag(&r->pulled, false);
    look = (was_missed(r) || found_nothing) && take_back(r);
  } else {
    __atomic_store_n(&r->pulled, false, __ATOMIC_RELAXED);
  }
  pthread_mutex_unlock(&c->pulling);
  baton_pass(&c->turn);
  if (look)
    sys_futex_wake_all(&r->set);
}

void readable_note_room(bips_consumer *c) {
  if (load32(&c->readable.starved) != 0)
    waiter_interrupt(&c->waiter);
}

/* ---- Beginning and end */

/* begin is with mu. */
static int begin(bips_consumer *c) {
  struct readable *r = &c->readable;
  int err;

  if (load_flag(&c->closed))
    return of_pool(fail_as(BIPS_CLOSED), c->paths.name);
  if ((err = sys_event_open(&r->fd)) < 0)
    return of_pool(advise_on(err), c->paths.name);
  if ((err = sys_start_thread(&r->looker, look, c)) < 0) {
    sys_event_close(r->fd);
    return of_pool(err, c->paths.name);
  }
  store_flag(&r->on, true);
  return 0;
}

BIPS_API int bips_consumer_fd(bips_consumer *c) {
  int err = consumer_is_known(c), fd;

  if (err < 0)
    return err;
  pthread_mutex_lock(&c->mu);
  if (!load_flag(&c->readable.on))
    err = begin(c);
  fd = c->readable.fd;
  pthread_mutex_unlock(&c->mu);
  return err < 0 ? err : fd;
}

void readable_end(bips_consumer *c) {
  struct readable *r = &c->readable;

  if (!load_flag(&r->on))
    return;
  store_flag(&r->over, true);
  waiter_interrupt(&c->waiter);
  sys_futex_wake_all(&r->set);
  sys_futex_wake_all(&r->claims);
  sys_join_thread(r->looker);
  sys_event_close(r->fd);
}
