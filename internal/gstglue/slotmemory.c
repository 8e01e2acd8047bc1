#include "slotmemory.h"

#include "forked.h"

/* How long upstream may be kept waiting for a slot. Longer, and elements that acquire buffers while they hold
 * a lock cannot be stopped. */
#define PATIENCE (20 * BIPS_MILLISECOND)

typedef GstAllocatorClass GstBipsSlotAllocatorClass;

G_DEFINE_TYPE (GstBipsSlotAllocator, gst_bips_slot_allocator, GST_TYPE_ALLOCATOR)

static gpointer
slot_memory_map (GstMemory * mem, gsize maxsize, GstMapFlags flags)
{
  return ((GstBipsSlotMemory *) mem)->data;
}

static void
slot_memory_unmap (GstMemory * mem)
{
}

/* Runs before GStreamer checks that nobody holds a lock. */
static gboolean
slot_memory_dispose (GstMiniObject * object)
{
  gst_bips_slot_memory_unseal ((GstBipsSlotMemory *) object);
  return TRUE;
}

static GstMemory *
slot_memory_share (GstMemory * mem, gssize offset, gssize size)
{
  GstMemory *root = mem->parent ? mem->parent : mem;
  GstBipsSlotMemory *part = g_slice_new0 (GstBipsSlotMemory);

  if (size == -1)
    size = mem->size - offset;
  gst_memory_init (GST_MEMORY_CAST (part),
      GST_MINI_OBJECT_FLAGS (root) | GST_MINI_OBJECT_FLAG_LOCK_READONLY, mem->allocator, root,
      mem->maxsize, mem->align, mem->offset + offset, size);
  part->data = ((GstBipsSlotMemory *) mem)->data;
  return GST_MEMORY_CAST (part);
}

static GstMemory *
slot_allocator_alloc (GstAllocator * allocator, gsize size, GstAllocationParams * params)
{
  return NULL;                  /* slots come from the buffer pool only */
}

/* The last reference is gone, wherever it was: now nobody can write to the slot. */
static void
slot_allocator_free (GstAllocator * allocator, GstMemory * mem)
{
  GstBipsSlotMemory *slot = (GstBipsSlotMemory *) mem;

  if (slot->slot && !gst_bips_forked ())
    bips_slot_return (slot->slot);      /* a pool that was damaged meanwhile cannot take it, and need not */
  g_slice_free (GstBipsSlotMemory, slot);
}

static void
slot_allocator_finalize (GObject * object)
{
  if (!gst_bips_forked ())
    bips_producer_close (((GstBipsSlotAllocator *) object)->producer);
  G_OBJECT_CLASS (gst_bips_slot_allocator_parent_class)->finalize (object);
}

static void
gst_bips_slot_allocator_class_init (GstBipsSlotAllocatorClass * klass)
{
  klass->alloc = slot_allocator_alloc;
  klass->free = slot_allocator_free;
  ((GObjectClass *) klass)->finalize = slot_allocator_finalize;
}

static void
gst_bips_slot_allocator_init (GstBipsSlotAllocator * self)
{
  GstAllocator *allocator = GST_ALLOCATOR_CAST (self);

  allocator->mem_type = "BipsSlot";
  allocator->mem_map = slot_memory_map;
  allocator->mem_unmap = slot_memory_unmap;
  allocator->mem_share = slot_memory_share;
  GST_OBJECT_FLAG_SET (self, GST_ALLOCATOR_FLAG_CUSTOM_ALLOC);
}

GstAllocator *
gst_bips_slot_allocator_new (bips_producer * producer)
{
  GstBipsSlotAllocator *self = g_object_new (gst_bips_slot_allocator_get_type (), NULL);

  self->producer = producer;
  self->slot_size = bips_producer_slot_size (producer);
  return gst_object_ref_sink (self);
}

/* Who waited in vain is not kept waiting again until a slot was free: each frame would come late by the whole
 * wait. */
bips_slot *
gst_bips_slot_allocator_lend (GstBipsSlotAllocator * allocator, gboolean wait)
{
  bips_slot *slot = NULL;

  if (gst_bips_forked ())
    return NULL;
  bips_producer_lend (allocator->producer,
      wait && !g_atomic_int_get (&allocator->starved) ? PATIENCE : 0, &slot);
  if (g_atomic_int_get (&allocator->starved) != (slot == NULL))
    g_atomic_int_set (&allocator->starved, slot == NULL);
  return slot;
}

void
gst_bips_slot_allocator_grow (GstAllocator * allocator, gsize slot_size)
{
  GST_OBJECT_LOCK (allocator);
  ((GstBipsSlotAllocator *) allocator)->slot_size = slot_size;
  GST_OBJECT_UNLOCK (allocator);
}

gsize
gst_bips_slot_allocator_slot_size (GstAllocator * allocator)
{
  gsize size;

  GST_OBJECT_LOCK (allocator);
  size = ((GstBipsSlotAllocator *) allocator)->slot_size;
  GST_OBJECT_UNLOCK (allocator);
  return size;
}

GstMemory *
gst_bips_slot_memory_new (GstAllocator * allocator, bips_slot * slot, gsize size)
{
  GstBipsSlotMemory *mem = g_slice_new0 (GstBipsSlotMemory);

  /* Slots are page-aligned. As large as this one is: those that are lent from now on may be larger. */
  gst_memory_init (GST_MEMORY_CAST (mem), 0, allocator, NULL, bips_slot_size (slot), 4095, 0, size);
  GST_MINI_OBJECT_CAST (mem)->dispose = slot_memory_dispose;
  mem->data = bips_slot_data (slot);
  mem->slot = slot;
  return GST_MEMORY_CAST (mem);
}

GstBipsSlotMemory *
gst_bips_slot_memory_root (GstMemory * mem, gpointer allocator)
{
  GstMemory *root = mem->parent ? mem->parent : mem;

  return allocator && root->allocator == allocator ? (GstBipsSlotMemory *) root : NULL;
}

/* EXCLUSIVE besides READ: a second exclusive owner is what nobody who maps for writing
 * goes with. READ alone goes with a map for reading and writing, as decoders keep it. */
#define SEAL (GST_LOCK_FLAG_READ | GST_LOCK_FLAG_EXCLUSIVE)

gboolean
gst_bips_slot_memory_seal (GstBipsSlotMemory * mem)
{
  mem->sealed = gst_memory_lock (GST_MEMORY_CAST (mem), SEAL);
  return mem->sealed;
}

void
gst_bips_slot_memory_unseal (GstBipsSlotMemory * mem)
{
  if (mem->sealed)
    gst_memory_unlock (GST_MEMORY_CAST (mem), SEAL);
  mem->sealed = FALSE;
}
