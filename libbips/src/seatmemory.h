#ifndef BIPS_SEATMEMORY_H
#define BIPS_SEATMEMORY_H

#include "segment.h"
#include "sys/memfd.h"

/* SEAT_MEMORY_SIZE is the size of the segment of one seat, in bytes. */
enum { SEAT_MEMORY_SIZE = BIPS_LAYOUT_HEADER_SIZE + BIPS_LAYOUT_PAGE_SIZE };

/* struct seat_memory is the memory of one seat, which one reader has mapped. */
struct seat_memory {
  struct memory memory; /* until it is sealed */
  struct mapping mapping;
  struct bips_layout_seat_header *header;
  struct bips_layout_seat *seat;
  struct seat_memory *next; /* in whatever list it is */
};

/* seat_memory_make makes the segment of a seat in a pool. Its magic number is the caller's to store. */
int seat_memory_make(const struct geometry *g, struct seat_memory **made);
/* seat_memory_seal takes from the reader what it could do to the memory beside writing to its seat (O6), which it has mapped by now. */
int seat_memory_seal(struct seat_memory *s);
/* seat_memory_drop gives the memory back. To unmap it may have to wait for another thread that maps something large. NULL: nothing. */
void seat_memory_drop(struct seat_memory *s);
void seat_memories_drop(struct seat_memory *list); /* all of a list */

#endif
