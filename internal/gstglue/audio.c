#include "audio.h"

static gboolean
is_planar (const GstAudioInfo * info)
{
  return GST_AUDIO_INFO_LAYOUT (info) == GST_AUDIO_LAYOUT_NON_INTERLEAVED;
}

static gsize
plane_size (const GstAudioInfo * info, const GstBipsFrame * frame)
{
  return frame->size / GST_AUDIO_INFO_CHANNELS (info);
}

/* Whether the meta speaks of the audio that the caps speak of. */
static gboolean
is_of (const GstAudioMeta * meta, const GstAudioInfo * info)
{
  return GST_AUDIO_INFO_LAYOUT (&meta->info) == GST_AUDIO_INFO_LAYOUT (info) &&
      GST_AUDIO_INFO_CHANNELS (&meta->info) == GST_AUDIO_INFO_CHANNELS (info) &&
      GST_AUDIO_INFO_BPF (&meta->info) == GST_AUDIO_INFO_BPF (info);
}

gboolean
gst_bips_audio_holds (const GstAudioInfo * info, guint64 size)
{
  return !is_planar (info) || size % GST_AUDIO_INFO_BPF (info) == 0;
}

GstBipsLayout
gst_bips_audio_describe (const GstAudioInfo * info, GstBuffer * buffer, GstBipsFrame * frame)
{
  const GstAudioMeta *meta = gst_buffer_get_audio_meta (buffer);
  GstBipsLayout layout = GST_BIPS_LAYOUT_PLAIN;
  gsize total = frame->size, plane;
  gint i;

  if (!meta)
    return gst_bips_audio_holds (info, total) ? GST_BIPS_LAYOUT_PLAIN : GST_BIPS_LAYOUT_BROKEN;
  if (!is_of (meta, info) || meta->samples > total / GST_AUDIO_INFO_BPF (info))
    return GST_BIPS_LAYOUT_BROKEN;
  frame->size = meta->samples * GST_AUDIO_INFO_BPF (info);
  if (!is_planar (info))
    return GST_BIPS_LAYOUT_PLAIN;
  plane = plane_size (info, frame);
  for (i = 0; i < GST_AUDIO_INFO_CHANNELS (info); i++) {
    if (meta->offsets[i] > total - plane)
      return GST_BIPS_LAYOUT_BROKEN;
    if (meta->offsets[i] != i * plane)
      layout = GST_BIPS_LAYOUT_REPACK;
  }
  return layout;
}

gssize
gst_bips_audio_repack (const GstAudioInfo * info, GstBuffer * buffer, const GstBipsFrame * frame,
    guint8 * to, gsize size)
{
  const GstAudioMeta *meta = gst_buffer_get_audio_meta (buffer);
  gsize plane = plane_size (info, frame);
  gint i;

  if (frame->size > size)
    return 0;
  for (i = 0; i < GST_AUDIO_INFO_CHANNELS (info); i++) {
    if (gst_buffer_extract (buffer, meta->offsets[i], to + i * plane, plane) != plane)
      return -1;
  }
  return frame->size;
}

void
gst_bips_audio_add_meta (const GstAudioInfo * info, GstBuffer * buffer)
{
  if (is_planar (info))
    gst_buffer_add_audio_meta (buffer, info, gst_buffer_get_size (buffer) / GST_AUDIO_INFO_BPF (info),
        NULL);
}
