/* What buffers and streams carry beside their bytes and does not cross. */
#ifndef GST_BIPS_METAS_H
#define GST_BIPS_METAS_H

#include "sink.h"

G_BEGIN_DECLS

/* The caps of the reference timestamps that bipssrc adds. */
#define GST_BIPS_CAPTURE_REFERENCE "timestamp/x-bips-monotonic"

/* Tells the Go object of each meta that readers will not get. Where the frame means nothing
 * without one, frame says that it is refused. */
void gst_bips_metas_look (GstBaseSink * sink, GstBipsSinkState * state, GstBuffer * buffer,
    GstBipsFrame * frame);

/* Tells the Go object of the tags, which readers will not get either. */
void gst_bips_tags_look (GstBaseSink * sink, GstBipsSinkState * state, GstEvent * event);

G_END_DECLS

#endif
