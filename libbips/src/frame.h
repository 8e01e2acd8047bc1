#ifndef BIPS_FRAME_H
#define BIPS_FRAME_H

#include <bips/bips.h>
#include <stdint.h>

struct attachment;
struct caps_text;

/* FRAME_SPACING is how far apart frame entries are: as with slots (slot.h), a handle is the address of its
 * entry plus the number of its use, modulo this. */
enum { FRAME_SPACING = 512, FRAME_ENTRIES = 64 };

/* struct frame_entry is a frame that is held. A consumer has as many as it could ever hold. */
struct frame_entry {
  _Alignas(FRAME_SPACING) uint64_t state; /* atomic: the number of the use, times 2^32, and how many hold it */
  struct attachment *attachment;
  uint32_t slot;
  const void *data;
  struct caps_text *caps;
  bips_frame_info info;
  bips_frame_delivery delivery;
};

/* frame_entry_take is an entry that is free. There is one, since fewer frames are held than there are
 * entries. *free_entries is atomic, a bit for each. */
struct frame_entry *frame_entry_take(struct frame_entry *entries, uint64_t *free_entries);
/* frame_hand_out begins the next use of an entry, whose fields are set, and returns its handle. */
bips_frame *frame_hand_out(struct frame_entry *e);

#endif
