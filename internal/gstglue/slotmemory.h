/* GstMemory around a slot of the pool. */
#ifndef GST_BIPS_SLOT_MEMORY_H
#define GST_BIPS_SLOT_MEMORY_H

#include <bips/bips.h>
#include <gst/gst.h>

G_BEGIN_DECLS

/* Makes the memories of one producer's slots. Every memory holds a reference to it, and it closes the producer
 * when the last is gone: upstream may have slots, and buffer pools, for longer than there is the element. */
typedef struct
{
  GstAllocator parent;
  bips_producer *producer;      /* its own; the element shuts it down before */
  gsize slot_size;              /* guarded by the object lock: it grows with the producer's pool */
  gint starved;                 /* atomic: upstream waited in vain for a slot, and none was free since */
} GstBipsSlotAllocator;

typedef struct
{
  GstMemory parent;
  guint8 *data;
  bips_slot *slot;              /* lent: it has to be returned when this memory goes; else NULL */
  gboolean sealed;              /* published: a lock of ours keeps writers off */
} GstBipsSlotMemory;

GType gst_bips_slot_allocator_get_type (void);

/* The producer is the allocator's from now on. */
GstAllocator *gst_bips_slot_allocator_new (bips_producer * producer);

/* The slots that are lent from now on are of this size, which is not less than before. */
void gst_bips_slot_allocator_grow (GstAllocator * allocator, gsize slot_size);
gsize gst_bips_slot_allocator_slot_size (GstAllocator * allocator);

/* An empty slot for upstream; NULL: none is free. It waits for a short time only, and not at all unless wait. */
bips_slot *gst_bips_slot_allocator_lend (GstBipsSlotAllocator * allocator, gboolean wait);

/* A memory of size bytes over a slot that was lent. */
GstMemory *gst_bips_slot_memory_new (GstAllocator * allocator, bips_slot * slot, gsize size);

/* The slot memory that mem is or is a part of, if allocator made it; else NULL. */
GstBipsSlotMemory *gst_bips_slot_memory_root (GstMemory * mem, gpointer allocator);

/* Locks the memory, so that whoever maps it for writing from now on gets a copy. FALSE: somebody has it mapped for writing. */
gboolean gst_bips_slot_memory_seal (GstBipsSlotMemory * mem);
void gst_bips_slot_memory_unseal (GstBipsSlotMemory * mem);

G_END_DECLS

#endif
