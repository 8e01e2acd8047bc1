#include "source.h"

/* Whether a stream itself begins with the buffers that its caps have as header. That of VP8 and Opus is in the caps for who writes an
 * Ogg file. Their encoders do not send it, and a muxer or a decoder would take it for a frame. */
static gboolean
begins_with_header (const GstStructure * caps)
{
  return !gst_structure_has_name (caps, "video/x-vp8") && !gst_structure_has_name (caps, "audio/x-opus");
}

/* The header in a stream's caps that the stream begins with, or NULL. */
static const GValue *
header_of (GstCaps * caps)
{
  const GstStructure *s = caps ? gst_caps_get_structure (caps, 0) : NULL;

  return s && begins_with_header (s) ? gst_structure_get_value (s, "streamheader") : NULL;
}

void
gst_bips_source_take_header (GstBaseSrc * source, GstBipsSourceState * state, GstBuffer * frame)
{
  GstCaps *caps = gst_pad_get_current_caps (GST_BASE_SRC_PAD (source));
  const GValue *header = header_of (caps);
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
