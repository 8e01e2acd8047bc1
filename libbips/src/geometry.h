#ifndef BIPS_GEOMETRY_H
#define BIPS_GEOMETRY_H

#include <bips/layout.h>
#include <stdbool.h>
#include <stdint.h>

/* struct geometry is where the tables of a pool lie and how large they are: a private copy, checked
 * against itself and the segment's size, of what the header says. */
struct geometry {
  uint64_t instance, first, segment_size;
  uint64_t slot_size, slot_stride, slots_offset;
  uint64_t ring_offset, records_offset, seat_words_offset, caps_offset, meta_offset;
  uint64_t record_size, seat_word_size, caps_size, meta_size;
  uint32_t slots, ring, seats, caps;
  uint32_t move; /* how often the instance has moved */
  uint32_t producer_pid, backend;
};

/* plan_geometry lays out the first pool of an instance. */
void plan_geometry(struct geometry *g, uint32_t slots, uint64_t slot_size, uint64_t meta_size, uint32_t seats, uint64_t instance,
    uint32_t pid);
/* resized_geometry lays out the pool that the instance moves to, with slots of another size. */
void resized_geometry(const struct geometry *g, uint64_t slot_size, struct geometry *next);

uint64_t seat_segment_size(const struct geometry *g);
uint64_t geometry_bytes(const struct geometry *g); /* of both segments together */

/* store_geometry writes the geometry to a new header, all but its magic number. */
void store_geometry(const struct geometry *g, struct bips_layout_pool_header *header);

/* read_geometry copies what the first page of a pool segment says, and checks it against the size of its
 * file. Each field is read once: what was checked is what is used. */
int read_geometry(const uint8_t *page, uint64_t file_size, uint32_t backend, struct geometry *g);

/* check_version refuses layouts and features that this library does not know. */
int check_version(uint16_t major, uint16_t minor, uint64_t required);

/* reserve is how many slots a pool keeps from its consumers, so that the producer need not wait for
 * them: two lent to the pipeline that fills them, one for the newest frame, one for a frame that must be
 * copied. pinnable is how many all consumers together may pin. */
static inline uint32_t reserve_of(uint32_t slots) { return slots - 1 < 4 ? slots - 1 : 4; }
static inline uint32_t pinnable(uint32_t slots) { return slots - reserve_of(slots); }

#endif
