#include "source.h"

#include "debug.h"
#include "forked.h"
#include "keyframe.h"
#include "layout.h"

#include "_cgo_export.h"

static GstBaseSrcClass *parent_class;

void
gst_bips_source_request_key_frame (GstElement * source, GstBipsSourceState * state, GstBipsReader * reader)
{
  gst_bips_count (&state->counts.key_frames);
  if (bips_consumer_request_key_frame (reader->consumer) < 0)
    GST_CAT_INFO_OBJECT (gst_bips_debug, source, "no key frame was asked for: %s", bips_error_message ());
}

/* Anything until a pool is attached, then what the pool has. */
static GstCaps *
source_get_caps (GstBaseSrc * source, GstCaps * filter)
{
  GstCaps *caps = gst_pad_get_current_caps (GST_BASE_SRC_PAD (source));

  if (!caps)
    caps = gst_caps_new_any ();
  if (filter) {
    GstCaps *both = gst_caps_intersect_full (filter, caps, GST_CAPS_INTERSECT_FIRST);

    gst_caps_unref (caps);
    caps = both;
  }
  return caps;
}

/* There is nothing to choose: the caps are those of the frames, set when these come. No
 * allocation is decided on either: the memory is the pool's. */
static gboolean
source_negotiate (GstBaseSrc * source)
{
  gst_bips_source_state (source)->downstream_video_meta = -1;
  return TRUE;
}

static gboolean
source_query (GstBaseSrc * source, GstQuery * query)
{
  gint64 least, greatest;

  if (GST_QUERY_TYPE (query) != GST_QUERY_LATENCY)
    return parent_class->query (source, query);
  gst_bips_latency_query (&gst_bips_source_state (source)->latency, &least, &greatest);
  gst_query_set_latency (query, TRUE, (GstClockTime) least,
      greatest == GST_BIPS_UNLIMITED ? GST_CLOCK_TIME_NONE : (GstClockTime) greatest);
  return TRUE;
}

/* A frame that downstream shows later by the latency that the pipeline decided on is not too old as long as it is
 * not older than that. */
static void
note_latency (GstBipsSourceState * state, GstBipsReader * reader, GstEvent * event)
{
  GstClockTime latency;

  gst_event_parse_latency (event, &latency);
  gst_bips_latency_configure (&state->latency, latency);
  if (reader)
    bips_consumer_set_max_age (reader->consumer, gst_bips_limited (latency));
}

/* What the pipeline decided from all its elements' answers to the LATENCY query, and key frames that
 * downstream asks for. */
static gboolean
source_event (GstBaseSrc * source, GstEvent * event)
{
  GstBipsSourceState *state = gst_bips_source_state (source);
  GstBipsReader *reader = gst_bips_source_current (state);
  GstClockTime running_time;
  gboolean handled = TRUE;

  if (GST_EVENT_TYPE (event) == GST_EVENT_LATENCY)
    note_latency (state, reader, event);
  if (!gst_bips_asks_for_key_frame (GST_ELEMENT (source), event, &running_time))
    handled = parent_class->event (source, event);
  else if (GST_CLOCK_TIME_IS_VALID (running_time))
    gst_bips_key_times_add (&state->wanted_at, gst_bips_limited (running_time));
  else if (reader)
    gst_bips_source_request_key_frame (GST_ELEMENT (source), state, reader);
  gst_bips_reader_unref (reader);
  return handled;
}

static void
report_no_buffer (GstPushSrc * source, const GstBipsSourceState * state, const GstBipsFrame * frame)
{
  const GstBipsFormat *format = &state->format;

  if (state->meta_result == GST_BIPS_METAS_UNKNOWN)
    GST_ELEMENT_ERROR (source, STREAM, FORMAT,
        ("The frame cannot be read without a metadata record of type %u, which is of a later version of BIPS. "
            "Update the reader.", state->meta_type), (NULL));
  else if (state->meta_result == GST_BIPS_METAS_DAMAGED)
    GST_ELEMENT_ERROR (source, STREAM, FORMAT,
        ("The metadata of the frame are damaged, or do not fit the frame: a record of type %u. "
            "Start the producer anew.", state->meta_type), (NULL));
  else if (gst_bips_format_holds (format, frame) && gst_bips_format_holds_alone (format, frame))
    GST_ELEMENT_ERROR (source, RESOURCE, FAILED, ("There is no memory for a copy of the frame."), (NULL));
  else if (format->kind == GST_BIPS_FORMAT_AUDIO)
    GST_ELEMENT_ERROR (source, STREAM, FORMAT,
        ("The frame does not fit the format that its producer announced: its %" G_GUINT64_FORMAT
            " bytes are no whole number of samples of %d channels. Start the producer anew.",
            frame->size, GST_AUDIO_INFO_CHANNELS (&format->audio)), (NULL));
  else if (frame->n_planes == 0)
    GST_ELEMENT_ERROR (source, STREAM, FORMAT,
        ("The frame does not fit the format that its producer announced: it has %" G_GUINT64_FORMAT
            " bytes, and its caps call for %" G_GSIZE_FORMAT ". Start the producer anew.",
            frame->size, format->least), (NULL));
  else
    GST_ELEMENT_ERROR (source, STREAM, FORMAT,
        ("The frame does not fit the format that its producer announced: its %u planes do not hold "
            "the picture in its %" G_GUINT64_FORMAT " bytes. Start the producer anew.",
            frame->n_planes, frame->size), (NULL));
}

static GstFlowReturn
source_create (GstPushSrc * source, GstBuffer ** buffer)
{
  GstBipsSourceState *state = gst_bips_source_state (source);
  GstBipsFrame frame = { 0, };
  GstFlowReturn flow;

  if (gst_bips_forked ()) {
    gst_bips_forked_report (source);
    return GST_FLOW_ERROR;
  }
  if (g_atomic_int_compare_and_exchange (&state->flushed, TRUE, FALSE)) {
    gst_bips_source_drop_header (state);
    state->reading.begins = TRUE;
    gst_bips_source_begin_stream (state);
    gst_bips_key_times_reset (&state->wanted_at);
  }
  if ((*buffer = gst_bips_source_next_of_header (state)))
    return GST_FLOW_OK;
  flow = gst_bips_source_take (source, state, &frame);
  if (flow != GST_FLOW_OK)
    return flow;
  *buffer = gst_bips_source_buffer (GST_BASE_SRC (source), state, &frame);
  if (*buffer && frame.begins && !GST_BUFFER_FLAG_IS_SET (*buffer, GST_BUFFER_FLAG_HEADER)) {
    gst_bips_source_take_header (GST_BASE_SRC (source), state, *buffer);
    *buffer = gst_bips_source_next_of_header (state);
  }
  if (*buffer)
    return GST_FLOW_OK;
  report_no_buffer (source, state, &frame);
  return GST_FLOW_ERROR;
}

void
gst_bips_source_install (gpointer klass)
{
  GstBaseSrcClass *src_class = klass;

  parent_class = g_type_class_peek_parent (klass);
  gst_bips_source_state_init ();
  gst_bips_source_buffer_init ();
  src_class->get_caps = source_get_caps;
  src_class->negotiate = source_negotiate;
  src_class->query = source_query;
  src_class->event = source_event;
  ((GstPushSrcClass *) klass)->create = source_create;
}
