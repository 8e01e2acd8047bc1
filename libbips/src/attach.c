#include "attach.h"

#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "atomics.h"
#include "captext.h"
#include "crashpoint.h"
#include "errors.h"
#include "grant.h"
#include "words.h"

/* ---- Attachments */

struct attachment *new_attachment(bips_consumer *c, struct peer *peer, const struct pool_segment *pool, const struct seat_segment *seats) {
  struct attachment *a = calloc(1, sizeof *a);

  if (a == NULL || (a->caps = calloc(pool->g.caps, sizeof a->caps[0])) == NULL) {
    free(a);
    return NULL;
  }
  a->peer = peer;
  a->pool = *pool;
  a->seats = *seats;
  a->door = (struct door){&seats->header->door, &pool->header->producer_waiting};
  a->references = 1;
  a->consumer = c;
  add32(&c->references, 1);
  return a;
}

void free_attachment(struct attachment *a) {
  bips_consumer *c = a->consumer;

  for (uint32_t i = 0; i < a->pool.g.caps; i++)
    caps_text_unref(a->caps[i].text);
  free(a->caps);
  if (a->peer != NULL)
    a->peer->ops->close(a->peer);
  free(a);
  consumer_unreference(c);
}

void sit(struct attachment *a, uint32_t index, struct bips_layout_seat *seat, bool alone) {
  a->index = index;
  a->seat = seat;
  a->bell = (struct bell){&a->pool.header->bell, &seat->waiting, alone};
}

void let_go(struct attachment *a) {
  drain(a);
  unreference(a);
}

void unreference(struct attachment *a) {
  if (add32(&a->references, (uint32_t)-1) > 0)
    return;
  leave_seat(a);
  free_attachment(a);
}

uint32_t granted_to_all(const struct attachment *a) {
  uint32_t sum = 0;

  for (uint32_t i = 0; i < a->pool.g.seats; i++) {
    uint64_t granted = load64(&seat_word_of(&a->pool, i)->granted);
    /* Who cannot see the others' seats sees what they were granted. */
    if (!a->bell.alone && (load32(&a->seats.seats[i]->state) == BIPS_LAYOUT_SEAT_FREE ||
                              generation_of(granted) != load32(&a->seats.seats[i]->generation)))
      continue;
    sum += least32(value_of(granted), BIPS_LAYOUT_MAX_SLOTS);
  }
  return sum;
}

/* ---- Asking for a seat in a pool of files */

/* struct asking is a consumer that has a seat, and waits for its grant. */
struct asking {
  struct application application;
  struct attachment *attachment;
  uint32_t rung;  /* value of the bell before the last look for an answer */
  int64_t probed; /* when the producer was found alive last */
};

static int gone(void) { return fail(BIPS_NO_POOL, "its producer is gone"); }

/* claim takes the lock of a seat that is open and that nobody has (A3). The word before the lock: whoever tried
 * the lock of a reserved seat would make its owner think that its place is gone. */
static int claim(const struct attachment *a, struct peer_files *files, uint32_t i, bool *claimed) {
  struct bips_layout_seat_word *word = seat_word_of(&a->pool, i);

  *claimed = false;
  if (load64(&word->reserved) != 0 || load64(&word->verdict) != 0)
    return 0;
  return lock_file_try(files->seats, BIPS_LAYOUT_SEAT_LOCK_BASE + i, claimed);
}

/* take_seat takes a seat and asks for pins, at most and at least so many (A3 to A8). The seat's lock is held
 * when it returns. */
static int take_seat(struct attachment *a, struct peer_files *files, uint32_t most, uint32_t least) {
  for (uint32_t i = 0; i < a->seats.count; i++) {
    struct bips_layout_seat *seat = a->seats.seats[i];
    bool claimed;
    int err = claim(a, files, i, &claimed);
    if (err < 0)
      return err;
    if (!claimed)
      continue;
    HIT("A3");
    sit(a, i, seat, false);
    store32(&seat->state, BIPS_LAYOUT_SEAT_FREE); /* A4: clean what a predecessor left */
    HIT("A4a");
    store64(&seat->pins, 0);
    HIT("A4b");
    store32(&seat->waiting, 0);
    HIT("A4c");
    store32(&seat->asked, pack_asked(most, least)); /* A5 */
    store32(&seat->pid, (uint32_t)getpid());
    HIT("A5");
    a->generation = most32(load32(&seat->generation) + 1, 1); /* 0 is nobody's */
    store32(&seat->generation, a->generation);                /* A6: only the lock's holder writes it */
    HIT("A6");
    store32(&seat->state, BIPS_LAYOUT_SEAT_ASKING); /* A7 */
    HIT("A7");
    a->peer->ops->knock(a->peer); /* A8 */
    HIT("A8");
    return 0;
  }
  return fail(BIPS_POOL_FULL, "all its %u seats are taken: raise max-consumers on the producer", a->seats.count);
}

/* refused says why a reader was refused, and what would cure that. */
static int refused(struct attachment *a, const bips_consumer_options *o) {
  struct request others[BIPS_LAYOUT_MAX_SEATS], own = {o->max_held, o->min_held};
  uint32_t slots = a->pool.g.slots, count = 0;

  for (uint32_t i = 0; i < a->seats.count; i++) {
    uint64_t granted = load64(&seat_word_of(&a->pool, i)->granted);
    struct bips_layout_seat *seat = a->seats.seats[i];
    if (i != a->index && load32(&seat->state) != BIPS_LAYOUT_SEAT_FREE && value_of(granted) != 0 &&
        generation_of(granted) == load32(&seat->generation))
      others[count++] = request_of(seat);
  }
  explain_slots_taken(slots, granted_to_all(a), others, count, own);
  return recode(BIPS_POOL_FULL);
}

/* look_for_answer is A9 but for the sleep. */
static int look_for_answer(struct asking *asking, enum answer *told) {
  struct attachment *a = asking->attachment;
  uint64_t granted = load64(&seat_word_of(&a->pool, a->index)->granted);

  *told = NO_ANSWER;
  if (generation_of(granted) == a->generation) {
    HIT("A9");
    a->granted = least32(value_of(granted), BIPS_LAYOUT_MAX_SLOTS - 1);
    *told = a->granted == 0 ? ANSWER_REFUSED : ANSWER_GRANTED;
  } else if (load32(&a->pool.header->state) != BIPS_LAYOUT_STATE_RUNNING) {
    *told = ANSWER_GONE;
  } else if (sys_now() - asking->probed >= BELL_LIMIT) {
    bool alive;
    int err = a->peer->ops->producer_alive(a->peer, &alive);
    asking->probed = sys_now();
    if (err < 0 || !alive)
      *told = ANSWER_GONE;
    return err;
  }
  return 0;
}

static int answer_of_files(struct application *application, enum answer *told, struct attachment **granted) {
  struct asking *asking = (struct asking *)application;
  struct attachment *a = asking->attachment;
  int err;

  asking->rung = load32(&a->pool.header->bell);
  err = look_for_answer(asking, told);
  if (err < 0)
    return err;
  if (*told == ANSWER_REFUSED)
    return refused(a, &a->consumer->options);
  if (*told == ANSWER_GONE)
    return has_moved(a) ? fail_plain(MOVING, "no such pool: it is just moving") : gone();
  if (*told == ANSWER_GRANTED) {
    *granted = a;
    free(asking);
  }
  return 0;
}

static void await_files(struct application *application, uint32_t poked, int64_t limit) {
  struct asking *asking = (struct asking *)application;

  waiter_wait(&asking->attachment->consumer->waiter, &asking->attachment->bell, asking->rung, poked, limit);
}

/* It gives up the seat of a reader that asked, and was refused (A10) or does not wait any longer. The lock goes
 * with the file. */
static void withdraw_files(struct application *application) {
  struct asking *asking = (struct asking *)application;
  struct attachment *a = asking->attachment;

  store32(&a->seat->state, BIPS_LAYOUT_SEAT_FREE);
  ring_door(&a->door);
  HIT("A10");
  free_attachment(a);
  free(asking);
}

static const struct application_ops asking_ops = {
    .answer = answer_of_files,
    .await = await_files,
    .withdraw = withdraw_files,
};

/* begin_asking finds the instance that the consumer goes on in, and takes a seat. */
static int begin_asking(bips_consumer *c, struct attachment *a, struct peer_files *files) {
  uint32_t state = load32(&a->pool.header->state);

  if (state == BIPS_LAYOUT_STATE_MOVED)
    return fail_plain(MOVING, "no such pool: it is just moving");
  if (state != BIPS_LAYOUT_STATE_RUNNING)
    return gone();
  if (!c->was_before) {
    reading_end(&c->reading);
    reading_begin(&c->reading, &c->options);
  } else if (a->pool.g.instance == c->before_instance) {
    heed_closed_place(&c->reading, a->pool.g.slots);
  } else {
    return fail(BIPS_NO_POOL, "another one has its name"); /* the one before is to be told first */
  }
  a->reading = &c->reading;
  return take_seat(a, files, c->options.max_held, c->options.min_held);
}

/* ask opens the pool of files of a name, takes a seat, and asks for pins (A1 to A8). The grant is awaited afterwards. A
 * reader that was in an instance before goes on there with what it knows of that; where another one has the name,
 * that one is lost. */
int ask(bips_consumer *c, struct application **application) {
  struct asking *asking = calloc(1, sizeof *asking);
  struct pool_segment pool;
  struct seat_segment seats;
  struct peer_files *files;
  int err;

  if (asking == NULL)
    return fail_as(BIPS_NO_MEMORY);
  if ((err = open_files(&c->paths, true, &files, &pool, &seats)) < 0) {
    free(asking);
    return err;
  }
  if ((asking->attachment = new_attachment(c, &files->peer, &pool, &seats)) == NULL) {
    close_files_of_peer(files);
    free(asking);
    return fail_as(BIPS_NO_MEMORY);
  }
  if ((err = begin_asking(c, asking->attachment, files)) < 0) {
    free_attachment(asking->attachment);
    free(asking);
    return err;
  }
  asking->application.ops = &asking_ops;
  asking->probed = sys_now();
  *application = &asking->application;
  return 0;
}
