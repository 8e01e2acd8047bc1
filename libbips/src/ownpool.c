#include "ownpool.h"

#include <stdlib.h>
#include <string.h>

#include "atomics.h"
#include "crashpoint.h"
#include "errors.h"
#include "words.h"

/* fill writes the fields of both headers, and then their magic numbers (S4e, S4f). */
static void fill(struct own_pool *o, const struct geometry *g) {
  seat_segment_create(&o->seats, o->backing->seats, o->backing->seats_size, g);
  pool_segment_init(&o->pool, o->backing->pool, g);
  for (uint32_t i = 0; i < g->seats; i++)
    o->generations[i] = &o->seats.seats[i]->generation;
  own_door_init(&o->door, o->pool.header, o->seats.header);
  store_geometry(g, o->pool.header);
  store32(&o->pool.header->state, BIPS_LAYOUT_STATE_RUNNING);
  store64(&o->pool.header->latency, BIPS_LAYOUT_NO_TIME);
  HIT("S4e");
  store64(&o->seats.header->magic, BIPS_LAYOUT_SEAT_MAGIC);
  store64(&o->pool.header->magic, BIPS_LAYOUT_POOL_MAGIC);
  HIT("S4f");
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
  fill(o, g);
  *own = o;
  return 0;
}

void own_pool_ring_bell(struct own_pool *o) { ring_bell(o->pool.header, o->seats.seats, o->seats.count, o->backing->alone); }

bool own_pool_is_idle(const struct own_pool *o) { return o->lent == 0 && o->inside == 0; }

void own_pool_unmap(struct own_pool *o) {
  if (o->unmapped)
    return;
  o->unmapped = true;
  o->backing->ops->close(o->backing);
  o->backing->ops->unmap(o->backing);
}

void own_pool_destroy(struct own_pool *o) {
  own_pool_unmap(o);
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
