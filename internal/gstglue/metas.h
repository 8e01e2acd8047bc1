/* Metadata on its way through the elements. */
#ifndef GST_BIPS_METAS_H
#define GST_BIPS_METAS_H

#include "sink.h"

G_BEGIN_DECLS

/* Writes the records of a frame that was described, and tells the Go object of what readers will not get. */
void gst_bips_sink_describe_metas (GstBaseSink * sink, GstBipsSinkState * state, GstBuffer * buffer,
    GstBipsFrame * frame);

/* Tells the Go object of the stream's tags: those of a TAG event are added to those from before, and a stream of
 * another name has none. Streaming thread. */
void gst_bips_sink_take_tags (GstBaseSink * sink, GstBipsSinkState * state, GstEvent * event);
void gst_bips_sink_begin_stream (GstBaseSink * sink, GstBipsSinkState * state, GstEvent * event);

G_END_DECLS

#endif
