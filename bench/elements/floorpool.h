// What floorsink and floorsrc share: a file of slots, and one futex word. There is no safety of any kind in it: a reader that is
// slow reads what is written meanwhile, nobody notices a death, and nothing that is read is checked. It is the limit that an
// element pair which wakes its reader by a futex can come to.
#pragma once
#include <gst/gst.h>
#include <linux/futex.h>
#include <stdatomic.h>
#include <stdint.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

#define FLOOR_SLOTS 20 // as many as bipssink has
#define FLOOR_HEADER 4096

typedef struct {
  _Atomic uint32_t published; // frames; the futex word. 0: none yet
  _Atomic uint32_t waiting;   // readers that sleep, or are about to
  _Atomic uint32_t over;
  uint64_t slot_size;     // bytes
  uint32_t used[FLOOR_SLOTS];
  _Atomic uint32_t newest; // the slot of the last frame
} FloorHeader;

_Static_assert(sizeof(FloorHeader) <= FLOOR_HEADER, "the slots begin behind the header");

static inline size_t floor_file_size(uint64_t slot_size) {
  return FLOOR_HEADER + FLOOR_SLOTS * (size_t)slot_size;
}

static inline guint8 *floor_slot(FloorHeader *header, guint slot) {
  return (guint8 *)header + FLOOR_HEADER + slot * header->slot_size;
}

// Where the file of a pool lies: where pools of BIPS lie, too.
static inline gchar *floor_path(const gchar *pool) {
  const gchar *folder = g_getenv("BIPS_SHM_DIR");
  return g_strdup_printf("%s/floor.%s", folder ? folder : "/dev/shm", pool);
}

static inline void floor_ring(FloorHeader *header) {
  atomic_fetch_add(&header->published, 1);
  if (atomic_load(&header->waiting))
    syscall(SYS_futex, &header->published, FUTEX_WAKE, INT32_MAX, NULL, NULL, 0);
}
