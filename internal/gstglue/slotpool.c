#include "slotpool.h"

#include <gst/video/video.h>

#include "forked.h"
#include "layout.h"
#include "slotmemory.h"

/* Stand-ins that are kept for the next time, so that a pool that is exhausted for good
 * does not get its pages from the kernel for every frame. */
#define MAX_STAND_INS 4

typedef struct
{
  GstBufferPool parent;
  GstAllocator *allocator;
  gsize size;
  GstVideoInfo info;
  gboolean video_meta;

  GMutex lock;                  /* guards what follows */
  GstBuffer *buffers[BIPS_MAX_SLOTS];   /* of slots that are not lent by this pool, by their index */
  GstBuffer *stand_ins[MAX_STAND_INS];
  guint n_stand_ins;
} GstBipsSlotPool;

typedef GstBufferPoolClass GstBipsSlotPoolClass;

G_DEFINE_TYPE (GstBipsSlotPool, gst_bips_slot_pool, GST_TYPE_BUFFER_POOL)

static GQuark stand_in_quark;

/* Video meta, but not video alignment: asked for alignment, libav's decoders decode
 * into the slot and keep it mapped, so that every frame has to be copied. */
static const gchar **
slot_pool_get_options (GstBufferPool * pool)
{
  static const gchar *options[] = { GST_BUFFER_POOL_OPTION_VIDEO_META, NULL };

  return options;
}

/* Any caps, sizes and numbers of buffers are accepted: refusing some makes upstream
 * elements fail that could have gone on with ordinary memory. */
static gboolean
slot_pool_set_config (GstBufferPool * base, GstStructure * config)
{
  GstBipsSlotPool *pool = (GstBipsSlotPool *) base;
  GstCaps *caps = NULL;
  guint size;

  if (!gst_buffer_pool_config_get_params (config, &caps, &size, NULL, NULL))
    return FALSE;
  pool->size = size;
  pool->video_meta = gst_bips_layout_from_caps (&pool->info, caps) &&
      gst_buffer_pool_config_has_option (config, GST_BUFFER_POOL_OPTION_VIDEO_META);
  return GST_BUFFER_POOL_CLASS (gst_bips_slot_pool_parent_class)->set_config (base, config);
}

/* Nothing is made ahead: buffers are built around slots as these are lent. */
static gboolean
slot_pool_start (GstBufferPool * base)
{
  return TRUE;
}

static gboolean
slot_pool_stop (GstBufferPool * base)
{
  GstBipsSlotPool *pool = (GstBipsSlotPool *) base;
  guint i;

  g_mutex_lock (&pool->lock);
  for (i = 0; i < BIPS_MAX_SLOTS; i++)
    gst_clear_buffer (&pool->buffers[i]);
  while (pool->n_stand_ins > 0)
    gst_buffer_unref (pool->stand_ins[--pool->n_stand_ins]);
  g_mutex_unlock (&pool->lock);
  return TRUE;
}

static GstBuffer *
new_buffer (GstBipsSlotPool * pool, GstMemory * mem)
{
  GstBuffer *buffer = gst_buffer_new ();

  gst_buffer_append_memory (buffer, mem);
  if (pool->video_meta) {
    GstVideoInfo *info = &pool->info;
    GstVideoMeta *meta = gst_buffer_add_video_meta_full (buffer, GST_VIDEO_FRAME_FLAG_NONE,
        GST_VIDEO_INFO_FORMAT (info), GST_VIDEO_INFO_WIDTH (info), GST_VIDEO_INFO_HEIGHT (info),
        GST_VIDEO_INFO_N_PLANES (info), info->offset, info->stride);

    GST_META_FLAG_SET (meta, GST_META_FLAG_POOLED | GST_META_FLAG_LOCKED);
  }
  GST_BUFFER_FLAG_UNSET (buffer, GST_BUFFER_FLAG_TAG_MEMORY);
  return buffer;
}

static GstBipsSlotMemory *
slot_of (GstBuffer * buffer)
{
  return (GstBipsSlotMemory *) gst_buffer_peek_memory (buffer, 0);
}

/* The buffer that was kept of a slot, if any. After a move of the producer the index is that of
 * a slot elsewhere, and the buffer kept is around memory that may be gone. */
static GstBuffer *
kept_buffer (GstBipsSlotPool * pool, bips_slot * slot)
{
  GstBuffer **kept = &pool->buffers[bips_slot_index (slot)];
  GstBuffer *buffer;

  g_mutex_lock (&pool->lock);
  buffer = *kept;
  *kept = NULL;
  g_mutex_unlock (&pool->lock);
  if (buffer && slot_of (buffer)->data != bips_slot_data (slot))
    gst_clear_buffer (&buffer);
  return buffer;
}

static GstBuffer *
slot_buffer (GstBipsSlotPool * pool, bips_slot * slot)
{
  GstBuffer *buffer = kept_buffer (pool, slot);

  if (buffer)
    slot_of (buffer)->slot = slot;
  else
    buffer = new_buffer (pool, gst_bips_slot_memory_new (pool->allocator, slot, pool->size));
  return buffer;
}

/* Ordinary memory in place of a slot: render will copy it. */
static GstBuffer *
stand_in (GstBipsSlotPool * pool)
{
  GstAllocationParams params = { 0, 63, 0, 0, {NULL} };
  GstBuffer *buffer = NULL;
  GstMemory *mem;

  g_mutex_lock (&pool->lock);
  if (pool->n_stand_ins > 0)
    buffer = pool->stand_ins[--pool->n_stand_ins];
  g_mutex_unlock (&pool->lock);
  if (buffer)
    return buffer;
  mem = gst_allocator_alloc (NULL, pool->size, &params);
  if (!mem)
    return NULL;
  gst_mini_object_set_qdata (GST_MINI_OBJECT_CAST (mem), stand_in_quark, GINT_TO_POINTER (1), NULL);
  return new_buffer (pool, mem);
}

gboolean
gst_bips_slot_pool_is_stand_in (GstMemory * mem)
{
  GstMemory *root = mem->parent ? mem->parent : mem;

  return gst_mini_object_get_qdata (GST_MINI_OBJECT_CAST (root), stand_in_quark) != NULL;
}

/* Neither waits without a limit nor fails for lack of a slot: an acquire that blocks
 * hangs converters and decoders when they are stopped, and one that fails crashes some. */
static GstFlowReturn
slot_pool_acquire (GstBufferPool * base, GstBuffer ** buffer, GstBufferPoolAcquireParams * params)
{
  GstBipsSlotPool *pool = (GstBipsSlotPool *) base;
  GstBipsSlotAllocator *allocator = (GstBipsSlotAllocator *) pool->allocator;
  gboolean wait = !params || !(params->flags & GST_BUFFER_POOL_ACQUIRE_FLAG_DONTWAIT);
  bips_slot *slot = NULL;

  if (GST_BUFFER_POOL_IS_FLUSHING (base))
    return GST_FLOW_FLUSHING;
  if (pool->size <= gst_bips_slot_allocator_slot_size (pool->allocator))
    slot = gst_bips_slot_allocator_lend (allocator, wait);
  *buffer = slot ? slot_buffer (pool, slot) : stand_in (pool);
  return *buffer ? GST_FLOW_OK : GST_FLOW_ERROR;
}

/* Whether nobody but the buffer holds its memory, and all of it is there: only then can
 * nobody see or write it any more. The buffer itself has one owner here, the pool. */
static gboolean
is_whole (GstBipsSlotPool * pool, GstBuffer * buffer, GstMemory * mem)
{
  return !GST_BUFFER_FLAG_IS_SET (buffer, GST_BUFFER_FLAG_TAG_MEMORY) && !mem->parent &&
      mem->offset == 0 && mem->size == pool->size && GST_MINI_OBJECT_REFCOUNT_VALUE (mem) == 1;
}

static GstBuffer *
keep_slot_buffer (GstBipsSlotPool * pool, GstBuffer * buffer, GstBipsSlotMemory * mem)
{
  bips_slot *slot = mem->slot;
  GstBuffer **kept = &pool->buffers[bips_slot_index (slot)];
  GstBuffer *old;

  gst_bips_slot_memory_unseal (mem);
  mem->slot = NULL;
  g_mutex_lock (&pool->lock);
  old = *kept;
  *kept = buffer;
  g_mutex_unlock (&pool->lock);
  bips_slot_return (slot);
  return old;
}

static GstBuffer *
keep_stand_in (GstBipsSlotPool * pool, GstBuffer * buffer)
{
  g_mutex_lock (&pool->lock);
  if (pool->n_stand_ins < MAX_STAND_INS) {
    pool->stand_ins[pool->n_stand_ins++] = buffer;
    buffer = NULL;
  }
  g_mutex_unlock (&pool->lock);
  return buffer;
}

/* A buffer that is not whole is dropped, and so is one in a forked child; its slot is returned when its
 * memory is freed. */
static void
slot_pool_release (GstBufferPool * base, GstBuffer * buffer)
{
  GstBipsSlotPool *pool = (GstBipsSlotPool *) base;
  GstMemory *mem;

  if (gst_buffer_n_memory (buffer) == 1 && (mem = gst_buffer_peek_memory (buffer, 0)) &&
      is_whole (pool, buffer, mem)) {
    GstBipsSlotMemory *slot = gst_bips_slot_memory_root (mem, pool->allocator);

    if (slot && slot->slot && !gst_bips_forked ())
      buffer = keep_slot_buffer (pool, buffer, slot);
    else if (!slot && gst_bips_slot_pool_is_stand_in (mem))
      buffer = keep_stand_in (pool, buffer);
  }
  gst_clear_buffer (&buffer);
}

static void
slot_pool_finalize (GObject * object)
{
  GstBipsSlotPool *pool = (GstBipsSlotPool *) object;

  slot_pool_stop (GST_BUFFER_POOL_CAST (pool));
  g_mutex_clear (&pool->lock);
  gst_object_unref (pool->allocator);
  G_OBJECT_CLASS (gst_bips_slot_pool_parent_class)->finalize (object);
}

static void
gst_bips_slot_pool_class_init (GstBipsSlotPoolClass * klass)
{
  klass->get_options = slot_pool_get_options;
  klass->set_config = slot_pool_set_config;
  klass->start = slot_pool_start;
  klass->stop = slot_pool_stop;
  klass->acquire_buffer = slot_pool_acquire;
  klass->release_buffer = slot_pool_release;
  ((GObjectClass *) klass)->finalize = slot_pool_finalize;
  stand_in_quark = g_quark_from_static_string ("gst-bips-stand-in");
}

static void
gst_bips_slot_pool_init (GstBipsSlotPool * pool)
{
  g_mutex_init (&pool->lock);
  gst_video_info_init (&pool->info);
}

GstBufferPool *
gst_bips_slot_pool_new (GstAllocator * allocator)
{
  GstBipsSlotPool *pool = g_object_new (gst_bips_slot_pool_get_type (), NULL);

  pool->allocator = gst_object_ref (allocator);
  return gst_object_ref_sink (pool);
}
