#include "source.h"

#include "_cgo_export.h"

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
end_run (GstBipsSourceState * state)
{
  gst_bips_source_drop_header (state);
  gst_bips_source_forget_tags (state);
  gst_bips_reader_unref (state->reading.reader);
  g_free (state->reading.caps);
  state->reading = (GstBipsReading) { 0, };
}

static void
state_free (gpointer data)
{
  GstBipsSourceState *state = data;

  gstBipsSourceGone (state->handle);
  end_run (state);
  drop_copies (state);
  gst_bips_reader_unref (state->current);
  gst_bips_latency_clear (&state->latency);
  gst_bips_key_times_clear (&state->wanted_at);
  g_mutex_clear (&state->mu);
  g_free (state->meta);
  g_free (state);
}

void
gst_bips_source_begin_run (gpointer source, guint64 processing_deadline)
{
  GstBipsSourceState *state = gst_bips_source_state (source);

  state->reading.line.start = -1;
  state->reading.deadline = gst_bips_limited (processing_deadline);
  state->counts = (GstBipsSourceCounts) { 0, };
  gst_bips_latency_reset (&state->latency, processing_deadline);
  gst_bips_key_times_reset (&state->wanted_at);
  g_atomic_int_set (&state->ended, FALSE);
}

void
gst_bips_source_end_run (gpointer source)
{
  end_run (gst_bips_source_state (source));
}

void
gst_bips_source_set_reader (gpointer source, GstBipsReader * reader)
{
  GstBipsSourceState *state = gst_bips_source_state (source);
  GstBipsReader *before;

  gst_bips_reader_ref (reader);
  g_mutex_lock (&state->mu);
  before = state->current;
  g_atomic_pointer_set (&state->current, reader);
  g_mutex_unlock (&state->mu);
  gst_bips_reader_unref (before);
}

void
gst_bips_source_count_play (gpointer source)
{
  GstBipsSourceState *state = gst_bips_source_state (source);

  __atomic_store_n (&state->played_at, g_get_monotonic_time () * GST_USECOND, __ATOMIC_SEQ_CST);
  g_atomic_int_inc (&state->plays);
}

gboolean
gst_bips_source_has_ended (gpointer source)
{
  return g_atomic_int_get (&gst_bips_source_state (source)->ended);
}

void
gst_bips_source_mark_ended (gpointer source)
{
  g_atomic_int_set (&gst_bips_source_state (source)->ended, TRUE);
}

void
gst_bips_source_get_counts (gpointer source, GstBipsSourceCounts * counts)
{
  GstBipsSourceCounts *now = &gst_bips_source_state (source)->counts;

  counts->early = __atomic_load_n (&now->early, __ATOMIC_RELAXED);
  counts->quota = __atomic_load_n (&now->quota, __ATOMIC_RELAXED);
  counts->packed = __atomic_load_n (&now->packed, __ATOMIC_RELAXED);
  counts->key_frames = __atomic_load_n (&now->key_frames, __ATOMIC_RELAXED);
}

GstBipsReader *
gst_bips_source_current (GstBipsSourceState * state)
{
  GstBipsReader *reader;

  g_mutex_lock (&state->mu);
  reader = gst_bips_reader_ref (state->current);
  g_mutex_unlock (&state->mu);
  return reader;
}

static GstPadProbeReturn
note_end (GstPad * pad, GstPadProbeInfo * info, gpointer nothing)
{
  GstEventType type = GST_EVENT_TYPE (GST_PAD_PROBE_INFO_EVENT (info));
  GstObject *source = gst_pad_get_parent (pad);

  if (source && type == GST_EVENT_FLUSH_STOP)
    g_atomic_int_set (&gst_bips_source_state (source)->flushed, TRUE);
  if (source && (type == GST_EVENT_EOS || type == GST_EVENT_FLUSH_STOP)) {
    g_atomic_int_set (&gst_bips_source_state (source)->ended, type == GST_EVENT_EOS);
    gstBipsSourceEnded (gst_bips_source_state (source)->handle);
  }
  gst_clear_object (&source);
  return GST_PAD_PROBE_OK;
}

void
gst_bips_source_attach (gpointer source, guint64 handle)
{
  GstBipsSourceState *state = g_new0 (GstBipsSourceState, 1);

  state->handle = handle;
  state->downstream_video_meta = -1;
  g_mutex_init (&state->mu);
  gst_bips_latency_init (&state->latency);
  gst_bips_key_times_init (&state->wanted_at);
  gst_bips_format_init (&state->format);
  g_queue_init (&state->header);
  gst_pad_add_probe (GST_BASE_SRC_PAD (source),
      GST_PAD_PROBE_TYPE_EVENT_DOWNSTREAM | GST_PAD_PROBE_TYPE_EVENT_FLUSH, note_end, NULL, NULL);
  g_object_set_qdata_full (G_OBJECT (source), state_quark, state, state_free);
}

void
gst_bips_source_state_init (void)
{
  state_quark = g_quark_from_static_string ("gst-bips-source");
}
