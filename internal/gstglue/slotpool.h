/* GstBufferPool whose buffers are slots. */
#ifndef GST_BIPS_SLOT_POOL_H
#define GST_BIPS_SLOT_POOL_H

#include <gst/gst.h>

G_BEGIN_DECLS

GType gst_bips_slot_pool_get_type (void);

/* A pool over allocator's slots. Each ALLOCATION query gets one of its own, because a
 * pool cannot be configured anew while buffers of it are out. */
GstBufferPool *gst_bips_slot_pool_new (GstAllocator * allocator);

/* Whether a slot pool lent mem in place of a slot when it had none. */
gboolean gst_bips_slot_pool_is_stand_in (GstMemory * mem);

G_END_DECLS

#endif
