#include "slot.h"

#include <stdlib.h>
#include <string.h>

#include "atomics.h"

struct slot_handles *slot_handles_new(void) {
  struct slot_handles *handles = aligned_alloc(HANDLE_SPACING, sizeof *handles);

  if (handles != NULL)
    memset(handles, 0, sizeof *handles);
  return handles;
}

bips_slot *slot_lend(struct slot_entry *e) {
  uint64_t use = add64(&e->use, 1); /* odd */

  return (bips_slot *)((uint8_t *)e + use / 2 % HANDLE_SPACING);
}

void slot_end(struct slot_entry *e) { add64(&e->use, 1); }

struct slot_entry *slot_entry_of(const bips_slot *slot) {
  uintptr_t tag = (uintptr_t)slot % HANDLE_SPACING;

  if (slot == NULL)
    return NULL;
  struct slot_entry *e = (struct slot_entry *)((const uint8_t *)slot - tag);
  uint64_t use = load64(&e->use);
  return use % 2 == 1 && use / 2 % HANDLE_SPACING == tag ? e : NULL;
}

BIPS_API void *bips_slot_data(const bips_slot *slot) {
  struct slot_entry *e = slot_entry_of(slot);

  return e == NULL ? NULL : e->data;
}

BIPS_API size_t bips_slot_size(const bips_slot *slot) {
  struct slot_entry *e = slot_entry_of(slot);

  return e == NULL ? 0 : e->size;
}

BIPS_API uint32_t bips_slot_index(const bips_slot *slot) {
  struct slot_entry *e = slot_entry_of(slot);

  return e == NULL ? 0 : e->index;
}
