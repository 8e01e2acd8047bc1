#include "segment.h"

#include "atomics.h"
#include "errors.h"

void pool_segment_init(struct pool_segment *s, uint8_t *memory, const struct geometry *g) {
  *s = (struct pool_segment){*g, memory, (void *)memory};
}

void seat_segment_create(struct seat_segment *s, uint8_t *memory, uint64_t size, const struct geometry *g) {
  struct bips_layout_seat_header *h = (void *)memory;
  struct seat_table t = {BIPS_LAYOUT_HEADER_SIZE, BIPS_LAYOUT_SEAT_SIZE, g->seats};

  h->version_major = BIPS_LAYOUT_VERSION_MAJOR;
  h->version_minor = BIPS_LAYOUT_VERSION_MINOR;
  h->header_size = BIPS_LAYOUT_HEADER_SIZE;
  h->instance = g->instance;
  h->segment_size = size;
  h->seats_offset = t.offset;
  h->seat_size = BIPS_LAYOUT_SEAT_SIZE;
  h->seat_count = t.count;
  h->move = g->move;
  seat_segment_init(s, memory, &t);
}

int read_seat_table(const uint8_t *page, const struct geometry *g, uint64_t file_size, struct seat_table *t) {
  const volatile struct bips_layout_seat_header *h = (const void *)page; /* volatile: each field is read once */
  uint64_t magic = load64((const uint64_t *)(const void *)page), instance;
  uint32_t move;
  int err;

  if (magic != BIPS_LAYOUT_SEAT_MAGIC)
    return fail(BIPS_DAMAGED, "the seats begin with %#llx, not with their magic number", (unsigned long long)magic);
  if ((err = check_version(h->version_major, h->version_minor, 0)) < 0)
    return err;
  if ((instance = h->instance) != g->instance)
    return fail(BIPS_DAMAGED, "the seats are of instance %llx, the pool of %llx", (unsigned long long)instance,
        (unsigned long long)g->instance);
  if ((move = h->move) != g->move)
    return fail(BIPS_DAMAGED, "the seats are of move %u, the pool of %u", move, g->move);
  *t = (struct seat_table){h->seats_offset, h->seat_size, h->seat_count};
  if (t->offset < BIPS_LAYOUT_HEADER_SIZE || t->offset > file_size || t->offset % 8 != 0 || t->size < BIPS_LAYOUT_SEAT_SIZE ||
      t->size > BIPS_LAYOUT_MAX_RECORD_SIZE || t->size % 8 != 0 || t->count != g->seats)
    return fail(BIPS_DAMAGED, "%u seats of %llu bytes at %llu, the pool has %u seats", t->count, (unsigned long long)t->size,
        (unsigned long long)t->offset, g->seats);
  if (seat_table_end(t) > file_size)
    return fail(BIPS_DAMAGED, "the seats are cut short: %llu bytes, should be %llu", (unsigned long long)file_size,
        (unsigned long long)seat_table_end(t));
  return 0;
}

void seat_segment_init(struct seat_segment *s, uint8_t *memory, const struct seat_table *t) {
  s->header = (void *)memory;
  s->count = t->count;
  for (uint32_t i = 0; i < t->count; i++)
    s->seats[i] = (void *)(memory + t->offset + i * t->size);
}
