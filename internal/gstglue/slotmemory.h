/* GstMemory around a slot of the pool. */
#ifndef GST_BIPS_SLOT_MEMORY_H
#define GST_BIPS_SLOT_MEMORY_H

#include <gst/gst.h>

G_BEGIN_DECLS

/* Makes the memories of one producer's slots. It stands for the Go object that lends the
 * slots (the lender): every memory holds a reference to it, and the lender is told
 * when the last is gone. */
typedef struct
{
  GstAllocator parent;
  guint64 lender;               /* handle */
  gsize slot_size;              /* guarded by the object lock: it grows with the producer's pool */
} GstBipsSlotAllocator;

typedef struct
{
  GstMemory parent;
  guint8 *data;
  guint loan;                   /* the lender's number for the slot, while it is lent */
  gboolean lent;                /* the slot has to be returned when this memory goes */
  gboolean sealed;              /* published: a lock of ours keeps writers off */
} GstBipsSlotMemory;

GType gst_bips_slot_allocator_get_type (void);

GstAllocator *gst_bips_slot_allocator_new (guint64 lender, gsize slot_size);

/* The slots that are lent from now on are of this size, which is not less than before. */
void gst_bips_slot_allocator_grow (GstAllocator * allocator, gsize slot_size);
gsize gst_bips_slot_allocator_slot_size (GstAllocator * allocator);

/* A memory of size bytes over a slot that was lent. */
GstMemory *gst_bips_slot_memory_new (GstAllocator * allocator, guint loan, guint8 * data,
    gsize size);

/* The slot memory that mem is or is a part of, if allocator made it; else NULL. */
GstBipsSlotMemory *gst_bips_slot_memory_root (GstMemory * mem, gpointer allocator);

/* Locks the memory, so that whoever maps it for writing from now on gets a copy. FALSE: somebody has it mapped for writing. */
gboolean gst_bips_slot_memory_seal (GstBipsSlotMemory * mem);
void gst_bips_slot_memory_unseal (GstBipsSlotMemory * mem);

G_END_DECLS

#endif
