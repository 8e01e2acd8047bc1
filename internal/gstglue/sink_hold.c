#include "sink.h"

#include "_cgo_export.h"

gboolean
gst_bips_sink_is_flushing (GstBaseSink * sink)
{
  return GST_PAD_IS_FLUSHING (GST_BASE_SINK_PAD (sink));
}

static gsize
size_of (GstPadProbeInfo * info)
{
  GstBufferList *list;

  if (info->type & GST_PAD_PROBE_TYPE_BUFFER)
    return gst_buffer_get_size (GST_PAD_PROBE_INFO_BUFFER (info));
  list = GST_PAD_PROBE_INFO_BUFFER_LIST (info);
  return gst_buffer_list_length (list) > 0 ? gst_buffer_get_size (gst_buffer_list_get (list, 0)) : 0;
}

static GstPadProbeReturn
hold (GstPad * pad, GstPadProbeInfo * info, gpointer sink)
{
  GstBipsSinkState *state = gst_bips_sink_state (sink);

  switch (gstBipsSinkHold (state->handle, sink, size_of (info))) {
    case GST_BIPS_HOLD_OVER:
      state->hold_probe = 0;
      return GST_PAD_PROBE_REMOVE;
    case GST_BIPS_HOLD_FLUSHING:
      GST_PAD_PROBE_INFO_FLOW_RETURN (info) = GST_FLOW_FLUSHING;
      return GST_PAD_PROBE_DROP;
    default:
      return GST_PAD_PROBE_DROP;
  }
}

/* Not in the virtual method preroll: it runs with the preroll lock held, which a change of state to
 * PLAYING waits for, and must not fail, since that fails the change of state in progress. Before the
 * sink's chain function no lock is held but the pad's stream lock. */
void
gst_bips_sink_hold (GstBaseSink * sink, gboolean on)
{
  GstBipsSinkState *state = gst_bips_sink_state (sink);
  GstPad *pad = GST_BASE_SINK_PAD (sink);

  if (state->hold_probe)
    gst_pad_remove_probe (pad, state->hold_probe);
  state->hold_probe = 0;
  if (on)
    state->hold_probe = gst_pad_add_probe (pad,
        GST_PAD_PROBE_TYPE_BUFFER | GST_PAD_PROBE_TYPE_BUFFER_LIST, hold, sink, NULL);
}
