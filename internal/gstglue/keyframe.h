/* Requests for key frames, as GStreamer's elements send them upstream: events named GstForceKeyUnit. */
#ifndef GST_BIPS_KEYFRAME_H
#define GST_BIPS_KEYFRAME_H

#include <gst/gst.h>

G_BEGIN_DECLS

/* Asks the elements before a pad for a key frame, and for the headers that a decoder needs with it.
 * FALSE: none of them takes such a request. It may be called from any thread. */
gboolean gst_bips_ask_for_key_frame (GstPad * sink_pad);

/* Whether an event that came from downstream asks for a key frame. *running_time is when element, which
 * got it, should ask for it: GST_CLOCK_TIME_NONE is at once. */
gboolean gst_bips_asks_for_key_frame (GstElement * element, GstEvent * event,
    GstClockTime * running_time);

G_END_DECLS

#endif
