package gstglue

// #include <gst/base/gstbasesink.h>
// #include <gst/base/gstbasesrc.h>
// static void post_qos (gpointer element, const GstSegment *segment, gboolean live, GstClockTime timestamp,
//     GstClockTime duration, guint64 processed, guint64 dropped) {
//   GstClockTime running = GST_CLOCK_TIME_NONE, stream = GST_CLOCK_TIME_NONE;
//   GstMessage *message;
//   if (segment->format == GST_FORMAT_TIME && GST_CLOCK_TIME_IS_VALID (timestamp)) {
//     running = gst_segment_to_running_time (segment, GST_FORMAT_TIME, timestamp);
//     stream = gst_segment_to_stream_time (segment, GST_FORMAT_TIME, timestamp);
//   }
//   message = gst_message_new_qos (element, live, running, stream, timestamp, duration);
//   gst_message_set_qos_stats (message, GST_FORMAT_BUFFERS, processed, dropped);
//   gst_element_post_message (element, message);
// }
// static void post_sink_qos (GstBaseSink *sink, gboolean live, GstClockTime timestamp, GstClockTime duration,
//     guint64 processed, guint64 dropped) {
//   post_qos (sink, &sink->segment, live, timestamp, duration, processed, dropped);
// }
// static void post_source_qos (GstBaseSrc *source, GstClockTime timestamp, GstClockTime duration,
//     guint64 processed, guint64 dropped) {
//   post_qos (source, &source->segment, TRUE, timestamp, duration, processed, dropped);
// }
import "C"

import "github.com/go-gst/go-gst/pkg/gstbase"

// QoS is what a QoS message tells of frames that were not passed on. Times are nanoseconds, all bits
// set when unknown.
type QoS struct {
	Timestamp, Duration uint64 // of what is missing
	Processed, Dropped  uint64 // frames since the start
}

// PostSinkQoS posts such a message of a sink. For the streaming thread.
func PostSinkQoS(sink gstbase.BaseSink, live bool, q QoS) {
	C.post_sink_qos((*C.GstBaseSink)(gstbase.UnsafeBaseSinkToGlibNone(sink)), boolean(live),
		C.GstClockTime(q.Timestamp), C.GstClockTime(q.Duration), C.guint64(q.Processed), C.guint64(q.Dropped))
}

// PostSourceQoS is the same for a source.
func PostSourceQoS(source gstbase.PushSrc, q QoS) {
	C.post_source_qos((*C.GstBaseSrc)(gstbase.UnsafePushSrcToGlibNone(source)),
		C.GstClockTime(q.Timestamp), C.GstClockTime(q.Duration), C.guint64(q.Processed), C.guint64(q.Dropped))
}
