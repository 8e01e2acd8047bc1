#include "source.h"

void
gst_bips_source_take_header (GstBaseSrc * source, GstBipsSourceState * state, GstBuffer * frame)
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
  state->after_header = frame;
}

GstBuffer *
gst_bips_source_next_of_header (GstBipsSourceState * state)
{
  GstBuffer *buffer = g_queue_pop_head (&state->header);

  if (!buffer) {
    buffer = state->after_header;
    state->after_header = NULL;
  }
  return buffer;
}

void
gst_bips_source_drop_header (GstBipsSourceState * state)
{
  GstBuffer *buffer;

  while ((buffer = g_queue_pop_head (&state->header)))
    gst_buffer_unref (buffer);
  gst_clear_buffer (&state->after_header);
}
