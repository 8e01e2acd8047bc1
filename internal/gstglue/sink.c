#include "sink.h"

#include "caps.h"
#include "forked.h"
#include "layout.h"
#include "metas.h"
#include "slotpool.h"

#include "_cgo_export.h"

/* Slots that upstream should have at least: one that it fills, one on its way. */
#define MIN_BUFFERS 2

static GstBaseSinkClass *parent_class;
static GQuark state_quark;

/* A sink that was made in a forked child has none of its own. */
GstBipsSinkState *
gst_bips_sink_state (gpointer sink)
{
  static GstBipsSinkState nobody;
  GstBipsSinkState *state = g_object_get_qdata (G_OBJECT (sink), state_quark);

  return state ? state : &nobody;
}

static void
state_free (gpointer data)
{
  GstBipsSinkState *state = data;

  gstBipsSinkGone (state->handle);
  gst_clear_object (&state->allocator);
  g_free (state->meta);
  gst_bips_tags_clear (&state->tags);
  g_free (state->stream_id);
  g_free (state);
}

/* Upstream's latency may have changed: it is asked at the next frame. */
static void
ask_upstream_again (GstBipsSinkState * state)
{
  g_atomic_int_inc (&state->latency_changes);
}

/* A LATENCY event goes upstream through the sink's pad each time that the pipeline has asked
 * all its elements anew. */
static GstPadProbeReturn
note_latency (GstPad * pad, GstPadProbeInfo * info, gpointer nothing)
{
  if (GST_EVENT_TYPE (GST_PAD_PROBE_INFO_EVENT (info)) == GST_EVENT_LATENCY) {
    GstObject *sink = gst_pad_get_parent (pad);

    if (sink)
      ask_upstream_again (gst_bips_sink_state (sink));
    gst_clear_object (&sink);
  }
  return GST_PAD_PROBE_OK;
}

void
gst_bips_sink_attach (gpointer sink, guint64 handle)
{
  GstBipsSinkState *state = g_new0 (GstBipsSinkState, 1);

  state->handle = handle;
  state->latency_changes = 1;
  gst_bips_format_init (&state->format);
  gst_pad_add_probe (GST_BASE_SINK_PAD (sink), GST_PAD_PROBE_TYPE_EVENT_UPSTREAM, note_latency,
      NULL, NULL);
  g_object_set_qdata_full (G_OBJECT (sink), state_quark, state, state_free);
}

void
gst_bips_sink_offer (gpointer sink, GstAllocator * allocator)
{
  GstBipsSinkState *state = gst_bips_sink_state (sink);
  GstAllocator *old;

  GST_OBJECT_LOCK (sink);
  old = state->allocator;
  state->allocator = allocator ? gst_object_ref (allocator) : NULL;
  GST_OBJECT_UNLOCK (sink);
  if (old)
    gst_object_unref (old);
  state->told_demotions = state->told_waited = 0;
}

void
gst_bips_sink_set_straight (gpointer sink, gboolean on)
{
  gst_bips_sink_state (sink)->straight = on;
}

GstBipsSinkCounts *
gst_bips_sink_counts (gpointer sink)
{
  return &gst_bips_sink_state (sink)->counts;
}

void
gst_bips_sink_set_meta_size (gpointer sink, gsize size)
{
  GstBipsSinkState *state = gst_bips_sink_state (sink);

  if (state->meta_size == size || state->handle == 0)
    return;
  g_free (state->meta);
  state->meta = g_malloc (size);
  state->meta_size = size;
}

void
gst_bips_sink_renegotiate (GstBaseSink * sink)
{
  gst_pad_push_event (GST_BASE_SINK_PAD (sink), gst_event_new_reconfigure ());
}

/* Memory that the CPU cannot map is left out, so that upstream picks system memory
 * where it can. Where it cannot, it will only say "not negotiated". */
static GstCaps *
sink_get_caps (GstBaseSink * sink, GstCaps * filter)
{
  GstCaps *caps;

  if (!filter)
    return gst_caps_new_any ();
  caps = gst_bips_caps_in_system_memory (filter);
  if (gst_caps_is_empty (caps) && !gst_caps_is_empty (filter))
    gstBipsSinkForeignOnly (gst_bips_sink_state (sink)->handle, sink,
        (gchar *) gst_bips_caps_foreign_memory (filter));
  return caps;
}

static gboolean
sink_set_caps (GstBaseSink * sink, GstCaps * caps)
{
  GstBipsSinkState *state = gst_bips_sink_state (sink);
  const gchar *unshareable = gst_bips_caps_unshareable (caps);
  gchar *text = gst_caps_to_string (caps);
  gboolean accepted;

  gst_bips_format_from_caps (&state->format, caps);
  ask_upstream_again (state);
  accepted = gstBipsSinkSetCaps (state->handle, sink, text, &state->format,
      (gchar *) unshareable);
  g_free (text);
  return accepted;
}

/* Slots are offered for frames that are all of one size, which the caps tell, and lie in one
 * memory. GstVideoMeta is not offered, though it is understood: an upstream that may place its
 * planes as it likes prefers memory of its own over slots (libav's decoders do), and
 * then the frame is copied here. Without, what has padding is packed into a slot by
 * whoever made it, at the same cost, and readers get the plain layout. */
static gboolean
sink_propose_allocation (GstBaseSink * sink, GstQuery * query)
{
  GstBipsSinkState *state = gst_bips_sink_state (sink);
  GstAllocator *allocator;
  GstBufferPool *pool;
  GstStructure *config;
  GstBipsFormat format;
  GstCaps *caps;
  gboolean need_pool;

  gst_query_parse_allocation (query, &caps, &need_pool);
  gst_bips_format_from_caps (&format, caps);
  if (format.size == 0 || format.size > G_MAXUINT || format.n_parts > 1)
    return FALSE;
  GST_OBJECT_LOCK (sink);
  allocator = state->allocator ? gst_object_ref (state->allocator) : NULL;
  GST_OBJECT_UNLOCK (sink);
  if (!allocator)
    return TRUE;
  if (need_pool) {
    guint size = format.size;

    pool = gst_bips_slot_pool_new (allocator);
    config = gst_buffer_pool_get_config (pool);
    gst_buffer_pool_config_set_params (config, caps, size, MIN_BUFFERS, 0);
    if (format.kind == GST_BIPS_FORMAT_VIDEO)
      gst_buffer_pool_config_add_option (config, GST_BUFFER_POOL_OPTION_VIDEO_META);
    gst_buffer_pool_set_config (pool, config);
    gst_query_add_allocation_pool (query, pool, size, MIN_BUFFERS, 0);
    gst_object_unref (pool);
  }
  gst_object_unref (allocator);
  return TRUE;
}

/* Asked with the preroll lock held, which gst_base_sink_query_latency takes too: so
 * upstream is asked directly, and once. Where it cannot answer yet, it counts as not live
 * for this frame, and is asked again at the next. */
gboolean
gst_bips_sink_upstream_is_live (GstBaseSink * sink)
{
  GstBipsSinkState *state = gst_bips_sink_state (sink);
  gint changes = g_atomic_int_get (&state->latency_changes);
  GstQuery *query;

  if (changes == state->latency_asked)
    return state->upstream_live;
  state->upstream_live = FALSE;
  query = gst_query_new_latency ();
  if (gst_pad_peer_query (GST_BASE_SINK_PAD (sink), query)) {
    GstClockTime min;

    gst_query_parse_latency (query, &state->upstream_live, &min, NULL);
    state->latency_asked = changes;
    gstBipsSinkLatency (state->handle, state->upstream_live ? min : GST_CLOCK_TIME_NONE);
  }
  gst_query_unref (query);
  return state->upstream_live;
}

/* GStreamer places a frame by its DTS, which may lie before the segment: those of the first
 * frames do, where frames are reordered. It would then neither wait for PLAYING nor for the
 * time of such a frame, which would be published before there is a clock, without a time of
 * capture. It belongs to the segment, as its PTS does: so it comes when that begins. */
static void
begin_with_segment (const GstSegment * segment, GstClockTime * start, GstClockTime * end)
{
  if (segment->format != GST_FORMAT_TIME || segment->rate <= 0.0 ||
      !GST_CLOCK_TIME_IS_VALID (*start) || *start >= segment->start)
    return;
  *start = segment->start;
  if (GST_CLOCK_TIME_IS_VALID (*end) && *end < *start)
    *end = *start;
}

/* A live frame is published when it comes. Synchronised, it would come later by
 * the whole latency of the pipeline, for nothing. */
static void
sink_get_times (GstBaseSink * sink, GstBuffer * buffer, GstClockTime * start, GstClockTime * end)
{
  if (gst_bips_sink_upstream_is_live (sink)) {
    *start = *end = GST_CLOCK_TIME_NONE;
  } else {
    parent_class->get_times (sink, buffer, start, end);
    begin_with_segment (&sink->segment, start, end);
  }
}

static GstFlowReturn
sink_render (GstBaseSink * sink, GstBuffer * buffer)
{
  GstBipsSinkState *state = gst_bips_sink_state (sink);
  int result = GST_BIPS_PUBLISH_NOT_TRIED;
  GstBipsFrame frame;

  if (gst_bips_forked ()) {
    gst_bips_forked_report (sink);
    return GST_FLOW_ERROR;
  }
  gst_bips_sink_describe (sink, state, buffer, &frame);
  if (gst_bips_sink_is_ordinary (state, &frame))
    result = gst_bips_sink_publish (sink, state, buffer, &frame);
  if (result == 0)
    return GST_FLOW_OK;
  return gstBipsSinkRender (state->handle, sink, &frame, buffer, result);
}

/* Serialised events come with the preroll lock held, as frames do: so a flush and a
 * change of state interrupt the publishing of the end of stream like that of a frame.
 * The base class looked for a flush before; it does not look again, and would wait for
 * one that was. */
static gboolean
sink_event (GstBaseSink * sink, GstEvent * event)
{
  GstBipsSinkState *state = gst_bips_sink_state (sink);

  if (GST_EVENT_TYPE (event) == GST_EVENT_SEGMENT)
    ask_upstream_again (state);
  if (GST_EVENT_TYPE (event) == GST_EVENT_TAG)
    gst_bips_sink_take_tags (sink, state, event);
  if (GST_EVENT_TYPE (event) == GST_EVENT_STREAM_START)
    gst_bips_sink_begin_stream (sink, state, event);
  if (GST_EVENT_TYPE (event) == GST_EVENT_FLUSH_STOP)
    gstBipsSinkFlushed (state->handle, sink);
  if (GST_EVENT_TYPE (event) == GST_EVENT_EOS) {
    gstBipsSinkEndOfStream (state->handle, sink);
    if (sink->flushing) {
      gst_event_unref (event);
      return FALSE;
    }
  }
  return parent_class->event (sink, event);
}

void
gst_bips_sink_install (gpointer klass)
{
  GstBaseSinkClass *sink_class = klass;

  state_quark = g_quark_from_static_string ("gst-bips-sink");
  parent_class = g_type_class_peek_parent (klass);
  sink_class->get_caps = sink_get_caps;
  sink_class->set_caps = sink_set_caps;
  sink_class->propose_allocation = sink_propose_allocation;
  sink_class->get_times = sink_get_times;
  sink_class->render = sink_render;
  sink_class->event = sink_event;
  gst_bips_sink_end_install (klass);
}
