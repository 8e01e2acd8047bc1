#include <stdio.h>
#include <string.h>

#include "atomics.h"
#include "attach.h"
#include "crashpoint.h"
#include "errors.h"

/* Who is suspended sleeps at no bell, and may not even be in a pull: so nothing tells it that its producer is
 * dead. Yet its mapping keeps the dead pool's memory, for which the next producer may have to wait. So a thread
 * looks now and then, and lets go (U6). */

static void try_to_let_go(bips_consumer *c) {
  if (pthread_mutex_trylock(&c->pulling) == 0) {
    let_go_of_dead(c);
    pthread_mutex_unlock(&c->pulling);
  } /* else whoever pulls does it */
  baton_pass(&c->turn);
}

static void *watch_producer(void *consumer) {
  bips_consumer *c = consumer;

  for (;;) {
    sys_futex_wait(&c->watch_over, 0, BELL_LIMIT);
    if (load32(&c->watch_over) != 0)
      return NULL;
    try_to_let_go(c);
  }
}

/* Without a thread for it, whoever pulls or resumes notices: that is no reason to fail. */
void start_watch(bips_consumer *c) {
  if (c->attachment == NULL)
    return;
  join_watch(c); /* of a suspension before: it is over, and never waits for pulling */
  store32(&c->watch_over, 0);
  c->watched = sys_start_thread(&c->watcher, watch_producer, c) == 0;
}

void stop_watch(bips_consumer *c) {
  store32(&c->watch_over, 1);
  sys_futex_wake_all(&c->watch_over);
}

void join_watch(bips_consumer *c) {
  if (c->watched)
    sys_join_thread(c->watcher);
  c->watched = false;
}

int tell_later(struct told_later *t, int error) {
  t->error = error;
  snprintf(t->text, sizeof t->text, "%s", bips_error_message());
  return error;
}

int tell_now(struct told_later *t) {
  int error = t->error;

  t->error = 0;
  return error == 0 ? 0 : fail_plain(-error, "%s", t->text);
}

bool has_moved(const struct attachment *a) { return load32(&a->pool.header->state) == BIPS_LAYOUT_STATE_MOVED; }

/* follow_if_moved is what a consumer does that is suspended or resumes, when its producer has moved (U7), and
 * reports whether that has. */
bool follow_if_moved(bips_consumer *c) {
  int err;

  if (!has_moved(c->attachment)) {
    c->attachment->nameless_since = 0;
    return false;
  }
  if ((err = follow(c)) < 0)
    tell_later(&c->owed, err);
  HIT("U7");
  return true;
}

/* may_be_overlooked reports whether the producer has moved, perhaps before it could see that a reader which it is to wait
 * for has joined (M4a): it then keeps nothing for that reader. Who has something to read or to be told here follows after
 * that, as ever. */
static bool may_be_overlooked(const struct attachment *a) {
  struct sight seen = look_at_header(a);

  return load_flag(&a->reading->standing.blocking) && seen.state == BIPS_LAYOUT_STATE_MOVED && seen.head < a->reading->cursor &&
         !owes_end(a->reading, seen.ended);
}

/* catch_up follows a producer that has moved, any number of times, to where it publishes now. What a reader needs for
 * that may be on its way, and comes until end where the producer runs. */
void catch_up(bips_consumer *c, int64_t end) {
  while (c->attachment != NULL && (load_flag(&c->suspended) || may_be_overlooked(c->attachment))) {
    struct attachment *before = c->attachment;
    if (!follow_if_moved(c))
      return;
    if (c->attachment == before) {
      if (sys_now() > end)
        return;
      sys_sleep(FOLLOW_PAUSE);
    }
  }
}

/* rejoin has a reader that its producer has no place for any more ask for a seat, and join there, for as long as that takes
 * where the producer runs. A pull goes on with what has not come by then. */
static void rejoin(bips_consumer *c) {
  struct deadline limit = deadline_after(ANSWER_GRACE);
  int err = 0;

  while (c->was_before && err == 0)
    err = search(c, waiter_look(&c->waiter), &limit);
  if (err == -BIPS_PRODUCER_LOST) /* which is told once */
    tell_later(&c->owed, err);
  if (err == -BIPS_INTERRUPTED) /* which is for a pull */
    store_flag(&c->interrupted, true);
}

/* look_again is what a reader does that has resumed, before anybody is told so: it looks once more whether its producer has
 * moved (U7), which may have begun before it was seen to be back. Where there is no place for it, it asks for a seat;
 * again before end only. */
void look_again(bips_consumer *c, int64_t end) {
  for (rejoin(c); c->attachment != NULL; rejoin(c)) {
    catch_up(c, end);
    if (!c->was_before || sys_now() > end)
      return;
  }
}

/* last_word is what a reader that resumed would be told of an instance whose producer is dead, or 0: all was said. */
static int last_word(const struct attachment *a) {
  struct sight seen = look_at_header(a);

  if (owes_end(a->reading, seen.ended))
    return fail_as(BIPS_END_OF_STREAM);
  if (seen.ended == seen.head + 1)
    return 0;
  if (seen.state == BIPS_LAYOUT_STATE_CLOSED)
    return fail_plain(BIPS_PRODUCER_LOST, "it closed without an end of stream: producer lost");
  return fail_plain(BIPS_PRODUCER_LOST, "its producer died: producer lost");
}

/* let_go_of_dead detaches a suspended consumer whose producer is dead, and remembers what pull has to say of it
 * (U6). It follows one that has moved (U7). What is held stays valid; the last frame given back frees the memory. */
void let_go_of_dead(bips_consumer *c) {
  struct attachment *a = c->attachment;
  bool alive;
  int word;

  if (a == NULL || !load_flag(&c->suspended) || a->peer->ops->producer_alive(a->peer, &alive) < 0 || follow_if_moved(c) || alive)
    return;
  if ((word = last_word(a)) < 0)
    tell_later(&c->owed, of_pool(word, c->paths.name));
  detach(c);
  HIT("U6");
}

/* suspend_reading makes the seat need nothing while it keeps its pins. To resume is to join again (U3). */
void suspend_reading(struct attachment *a) {
  a->reading->rested = true;
  a->reading->standing.counted = false;
  store32(&a->seat->state, BIPS_LAYOUT_SEAT_SUSPENDED); /* U1 */
  HIT("U1");
  ring_door(&a->door); /* U2 */
  HIT("U2");
}

/* resume_reading is U3. An end that came meanwhile is told before any later frame. */
void resume_reading(struct attachment *a) {
  a->reading->stall = (struct stall){0, 0, false}; /* who does not read misses no frames */
  take_part(a, RESUMING);
}
