#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "peer.h"

/* struct own is a producer, which orders may look at while the work closes it: the last one lets go. */
struct own {
  bips_producer *pool;
  unsigned references; /* protected by producing.mu */
  bool gone;           /* atomic: it has told that it gave way */

  pthread_t counter; /* of requests for key frames */
  bool enough;       /* atomic: the counter is to end */
  uint64_t asked;    /* atomic */
};

/* struct producing is a peer that produces. */
struct producing {
  const char *name;
  bips_producer_options options;
  int64_t wait, size, limit, pace, nap, ends, moves, lend, keep, brief, busy;
  bool quiet, idle;
  struct draw draw, upstream_draw, keep_draw;

  struct shift shift;
  pthread_mutex_t mu;
  pthread_cond_t change;
  struct own *own; /* protected by mu against those who are not the work */
  bool flush;      /* as ordered; protected by mu */
  unsigned kept;   /* published slots that are not given back yet; protected by mu */

  pthread_t upstream;
  bool lending, enough; /* enough is atomic */
  struct queue lent;

  uint64_t token, next, dropped, count;
  int64_t left;
  char caps[CAPS_ROOM * 4];
  uint8_t tags[TAGS_ROOM];
  size_t tags_size;
  bool awaited;
  bips_slot *taken[BIPS_MAX_SLOTS];
  uint32_t taken_count;
};

static bool gave_way(int err) { return err == -BIPS_NAME_TAKEN; }

/* warned tells what happened to a pool's names. */
static void warned_of(struct own *own, int err, const char *text) {
  struct line l;

  if (gave_way(err)) {
    if (__atomic_exchange_n(&own->gone, true, __ATOMIC_SEQ_CST))
      return;
    line_begin(&l, "gave-way");
    line_text(&l, "error", peer_error_name(err));
  } else if (err == -BIPS_NAMES_DELETED) {
    line_begin(&l, "renamed");
  } else {
    line_begin(&l, "wrong");
    line_text(&l, "what", "call");
    line_text(&l, "error", peer_error_name(err));
  }
  line_text(&l, "text", text);
  line_end(&l);
}

static void warned(void *own, int err, const char *text) { warned_of(own, err, text); }

/* ---- The present pool, for orders that do not pause the work */

static struct own *current(struct producing *p) {
  pthread_mutex_lock(&p->mu);
  struct own *own = p->own;
  own->references++;
  pthread_mutex_unlock(&p->mu);
  return own;
}

static void let_go(struct producing *p, struct own *own) {
  pthread_mutex_lock(&p->mu);
  bool last = --own->references == 0;
  pthread_mutex_unlock(&p->mu);
  if (last) {
    bips_producer_close(own->pool);
    free(own);
  }
}

static void wake(void *producing) {
  struct own *own = current(producing);

  bips_producer_set_flushing(own->pool, 1);
  let_go(producing, own);
}

/* halt pauses the work; then the pool is flushing only if that was ordered. */
static void halt(struct producing *p) {
  shift_pause(&p->shift, wake, p);
  bips_producer_set_flushing(p->own->pool, p->flush);
}

/* ---- An upstream has slots lent, writes where it likes, and some come back unpublished. */

static void give_back_plainly(bips_slot *slot) {
  int err = bips_slot_return(slot);

  if (err < 0)
    wrong_call("Return", err);
}

static void *lend(void *producing) {
  struct producing *p = producing;
  bips_producer *pool = p->own->pool; /* stop_lending comes before it is closed */
  bips_slot *slot;

  while (!__atomic_load_n(&p->enough, __ATOMIC_SEQ_CST)) {
    int err = bips_producer_lend(pool, 20 * BIPS_MILLISECOND, &slot);
    if (err == -BIPS_FLUSHING || gave_way(err)) {
      sleep_for(BIPS_MILLISECOND);
    } else if (err < 0) {
      if (err != -BIPS_TIMEOUT)
        wrong_call("Lend", err);
    } else {
      memset(bips_slot_data(slot), 0, bips_slot_size(slot));
      if (draw_one_in(&p->upstream_draw, 8) || !queue_put(&p->lent, slot))
        give_back_plainly(slot);
    }
  }
  return NULL;
}

static void start_lending(struct producing *p) {
  if (p->lend == 0 || p->lending)
    return;
  p->enough = false;
  queue_init(&p->lent, p->lend > 1 ? (size_t)p->lend - 1 : 1);
  p->lending = true;
  pthread_create(&p->upstream, NULL, lend, p);
}

/* stop_lending waits until upstream has given all back. The producer must not be publishing. */
static void stop_lending(struct producing *p) {
  void *slot;

  if (!p->lending)
    return;
  __atomic_store_n(&p->enough, true, __ATOMIC_SEQ_CST);
  queue_close(&p->lent);
  pthread_join(p->upstream, NULL);
  while (queue_take(&p->lent, &slot))
    give_back_plainly(slot);
  queue_destroy(&p->lent);
  p->lending = false;
}

/* ---- Opening and closing */

static void *count_key_frames(void *argument) {
  struct own *own = argument;

  while (!__atomic_load_n(&own->enough, __ATOMIC_SEQ_CST))
    if (bips_producer_wait_key_frame_request(own->pool, 50 * BIPS_MILLISECOND) == 0)
      __atomic_add_fetch(&own->asked, 1, __ATOMIC_SEQ_CST);
    else if (bips_error_reason() == 0)
      sleep_for(BIPS_MILLISECOND); /* it gave way */
  return NULL;
}

static void tell_token(struct producing *p, struct line *l) { line_hex(l, "token", p->token); }

/* open_pool makes the pool, and another token each time. */
static int open_pool(struct producing *p) {
  struct own *own = calloc(1, sizeof *own);
  int64_t start = now();
  struct line l;
  int err;

  own->references = 1;
  p->options.warn = warned;
  p->options.warn_user = own;
  while ((err = bips_producer_open(p->name, &p->options, &own->pool)) < 0) {
    bool passes = err == -BIPS_POOL_BUSY || err == -BIPS_NO_SPACE;
    if (!passes || now() - start > p->busy) {
      free(own);
      return err;
    }
    sleep_for(BIPS_MILLISECOND);
  }
  pthread_mutex_lock(&p->mu);
  p->own = own;
  bool flushing = p->flush || (!shift_is_wanted(&p->shift) && !p->idle);
  if (flushing)
    bips_producer_set_flushing(own->pool, 1);
  pthread_mutex_unlock(&p->mu);
  p->token = draw_number(&p->draw) | 1;
  p->next = 1;
  p->dropped = 0;
  p->caps[0] = 0;
  p->tags_size = 0;
  line_begin(&l, "opened");
  tell_token(p, &l);
  line_number(&l, "slots", bips_producer_slots(own->pool));
  line_end(&l);
  pthread_create(&own->counter, NULL, count_key_frames, own);
  start_lending(p);
  p->left = 1 + (int64_t)draw_below(&p->draw, (uint64_t)p->brief);
  p->awaited = p->wait == 0 || (p->brief > 0 && draw_one_in(&p->draw, 2));
  return 0;
}

static void add_stats(struct own *own, struct line *l) {
  bips_producer_stats s = BIPS_PRODUCER_STATS_INIT;

  bips_producer_get_stats(own->pool, &s);
  line_number(l, "dropped", s.dropped);
  line_number(l, "demoted", s.demoted);
  line_number(l, "published", s.published);
  line_number(l, "lent", s.lent);
  line_number(l, "consumers", s.consumers);
  line_number(l, "reclaimed", s.reclaimed);
  line_number(l, "moves", s.moves);
  line_number(l, "key_frames", __atomic_load_n(&own->asked, __ATOMIC_SEQ_CST));
}

static int put_back(struct producing *p) {
  int err = 0, failed;

  while (p->taken_count > 0)
    if ((failed = bips_slot_return(p->taken[--p->taken_count])) < 0)
      err = failed;
  return err;
}

static void await_kept(struct producing *p) {
  pthread_mutex_lock(&p->mu);
  while (p->kept > 0)
    pthread_cond_wait(&p->change, &p->mu);
  pthread_mutex_unlock(&p->mu);
}

/* shut gives all slots back and closes the pool. */
static int shut(struct producing *p) {
  struct own *own = p->own;
  struct line l;
  int err, failed;

  stop_lending(p);
  await_kept(p);
  err = put_back(p);
  __atomic_store_n(&own->enough, true, __ATOMIC_SEQ_CST);
  line_begin(&l, "closed");
  tell_token(p, &l);
  add_stats(own, &l);
  line_number(&l, "drops", p->dropped);
  failed = bips_producer_shutdown(own->pool); /* at once: readers may be on their way from a move */
  pthread_join(own->counter, NULL);
  line_end(&l);
  return err < 0 ? err : failed;
}

/* ---- Working */

/* must_go_on says that a call failed, and stops the work. */
static void must_go_on(struct producing *p, const char *call, int err) {
  if (err >= 0 || (err == -BIPS_FLUSHING && !shift_is_wanted(&p->shift)))
    return;
  if (gave_way(err))
    warned_of(p->own, err, bips_error_message());
  else
    wrong_call(call, err);
  shift_stop(&p->shift);
}

static int end_stream(struct producing *p) {
  struct line l;
  int err = bips_producer_end_of_stream(p->own->pool);

  if (err < 0)
    return err;
  line_begin(&l, "ended");
  tell_token(p, &l);
  line_end(&l);
  return 0;
}

/* again closes the pool right after a frame, or after the end of the stream, and makes the next one. */
static int again(struct producing *p) {
  struct own *before = p->own;
  int err = 0, failed;

  if (!draw_one_in(&p->draw, 4))
    err = end_stream(p);
  if ((failed = shut(p)) < 0)
    err = failed;
  if ((failed = open_pool(p)) < 0)
    return failed;
  let_go(p, before);
  return err;
}

static int grow_to(struct producing *p, size_t size) {
  struct line l;
  int err = bips_producer_grow(p->own->pool, size);

  if (err < 0)
    return err;
  line_begin(&l, "moved");
  line_number(&l, "sequence", p->next);
  line_number(&l, "size", bips_producer_slot_size(p->own->pool));
  line_end(&l);
  return 0;
}

/* grow moves to slots that are a bit larger. Where they are large enough the pool is made anew. */
static int grow(struct producing *p) {
  size_t size = bips_producer_slot_size(p->own->pool), first = p->options.slot_size;
  int err;

  if (size >= 8 * first)
    return again(p);
  err = grow_to(p, size + 1 + draw_below(&p->draw, first / 4));
  return err == -BIPS_DROPPED || err == -BIPS_FLUSHING ? 0 : err; /* somebody is still on the way from the move before */
}

/* empty is a slot to fill: one that upstream had, or another. */
static int empty(struct producing *p, bips_slot **slot) {
  void *lent;

  if (p->lend > 0 && draw_one_in(&p->draw, 16)) {
    int err = bips_producer_wait_lendable(p->own->pool, BIPS_MILLISECOND);
    if (err < 0 && err != -BIPS_TIMEOUT && err != -BIPS_FLUSHING && !gave_way(err))
      wrong_call("WaitLendable", err);
  }
  if (p->lending && queue_take_within(&p->lent, &lent, 0)) {
    *slot = lent;
    return 0;
  }
  return bips_producer_pull(p->own->pool, draw_one_in(&p->draw, 2) ? BIPS_FOREVER : 100 * BIPS_MILLISECOND, slot);
}

/* struct keeping is a published slot that is given back later. */
struct keeping {
  struct producing *p;
  bips_slot *slot;
  struct payload payload;
  int64_t delay;
};

/* give_back gives back a slot that was published, and that nobody has written to since. */
static int give_back(bips_slot *slot, const struct payload *payload) {
  char why[256];

  if (!payload_same(payload, bips_slot_data(slot), payload->size, why))
    wrong("held", "a slot that was published and kept: %s", why);
  return bips_slot_return(slot);
}

static void *give_back_later(void *argument) {
  struct keeping *k = argument;
  int err;

  sleep_for(k->delay);
  if ((err = give_back(k->slot, &k->payload)) < 0)
    wrong_call("Return", err);
  pthread_mutex_lock(&k->p->mu);
  k->p->kept--;
  pthread_cond_broadcast(&k->p->change);
  pthread_mutex_unlock(&k->p->mu);
  free(k);
  return NULL;
}

static int set_caps_and_tags(struct producing *p, const struct payload *payload) {
  char caps[CAPS_ROOM];
  uint8_t tags[TAGS_ROOM];
  size_t size;
  int err;

  if (strcmp(payload_caps(payload, caps), p->caps) != 0) {
    if ((err = bips_producer_set_caps(p->own->pool, caps)) < 0)
      return err;
    strcpy(p->caps, caps);
  }
  size = payload_tags(payload, tags);
  if (size != p->tags_size || memcmp(tags, p->tags, size) != 0) {
    if ((err = bips_producer_set_tags(p->own->pool, tags, size)) < 0)
      return err;
    memcpy(p->tags, tags, size);
    p->tags_size = size;
  }
  return 0;
}

/* publish fills a slot with the next payload and publishes it in one way or another. */
static int publish(struct producing *p, bips_slot *slot) {
  struct payload payload = {p->token, p->next, p->dropped, (uint64_t)p->size};
  uint8_t meta[META_ROOM];
  bips_frame_info info;
  uint64_t sequence;
  pthread_t thread;
  struct line l;
  int err;

  if (payload.size == 0)
    payload.size = PAYLOAD_HEADER + draw_below(&p->draw, bips_slot_size(slot) - PAYLOAD_HEADER + 1);
  if ((err = set_caps_and_tags(p, &payload)) < 0) {
    bips_slot_return(slot);
    return err;
  }
  payload_write(&payload, bips_slot_data(slot), payload.size);
  info = payload_info(&payload, meta);
  err = bips_producer_publish(p->own->pool, slot, &info, &sequence);
  if (err == -BIPS_DROPPED || err == -BIPS_FLUSHING) { /* it was lent before a move, and there is no other one for it */
    if (err == -BIPS_DROPPED)
      p->dropped++;
    return bips_slot_return(slot);
  }
  if (err < 0) {
    bips_slot_return(slot);
    return err;
  }
  if (sequence != p->next)
    wrong("call", "frame %llu was published as %llu", (unsigned long long)p->next, (unsigned long long)sequence);
  if (!p->quiet) {
    line_begin(&l, "published");
    line_number(&l, "sequence", sequence);
    line_number(&l, "dropped", p->dropped);
    line_end(&l);
  }
  p->next++;
  p->count++;
  p->left--;
  if (p->keep == 0 || !draw_one_in(&p->draw, 3))
    return give_back(slot, &payload);
  struct keeping *k = malloc(sizeof *k);
  *k = (struct keeping){p, slot, payload, draw_up_to(&p->draw, p->keep)};
  pthread_mutex_lock(&p->mu);
  p->kept++;
  pthread_mutex_unlock(&p->mu);
  pthread_create(&thread, NULL, give_back_later, k);
  pthread_detach(thread);
  return 0;
}

/* step publishes a frame, or ends something. */
static void step(void *producing) {
  struct producing *p = producing;
  bips_slot *slot;
  int err;

  if (p->limit != 0 && p->count == (uint64_t)p->limit) {
    shift_stop(&p->shift);
    return;
  }
  if (!p->awaited) {
    err = bips_producer_wait_consumers(p->own->pool, (uint32_t)p->wait, BIPS_FOREVER);
    must_go_on(p, "WaitConsumers", err);
    p->awaited = err == 0;
    return;
  }
  shift_sleep(&p->shift, draw_up_to(&p->draw, p->pace));
  if (draw_one_in(&p->draw, (uint64_t)p->nap))
    shift_sleep(&p->shift, draw_up_to(&p->draw, 2 * BIPS_MILLISECOND));
  if (p->brief > 0 && p->left == 0) {
    must_go_on(p, "closing and opening again", again(p));
  } else if (draw_one_in(&p->draw, (uint64_t)p->ends)) {
    must_go_on(p, "EndOfStream", end_stream(p));
  } else if (draw_one_in(&p->draw, (uint64_t)p->moves)) {
    must_go_on(p, "Grow", grow(p));
  } else if ((err = empty(p, &slot)) == -BIPS_DROPPED) {
    p->dropped++;
    sleep_for(20 * MICROSECOND);
  } else if (err == 0) {
    must_go_on(p, "publishing", publish(p, slot));
  } else if (err != -BIPS_TIMEOUT && err != -BIPS_FLUSHING) {
    must_go_on(p, "Pull", err);
  }
}

/* ---- Orders */

static int64_t of_micros(int64_t us) { return us < 0 ? BIPS_FOREVER : us * MICROSECOND; }

static int set_tags(struct producing *p, const char *digits) {
  static uint8_t tags[2 * BIPS_MAX_TAGS_SIZE];
  size_t size = bytes_of(digits, tags, sizeof tags);
  struct own *own = current(p);
  int err = bips_producer_set_tags(own->pool, tags, size);

  let_go(p, own);
  p->tags_size = TAGS_ROOM + 1; /* unlike those of any payload */
  return err;
}

/* hold takes every slot but the newest frame's, for as long as timeout, and keeps them until the order go. */
static void hold(struct producing *p, int64_t timeout, struct line *answer) {
  int64_t end = timeout < 0 ? INT64_MAX : now() + timeout, left;
  bips_producer *pool = p->own->pool;
  int err = 0;

  stop_lending(p);
  await_kept(p);
  while (p->taken_count < bips_producer_slots(pool) - 1) {
    left = end - now();
    err = bips_producer_pull(pool, left > 0 ? left : 0, &p->taken[p->taken_count]);
    if (err == 0) {
      p->taken_count++;
    } else if (err == -BIPS_DROPPED && now() <= end) {
      p->dropped++;
      sleep_for(BIPS_MILLISECOND); /* the policy drop does not wait */
    } else {
      p->dropped += err == -BIPS_DROPPED;
      break;
    }
  }
  line_error(answer, err);
  line_number(answer, "slots", p->taken_count);
}

static uint64_t time_of(const struct json *record, const char *name) {
  int64_t ns = json_number(record, name);

  return ns < 0 ? BIPS_NO_TIME : (uint64_t)ns;
}

static bips_frame_info info_of_record(const struct json *record) {
  static uint8_t meta[BIPS_MAX_META_SIZE + 1];
  bips_frame_info info = BIPS_FRAME_INFO_INIT;
  const struct json *list;
  int i = 0;

  info.pts = time_of(record, "pts");
  info.dts = time_of(record, "dts");
  info.duration = time_of(record, "duration");
  info.capture_time = time_of(record, "capture");
  info.offset = strtoull(json_text(record, "offset"), NULL, 16);
  info.offset_end = strtoull(json_text(record, "offset_end"), NULL, 16);
  info.flags = (uint32_t)json_number(record, "flags");
  if ((list = json_member(record, "strides")) != NULL)
    for (const struct json *n = list->children; n != NULL && i < BIPS_MAX_PLANES; n = n->next)
      info.plane_stride[i++] = (int32_t)n->number;
  info.plane_count = (uint32_t)i;
  i = 0;
  if ((list = json_member(record, "offsets")) != NULL)
    for (const struct json *n = list->children; n != NULL && i < BIPS_MAX_PLANES; n = n->next)
      info.plane_offset[i++] = (uint64_t)n->number;
  info.meta_size = bytes_of(json_text(record, "meta"), meta, sizeof meta);
  info.meta = meta;
  return info;
}

/* frame publishes one frame of the size that was ordered: a payload, cut off if it is shorter than its header, with
 * its own record or the one that was ordered. */
static void frame(struct producing *p, const struct json *fields, struct line *answer) {
  struct payload payload = {p->token, p->next, p->dropped, (uint64_t)json_number(fields, "size")};
  const struct json *record = json_member(fields, "info");
  uint8_t meta[META_ROOM];
  bips_frame_info info;
  bips_slot *slot;
  uint64_t sequence;
  int err = bips_producer_pull(p->own->pool, of_micros(json_number(fields, "timeout")), &slot);

  if (err < 0) {
    line_error(answer, err);
    return;
  }
  size_t size = payload.size < bips_slot_size(slot) ? payload.size : bips_slot_size(slot);
  payload_write(&payload, bips_slot_data(slot), size);
  info = record != NULL ? info_of_record(record) : payload_info(&payload, meta);
  info.data_size = payload.size;
  err = bips_producer_publish(p->own->pool, slot, &info, &sequence);
  line_error(answer, err);
  if (err == 0) {
    p->next = sequence + 1;
    line_number(answer, "sequence", sequence);
    line_sum(answer, "sha256", bips_slot_data(slot), size);
  }
  bips_slot_return(slot);
}

/* drop counts a frame that is not published. */
static int drop(struct producing *p) {
  p->dropped++;
  return bips_producer_drop(p->own->pool);
}

/* order_of_pool carries out those orders that do not pause the work; false: it is none. */
static bool order_of_pool(struct producing *p, struct own *own, const char *order, const struct json *fields, struct line *answer) {
  if (strcmp(order, "stats") == 0) {
    add_stats(own, answer);
  } else if (strcmp(order, "flush") == 0) {
    pthread_mutex_lock(&p->mu);
    p->flush = json_number(fields, "on") != 0;
    pthread_mutex_unlock(&p->mu);
    bips_producer_set_flushing(own->pool, p->flush);
  } else if (strcmp(order, "await") == 0) {
    line_error(answer, bips_producer_wait_consumers(own->pool, (uint32_t)json_number(fields, "consumers"),
                           of_micros(json_number(fields, "timeout"))));
  } else if (strcmp(order, "caps") == 0) {
    snprintf(p->caps, sizeof p->caps, "%s", json_text(fields, "caps"));
    line_error(answer, bips_producer_set_caps(own->pool, json_text(fields, "caps")));
  } else if (strcmp(order, "tags") == 0) {
    line_error(answer, set_tags(p, json_text(fields, "tags")));
  } else if (strcmp(order, "latency") == 0) {
    bips_producer_set_latency(own->pool, time_of(fields, "latency"));
  } else if (strcmp(order, "records") == 0) {
    order_records(fields, answer);
  } else {
    return false;
  }
  return true;
}

static void carry_out_order(void *producing, const char *order, const struct json *fields, struct line *answer) {
  struct producing *p = producing;
  struct own *own = current(p);
  bool done = order_of_pool(p, own, order, fields, answer);

  let_go(p, own);
  if (done)
    return;
  if (strcmp(order, "go") == 0) {
    line_error(answer, put_back(p));
    start_lending(p);
    return;
  }
  halt(p);
  if (strcmp(order, "close") == 0)
    line_error(answer, shut(p));
  else if (strcmp(order, "end") == 0)
    line_error(answer, end_stream(p));
  else if (strcmp(order, "hold") == 0)
    hold(p, of_micros(json_number(fields, "timeout")), answer);
  else if (strcmp(order, "frame") == 0)
    frame(p, fields, answer);
  else if (strcmp(order, "drop") == 0)
    line_error(answer, drop(p));
  else if (strcmp(order, "grow") == 0)
    line_error(answer, grow_to(p, (size_t)json_number(fields, "size")));
  else if (strcmp(order, "pause") != 0)
    unknown_order(order, answer);
}

static void *obey_orders(void *producing) {
  struct producing *p = producing;

  obey(carry_out_order, p, &p->shift);
  return NULL;
}

int produce(const char *pool, int count, char **arguments) {
  static struct producing p;
  int64_t slots = 0, slot_size = 4096, seats = 0, meta_size = 0, block_timeout = BIPS_FOREVER, seed = 0;
  const char *overflow = "block", *backend = "shm";
  const struct option options[] = {
      {"slots", &slots, NULL, NULL, 0}, {"slot-size", &slot_size, NULL, NULL, 0}, {"seats", &seats, NULL, NULL, 0}, {"meta-size", &meta_size, NULL, NULL, 0},
      {"overflow", NULL, &overflow, NULL, 0}, {"backend", NULL, &backend, NULL, 0},
      {"block-timeout", &block_timeout, NULL, NULL, MICROSECOND}, {"busy", &p.busy, NULL, NULL, MICROSECOND},
      {"wait", &p.wait, NULL, NULL, 0}, {"size", &p.size, NULL, NULL, 0}, {"frames", &p.limit, NULL, NULL, 0},
      {"pause", &p.pace, NULL, NULL, MICROSECOND}, {"nap", &p.nap, NULL, NULL, 0}, {"lend", &p.lend, NULL, NULL, 0},
      {"keep", &p.keep, NULL, NULL, MICROSECOND}, {"ends", &p.ends, NULL, NULL, 0}, {"moves", &p.moves, NULL, NULL, 0},
      {"brief", &p.brief, NULL, NULL, 0}, {"quiet", NULL, NULL, &p.quiet, 0}, {"idle", NULL, NULL, &p.idle, 0},
      {"seed", &seed, NULL, NULL, 0}, {NULL, NULL, NULL, NULL, 0},
  };
  pthread_t orders;
  int err;

  parse_options(count, arguments, options);
  p.name = pool;
  p.options = (bips_producer_options)BIPS_PRODUCER_OPTIONS_INIT;
  p.options.slots = (uint32_t)slots;
  p.options.slot_size = (size_t)slot_size;
  p.options.max_consumers = (uint32_t)seats;
  p.options.meta_size = (int32_t)meta_size;
  p.options.block_timeout = block_timeout;
  if (strcmp(overflow, "drop") == 0)
    p.options.overflow = BIPS_DROP;
  else if (strcmp(overflow, "block") != 0)
    die("--overflow=%s: use block or drop", overflow);
  if (strcmp(backend, "memfd") == 0)
    p.options.backend = BIPS_MEMFD;
  else if (strcmp(backend, "shm") != 0)
    die("--backend=%s: use shm or memfd", backend);
  if (p.size > slot_size || (p.size != 0 && p.size < PAYLOAD_HEADER) || (slot_size < PAYLOAD_HEADER && !p.idle))
    die("--size=%lld --slot-size=%lld: a frame has %d bytes at least", (long long)p.size, (long long)slot_size, PAYLOAD_HEADER);
  p.draw = draw_from((uint64_t)seed);
  p.upstream_draw = draw_from((uint64_t)seed ^ 1);
  pthread_mutex_init(&p.mu, NULL);
  pthread_cond_init(&p.change, NULL);
  shift_init(&p.shift, !p.idle);
  if ((err = open_pool(&p)) < 0)
    die("%s", bips_error_message());
  pthread_create(&orders, NULL, obey_orders, &p);
  shift_run(&p.shift, step, &p);
  pthread_join(orders, NULL);
  let_go(&p, p.own);
  return 0;
}
