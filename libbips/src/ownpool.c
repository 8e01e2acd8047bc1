#include "ownpool.h"

#include <stdlib.h>
#include <string.h>

#include "atomics.h"
#include "crashpoint.h"
#include "errors.h"
#include "words.h"

/* fill writes the fields of both headers, and then their magic numbers (S4e, S4f). */
static int fill(struct own_pool *o, const struct geometry *g) {
  int err;

  seat_segment_create(&o->seats, o->backing->seats, o->backing->seats_size, g);
  pool_segment_init(&o->pool, o->backing->pool, g);
  for (uint32_t i = 0; i < g->seats; i++)
    o->generations[i] = &o->seats.seats[i]->generation;
  own_door_init(&o->door, o->pool.header, o->seats.header);
  if (o->backing->alone) {
    memcpy(o->empty, o->seats.seats, sizeof o->empty);
    if ((err = own_door_split(&o->door, g->seats)) < 0)
      return err;
  }
  store_geometry(g, o->pool.header);
  store32(&o->pool.header->state, BIPS_LAYOUT_STATE_RUNNING);
  store64(&o->pool.header->latency, BIPS_LAYOUT_NO_TIME);
  HIT("S4e");
  store64(&o->seats.header->magic, BIPS_LAYOUT_SEAT_MAGIC);
  store64(&o->pool.header->magic, BIPS_LAYOUT_POOL_MAGIC);
  HIT("S4f");
  return 0;
}

int make_pool(struct own_name *n, const struct geometry *g, struct own_pool **own) {
  struct own_pool *o = calloc(1, sizeof *o);
  int err;

  *own = NULL;
  if (o == NULL)
    return fail_as(BIPS_NO_MEMORY);
  if ((err = make_backing(n, g, &o->backing)) < 0) {
    free(o);
    return err;
  }
  if ((err = fill(o, g)) < 0) {
    own_pool_remove(o);
    own_pool_destroy(o);
    return err;
  }
  *own = o;
  return 0;
}

void own_pool_ring_bell(struct own_pool *o) { ring_bell(o->pool.header, o->seats.seats, o->seats.count, o->backing->alone); }

bool own_pool_is_idle(const struct own_pool *o) { return o->lent == 0 && o->inside == 0; }

void own_pool_seat_reader(struct own_pool *o, uint32_t i, struct seat_memory *s) {
  o->seats.seats[i] = s->seat;
  o->door.others[i] = &s->header->door;
  o->seated[i] = s;
}

bool own_pool_unseat_reader(struct own_pool *o, uint32_t i) {
  struct seat_memory *s = o->seated[i];
  bool sat;

  if (o->unmapped || !o->backing->alone)
    return false;
  sat = s != NULL && load32(&s->seat->state) != BIPS_LAYOUT_SEAT_FREE;
  store32(&o->empty[i]->state, BIPS_LAYOUT_SEAT_FREE);
  o->seats.seats[i] = o->empty[i];
  o->door.others[i] = NULL;
  o->seated[i] = NULL;
  own_pool_leave_seat(o, s);
  return sat;
}

void own_pool_leave_seat(struct own_pool *o, struct seat_memory *s) {
  if (s == NULL)
    return;
  s->next = o->left;
  o->left = s;
}

void own_pool_take_left(struct own_pool *o, struct seat_memory **list) {
  struct seat_memory *s;

  while (o->inside == 0 && (s = o->left) != NULL) {
    o->left = s->next;
    s->next = *list;
    *list = s;
  }
}

/* drop_left unmaps the seats that were left. Nobody may look at them any more. */
static void drop_left(struct own_pool *o) {
  seat_memories_drop(o->left);
  o->left = NULL;
}

/* unseat_all lets go of the seats of all readers, before their memory goes. */
static void unseat_all(struct own_pool *o) {
  for (uint32_t i = 0; i < o->seats.count; i++)
    own_pool_unseat_reader(o, i);
  drop_left(o);
  o->unmapped = true;
}

void own_pool_unmap(struct own_pool *o) {
  if (o->unmapped)
    return;
  unseat_all(o);
  o->backing->ops->close(o->backing);
  o->backing->ops->unmap(o->backing);
}

void own_pool_remove(struct own_pool *o) {
  if (!o->unmapped)
    unseat_all(o);
  o->backing->ops->remove(o->backing);
}

void own_pool_destroy(struct own_pool *o) {
  own_pool_unmap(o);
  drop_left(o);
  own_door_destroy(&o->door);
  o->backing->ops->destroy(o->backing);
  free(o);
}

void own_pool_store_caps(struct own_pool *o, const char *caps, const void *tags, size_t tags_size) {
  bool used[BIPS_LAYOUT_MAX_SLOTS + 1] = {false};
  uint32_t unused = 0;
  size_t length = strlen(caps);

  for (uint32_t i = 0; i < o->pool.g.slots; i++)
    if (o->sequences[i] != 0)
      used[o->slot_caps[i]] = true;
  while (used[unused])
    unused++;
  struct bips_layout_caps_record *r = caps_record_of(&o->pool, unused);
  store32(&r->length, (uint32_t)length);
  memcpy(r->text, caps, length);
  store32(&r->tags_length, (uint32_t)tags_size);
  if (tags_size > 0)
    memcpy(r->tags, tags, tags_size);
  store64(&r->version, ++o->caps_version);
  o->caps_index = unused;
}

uint32_t own_pool_seated(const struct own_pool *o) {
  uint32_t n = 0;

  for (uint32_t i = 0; i < o->seats.count; i++) {
    const struct seat_view *v = &o->views[i];
    if (is_read_from(v) ||
        (v->place.pending && (v->place.kept || load32(&o->before->seats.seats[i]->state) == BIPS_LAYOUT_SEAT_LATEST)))
      n++;
  }
  return n;
}

uint32_t own_pool_granted(const struct own_pool *o) {
  uint32_t sum = 0;

  for (uint32_t i = 0; i < o->seats.count; i++)
    sum += o->views[i].pins;
  return sum;
}

bool own_pool_upstream_is_full(const struct own_pool *o) { return count_bits(o->lent) + 2 + own_pool_granted(o) >= o->pool.g.slots; }
