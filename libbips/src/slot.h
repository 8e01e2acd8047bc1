#ifndef BIPS_SLOT_H
#define BIPS_SLOT_H

#include <bips/bips.h>
#include <bips/layout.h>
#include <stdint.h>

struct own_pool;

/* HANDLE_SPACING is how far apart the entries are that handles lead to. A handle is the address of its
 * entry plus the number of its use, modulo this: so a handle that was given back is told from the one that
 * was made of the same entry since. */
enum { HANDLE_SPACING = 256 };

/* struct slot_entry is a slot of a pool of this process, while it is lent. */
struct slot_entry {
  _Alignas(HANDLE_SPACING) uint64_t use; /* atomic: counts the lendings, times 2; and 1 while it is lent */
  bips_producer *producer;
  struct own_pool *own;
  uint8_t *data;
  size_t size;
  uint32_t index;
};

/* struct slot_handles are the entries of one pool. They outlive the pool: the next one uses them again. */
struct slot_handles {
  struct slot_entry entries[BIPS_LAYOUT_MAX_SLOTS];
  struct slot_handles *next; /* in bips_producer.unused */
};

struct slot_handles *slot_handles_new(void); /* NULL: no memory */

/* slot_lend begins the next use of an entry, and returns its handle. slot_end ends it. */
bips_slot *slot_lend(struct slot_entry *e);
void slot_end(struct slot_entry *e);

/* slot_entry_of is the entry of a handle that is lent; NULL: it is stale. */
struct slot_entry *slot_entry_of(const bips_slot *slot);

#endif
