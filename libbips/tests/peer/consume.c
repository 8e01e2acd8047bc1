#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <bips/meta.h>

#include "peer.h"

/* struct joined is a consumer, which orders may look at while the work closes it: the last one lets go. */
struct joined {
  bips_consumer *pool;
  unsigned references; /* protected by consuming.mu */
};

/* struct holding is a frame that is held. */
struct holding {
  bips_frame *frame;
  struct payload payload;
  uint64_t number; /* of an order's */
};

enum { MOST_PULLED = 64 };

/* struct consuming is a peer that consumes. */
struct consuming {
  const char *name;
  bips_consumer_options options;
  int64_t limit, pace, hold, restless, rests, brief, keys;
  bool foreign, detail;
  struct draw draw;

  struct shift shift;
  pthread_mutex_t mu;
  struct joined *joined; /* protected by mu against those who are not the work */
  bool flush;            /* as ordered; protected by mu */

  struct queue held; /* frames for the thread that gives them back */
  struct queue room; /* has something when it gave one back */
  pthread_t releaser;
  struct draw release_draw;

  struct holding *pulled[MOST_PULLED]; /* by orders */
  uint64_t holds;
  uint64_t count;
  int64_t left;

  uint64_t instance, token, demoted, skipped, lost;
};

static struct joined *current(struct consuming *c) {
  pthread_mutex_lock(&c->mu);
  struct joined *joined = c->joined;
  joined->references++;
  pthread_mutex_unlock(&c->mu);
  return joined;
}

static void let_go(struct consuming *c, struct joined *joined) {
  pthread_mutex_lock(&c->mu);
  bool last = --joined->references == 0;
  pthread_mutex_unlock(&c->mu);
  if (last) {
    bips_consumer_close(joined->pool);
    free(joined);
  }
}

static void wake(void *consuming) {
  struct joined *joined = current(consuming);

  bips_consumer_set_flushing(joined->pool, 1);
  let_go(consuming, joined);
}

/* halt pauses the work; then the pool is flushing only if that was ordered. */
static void halt(struct consuming *c) {
  shift_pause(&c->shift, wake, c);
  bips_consumer_set_flushing(c->joined->pool, c->flush);
}

static void tell(const char *event) {
  struct line l;

  line_begin(&l, event);
  line_end(&l);
}

/* ---- Giving frames back */

/* release gives a frame back in one of the ways that there are. */
static int release(struct consuming *c, bips_frame *frame, uint64_t way) {
  if (way == 0)
    return bips_consumer_push(c->joined->pool, frame);
  if (way == 1 && bips_frame_ref(frame) == frame)
    bips_frame_release(frame);
  return bips_frame_release(frame);
}

/* give_back gives a frame back, and then once more than it may. */
static int give_back(struct consuming *c, struct holding *h, struct draw *draw) {
  uint64_t way = draw_below(draw, 3), sequence = bips_frame_sequence(h->frame);
  char why[256];
  int err;

  if (!c->foreign && !payload_same(&h->payload, bips_frame_data(h->frame), bips_frame_size(h->frame), why))
    wrong("held", "frame %" PRIu64 ": %s", sequence, why);
  if ((err = release(c, h->frame, way)) == 0 && (err = release(c, h->frame, way)) != -BIPS_STALE)
    wrong("call", "frame %" PRIu64 " was given back twice, and the second time said %d", sequence, err);
  else
    err = err == -BIPS_STALE ? 0 : err;
  free(h);
  return err;
}

/* next_held waits for one more frame to be given back: as long as it takes if there is no other one, else now and
 * then for a moment, so that several are held at once. */
static bool next_held(struct consuming *c, bool patient, void **h) {
  if (patient)
    return queue_take(&c->held, h);
  if (queue_take_within(&c->held, h, 0))
    return true;
  return draw_one_in(&c->release_draw, 3) && queue_take_within(&c->held, h, c->hold + 200 * MICROSECOND);
}

/* give_back_all gives frames back in any order, some after a while, until held is closed. */
static void *give_back_all(void *consuming) {
  struct consuming *c = consuming;
  struct holding *mine[MOST_PULLED];
  uint32_t count = 0;
  void *h;
  int err;

  while (!queue_is_over(&c->held) || count > 0) {
    uint32_t quota = bips_consumer_quota(c->joined->pool);
    while (count < quota && count < MOST_PULLED && next_held(c, count == 0, &h)) {
      mine[count++] = h;
      if (!draw_one_in(&c->release_draw, 3))
        break;
    }
    if (count == 0)
      continue;
    sleep_for(draw_up_to(&c->release_draw, c->hold));
    uint32_t i = (uint32_t)draw_below(&c->release_draw, count);
    struct holding *chosen = mine[i];
    mine[i] = mine[--count];
    if ((err = give_back(c, chosen, &c->release_draw)) < 0)
      wrong_call("giving back", err);
    void *token;
    queue_take_within(&c->room, &token, 0);
    queue_put(&c->room, NULL);
  }
  return NULL;
}

static int give_back_pulled(struct consuming *c, uint64_t number) {
  for (int i = 0; i < MOST_PULLED; i++) {
    struct holding *h = c->pulled[i];
    if (h != NULL && h->number == number) {
      c->pulled[i] = NULL;
      return give_back(c, h, &c->draw);
    }
  }
  return bips_frame_release(NULL); /* stale */
}

/* ---- Joining and leaving */

static int open_pool(struct consuming *c) {
  struct joined *joined = calloc(1, sizeof *joined);
  struct line l;
  int err = bips_consumer_open(c->name, &c->options, &joined->pool);

  if (err < 0) {
    free(joined);
    return err;
  }
  joined->references = 1;
  pthread_mutex_lock(&c->mu);
  c->joined = joined;
  if (c->flush)
    bips_consumer_set_flushing(joined->pool, 1);
  pthread_mutex_unlock(&c->mu);
  queue_init(&c->held, BIPS_MAX_SLOTS);
  queue_init(&c->room, 2);
  c->instance = c->demoted = c->skipped = c->lost = 0;
  c->left = 1 + (int64_t)draw_below(&c->draw, (uint64_t)c->brief);
  line_begin(&l, "opened");
  line_end(&l);
  c->release_draw = draw_from(draw_number(&c->draw) | 1);
  pthread_create(&c->releaser, NULL, give_back_all, c);
  return 0;
}

static void add_stats(bips_consumer *pool, struct line *l) {
  bips_consumer_stats s = BIPS_CONSUMER_STATS_INIT;

  bips_consumer_get_stats(pool, &s);
  line_number(l, "received", s.received);
  line_number(l, "skipped", s.skipped);
  line_number(l, "lost", s.lost);
  line_number(l, "demoted", s.demoted);
  line_number(l, "held", s.held);
  line_number(l, "moves", s.moves);
  line_number(l, "quota", bips_consumer_quota(pool));
  line_number(l, "instances", s.instances);
}

/* leave gives back what is held, before or after closing the consumer. */
static int leave(struct consuming *c) {
  bips_consumer *pool = c->joined->pool;
  bool before = draw_one_in(&c->draw, 2);
  int err = 0, failed;
  struct line l;

  if (before)
    err = bips_consumer_shutdown(pool);
  queue_close(&c->held);
  pthread_join(c->releaser, NULL);
  queue_destroy(&c->held);
  queue_destroy(&c->room);
  for (int i = 0; i < MOST_PULLED; i++)
    if (c->pulled[i] != NULL && (failed = give_back_pulled(c, c->pulled[i]->number)) < 0)
      err = failed;
  if (!before && (failed = bips_consumer_shutdown(pool)) < 0)
    err = failed;
  line_begin(&l, "closed");
  add_stats(pool, &l);
  line_end(&l);
  return err;
}

/* reopen leaves and joins again. */
static void reopen(struct consuming *c) {
  struct joined *before = c->joined;
  int err = leave(c);

  if (err == 0 && (err = open_pool(c)) == 0)
    let_go(c, before);
  if (err < 0) {
    wrong_call("leaving and joining again", err);
    shift_stop(&c->shift);
  }
}

/* ---- Working */

/* add_standing adds to a line whether the producer waits for this reader. */
static void add_standing(struct consuming *c, struct line *l) {
  bips_consumer_stats s = BIPS_CONSUMER_STATS_INIT;

  bips_consumer_get_stats(c->joined->pool, &s);
  if (s.demoted != c->demoted) {
    c->demoted = s.demoted;
    line_number(l, "demoted", s.demoted);
  }
  line_flag(l, "unwaited", c->options.mode == BIPS_EVERY && !s.blocking);
}

/* missing is what the counters say that was not given since the last frame. */
static bips_consumer_stats missing(struct consuming *c) {
  bips_consumer_stats s = BIPS_CONSUMER_STATS_INIT, since;

  bips_consumer_get_stats(c->joined->pool, &s);
  since = s;
  since.skipped -= c->skipped;
  since.lost -= c->lost;
  c->skipped = s.skipped;
  c->lost = s.lost;
  return since;
}

static void add_missing(struct consuming *c, struct line *l) {
  bips_consumer_stats since = missing(c);

  line_number(l, "skipped", since.skipped);
  line_number(l, "lost", since.lost);
}

/* see_error tells of a pull without a frame. */
static void see_error(struct consuming *c, int err) {
  bips_pool_info info = BIPS_POOL_INFO_INIT;
  struct line l;

  switch (err) {
  case -BIPS_END_OF_STREAM:
    bips_consumer_get_pool(c->joined->pool, &info);
    line_begin(&l, "end");
    line_hex(&l, "instance", info.instance);
    add_missing(c, &l);
    add_standing(c, &l);
    line_end(&l);
    break;
  case -BIPS_PRODUCER_LOST:
    line_begin(&l, "lost");
    add_missing(c, &l);
    line_end(&l);
    break;
  case -BIPS_STALLED:
    tell("stalled");
    break;
  case -BIPS_POOL_FULL:
    line_begin(&l, "full");
    line_text(&l, "text", bips_error_message());
    line_end(&l);
    break;
  case -BIPS_QUOTA:
    sleep_for(20 * MICROSECOND);
    break;
  case -BIPS_TIMEOUT:
    break;
  case -BIPS_FLUSHING:
    if (shift_is_wanted(&c->shift))
      sleep_for(BIPS_MILLISECOND); /* it was ordered */
    break;
  default:
    wrong_call("Pull", err);
    shift_stop(&c->shift);
  }
}

/* is_whole checks that a frame is one that a peer wrote, whole, with its own record. */
static bool is_whole(const bips_frame *frame, struct payload *p, char why[256]) {
  bips_frame_info got = BIPS_FRAME_INFO_INIT, want;
  uint8_t meta[META_ROOM], tags[TAGS_ROOM];
  size_t tags_size, want_tags;
  const void *found_tags;
  char caps[CAPS_ROOM];

  if (!payload_read(p, bips_frame_data(frame), bips_frame_size(frame), why))
    return false;
  bips_frame_get_info(frame, &got);
  want = payload_info(p, meta);
  found_tags = bips_frame_tags(frame, &tags_size);
  want_tags = payload_tags(p, tags);
  if (p->sequence != bips_frame_sequence(frame))
    snprintf(why, 256, "its record says sequence %" PRIu64 ", its payload %" PRIu64, bips_frame_sequence(frame), p->sequence);
  else if (got.data_size != want.data_size || got.pts != want.pts || got.dts != want.dts || got.duration != want.duration ||
      got.capture_time != want.capture_time || got.offset != want.offset || got.offset_end != want.offset_end || got.flags != want.flags ||
      got.plane_count != want.plane_count || got.plane_stride[0] != want.plane_stride[0] || got.plane_offset[0] != want.plane_offset[0] ||
      got.meta_size != want.meta_size || (want.meta_size > 0 && memcmp(got.meta, want.meta, want.meta_size) != 0))
    snprintf(why, 256, "its record is not that of its payload %" PRIu64, p->sequence);
  else if (found_tags != NULL && (tags_size != want_tags || memcmp(found_tags, tags, want_tags) != 0))
    snprintf(why, 256, "its %zu bytes of tags are not those of its payload", tags_size);
  else if (strcmp(bips_frame_caps(frame), payload_caps(p, caps)) != 0)
    snprintf(why, 256, "its caps are \"%.80s\", want \"%s\"", bips_frame_caps(frame), caps);
  else
    return true;
  return false;
}

/* see checks a frame as it comes. A frame that is not whole is given back at once; NULL then. */
static struct holding *see(struct consuming *c, bips_frame *frame) {
  bips_frame_delivery d = BIPS_FRAME_DELIVERY_INIT;
  bips_pool_info info = BIPS_POOL_INFO_INIT;
  struct holding *h = calloc(1, sizeof *h);
  char why[256];
  struct line l;
  int err;

  h->frame = frame;
  bips_frame_get_delivery(frame, &d);
  if (!c->foreign && !is_whole(frame, &h->payload, why)) {
    wrong("whole", "frame %" PRIu64 ": %s", d.sequence, why);
    if ((err = bips_frame_release(frame)) < 0)
      wrong_call("Push", err);
    free(h);
    return NULL;
  }
  c->count++;
  c->skipped += d.skipped;
  c->lost += d.lost;
  c->left--;
  if (d.instance != c->instance || h->payload.token != c->token) {
    c->instance = d.instance;
    c->token = h->payload.token;
    missing(c); /* when the one before ended */
    bips_consumer_get_pool(c->joined->pool, &info);
    line_begin(&l, "instance");
    line_hex(&l, "instance", d.instance);
    if (!c->foreign)
      line_hex(&l, "token", h->payload.token);
    line_number(&l, "slots", info.slots);
    line_end(&l);
  }
  return h;
}

static void line_time(struct line *l, const char *name, uint64_t time) { line_signed(l, name, time == BIPS_NO_TIME ? -1 : (int64_t)time); }

/* add_record is all that travels with a frame. */
static void add_record(struct line *l, const bips_frame *frame, const bips_frame_delivery *d) {
  bips_frame_info i = BIPS_FRAME_INFO_INIT;
  size_t tags_size;
  const void *tags = bips_frame_tags(frame, &tags_size);
  char number[32];

  bips_frame_get_info(frame, &i);
  line_raw(l, ",\"info\":{");
  line_signed(l, "size", (int64_t)i.data_size);
  line_time(l, "pts", i.pts);
  line_time(l, "dts", i.dts);
  line_time(l, "duration", i.duration);
  line_time(l, "capture", i.capture_time);
  line_hex(l, "offset", i.offset);
  line_hex(l, "offset_end", i.offset_end);
  line_signed(l, "flags", i.flags);
  if (i.plane_count > 0) {
    line_raw(l, ",\"strides\":[");
    for (uint32_t p = 0; p < i.plane_count; p++) {
      snprintf(number, sizeof number, "%s%" PRId32, p > 0 ? "," : "", i.plane_stride[p]);
      line_raw(l, number);
    }
    line_raw(l, "],\"offsets\":[");
    for (uint32_t p = 0; p < i.plane_count; p++) {
      snprintf(number, sizeof number, "%s%" PRIu64, p > 0 ? "," : "", i.plane_offset[p]);
      line_raw(l, number);
    }
    line_raw(l, "]");
  }
  line_bytes(l, "meta", i.meta, i.meta_size);
  line_text(l, "caps", bips_frame_caps(frame));
  line_bytes(l, "tags", tags, tags_size);
  line_time(l, "latency", d->latency);
  line_signed(l, "published", (int64_t)d->publish_time);
  line_sum(l, "sha256", bips_frame_data(frame), bips_frame_size(frame));
  line_text(l, "mode", d->mode == BIPS_EVERY ? "every" : d->mode == BIPS_LATEST ? "latest" : "");
  line_flag(l, "blocking", d->blocking != 0);
  line_number(l, "behind", d->behind);
  line_raw(l, "}");
}

/* add_frame tells of a frame. */
static void add_frame(struct consuming *c, struct line *l, const struct holding *h) {
  bips_frame_delivery d = BIPS_FRAME_DELIVERY_INIT;

  bips_frame_get_delivery(h->frame, &d);
  line_number(l, "sequence", d.sequence);
  line_number(l, "dropped", h->payload.dropped);
  line_number(l, "skipped", d.skipped);
  line_number(l, "lost", d.lost);
  line_flag(l, "discont", d.discontinuity != 0);
  add_standing(c, l);
  line_number(l, "hold", h->number);
  if (c->detail)
    add_record(l, h->frame, &d);
}

static void suspend_for(struct consuming *c, int64_t meanwhile) {
  bips_consumer_suspend(c->joined->pool);
  tell("suspended");
  sleep_for(meanwhile);
  bips_consumer_resume(c->joined->pool);
}

/* moves does one of the things that readers do besides reading, or nothing, and reports whether the step is over. */
static bool moves(struct consuming *c) {
  bool blocking;

  switch (draw_below(&c->draw, 4 * (uint64_t)c->restless)) {
  case 0:
  case 1:
    reopen(c);
    return true;
  case 2:
  case 3:
    suspend_for(c, draw_up_to(&c->draw, 2 * BIPS_MILLISECOND));
    break;
  case 4:
    suspend_for(c, 0);
    break;
  case 5:
  case 6:
    blocking = draw_one_in(&c->draw, 2);
    bips_consumer_set_blocking(c->joined->pool, blocking);
    if (!blocking)
      tell("unblocked");
    break;
  case 7:
    bips_consumer_set_blocking(c->joined->pool, 0);
    tell("unblocked");
    sleep_for(draw_up_to(&c->draw, 2 * BIPS_MILLISECOND));
    bips_consumer_set_blocking(c->joined->pool, 1);
    break;
  }
  return false;
}

/* rest is suspended for long enough to notice that the producer is dead, in a pull or elsewhere. */
static void rest(struct consuming *c) {
  const int64_t length = 300 * BIPS_MILLISECOND;
  bips_frame *frame;
  int err;

  bips_consumer_suspend(c->joined->pool);
  tell("suspended");
  if (draw_one_in(&c->draw, 2)) {
    shift_sleep(&c->shift, length);
  } else {
    err = bips_consumer_pull(c->joined->pool, length, &frame);
    if (err != -BIPS_TIMEOUT && err != -BIPS_FLUSHING && err != -BIPS_QUOTA)
      wrong_call("Pull while suspended", err);
  }
  bips_consumer_resume(c->joined->pool);
}

/* step pulls one frame, or does something restless. */
static void step(void *consuming) {
  static const int64_t limits[] = {BIPS_FOREVER, 0, 1000000, 300000000};
  struct consuming *c = consuming;
  bips_consumer *pool = c->joined->pool;
  struct holding *h;
  bips_frame *frame;
  struct line l;
  void *token;
  int err;

  if (c->limit != 0 && c->count == (uint64_t)c->limit) {
    shift_stop(&c->shift);
    return;
  }
  if (c->brief > 0 && c->left == 0) {
    reopen(c);
    return;
  }
  if (c->restless > 0 && moves(c))
    return;
  if (draw_one_in(&c->draw, (uint64_t)c->rests))
    rest(c);
  if (draw_one_in(&c->draw, (uint64_t)c->keys) && (err = bips_consumer_request_key_frame(pool)) < 0)
    wrong_call("RequestKeyFrame", err);
  if (bips_consumer_held(pool) >= bips_consumer_quota(pool) && !draw_one_in(&c->draw, 32)) {
    queue_take_within(&c->room, &token, 100 * BIPS_MILLISECOND); /* the other thread may be pausing */
    return;
  }
  if ((err = bips_consumer_pull(pool, limits[draw_below(&c->draw, 4)], &frame)) < 0) {
    see_error(c, err);
    return;
  }
  if ((h = see(c, frame)) != NULL) {
    line_begin(&l, "frame");
    add_frame(c, &l, h);
    line_end(&l);
    queue_put(&c->held, h);
  }
  shift_sleep(&c->shift, draw_up_to(&c->draw, c->pace));
}

/* ---- Orders */

static int64_t of_micros(int64_t us) { return us < 0 ? BIPS_FOREVER : us * MICROSECOND; }

/* pull_one pulls one frame and holds it. */
static void pull_one(struct consuming *c, int64_t timeout, struct line *answer) {
  struct holding *h;
  bips_frame *frame;
  int i = 0, err = bips_consumer_pull(c->joined->pool, timeout, &frame);

  if (err < 0) {
    line_error(answer, err);
    return;
  }
  if ((h = see(c, frame)) == NULL) {
    line_text(answer, "error", "torn");
    return;
  }
  while (c->pulled[i] != NULL)
    i++; /* fewer are held than there is room for */
  c->pulled[i] = h;
  h->number = ++c->holds;
  add_frame(c, answer, h);
}

static void order_pool(bips_consumer *pool, struct line *answer) {
  bips_pool_info info = BIPS_POOL_INFO_INIT;
  int err = bips_consumer_get_pool(pool, &info);

  line_error(answer, err);
  if (err < 0)
    return;
  line_hex(answer, "instance", info.instance);
  line_number(answer, "slots", info.slots);
  line_number(answer, "size", info.slot_size);
  line_number(answer, "moves", info.moves);
}

/* order_of_pool carries out those orders that do not pause the work; false: it is none. */
static bool order_of_pool(struct consuming *c, bips_consumer *pool, const char *order, const struct json *fields, struct line *answer) {
  bool on = json_number(fields, "on") != 0;

  if (strcmp(order, "stats") == 0) {
    add_stats(pool, answer);
  } else if (strcmp(order, "flush") == 0) {
    pthread_mutex_lock(&c->mu);
    c->flush = on;
    pthread_mutex_unlock(&c->mu);
    bips_consumer_set_flushing(pool, on);
  } else if (strcmp(order, "suspend") == 0) {
    bips_consumer_suspend(pool);
    tell("suspended");
  } else if (strcmp(order, "resume") == 0) {
    bips_consumer_resume(pool);
  } else if (strcmp(order, "block") == 0) {
    bips_consumer_set_blocking(pool, on);
    if (!on)
      tell("unblocked");
  } else if (strcmp(order, "key-frame") == 0) {
    line_error(answer, bips_consumer_request_key_frame(pool));
  } else if (strcmp(order, "pool") == 0) {
    order_pool(pool, answer);
  } else if (strcmp(order, "max-age") == 0) {
    line_error(answer, bips_consumer_set_max_age(pool, json_number(fields, "max_age") * MICROSECOND));
  } else {
    return false;
  }
  return true;
}

/* held_frame is a frame that was pulled by an order; NULL: there is none of the number. */
static bips_frame *held_frame(const struct consuming *c, uint64_t number) {
  for (int i = 0; i < MOST_PULLED; i++)
    if (c->pulled[i] != NULL && c->pulled[i]->number == number)
      return c->pulled[i]->frame;
  return NULL;
}

/* records reads metadata: those that were ordered, or those of a frame that is held. */
static void records(struct consuming *c, const struct json *fields, struct line *answer) {
  static uint8_t area[BIPS_MAX_META_SIZE]; /* tags have less */
  uint64_t number = (uint64_t)json_number(fields, "hold");
  bips_frame *frame;
  const void *bytes;
  size_t size;
  int err;

  if (number == 0) {
    order_records(fields, answer);
    return;
  }
  if ((frame = held_frame(c, number)) == NULL) {
    line_error(answer, bips_frame_release(NULL)); /* stale */
    return;
  }
  bytes = strcmp(json_text(fields, "of"), "tags") == 0 ? bips_frame_tags(frame, &size) : bips_frame_meta(frame, &size);
  if ((err = bips_meta_copy(bytes, size, area, sizeof area)) < 0)
    line_error(answer, err);
  else
    line_records(answer, area, size);
}

static void sum(struct consuming *c, const struct json *fields, struct line *answer) {
  bips_frame *frame = held_frame(c, (uint64_t)json_number(fields, "hold"));

  if (frame == NULL)
    line_error(answer, bips_frame_release(NULL)); /* stale */
  else
    line_sum(answer, "sha256", bips_frame_data(frame), bips_frame_size(frame));
}

static void carry_out_order(void *consuming, const char *order, const struct json *fields, struct line *answer) {
  struct consuming *c = consuming;
  struct joined *joined = current(c);
  bool done = order_of_pool(c, joined->pool, order, fields, answer);

  let_go(c, joined);
  if (done)
    return;
  if (strcmp(order, "release") == 0) {
    line_error(answer, give_back_pulled(c, (uint64_t)json_number(fields, "hold")));
  } else if (strcmp(order, "sum") == 0) {
    sum(c, fields, answer);
  } else if (strcmp(order, "records") == 0) {
    records(c, fields, answer);
  } else if (strcmp(order, "close") == 0) {
    halt(c);
    line_error(answer, leave(c));
  } else if (strcmp(order, "pull") == 0) {
    halt(c);
    pull_one(c, of_micros(json_number(fields, "timeout")), answer);
  } else if (strcmp(order, "pause") == 0) {
    halt(c);
  } else if (strcmp(order, "go") != 0) {
    unknown_order(order, answer);
  }
}

static void *obey_orders(void *consuming) {
  struct consuming *c = consuming;

  obey(carry_out_order, c, &c->shift);
  return NULL;
}

int consume(const char *pool, int count, char **arguments) {
  static struct consuming c;
  int64_t max_held = 0, min_held = 0, max_age = 0, spin = 0, stall = BIPS_FOREVER, seed = 0;
  const char *mode = "auto", *payload = "peer";
  bool idle = false;
  const struct option options[] = {
      {"mode", NULL, &mode, NULL, 0}, {"payload", NULL, &payload, NULL, 0}, {"max-held", &max_held, NULL, NULL, 0},
      {"min-held", &min_held, NULL, NULL, 0}, {"max-age", &max_age, NULL, NULL, MICROSECOND}, {"spin", &spin, NULL, NULL, MICROSECOND},
      {"stall-timeout", &stall, NULL, NULL, MICROSECOND}, {"frames", &c.limit, NULL, NULL, 0},
      {"pause", &c.pace, NULL, NULL, MICROSECOND}, {"hold", &c.hold, NULL, NULL, MICROSECOND}, {"restless", &c.restless, NULL, NULL, 0},
      {"rests", &c.rests, NULL, NULL, 0}, {"brief", &c.brief, NULL, NULL, 0}, {"key-frames", &c.keys, NULL, NULL, 0},
      {"detail", NULL, NULL, &c.detail, 0}, {"idle", NULL, NULL, &idle, 0}, {"seed", &seed, NULL, NULL, 0}, {NULL, NULL, NULL, NULL, 0},
  };
  pthread_t orders;

  parse_options(count, arguments, options);
  c.name = pool;
  c.options = (bips_consumer_options)BIPS_CONSUMER_OPTIONS_INIT;
  if (strcmp(mode, "latest") == 0)
    c.options.mode = BIPS_LATEST;
  else if (strcmp(mode, "every") == 0)
    c.options.mode = BIPS_EVERY;
  else if (strcmp(mode, "auto") != 0)
    die("--mode=%s: use auto, latest or every", mode);
  if (strcmp(payload, "peer") != 0 && strcmp(payload, "any") != 0)
    die("--payload=%s: use peer or any", payload);
  c.foreign = strcmp(payload, "any") == 0;
  c.options.max_held = (uint32_t)max_held;
  c.options.min_held = (uint32_t)min_held;
  c.options.max_age = max_age;
  c.options.spin = spin;
  c.options.stall_timeout = stall;
  c.draw = draw_from((uint64_t)seed);
  pthread_mutex_init(&c.mu, NULL);
  shift_init(&c.shift, !idle);
  if (open_pool(&c) < 0)
    die("%s", bips_error_message());
  pthread_create(&orders, NULL, obey_orders, &c);
  shift_run(&c.shift, step, &c);
  pthread_join(orders, NULL);
  let_go(&c, c.joined);
  return 0;
}
