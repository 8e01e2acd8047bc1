#include "producer.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "atomics.h"
#include "crashpoint.h"
#include "errors.h"
#include "meta/meta.h"
#include "options.h"
#include "reception.h"
#include "words.h"

/* ---- Opening */

int check_slot_size(const char *pool, size_t size) {
  if (size < 1 || size > BIPS_LAYOUT_MAX_SEGMENT_SIZE / BIPS_MAX_SLOTS)
    return of_pool(fail(BIPS_BAD_OPTION, "slots of %zu bytes: use 1 to %llu", size,
                       (unsigned long long)(BIPS_LAYOUT_MAX_SEGMENT_SIZE / BIPS_MAX_SLOTS)),
        pool);
  return 0;
}

static void default_to(uint32_t *option, uint32_t value) {
  if (*option == 0)
    *option = value;
}

/* set_defaults checks the options, and sets those that were left out. */
static int set_defaults(bips_producer_options *o) {
  if (o->backend != BIPS_SHM && o->backend != BIPS_MEMFD)
    return fail(BIPS_NO_BACKEND, "%u", o->backend);
  default_to(&o->slots, BIPS_DEFAULT_SLOTS);
  default_to(&o->max_consumers, BIPS_DEFAULT_MAX_CONSUMERS);
  default_to(&o->permissions, BIPS_DEFAULT_PERMISSIONS);
  if (o->meta_size < BIPS_NO_META || o->meta_size > BIPS_MAX_META_SIZE)
    return fail(BIPS_BAD_OPTION, "%d bytes of metadata: use BIPS_NO_META, or 1 to %d", o->meta_size, BIPS_MAX_META_SIZE);
  if (o->meta_size == BIPS_NO_META)
    o->meta_size = 0;
  else
    o->meta_size = o->meta_size == 0 ? BIPS_DEFAULT_META_SIZE : (o->meta_size + 7) / 8 * 8;
  if (o->block_timeout == 0)
    o->block_timeout = BIPS_FOREVER;
  if (o->slots < BIPS_MIN_SLOTS || o->slots > BIPS_MAX_SLOTS)
    return fail(BIPS_BAD_OPTION, "%u slots: use %d to %d", o->slots, BIPS_MIN_SLOTS, BIPS_MAX_SLOTS);
  if (o->max_consumers > BIPS_MAX_CONSUMERS)
    return fail(BIPS_BAD_OPTION, "%u consumers: use 1 to %d", o->max_consumers, BIPS_MAX_CONSUMERS);
  if (o->overflow != BIPS_BLOCK && o->overflow != BIPS_DROP)
    return fail(BIPS_BAD_OPTION, "overflow %u: use BIPS_BLOCK or BIPS_DROP", o->overflow);
  return 0;
}

/* set_caps_in is for the caps of the options, and those that are set later. With mu, or before others know p. */
static int set_caps_in(bips_producer *p, struct own_pool *o, const char *caps) {
  size_t length = strlen(caps);
  char *copy;

  if (length > BIPS_MAX_CAPS_LENGTH)
    return fail_plain(BIPS_TOO_LARGE, "pool \"%s\": caps of %zu bytes, at most %d: %s", p->named.paths.name, length, BIPS_MAX_CAPS_LENGTH,
        error_text(BIPS_TOO_LARGE));
  if ((copy = strdup(caps)) == NULL)
    return fail_as(BIPS_NO_MEMORY);
  own_pool_store_caps(o, copy, p->tags, p->tags_size);
  free(p->caps);
  p->caps = copy;
  return 0;
}

int take_handles(bips_producer *p, struct own_pool *o) {
  o->handles = p->unused;
  if (o->handles != NULL)
    p->unused = o->handles->next;
  else
    o->handles = slot_handles_new();
  return o->handles == NULL ? fail_as(BIPS_NO_MEMORY) : 0;
}

/* begin makes the first pool and gives it its name (S4, S5). */
static int begin(bips_producer *p, const bips_producer_options *o) {
  struct geometry g;
  int err;

  plan_geometry(&g, o->slots, o->slot_size, (uint64_t)o->meta_size, o->max_consumers, p->named.instance, (uint32_t)getpid());
  g.backend = o->backend;
  if ((err = make_pool(&p->named, &g, &p->own)) < 0)
    return err;
  if ((err = take_handles(p, p->own)) == 0 && (err = set_caps_in(p, p->own, o->caps == NULL ? "" : o->caps)) == 0 &&
      (err = p->own->backing->ops->publish(p->own->backing)) < 0)
    err = explain_making(err, &p->named.paths);
  if (err < 0)
    own_pool_remove(p->own);
  else
    HIT("S5");
  return err;
}

/* destroy frees what no other thread knows. */
static void destroy(bips_producer *p) {
  struct slot_handles *handles;

  while (p->old != NULL) {
    struct own_pool *o = p->old;
    p->old = o->next;
    free(o->handles);
    own_pool_destroy(o);
  }
  if (p->own != NULL) {
    free(p->own->handles);
    own_pool_destroy(p->own);
  }
  while ((handles = p->unused) != NULL) {
    p->unused = handles->next;
    free(handles);
  }
  reception_free(p->named.reception);
  pthread_mutex_destroy(&p->mu);
  pthread_mutex_destroy(&p->moving);
  free(p->caps);
  free(p->tags);
  free(p);
}

static int open_pool(bips_producer *p, const bips_producer_options *given, const char *name) {
  bips_producer_options o = BIPS_PRODUCER_OPTIONS_INIT;
  int err;

  if ((err = paths_of(name, &p->named.paths)) < 0)
    return err;
  if ((err = read_struct(&o, sizeof o, given, "bips_producer_options")) < 0 || (err = set_defaults(&o)) < 0 ||
      (err = access_rights_of(o.permissions, o.group, &p->named.who)) < 0)
    return of_pool(err, p->named.paths.name);
  if ((err = check_slot_size(p->named.paths.name, o.slot_size)) < 0)
    return err;
  p->overflow = o.overflow;
  p->block_timeout = o.block_timeout;
  p->warn = o.warn;
  p->warn_user = o.warn_user;
  p->named.give_up = o.give_up;
  if (o.backend == BIPS_MEMFD && (p->named.reception = reception_new(p, o.max_consumers)) == NULL)
    return fail_as(BIPS_NO_MEMORY);
  if ((err = take_name(&p->named)) < 0)
    return err;
  if ((err = begin(p, &o)) < 0) {
    give_up_name(&p->named);
    return err;
  }
  p->named.give_up = NULL;
  if ((err = sys_start_thread(&p->house, keep_house, p)) < 0) {
    of_pool(err, p->named.paths.name);
    pthread_mutex_lock(&p->mu); /* readers may have come by now */
    p->closed = true;
    end_pool(p);
    let_go_of_names(p, true);
    pthread_mutex_unlock(&p->mu);
    return err;
  }
  return 0;
}

/* try_to_open makes a producer. -ENOENT: there is no folder, or somebody deleted the files before they had their
 * names. */
static int try_to_open(const char *name, const bips_producer_options *options, bips_producer **producer) {
  bips_producer *p = calloc(1, sizeof *p);
  int err;

  if (p == NULL)
    return fail_as(BIPS_NO_MEMORY);
  pthread_mutex_init(&p->mu, NULL);
  pthread_mutex_init(&p->moving, NULL);
  p->generation = fork_generation();
  p->references = 1;
  p->latency = BIPS_NO_TIME;
  if ((err = open_pool(p, options, name)) < 0) {
    reception_await(p->named.reception);
    producer_unreference(p);
    return err;
  }
  *producer = p;
  return 0;
}

BIPS_API int bips_producer_open(const char *name, const bips_producer_options *options, bips_producer **producer) {
  int err;

  if (producer == NULL)
    return fail(BIPS_BAD_OPTION, "there is no place for the producer: it is NULL");
  *producer = NULL;
  if ((err = fork_guard_begin()) < 0)
    return err;
  err = -ENOENT;
  for (int i = 0; i < MAKE_TRIES && err == -ENOENT; i++) /* somebody deleted the files while they were made, or there is no folder */
    err = try_to_open(name, options, producer);
  return err;
}

/* ---- What each call looks at first */

int producer_is_known(const bips_producer *p) {
  if (p == NULL)
    return fail_plain(BIPS_STALE, "the producer is NULL");
  if (p->generation != fork_generation())
    return fail_as(BIPS_FORKED);
  return 0;
}

bool is_usable(const bips_producer *p) { return !p->closed && p->failure == 0; }

int usable(const bips_producer *p) {
  if (p->closed)
    return of_pool(fail_as(BIPS_CLOSED), p->named.paths.name);
  if (p->failure != 0)
    return fail_plain(-p->failure, "%s", p->failure_text);
  if (sys_is_cut(p->own->backing->pool) || sys_is_cut(p->own->backing->seats))
    return of_pool(cut_short(), p->named.paths.name);
  return 0;
}

int interrupted(const bips_producer *p) {
  int err = usable(p);

  if (err == 0 && p->flushing)
    err = of_pool(fail_as(BIPS_FLUSHING), p->named.paths.name);
  return err;
}

/* ---- Slots */

static int hand_out(bips_producer *p, enum demand d, int64_t timeout, bips_slot **slot) {
  struct slot_entry *e;
  int err;

  if (slot == NULL)
    return fail(BIPS_BAD_OPTION, "there is no place for the slot: it is NULL");
  *slot = NULL;
  err = producer_is_known(p);
  return err < 0 ? err : acquire(p, d, timeout, &e, slot);
}

BIPS_API int bips_producer_pull(bips_producer *p, int64_t timeout, bips_slot **slot) { return hand_out(p, FOR_FRAME, timeout, slot); }
BIPS_API int bips_producer_lend(bips_producer *p, int64_t timeout, bips_slot **slot) { return hand_out(p, FOR_UPSTREAM, timeout, slot); }

/* is_lendable is 1 if bips_producer_lend would not wait because a slot is reserved, or could not succeed
 * before upstream gives one back. */
static int is_lendable(bips_producer *p) {
  pthread_mutex_lock(&p->mu);
  int err = interrupted(p);
  if (err == 0)
    err = p->reserved != NULL || own_pool_upstream_is_full(p->own);
  pthread_mutex_unlock(&p->mu);
  return err;
}

/* reserve keeps a slot for the next bips_producer_lend; 1: it does. A slot that it does not keep is still
 * the caller's: another thread was quicker, or the producer was closed since. */
static int reserve(bips_producer *p, struct slot_entry *e) {
  pthread_mutex_lock(&p->mu);
  int kept = usable(p);
  if (kept == 0 && p->reserved == NULL && e->own == p->own) {
    p->reserved = e;
    kept = 1;
  }
  pthread_mutex_unlock(&p->mu);
  return kept;
}

BIPS_API int bips_producer_wait_lendable(bips_producer *p, int64_t timeout) {
  struct slot_entry *e;
  bips_slot *slot;
  int err = producer_is_known(p);

  if (err < 0 || p->overflow == BIPS_DROP || (err = is_lendable(p)) != 0)
    return err < 0 ? err : 0;
  if ((err = acquire(p, FOR_RESERVE, timeout, &e, &slot)) != 0)
    return err == ALL_UPSTREAM ? 0 : err;
  if ((err = reserve(p, e)) == 1)
    return 0;
  bips_slot_return(slot);
  return err;
}

void drop_reserved(bips_producer *p) {
  struct slot_entry *e = p->reserved;

  if (e == NULL)
    return;
  p->reserved = NULL;
  e->own->lent &= ~bit(e->index);
  slot_end(e);
  add32(&p->references, (uint32_t)-1); /* never the last: whoever calls has the handle */
}

void end_loan(bips_producer *p, struct slot_entry *e) {
  struct own_pool *o = e->own;

  o->lent &= ~bit(e->index);
  slot_end(e);
  HIT("P5a");
  if (o != p->own || p->closed) {
    unmap_idle(p);
    return;
  }
  if (p->watched) { /* only threads of ours wait for it */
    p->watched = false;
    ring_door(&o->door.door);
  }
  HIT("P5b");
}

void producer_unreference(bips_producer *p) {
  if (add32(&p->references, (uint32_t)-1) == 0)
    destroy(p);
}

static int stale(const char *pool) { return of_pool(fail_as(BIPS_STALE), pool); }

BIPS_API int bips_slot_return(bips_slot *slot) {
  struct slot_entry *e = slot_entry_of(slot);
  bips_producer *p;

  if (e == NULL)
    return fail_as(BIPS_STALE);
  p = e->producer;
  if (p->generation != fork_generation())
    return fail_as(BIPS_FORKED);
  pthread_mutex_lock(&p->mu);
  bool lent = slot_entry_of(slot) == e;
  if (lent)
    end_loan(p, e);
  pthread_mutex_unlock(&p->mu);
  if (!lent)
    return fail_as(BIPS_STALE);
  producer_unreference(p);
  return 0;
}

BIPS_API int bips_slot_has_moved(const bips_slot *slot) {
  struct slot_entry *e = slot_entry_of(slot);

  if (e == NULL || e->producer->generation != fork_generation())
    return 0;
  pthread_mutex_lock(&e->producer->mu);
  int moved = e->own != e->producer->own;
  pthread_mutex_unlock(&e->producer->mu);
  return moved;
}

/* ---- Publishing */

/* check_frame refuses what does not fit. With mu. */
static int check_frame(const bips_producer *p, const bips_frame_info *f) {
  const char *name = p->named.paths.name;
  const struct geometry *g = &p->own->pool.g;

  if (f->data_size > g->slot_size)
    return fail_plain(BIPS_TOO_LARGE, "pool \"%s\": a frame of %zu bytes in slots of %llu: %s: make the pool with larger slots, or let it grow",
        name, f->data_size, (unsigned long long)g->slot_size, error_text(BIPS_TOO_LARGE));
  if (f->meta_size > g->meta_size)
    return fail_plain(BIPS_TOO_LARGE, "pool \"%s\": metadata of %zu bytes, the pool has room for %llu: %s: make it with a larger meta_size",
        name, f->meta_size, (unsigned long long)g->meta_size, error_text(BIPS_TOO_LARGE));
  if (f->meta_size > 0 && f->meta == NULL)
    return of_pool(fail(BIPS_BAD_OPTION, "metadata of %zu bytes at NULL", f->meta_size), name);
  if (f->plane_count > BIPS_MAX_PLANES)
    return fail_plain(BIPS_TOO_LARGE, "pool \"%s\": %u planes, at most %d: %s", name, f->plane_count, BIPS_MAX_PLANES,
        error_text(BIPS_TOO_LARGE));
  for (uint32_t i = 0; i < f->plane_count; i++) /* readers would take the pool for damaged */
    if (f->plane_offset[i] > f->data_size)
      return of_pool(fail(BIPS_BAD_OPTION, "plane %u at %llu in a frame of %zu bytes", i, (unsigned long long)f->plane_offset[i], f->data_size),
          name);
  if (f->meta_size > 0 && meta_check(f->meta, f->meta_size) < 0) {
    char why[256];

    snprintf(why, sizeof why, "%s", bips_error_message());
    return fail_plain(BIPS_BAD_OPTION, "pool \"%s\": %s: %s: make the metadata with bips/meta.h", name, why,
        error_text(BIPS_BAD_OPTION));
  }
  return 0;
}

/* try_publish publishes a slot, and gives it back if done; 1: the slot is of a pool that was moved from, and
 * was not published. With mu. */
static int try_publish(bips_producer *p, bips_slot *slot, const bips_frame_info *f, bool done, uint64_t *sequence) {
  struct slot_entry *e = slot_entry_of(slot);
  int err;

  if ((err = usable(p)) < 0 || (err = check_frame(p, f)) < 0)
    return err;
  if (e == NULL || e->producer != p)
    return stale(p->named.paths.name);
  if ((e->own->published & bit(e->index)) != 0)
    return fail_plain(BIPS_STALE, "pool \"%s\": slot %u is published already: %s", p->named.paths.name, e->index, error_text(BIPS_STALE));
  if (e->own != p->own)
    return f->data_size <= e->size ? 1
                                   : fail_plain(BIPS_TOO_LARGE, "pool \"%s\": a frame of %zu bytes in a slot of %zu: %s", p->named.paths.name,
                                         f->data_size, e->size, error_text(BIPS_TOO_LARGE));
  *sequence = publish_slot(p, e, f);
  if (done)
    end_loan(p, e);
  return 0;
}

static int locked_try_publish(bips_producer *p, bips_slot *slot, const bips_frame_info *f, bool done, uint64_t *sequence) {
  pthread_mutex_lock(&p->mu);
  int err = try_publish(p, slot, f, done, sequence);
  pthread_mutex_unlock(&p->mu);
  if (err == 0 && done)
    producer_unreference(p);
  return err;
}

/* publish_copy publishes what is in a slot of a pool that was moved from. */
static int publish_copy(bips_producer *p, bips_slot *slot, const bips_frame_info *f, uint64_t *sequence) {
  int moved = 1;

  while (moved == 1) { /* where the pool moves on meanwhile, once more */
    struct slot_entry *e;
    bips_slot *fresh;
    int err = acquire(p, FOR_FRAME, BIPS_FOREVER, &e, &fresh);
    if (err < 0)
      return err;
    memcpy(e->data, bips_slot_data(slot), f->data_size);
    moved = locked_try_publish(p, fresh, f, true, sequence);
    if (moved != 0)
      bips_slot_return(fresh);
  }
  return moved;
}

/* note_published remembers that what is in a slot was published: once is enough. */
static void note_published(bips_producer *p, bips_slot *slot) {
  pthread_mutex_lock(&p->mu);
  struct slot_entry *e = slot_entry_of(slot);
  if (e != NULL)
    e->own->published |= bit(e->index);
  pthread_mutex_unlock(&p->mu);
}

static int publish(bips_producer *p, bips_slot *slot, const bips_frame_info *given, bool done, uint64_t *sequence) {
  bips_frame_info f = BIPS_FRAME_INFO_INIT;
  int err = producer_is_known(p);

  if (err < 0)
    return err;
  if (given != NULL && (err = read_struct(&f, sizeof f, given, "bips_frame_info")) < 0)
    return of_pool(err, p->named.paths.name);
  if (f.data_size == BIPS_WHOLE_SLOT)
    f.data_size = bips_slot_size(slot);
  if ((err = locked_try_publish(p, slot, &f, done, sequence)) != 1)
    return err;
  if ((err = publish_copy(p, slot, &f, sequence)) < 0)
    return err;
  if (done)
    return bips_slot_return(slot);
  note_published(p, slot);
  return 0;
}

BIPS_API int bips_producer_push(bips_producer *p, bips_slot *slot, const bips_frame_info *info) {
  uint64_t sequence;

  return publish(p, slot, info, true, &sequence);
}

BIPS_API int bips_producer_publish(bips_producer *p, bips_slot *slot, const bips_frame_info *info, uint64_t *sequence) {
  uint64_t unwanted;

  if (sequence == NULL)
    sequence = &unwanted;
  *sequence = 0;
  return publish(p, slot, info, false, sequence);
}

void count_dropped(bips_producer *p) { store64(&p->own->pool.header->dropped, ++p->stats.dropped); }

/* ---- Small calls. Each takes mu, and does one thing if the pool is there. */

/* lock_known takes mu of a producer that is known; then it must be unlocked, also after an error of the
 * pool. *err is that of the handle. */
static bool lock_known(bips_producer *p, int *err) {
  *err = producer_is_known(p);
  if (*err < 0)
    return false;
  pthread_mutex_lock(&p->mu);
  return true;
}

BIPS_API int bips_producer_drop(bips_producer *p) {
  int err;

  if (!lock_known(p, &err))
    return err;
  if ((err = usable(p)) == 0)
    count_dropped(p);
  pthread_mutex_unlock(&p->mu);
  return err;
}

BIPS_API int bips_producer_set_caps(bips_producer *p, const char *caps) {
  int err;

  if (caps == NULL)
    caps = "";
  if (!lock_known(p, &err))
    return err;
  if ((err = usable(p)) == 0 && strcmp(caps, p->caps) != 0)
    err = set_caps_in(p, p->own, caps);
  pthread_mutex_unlock(&p->mu);
  return err;
}

/* check_tags refuses what readers would not take for tags: it is to be a row of records of type 12. */
static int check_tags(const uint8_t *tags, size_t size) {
  if (size > BIPS_MAX_TAGS_SIZE)
    return fail_plain(BIPS_TOO_LARGE, "tags of %zu bytes, at most %d: %s", size, BIPS_MAX_TAGS_SIZE, error_text(BIPS_TOO_LARGE));
  if (size > 0 && tags == NULL)
    return fail(BIPS_BAD_OPTION, "tags of %zu bytes at NULL", size);
  if (size % BIPS_LAYOUT_META_ALIGNMENT != 0)
    return fail(BIPS_BAD_OPTION, "tags: %zu bytes are no multiple of %d", size, BIPS_LAYOUT_META_ALIGNMENT);
  for (size_t at = 0; at < size;) {
    uint16_t type;
    uint32_t length;
    memcpy(&type, tags + at, sizeof type);
    memcpy(&length, tags + at + 4, sizeof length);
    if (length > size - at - BIPS_LAYOUT_META_HEAD_SIZE)
      return fail(BIPS_BAD_OPTION, "tags: the record at %zu has %u bytes, of %zu that are left", at, length,
          size - at - BIPS_LAYOUT_META_HEAD_SIZE);
    if (type != BIPS_LAYOUT_META_TAGS)
      return fail(BIPS_BAD_OPTION, "a record of type %u among the tags: use type %d", type, BIPS_LAYOUT_META_TAGS);
    at += BIPS_LAYOUT_META_HEAD_SIZE + ((size_t)length + 7) / 8 * 8;
  }
  return 0;
}

/* set_tags_in is with mu. */
static int set_tags_in(bips_producer *p, const void *tags, size_t size) {
  int err = check_tags(tags, size);
  uint8_t *copy = NULL;

  if (err < 0)
    return of_pool(err, p->named.paths.name);
  if (size == p->tags_size && (size == 0 || memcmp(tags, p->tags, size) == 0))
    return 0;
  if (size > 0) {
    if ((copy = malloc(size)) == NULL)
      return fail_as(BIPS_NO_MEMORY);
    memcpy(copy, tags, size);
  }
  free(p->tags);
  p->tags = copy;
  p->tags_size = size;
  own_pool_store_caps(p->own, p->caps, copy, size);
  return 0;
}

BIPS_API int bips_producer_set_tags(bips_producer *p, const void *tags, size_t tags_size) {
  int err;

  if (!lock_known(p, &err))
    return err;
  if ((err = usable(p)) == 0)
    err = set_tags_in(p, tags, tags_size);
  pthread_mutex_unlock(&p->mu);
  return err;
}

BIPS_API int bips_producer_set_latency(bips_producer *p, uint64_t latency) {
  int err;

  if (!lock_known(p, &err))
    return err;
  p->latency = latency;
  if ((err = usable(p)) == 0)
    store64(&p->own->pool.header->latency, latency);
  pthread_mutex_unlock(&p->mu);
  return err;
}

BIPS_API int bips_producer_set_block_timeout(bips_producer *p, int64_t timeout) {
  int err;

  if (!lock_known(p, &err))
    return err;
  if (__atomic_exchange_n(&p->block_timeout, timeout, __ATOMIC_SEQ_CST) != timeout && is_usable(p))
    ring_door(&p->own->door.door);
  pthread_mutex_unlock(&p->mu);
  return 0;
}

BIPS_API int bips_producer_set_flushing(bips_producer *p, int flushing) {
  int err;

  if (!lock_known(p, &err))
    return err;
  p->flushing = flushing != 0;
  if (p->flushing && is_usable(p))
    ring_door(&p->own->door.door);
  pthread_mutex_unlock(&p->mu);
  return 0;
}

/* count_seated is how many read, or an error. */
static int count_seated(bips_producer *p, uint32_t *seated, struct door_look *looked) {
  pthread_mutex_lock(&p->mu);
  int err = interrupted(p);
  if (err == 0) {
    *looked = (struct door_look){p->own, own_door_look(&p->own->door)};
    read_seats(p);
    *seated = own_pool_seated(p->own);
  }
  pthread_mutex_unlock(&p->mu);
  return err;
}

/* geometry_of_own copies the geometry of the present pool; zeroes for a handle that is none. */
static struct geometry geometry_of_own(bips_producer *p) {
  struct geometry g = {0};
  int err;

  if (lock_known(p, &err)) {
    g = p->own->pool.g;
    pthread_mutex_unlock(&p->mu);
  }
  return g;
}

BIPS_API int bips_producer_wait_consumers(bips_producer *p, uint32_t consumers, int64_t timeout) {
  struct deadline limit = deadline_after(timeout);
  struct door_wait door = {p, 0};
  struct door_look looked;
  uint32_t seated = 0, seats;
  int64_t wait;
  int err = producer_is_known(p);

  if (err == 0 && consumers > (seats = geometry_of_own(p).seats))
    return of_pool(fail(BIPS_BAD_OPTION, "%u consumers, and the pool has seats for %u: make it with more seats, or wait for fewer consumers",
        consumers, seats), p->named.paths.name);
  while (err == 0 && (err = count_seated(p, &seated, &looked)) == 0 && seated < consumers) {
    if (!deadline_left(&limit, DOOR_LIMIT, &wait))
      return fail_plain(BIPS_TIMEOUT, "pool \"%s\": %u of %u consumers: timeout", p->named.paths.name, seated, consumers);
    door_wait_sleep(&door, &looked, wait);
  }
  return err;
}

BIPS_API const char *bips_producer_name(const bips_producer *p) { return p == NULL ? "" : p->named.paths.name; }

BIPS_API const char *bips_producer_folder(const bips_producer *p, int *in_memory) {
  if (in_memory != NULL)
    *in_memory = p != NULL && (p->named.in_memory || p->named.reception != NULL);
  return p == NULL ? "" : p->named.paths.folder;
}

BIPS_API uint32_t bips_producer_slots(bips_producer *p) { return geometry_of_own(p).slots; }
BIPS_API size_t bips_producer_slot_size(bips_producer *p) { return geometry_of_own(p).slot_size; }
BIPS_API size_t bips_producer_meta_size(bips_producer *p) { return geometry_of_own(p).meta_size; }

BIPS_API int bips_producer_get_stats(bips_producer *p, bips_producer_stats *stats) {
  bips_producer_stats now;
  int err;

  if (!lock_known(p, &err))
    return err;
  now = p->stats;
  now.lent = count_bits(p->own->lent) - (p->reserved != NULL);
  for (struct own_pool *o = p->old; o != NULL; o = o->next)
    now.lent += count_bits(o->lent);
  if (is_usable(p)) {
    read_seats(p);
    now.consumers = own_pool_seated(p->own);
  }
  pthread_mutex_unlock(&p->mu);
  return write_struct(stats, &now, sizeof now, "bips_producer_stats");
}

BIPS_API uint64_t bips_producer_demotions(const bips_producer *p) { return p == NULL ? 0 : load64(&p->demotions); }
BIPS_API uint64_t bips_producer_waited(const bips_producer *p) { return p == NULL ? 0 : load64(&p->waited); }

/* ---- The end */

void unmap_idle(bips_producer *p) {
  struct own_pool **at = &p->old, *o;

  while ((o = *at) != NULL) {
    if (!own_pool_is_idle(o) || (o == p->own->before && !p->closed)) {
      at = &o->next;
      continue;
    }
    *at = o->next;
    if (p->own->before == o)
      p->own->before = NULL;
    o->handles->next = p->unused;
    p->unused = o->handles;
    own_pool_destroy(o);
  }
  if (p->closed && p->housekept && own_pool_is_idle(p->own))
    own_pool_unmap(p->own);
}

void end_pool(bips_producer *p) {
  drop_reserved(p);
  store32(&p->own->pool.header->state, BIPS_LAYOUT_STATE_CLOSED);
  HIT("Q1");
  own_pool_ring_bell(p->own);
  ring_door(&p->own->door.door);
  HIT("Q2");
}

void let_go_of_names(bips_producer *p, bool ours) {
  struct backing *b = p->own->backing;

  if (ours)
    b->ops->unlink(b);
  else
    b->ops->unlink_seats(b);
  for (struct own_pool *o = p->old; o != NULL; o = o->next)
    o->backing->ops->close(o->backing);
  b->ops->close(b);
  give_up_name(&p->named);
}

/* mark_closed makes every wait return BIPS_CLOSED, and reports false when that was done before. */
static bool mark_closed(bips_producer *p) {
  pthread_mutex_lock(&p->mu);
  bool first = !p->closed;
  p->closed = true;
  if (!p->own->unmapped)
    ring_door(&p->own->door.door);
  pthread_mutex_unlock(&p->mu);
  add32(&p->key_frames, 1);
  sys_futex_wake_all(&p->key_frames);
  return first;
}

BIPS_API int bips_producer_shutdown(bips_producer *p) {
  int err = producer_is_known(p);

  if (err < 0)
    return err;
  await_followers(p); /* Q0 */
  if (!mark_closed(p))
    return 0;
  pthread_mutex_lock(&p->moving); /* a move that is under way comes to its end first */
  pthread_mutex_lock(&p->mu);
  if (p->failure == 0) {
    end_pool(p);
    let_go_of_names(p, true);
  }
  pthread_mutex_unlock(&p->mu);
  pthread_mutex_unlock(&p->moving);
  wake_housekeeper(p);
  sys_join_thread(p->house);
  reception_await(p->named.reception);
  pthread_mutex_lock(&p->mu);
  p->housekept = true;
  unmap_idle(p);
  pthread_mutex_unlock(&p->mu);
  return 0;
}

BIPS_API bips_producer *bips_producer_close(bips_producer *p) {
  if (p != NULL && p->generation == fork_generation()) {
    bips_producer_shutdown(p);
    producer_unreference(p);
  }
  return NULL;
}
