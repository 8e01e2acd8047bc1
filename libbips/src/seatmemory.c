#include "seatmemory.h"

#include <stdlib.h>

#include "errors.h"
#include "room.h"

/* SEATS_ROOM is how many bytes the control group must have left for a seat to be made: who goes beyond is killed. */
enum { SEATS_ROOM = 1 << 20 };

/* The seals of a seat: its reader maps it to write to it. After that it gets the last ones. */
enum {
  SEAT_SEALS = SEAL_SHRINK | SEAL_GROW,
  SEAT_SEALS_LAST = SEAL_FUTURE_WRITE | SEAL_SEAL
};

static int make(struct seat_memory *s, const struct geometry *g) {
  struct geometry one = *g;
  struct seat_segment segment;
  uint64_t room;
  int err;

  if (sys_memory_room(&room) && room < SEATS_ROOM)
    return fail(BIPS_NO_SPACE, "the control group has %llu MiB left", mebibytes(room));
  if ((err = memory_create("bips seat", SEAT_MEMORY_SIZE, &s->memory)) < 0 || (err = memory_add_seals(&s->memory, SEAT_SEALS)) < 0 ||
      (err = memory_map(&s->memory, READ_WRITE, &s->mapping)) < 0)
    return err;
  one.seats = 1;
  seat_segment_create(&segment, s->mapping.bytes, SEAT_MEMORY_SIZE, &one);
  s->header = segment.header;
  s->seat = segment.seats[0];
  return 0;
}

int seat_memory_make(const struct geometry *g, struct seat_memory **made) {
  struct seat_memory *s = calloc(1, sizeof *s);
  int err;

  *made = NULL;
  if (s == NULL)
    return fail_as(BIPS_NO_MEMORY);
  s->memory = NO_MEMORY;
  if ((err = make(s, g)) < 0)
    seat_memory_drop(s);
  else
    *made = s;
  return err;
}

int seat_memory_seal(struct seat_memory *s) {
  int err = memory_add_seals(&s->memory, SEAT_SEALS_LAST);

  if (err < 0)
    return err;
  mapping_populate(&s->mapping, READ_WRITE); /* fills holes that were made before */
  for (size_t page = 0; page < s->mapping.size; page += BIPS_LAYOUT_PAGE_SIZE)
    (void)*(volatile uint8_t *)(s->mapping.bytes + page);
  memory_close(&s->memory);
  return 0;
}

void seat_memory_drop(struct seat_memory *s) {
  if (s == NULL)
    return;
  memory_close(&s->memory);
  mapping_end(&s->mapping);
  free(s);
}

void seat_memories_drop(struct seat_memory *list) {
  while (list != NULL) {
    struct seat_memory *s = list;
    list = s->next;
    seat_memory_drop(s);
  }
}
