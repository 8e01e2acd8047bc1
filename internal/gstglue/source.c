#include "source.h"

#include "caps.h"
#include "clock.h"
#include "layout.h"

#include "_cgo_export.h"

static GstBaseSrcClass *parent_class;
static GQuark state_quark;

GstBipsSourceState *
gst_bips_source_state (gpointer source)
{
  return g_object_get_qdata (G_OBJECT (source), state_quark);
}

static void
drop_copies (GstBipsSourceState * state)
{
  if (state->copies)
    gst_buffer_pool_set_active (state->copies, FALSE);
  gst_clear_object (&state->copies);
}

static void
state_free (gpointer data)
{
  GstBipsSourceState *state = data;

  gstBipsSourceGone (state->handle);
  drop_copies (state);
  g_free (state);
}

static GstPadProbeReturn
note_end (GstPad * pad, GstPadProbeInfo * info, gpointer nothing)
{
  GstEventType type = GST_EVENT_TYPE (GST_PAD_PROBE_INFO_EVENT (info));
  GstObject *source = gst_pad_get_parent (pad);

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
  gst_video_info_init (&state->info);
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

GstBipsCapsResult
gst_bips_source_set_caps (gpointer source, const gchar * text, gchar ** downstream,
    GstClockTime * frame_duration)
{
  GstBipsSourceState *state = gst_bips_source_state (source);
  GstPad *pad = GST_BASE_SRC_PAD (source);
  GstCaps *caps = gst_caps_from_string (text), *wanted;
  GstBipsCapsResult result = GST_BIPS_CAPS_SET;

  *downstream = NULL;
  *frame_duration = GST_CLOCK_TIME_NONE;
  if (!caps || !gst_caps_is_fixed (caps)) {
    gst_clear_caps (&caps);
    return GST_BIPS_CAPS_INVALID;
  }
  wanted = gst_pad_peer_query_caps (pad, NULL);
  if (!gst_caps_can_intersect (caps, wanted)) {
    *downstream = gst_caps_to_string (wanted);
    result = GST_BIPS_CAPS_CONTRADICTED;
  } else if (!gst_base_src_set_caps (GST_BASE_SRC (source), caps)) {
    if (GST_PAD_IS_FLUSHING (pad)) {
      result = GST_BIPS_CAPS_FLUSHING;
    } else {
      *downstream = gst_caps_to_string (wanted);
      result = GST_BIPS_CAPS_CONTRADICTED;
    }
  } else {
    gst_bips_layout_from_caps (&state->info, caps);
    state->downstream_video_meta = -1;
    *frame_duration = gst_bips_caps_frame_duration (caps);
  }
  gst_caps_unref (wanted);
  gst_caps_unref (caps);
  return result;
}

static GstFlowReturn
source_create (GstPushSrc * source, GstBuffer ** buffer)
{
  GstBipsSourceState *state = gst_bips_source_state (source);
  GstBipsFrame frame = { 0, };
  GstFlowReturn flow = gstBipsSourceCreate (state->handle, source, &frame);

  if (flow != GST_FLOW_OK)
    return flow;
  *buffer = gst_bips_source_buffer (GST_BASE_SRC (source), state, &frame);
  if (*buffer)
    return GST_FLOW_OK;
  GST_ELEMENT_ERROR (source, STREAM, FORMAT,
      ("The frame does not fit the format that its producer announced. Start the producer anew."),
      ("%" G_GUINT64_FORMAT " bytes, %u planes", frame.size, frame.n_planes));
  return GST_FLOW_ERROR;
}

void
gst_bips_source_install (gpointer klass)
{
  GstBaseSrcClass *src_class = klass;

  state_quark = g_quark_from_static_string ("gst-bips-source");
  parent_class = g_type_class_peek_parent (klass);
  src_class->get_caps = source_get_caps;
  src_class->negotiate = source_negotiate;
  src_class->query = source_query;
  ((GstPushSrcClass *) klass)->create = source_create;
}
