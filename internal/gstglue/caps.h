/* Which memory caps speak of. */
#ifndef GST_BIPS_CAPS_H
#define GST_BIPS_CAPS_H

#include <gst/gst.h>

G_BEGIN_DECLS

/* The memory feature of the first structure that is not system memory, such as
 * "memory:NVMM", or NULL. Valid as long as caps. */
const gchar *gst_bips_caps_foreign_memory (GstCaps * caps);

/* What of fixed caps no pool can share, such as "memory:NVMM" or "multiview-mode=separated", or
 * NULL. Valid as long as caps. Both elements ask this. */
const gchar *gst_bips_caps_unshareable (GstCaps * caps);

/* What of caps is in system memory. */
GstCaps *gst_bips_caps_in_system_memory (GstCaps * caps);

/* The duration of a frame by the caps' framerate, or GST_CLOCK_TIME_NONE. */
GstClockTime gst_bips_caps_frame_duration (GstCaps * caps);

G_END_DECLS

#endif
