/* Where the planes of raw video lie, when not where the caps say. */
#ifndef GST_BIPS_LAYOUT_H
#define GST_BIPS_LAYOUT_H

#include <gst/video/video.h>

#include "frame.h"

G_BEGIN_DECLS

/* How the bytes of a frame are arranged, seen from what its caps say. */
typedef enum
{
  GST_BIPS_LAYOUT_PLAIN,        /* as the caps say */
  GST_BIPS_LAYOUT_OWN,          /* otherwise, and the frame can say how: readers take it as it is */
  GST_BIPS_LAYOUT_REPACK,       /* otherwise, and no reader takes that: it has to be repacked */
  GST_BIPS_LAYOUT_BROKEN        /* the frame does not hold what its caps tell of */
} GstBipsLayout;

/* Sets info from caps; FALSE, with info reset, for anything but raw video in plain memory. */
gboolean gst_bips_layout_from_caps (GstVideoInfo * info, GstCaps * caps);

/* Notes in frame, whose size is set, where the planes of buffer lie, unless it is where info
 * says. What lies behind the picture is cut off the size. */
GstBipsLayout gst_bips_layout_describe (const GstVideoInfo * info, GstBuffer * buffer,
    GstBipsFrame * frame);

/* Looks for a GstVideoCropMeta, of which the caps tell the size where it was negotiated. Lets the planes of frame
 * begin where it says (frame->cropped): what is cut off is then nothing that a reader need know of. Where no planes
 * can (as of YUY2 from an odd column on), notes whether it reaches beyond what the caps tell of (frame->whole). */
void gst_bips_layout_crop (const GstVideoInfo * info, GstBuffer * buffer, const GstVideoMeta * meta,
    GstBipsFrame * frame);

/* Whether each plane that frame tells of lies within its bytes, in an arrangement that a
 * GstVideoMeta can describe to any element. */
gboolean gst_bips_layout_fits (const GstVideoInfo * info, const GstBipsFrame * frame);

/* Copies the picture in data, which has frame's size and layout, to a place of size bytes, in
 * info's own layout. Returns the bytes used; 0: it does not fit. The layout has been checked,
 * by gst_bips_layout_fits or gst_bips_layout_describe. */
gsize gst_bips_layout_repack (const GstVideoInfo * info, const GstBipsFrame * frame,
    const guint8 * data, guint8 * to, gsize size);

G_END_DECLS

#endif
