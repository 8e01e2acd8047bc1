/* Several memories of a buffer in one. */
#ifndef GST_BIPS_MEMORIES_H
#define GST_BIPS_MEMORIES_H

#include <gst/gst.h>

G_BEGIN_DECLS

/* Gives buffer, which has its bytes in one memory, n memories of these sizes, which add up to its own. FALSE if some had to be
 * copied, since they do not begin at a multiple of their align; aligns may be NULL. */
gboolean gst_bips_memories_split (GstBuffer * buffer, const gsize * sizes, const gsize * aligns, guint n);

G_END_DECLS

#endif
