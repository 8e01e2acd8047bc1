#include "source.h"

#include "caps.h"
#include "forked.h"
#include "keyframe.h"
#include "layout.h"

#include "_cgo_export.h"

static GstBaseSrcClass *parent_class;
static GQuark state_quark;

/* A source that was made in a forked child has none of its own. */
GstBipsSourceState *
gst_bips_source_state (gpointer source)
{
  static GstBipsSourceState nobody;
  GstBipsSourceState *state = g_object_get_qdata (G_OBJECT (source), state_quark);

  return state ? state : &nobody;
}

static void
drop_copies (GstBipsSourceState * state)
{
  if (state->copies)
    gst_buffer_pool_set_active (state->copies, FALSE);
  gst_clear_object (&state->copies);
}

static void
drop_header (GstBipsSourceState * state)
{
  GstBuffer *buffer;

  while ((buffer = g_queue_pop_head (&state->header)))
    gst_buffer_unref (buffer);
  gst_clear_buffer (&state->after_header);
}

static void
state_free (gpointer data)
{
  GstBipsSourceState *state = data;

  gstBipsSourceGone (state->handle);
  drop_copies (state);
  drop_header (state);
  gst_bips_tags_clear (&state->tags);
  g_free (state->meta);
  g_free (state);
}

void
gst_bips_source_drop_header (gpointer source)
{
  drop_header (gst_bips_source_state (source));
}

static GstPadProbeReturn
note_end (GstPad * pad, GstPadProbeInfo * info, gpointer nothing)
{
  GstEventType type = GST_EVENT_TYPE (GST_PAD_PROBE_INFO_EVENT (info));
  GstObject *source = gst_pad_get_parent (pad);

  if (source && type == GST_EVENT_FLUSH_STOP)
    g_atomic_int_set (&gst_bips_source_state (source)->flushed, TRUE);
  if (source && (type == GST_EVENT_EOS || type == GST_EVENT_FLUSH_STOP))
    gstBipsSourceEnded (gst_bips_source_state (source)->handle, type == GST_EVENT_EOS);
  gst_clear_object (&source);
  return GST_PAD_PROBE_OK;
}

void
gst_bips_source_attach (gpointer source, guint64 handle)
{
  GstBipsSourceState *state = g_new0 (GstBipsSourceState, 1);

  state->handle = handle;
  state->downstream_video_meta = -1;
  gst_bips_format_init (&state->format);
  g_queue_init (&state->header);
  gst_pad_add_probe (GST_BASE_SRC_PAD (source),
      GST_PAD_PROBE_TYPE_EVENT_DOWNSTREAM | GST_PAD_PROBE_TYPE_EVENT_FLUSH, note_end, NULL, NULL);
  g_object_set_qdata_full (G_OBJECT (source), state_quark, state, state_free);
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
  GstClockTime min = 0, max = GST_CLOCK_TIME_NONE;

  if (GST_QUERY_TYPE (query) != GST_QUERY_LATENCY)
    return parent_class->query (source, query);
  gstBipsSourceLatency (gst_bips_source_state (source)->handle, &min, &max);
  gst_query_set_latency (query, TRUE, min, max);
  return TRUE;
}

/* What the pipeline decided from all its elements' answers to the LATENCY query, and key frames that
 * downstream asks for. */
static gboolean
source_event (GstBaseSrc * source, GstEvent * event)
{
  GstClockTime latency, running_time;

  if (GST_EVENT_TYPE (event) == GST_EVENT_LATENCY) {
    gst_event_parse_latency (event, &latency);
    gstBipsSourceConfigured (gst_bips_source_state (source)->handle, latency);
  }
  if (gst_bips_asks_for_key_frame (GST_ELEMENT (source), event, &running_time)) {
    gstBipsSourceKeyFrameWanted (gst_bips_source_state (source)->handle, running_time);
    return TRUE;
  }
  return parent_class->event (source, event);
}

GstBipsCapsResult
gst_bips_source_set_caps (gpointer source, const gchar * text, gchar ** why,
    GstClockTime * frame_duration)
{
  GstBipsSourceState *state = gst_bips_source_state (source);
  GstPad *pad = GST_BASE_SRC_PAD (source);
  GstCaps *caps = gst_caps_from_string (text), *wanted;
  GstBipsCapsResult result = GST_BIPS_CAPS_SET;

  *why = NULL;
  *frame_duration = GST_CLOCK_TIME_NONE;
  if (!caps || !gst_caps_is_fixed (caps)) {
    gst_clear_caps (&caps);
    return GST_BIPS_CAPS_INVALID;
  }
  *why = g_strdup (gst_bips_caps_unshareable (caps));
  if (*why) {
    gst_caps_unref (caps);
    return GST_BIPS_CAPS_UNSHAREABLE;
  }
  wanted = gst_pad_peer_query_caps (pad, NULL);
  if (!gst_caps_can_intersect (caps, wanted)) {
    *why = gst_caps_to_string (wanted);
    result = GST_BIPS_CAPS_CONTRADICTED;
  } else if (!gst_base_src_set_caps (GST_BASE_SRC (source), caps)) {
    if (GST_PAD_IS_FLUSHING (pad)) {
      result = GST_BIPS_CAPS_FLUSHING;
    } else {
      *why = gst_caps_to_string (wanted);
      result = GST_BIPS_CAPS_CONTRADICTED;
    }
  } else {
    gst_bips_format_from_caps (&state->format, caps);
    state->downstream_video_meta = -1;
    *frame_duration = gst_bips_caps_frame_duration (caps);
  }
  gst_caps_unref (wanted);
  gst_caps_unref (caps);
  return result;
}

/* The buffers that a stream begins with, if its caps have them (field "streamheader"): a
 * demuxer that joins late needs them before all else. */
static void
take_header (GstBaseSrc * source, GstBipsSourceState * state)
{
  GstCaps *caps = gst_pad_get_current_caps (GST_BASE_SRC_PAD (source));
  const GValue *header = caps ?
      gst_structure_get_value (gst_caps_get_structure (caps, 0), "streamheader") : NULL;
  guint i;

  if (header && GST_VALUE_HOLDS_ARRAY (header)) {
    for (i = 0; i < gst_value_array_get_size (header); i++) {
      const GValue *value = gst_value_array_get_value (header, i);

      if (GST_VALUE_HOLDS_BUFFER (value) && gst_value_get_buffer (value)) {
        GstBuffer *buffer = gst_buffer_copy (gst_value_get_buffer (value));

        GST_BUFFER_FLAG_SET (buffer, GST_BUFFER_FLAG_HEADER);
        g_queue_push_tail (&state->header, buffer);
      }
    }
  }
  gst_clear_caps (&caps);
}

/* What is next of a header and the frame behind it. */
static GstBuffer *
next_of_header (GstBipsSourceState * state)
{
  GstBuffer *buffer = g_queue_pop_head (&state->header);

  if (!buffer) {
    buffer = state->after_header;
    state->after_header = NULL;
  }
  return buffer;
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
    drop_header (state);
    frame.begins = TRUE;
  }
  if ((*buffer = next_of_header (state)))
    return GST_FLOW_OK;
  flow = gstBipsSourceCreate (state->handle, source, &frame);
  if (flow != GST_FLOW_OK)
    return flow;
  *buffer = gst_bips_source_buffer (GST_BASE_SRC (source), state, &frame);
  if (*buffer && frame.begins && !GST_BUFFER_FLAG_IS_SET (*buffer, GST_BUFFER_FLAG_HEADER)) {
    take_header (GST_BASE_SRC (source), state);
    state->after_header = *buffer;
    *buffer = next_of_header (state);
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

  state_quark = g_quark_from_static_string ("gst-bips-source");
  parent_class = g_type_class_peek_parent (klass);
  gst_bips_source_buffer_init ();
  src_class->get_caps = source_get_caps;
  src_class->negotiate = source_negotiate;
  src_class->query = source_query;
  src_class->event = source_event;
  ((GstPushSrcClass *) klass)->create = source_create;
}
