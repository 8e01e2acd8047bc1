#include "geometry.h"

#include "atomics.h"
#include "errors.h"

static uint64_t page_align(uint64_t n) { return (n + BIPS_LAYOUT_PAGE_SIZE - 1) & ~(uint64_t)(BIPS_LAYOUT_PAGE_SIZE - 1); }

/* place puts a table of so many bytes behind what there is. */
static uint64_t place(uint64_t *next, uint64_t size) {
  uint64_t at = *next;

  *next = page_align(at + size);
  return at;
}

void plan_geometry(struct geometry *g, uint32_t slots, uint64_t slot_size, uint64_t meta_size, uint32_t seats, uint64_t instance,
    uint32_t pid) {
  uint64_t next = BIPS_LAYOUT_HEADER_SIZE;

  *g = (struct geometry){
      .instance = instance, .first = 1, .producer_pid = pid, .slots = slots, .slot_size = slot_size, .seats = seats,
      .ring = 1, .caps = slots + 1, .record_size = BIPS_LAYOUT_SLOT_RECORD_SIZE, .seat_word_size = BIPS_LAYOUT_SEAT_WORD_SIZE,
      .caps_size = BIPS_LAYOUT_CAPS_RECORD_SIZE, .meta_size = meta_size, .slot_stride = page_align(slot_size),
  };
  while (g->ring < slots)
    g->ring *= 2;
  g->ring_offset = place(&next, (uint64_t)g->ring * BIPS_LAYOUT_RING_WORD_SIZE);
  g->records_offset = place(&next, slots * g->record_size);
  g->seat_words_offset = place(&next, seats * g->seat_word_size);
  g->caps_offset = place(&next, g->caps * g->caps_size);
  g->meta_offset = place(&next, slots * g->meta_size);
  g->slots_offset = place(&next, slots * g->slot_stride);
  g->segment_size = next;
}

void resized_geometry(const struct geometry *g, uint64_t slot_size, struct geometry *next) {
  plan_geometry(next, g->slots, slot_size, g->meta_size, g->seats, g->instance, g->producer_pid);
  next->move = g->move + 1;
  next->backend = g->backend;
}

uint64_t seat_segment_size(const struct geometry *g) {
  return page_align(BIPS_LAYOUT_HEADER_SIZE + (uint64_t)g->seats * BIPS_LAYOUT_SEAT_SIZE);
}

uint64_t geometry_bytes(const struct geometry *g) { return g->segment_size + seat_segment_size(g); }

void store_geometry(const struct geometry *g, struct bips_layout_pool_header *h) {
  h->version_major = BIPS_LAYOUT_VERSION_MAJOR;
  h->version_minor = BIPS_LAYOUT_VERSION_MINOR;
  h->header_size = BIPS_LAYOUT_HEADER_SIZE;
  h->required = BIPS_LAYOUT_KNOWN_REQUIRED;
  h->optional = 0;
  h->instance = g->instance;
  h->segment_size = g->segment_size;
  h->slot_size = g->slot_size;
  h->slot_stride = g->slot_stride;
  h->slots_offset = g->slots_offset;
  h->slot_count = g->slots;
  h->ring_length = g->ring;
  h->ring_offset = g->ring_offset;
  h->records_offset = g->records_offset;
  h->seat_words_offset = g->seat_words_offset;
  h->caps_offset = g->caps_offset;
  h->meta_offset = g->meta_offset;
  h->record_size = (uint32_t)g->record_size;
  h->seat_word_size = (uint32_t)g->seat_word_size;
  h->caps_size = (uint32_t)g->caps_size;
  h->meta_size = (uint32_t)g->meta_size;
  h->caps_count = g->caps;
  h->seat_count = g->seats;
  h->backend = g->backend;
  h->producer_pid = g->producer_pid;
  h->move = g->move;
  h->first = g->first;
}

int check_version(uint16_t major, uint16_t minor, uint64_t required) {
  uint64_t unknown = required & ~BIPS_LAYOUT_KNOWN_REQUIRED;

  if (major != BIPS_LAYOUT_VERSION_MAJOR)
    return fail(BIPS_OTHER_VERSION, "layout %u.%u, this program reads %d: update the older of the two", major, minor,
        BIPS_LAYOUT_VERSION_MAJOR);
  if (unknown != 0)
    return fail(BIPS_OTHER_VERSION, "it requires features %#llx that this program lacks: update it", (unsigned long long)unknown);
  return 0;
}

static int damaged(const char *what, uint64_t got, uint64_t limit) {
  return fail(BIPS_DAMAGED, "%s %llu, limit %llu", what, (unsigned long long)got, (unsigned long long)limit);
}

/* check_table refuses a table that does not lie in its segment. */
static int check_table(const struct geometry *g, const char *name, uint64_t offset, uint64_t size, uint64_t count, uint64_t least,
    uint64_t most) {
  if (size < least || size > most || size % 8 != 0)
    return fail(BIPS_DAMAGED, "%s: record size %llu, limit %llu", name, (unsigned long long)size, (unsigned long long)most);
  if (offset < BIPS_LAYOUT_HEADER_SIZE || offset % 8 != 0 || offset > g->segment_size ||
      (g->segment_size - offset) / (size > 0 ? size : 1) < (size > 0 ? count : 0))
    return fail(BIPS_DAMAGED, "%s: offset %llu, limit %llu", name, (unsigned long long)offset, (unsigned long long)g->segment_size);
  return 0;
}

static bool is_power_of_two(uint32_t n) { return n != 0 && (n & (n - 1)) == 0; }

/* check refuses whatever would lead a reader astray. A file may be longer than its segment. */
static int check(const struct geometry *g, uint64_t file_size) {
  int err;

  if (g->instance == 0)
    return damaged("instance", 0, 1);
  if (g->first == 0 || g->first > BIPS_LAYOUT_MAX_SEQUENCE)
    return damaged("first sequence", g->first, BIPS_LAYOUT_MAX_SEQUENCE);
  if (g->segment_size > file_size)
    return damaged("cut short: segment size", g->segment_size, file_size);
  if (g->segment_size > BIPS_LAYOUT_MAX_SEGMENT_SIZE)
    return damaged("segment size", g->segment_size, BIPS_LAYOUT_MAX_SEGMENT_SIZE);
  if (g->slots < BIPS_MIN_SLOTS || g->slots > BIPS_LAYOUT_MAX_SLOTS)
    return damaged("slots", g->slots, BIPS_LAYOUT_MAX_SLOTS);
  if (g->seats < 1 || g->seats > BIPS_LAYOUT_MAX_SEATS)
    return damaged("seats", g->seats, BIPS_LAYOUT_MAX_SEATS);
  if (g->ring < g->slots || g->ring > 1 << 16 || !is_power_of_two(g->ring))
    return damaged("ring length", g->ring, 1 << 16);
  if (g->caps < 1 || g->caps > 1 << 16)
    return damaged("caps records", g->caps, 1 << 16);
  if (g->slot_size == 0 || g->slot_size > g->slot_stride || g->slot_stride > g->segment_size ||
      g->slot_stride % BIPS_LAYOUT_PAGE_SIZE != 0)
    return damaged("slot size", g->slot_size, g->slot_stride);
  if (g->slots_offset % BIPS_LAYOUT_PAGE_SIZE != 0)
    return damaged("slots not page-aligned: offset", g->slots_offset, 0);
  if ((err = check_table(g, "ring", g->ring_offset, BIPS_LAYOUT_RING_WORD_SIZE, g->ring, BIPS_LAYOUT_RING_WORD_SIZE,
           BIPS_LAYOUT_RING_WORD_SIZE)) < 0 ||
      (err = check_table(g, "slot records", g->records_offset, g->record_size, g->slots, BIPS_LAYOUT_SLOT_RECORD_SIZE,
           BIPS_LAYOUT_MAX_RECORD_SIZE)) < 0 ||
      (err = check_table(g, "seat words", g->seat_words_offset, g->seat_word_size, g->seats, BIPS_LAYOUT_SEAT_WORD_SIZE,
           BIPS_LAYOUT_MAX_RECORD_SIZE)) < 0 ||
      (err = check_table(g, "caps records", g->caps_offset, g->caps_size, g->caps, BIPS_LAYOUT_CAPS_RECORD_SIZE,
           BIPS_LAYOUT_MAX_RECORD_SIZE)) < 0 ||
      (err = check_table(g, "metadata", g->meta_offset, g->meta_size, g->slots, 0, BIPS_LAYOUT_MAX_META_SIZE)) < 0 ||
      (err = check_table(g, "slots", g->slots_offset, g->slot_stride, g->slots, BIPS_LAYOUT_PAGE_SIZE, g->segment_size)) < 0)
    return err;
  return 0;
}

/* once reads a field that is not atomic one time, whatever the compiler would like. */
#define once(field) (*(const volatile __typeof__(field) *)&(field))

int read_geometry(const uint8_t *page, uint64_t file_size, uint32_t backend, struct geometry *g) {
  const struct bips_layout_pool_header *h = (const void *)page;
  uint64_t magic = load64(&h->magic);
  int err;

  if (magic != BIPS_LAYOUT_POOL_MAGIC)
    return fail(BIPS_DAMAGED, "it begins with %#llx, not with a pool's magic number", (unsigned long long)magic);
  if ((err = check_version(once(h->version_major), once(h->version_minor), once(h->required))) < 0)
    return err;
  *g = (struct geometry){
      .instance = once(h->instance), .first = once(h->first), .segment_size = once(h->segment_size),
      .slot_size = once(h->slot_size), .slot_stride = once(h->slot_stride), .slots_offset = once(h->slots_offset),
      .ring_offset = once(h->ring_offset), .records_offset = once(h->records_offset),
      .seat_words_offset = once(h->seat_words_offset), .caps_offset = once(h->caps_offset), .meta_offset = once(h->meta_offset),
      .record_size = once(h->record_size), .seat_word_size = once(h->seat_word_size), .caps_size = once(h->caps_size),
      .meta_size = once(h->meta_size), .slots = once(h->slot_count), .ring = once(h->ring_length), .seats = once(h->seat_count),
      .caps = once(h->caps_count), .move = once(h->move), .producer_pid = once(h->producer_pid), .backend = once(h->backend),
  };
  if (g->backend != backend)
    return fail(BIPS_OTHER_VERSION, "it was made by backend %u, and is found as one of backend %u", g->backend, backend);
  return check(g, file_size);
}
