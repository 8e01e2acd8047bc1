#ifndef BIPS_SEGMENT_H
#define BIPS_SEGMENT_H

#include <bips/layout.h>
#include <stddef.h>

#include "geometry.h"

/* struct pool_segment is a pool segment with its tables found. The pointers lead into shared memory: what
 * they show may change at any time, and is checked when read.
 *
 * SAFETY: read_geometry has checked that each table lies within the segment and is aligned to 8 bytes,
 * and callers pass indices below the table's count. */
struct pool_segment {
  struct geometry g;
  uint8_t *memory;
  struct bips_layout_pool_header *header;
};

void pool_segment_init(struct pool_segment *s, uint8_t *memory, const struct geometry *g);

static inline void *at_offset(const struct pool_segment *s, uint64_t offset) { return s->memory + offset; }

static inline struct bips_layout_slot_record *record_of(const struct pool_segment *s, uint32_t slot) {
  return at_offset(s, s->g.records_offset + slot * s->g.record_size);
}
static inline struct bips_layout_seat_word *seat_word_of(const struct pool_segment *s, uint32_t seat) {
  return at_offset(s, s->g.seat_words_offset + seat * s->g.seat_word_size);
}
static inline struct bips_layout_caps_record *caps_record_of(const struct pool_segment *s, uint32_t i) {
  return at_offset(s, s->g.caps_offset + i * s->g.caps_size);
}
/* ring_word_of is the ring word of a sequence. */
static inline uint64_t *ring_word_of(const struct pool_segment *s, uint64_t sequence) {
  return (uint64_t *)at_offset(s, s->g.ring_offset) + (sequence & (s->g.ring - 1));
}
static inline uint8_t *slot_bytes(const struct pool_segment *s, uint32_t slot) {
  return at_offset(s, s->g.slots_offset + slot * s->g.slot_stride);
}
static inline uint8_t *meta_bytes(const struct pool_segment *s, uint32_t slot) {
  return at_offset(s, s->g.meta_offset + slot * s->g.meta_size);
}

/* struct seat_table is where the seats lie in their segment: a private copy, checked against the pool. */
struct seat_table {
  uint64_t offset, size; /* of the first, from the start of the segment; from one to the next */
  uint32_t count;
};

static inline uint64_t seat_table_end(const struct seat_table *t) { return t->offset + t->count * t->size; }

/* struct seat_segment is the seats of a pool. Each may lie in a segment of its own. */
struct seat_segment {
  struct bips_layout_seat_header *header;
  struct bips_layout_seat *seats[BIPS_LAYOUT_MAX_SEATS];
  uint32_t count;
};

/* seat_segment_create writes the header of a new seat segment, but for its magic number. */
void seat_segment_create(struct seat_segment *s, uint8_t *memory, uint64_t size, const struct geometry *g);
/* read_seat_table copies what the first page of a pool's seat segment says, and checks it. */
int read_seat_table(const uint8_t *page, const struct geometry *g, uint64_t file_size, struct seat_table *t);
void seat_segment_init(struct seat_segment *s, uint8_t *memory, const struct seat_table *t);

#endif
