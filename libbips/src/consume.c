#include <sched.h>

#include "atomics.h"
#include "attach.h"
#include "captext.h"
#include "crashpoint.h"
#include "errors.h"
#include "words.h"

/* PIN_TRIES bounds how often a frame that slips away is tried again. */
enum { PIN_TRIES = 1000 };

/* look_at_header reads the pool's state, then the end, then the head (C2, C3a, C3b): so what a closing producer
 * published is seen, and no end before the last frame. */
struct sight look_at_header(const struct attachment *a) {
  struct sight s;

  s.state = load32(&a->pool.header->state); /* C2 */
  HIT("C2");
  s.ended = load64(&a->pool.header->ended); /* C3a */
  HIT("C3a");
  s.head = head_of(a); /* C3b */
  HIT("C3b");
  return s;
}

/* check_sight refuses what contradicts itself. */
static int check_sight(const struct sight *s, uint64_t cursor) {
  if (s->state == 0)
    return fail(BIPS_DAMAGED, "it has no state any more");
  if (s->head + 2 < cursor) /* 2: in mode latest a frame may be read (P3b) before it is the head (P3d) */
    return fail(BIPS_DAMAGED, "its newest frame is %llu after %llu was read", (unsigned long long)s->head, (unsigned long long)cursor - 1);
  if (s->ended > s->head + 1)
    return fail(BIPS_DAMAGED, "its stream ended at %llu before frame %llu came", (unsigned long long)s->ended,
        (unsigned long long)s->head + 1);
  return 0;
}

bool owes_end(const struct reading *r, uint64_t ended) { return r->owed != END_TOLD && ended > r->owed; }

bool has_ended(const struct attachment *a) {
  uint32_t state = load32(&a->pool.header->state);

  return state == BIPS_LAYOUT_STATE_CLOSED || state == BIPS_LAYOUT_STATE_MOVED;
}

/* is_blocking reports whether each frame is read, and not the newest one. */
static bool is_blocking(const struct attachment *a) { return load_flag(&a->reading->standing.blocking); }

/* slot_of finds the slot of a frame that still is there. */
static bool slot_of(const struct attachment *a, uint64_t sequence, uint32_t *slot) {
  uint64_t word = load64(ring_word_of(&a->pool, sequence));

  *slot = ring_slot(word);
  return ring_sequence(word) == sequence && *slot < a->pool.g.slots && load64(&record_of(&a->pool, *slot)->sequence) == sequence;
}

/* publication_of is when a frame was published, if it still is there. It is a hint: the slot is not pinned. What
 * is no time at all counts as not there. */
static bool publication_of(const struct attachment *a, uint64_t sequence, int64_t *at) {
  uint32_t slot;

  if (!slot_of(a, sequence, &slot))
    return false;
  *at = (int64_t)load64(&record_of(&a->pool, slot)->publish_time);
  return *at >= 0;
}

/* wanted picks the sequence to read (C5): the next if each is read, else the oldest of the frames that are not too
 * old, else the newest frame. What was missed, or is older, is not tried again. */
static uint64_t wanted(const struct attachment *a, uint64_t head, uint64_t missed) {
  uint64_t cursor = a->reading->cursor, oldest, slots = a->pool.g.slots;
  int64_t max_age, now, published;

  if (is_blocking(a))
    return cursor;
  if (cursor >= head)
    return head; /* and no clock is read */
  oldest = most64(cursor, missed + 1);
  if (head > slots)
    oldest = most64(oldest, head - slots + 1);
  max_age = __atomic_load_n(&a->consumer->max_age, __ATOMIC_SEQ_CST);
  if (max_age > 0) {
    now = sys_now();
    for (uint64_t q = oldest; q < head; q++)
      if (publication_of(a, q, &published) && now - published <= max_age)
        return q;
  }
  return head;
}

int64_t interval_of(const struct attachment *a) {
  uint64_t head = head_of(a);
  int64_t newest, oldest;

  if (!publication_of(a, head, &newest))
    return 0;
  for (uint64_t q = head - least64(head, a->pool.g.slots) + 1; q < head; q++)
    if (publication_of(a, q, &oldest) && oldest < newest)
      return (newest - oldest) / (int64_t)(head - q);
  return 0;
}

static void unpin(struct attachment *a, uint32_t slot) {
  fetch_and64(&a->seat->pins, ~bit(slot));
  ring_door(&a->door);
}

/* struct pinned is a slot with a validated pin; sequence 0: none. busy: because another thread is just giving back
 * what was in it. */
struct pinned {
  uint32_t slot;
  uint64_t sequence;
  bool busy;
};

/* pin marks the slot of a sequence as being read and then checks that it still is the one, or with or_newer one
 * that is newer (C6, C7). Right: the slot is safe until the pin is dropped. */
static int pin(struct attachment *a, uint64_t want, bool or_newer, struct pinned *p) {
  uint64_t word = load64(ring_word_of(&a->pool, want)), sequence; /* C6: a hint */
  uint32_t slot = ring_slot(word);

  *p = (struct pinned){0, 0, false};
  HIT("C6");
  if (ring_sequence(word) != want)
    return 0;
  if (slot >= a->pool.g.slots)
    return fail(BIPS_DAMAGED, "frame %llu is said to be in slot %u of %u", (unsigned long long)want, slot, a->pool.g.slots);
  if ((fetch_or64(&a->seat->pins, bit(slot)) & bit(slot)) != 0) { /* C7a */
    /* A slot that we hold cannot carry a newer frame: somebody is just giving it back. */
    sched_yield();
    p->busy = load64(&a->held[slot]) == 0;
    return 0;
  }
  HIT("C7a");
  sequence = load64(&record_of(&a->pool, slot)->sequence); /* C7b: Dekker pair with P2 */
  HIT("C7b");
  /* A newer frame will do, else a fast producer could make us retry for ever. */
  if (sequence == want || (or_newer && sequence != 0 && sequence >= a->reading->cursor)) {
    *p = (struct pinned){slot, sequence, false};
    return 0;
  }
  unpin(a, slot); /* C7c */
  HIT("C7c");
  return 0;
}

/* heed_verdict does what a demoted reader has to do, if this one was demoted (C7d). */
static void heed_verdict(struct attachment *a) {
  if (is_blocking(a) && is_judged(a)) {
    HIT("C7d");
    standing_demote(&a->reading->standing, a->pool.g.slots);
    unblock(a);
  }
}

/* count_missing shows to whoever looks at the seats what was passed by before what is delivered. */
static void count_missing(struct attachment *a, struct delivery *d) {
  struct reading *r = a->reading;

  d->lost = r->lost;
  d->skipped = r->skipped;
  r->lost = r->skipped = 0;
  if (d->skipped > 0)
    add64(&a->seat->skipped, d->skipped);
  if (d->lost > 0)
    add64(&a->seat->lost, d->lost);
}

/* report_end says that the stream has ended, and what was missing before that. */
static void report_end(struct attachment *a, struct delivery *d) {
  a->reading->owed = END_TOLD;
  count_missing(a, d);
  a->reading->discontinuity = true;
}

/* note_dropped counts the frames that the producer dropped since the last time, as of its count. */
static void note_dropped(struct reading *r, uint64_t count) {
  if (count > r->dropped) {
    r->lost += count - r->dropped;
    r->dropped = count;
  }
}

/* nothing_new is what there is to say when all was read (C3c, C3d). */
static int nothing_new(struct attachment *a, const struct sight *seen, struct delivery *d) {
  if (owes_end(a->reading, seen->ended)) {
    uint64_t dropped = load64(&a->pool.header->dropped);
    if (head_of(a) == seen->head) /* else some of them may lie behind later frames */
      note_dropped(a->reading, dropped);
    report_end(a, d);
    HIT("C3c");
    return GOT_END_OF_STREAM;
  }
  if (seen->state == BIPS_LAYOUT_STATE_MOVED)
    return POOL_MOVED;
  if (seen->state == BIPS_LAYOUT_STATE_CLOSED) {
    HIT("C3d");
    return seen->ended == seen->head + 1 ? POOL_CLOSED : POOL_LOST;
  }
  heed_verdict(a); /* who was demoted may have missed nothing yet */
  return GOT_NOTHING;
}

int outcome_ahead(struct attachment *a) {
  struct sight seen = look_at_header(a);
  struct delivery none = {NULL, 0, 0};

  if (check_sight(&seen, a->reading->cursor) < 0 || seen.head >= a->reading->cursor || owes_end(a->reading, seen.ended))
    return GOT_FRAME;
  return nothing_new(a, &seen, &none); /* and no end to tell of: it takes nothing */
}

static int of_frame(int error, uint64_t sequence) { return wrap(error, "frame %llu: ", (unsigned long long)sequence); }

/* describe fills an entry with the frame in a pinned slot. */
static void describe(struct attachment *a, const struct pinned *p, const struct record_copy *record, struct caps_text *caps, uint64_t head,
    struct delivery *d) {
  struct bips_consumer *c = a->consumer;
  struct frame_entry *e = frame_entry_take(c->frames, &c->free_frames);
  struct reading *r = a->reading;

  d->frame = e;
  e->attachment = a;
  e->slot = p->slot;
  e->data = slot_bytes(&a->pool, p->slot);
  e->caps = caps_text_ref(caps);
  e->info = record->info;
  e->info.meta = record->info.meta_size > 0 ? meta_bytes(&a->pool, p->slot) : NULL;
  count_missing(a, d);
  e->delivery = (bips_frame_delivery){
      .size = sizeof e->delivery, .sequence = p->sequence, .instance = a->pool.g.instance, .publish_time = record->publish_time,
      .lost = d->lost, .skipped = d->skipped, .behind = most64(head, p->sequence) - p->sequence,
      .latency = load64(&a->pool.header->latency), .discontinuity = r->discontinuity || d->lost + d->skipped > 0,
  };
  r->discontinuity = false;
}

/* deliver reads what the pinned slot holds, advances the cursor (C8) and counts. head is the newest sequence as of
 * the look that found the slot. */
static int deliver(struct attachment *a, const struct pinned *p, uint64_t head, struct delivery *d) {
  struct reading *r = a->reading;
  struct record_copy record;
  struct caps_text *caps = NULL;
  uint64_t gap;
  int err;

  copy_record(a, p->slot, &record);
  if ((err = check_record(a, p->sequence, &record)) < 0) {
    unpin(a, p->slot);
    return of_frame(err, p->sequence);
  }
  gap = p->sequence - r->cursor;
  pass_by(a, gap);
  if (owes_end(r, record.stream)) {
    set_cursor(a, p->sequence); /* C8a: so that no frame of the stream before is delivered behind its end */
    unpin(a, p->slot);
    standing_note(&r->standing, gap);
    report_end(a, d);
    HIT("C8a");
    return GOT_END_OF_STREAM;
  }
  if ((err = caps_of(a, &record, &caps)) < 0) {
    unpin(a, p->slot);
    return of_frame(err, p->sequence);
  }
  set_cursor(a, p->sequence + 1); /* C8b: after the pin */
  HIT("C8b");
  r->last = p->sequence;
  r->owed = record.stream;
  note_dropped(r, record.dropped);
  standing_note(&r->standing, gap);
  describe(a, p, &record, caps, head, d);
  add64(&a->seat->received, 1);
  if (r->automatic && (r->undecided || caps != r->mode_caps))
    decide_mode(a, caps);
  d->frame->delivery.mode = r->mode;
  d->frame->delivery.blocking = is_blocking(a);
  store64(&a->held[p->slot], p->sequence);
  add32(&a->references, 1);
  add32(&a->consumer->held, 1);
  HIT("C8c");
  return GOT_FRAME;
}

int next_frame(struct attachment *a, struct delivery *d) {
  uint64_t missed = 0; /* the newest frame before the head that was tried in vain */

  for (int i = 0; i < PIN_TRIES; i++) {
    struct sight seen = look_at_header(a);
    struct pinned p;
    int err = check_sight(&seen, a->reading->cursor);
    if (err < 0)
      return err;
    if (seen.head < a->reading->cursor)
      return (int)nothing_new(a, &seen, d);
    uint64_t want = wanted(a, seen.head, missed);
    bool newest = !is_blocking(a);
    HIT("C5");
    if ((err = pin(a, want, newest && want == seen.head, &p)) < 0) /* C5 to C7 */
      return err;
    if (p.sequence != 0)
      return deliver(a, &p, seen.head, d);
    if (newest && want != seen.head)
      missed = want;
    heed_verdict(a);
    if (p.busy)
      return GOT_BUSY;
    if (is_blocking(a) && want < a->reading->standing.sure)
      pass_over(a);
  }
  return fail(BIPS_DAMAGED, "no word of its ring leads to a frame");
}
