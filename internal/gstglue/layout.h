/* Where the planes of raw video lie, when not where the caps say. */
#ifndef GST_BIPS_LAYOUT_H
#define GST_BIPS_LAYOUT_H

#include <gst/video/video.h>

#include "frame.h"

G_BEGIN_DECLS

/* Sets info from caps; FALSE, with info reset, for anything but raw video in plain memory. */
gboolean gst_bips_layout_from_caps (GstVideoInfo * info, GstCaps * caps);

/* Notes the layout of buffer in frame if it is not info's own. */
void gst_bips_layout_describe (const GstVideoInfo * info, GstBuffer * buffer, GstBipsFrame * frame);

/* Whether each plane that frame tells of lies within its bytes. */
gboolean gst_bips_layout_fits (const GstVideoInfo * info, const GstBipsFrame * frame);

/* Copies the picture to data in info's own layout. Returns the bytes used, 0 if it
 * does not fit or cannot be mapped. */
gsize gst_bips_layout_repack (const GstVideoInfo * info, GstBuffer * buffer, guint8 * data,
    gsize size);

G_END_DECLS

#endif
