#include "audio.h"

#include "meta_kinds.h"

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
  if (is_planar (info) && !gst_buffer_get_audio_meta (buffer))
    gst_buffer_add_audio_meta (buffer, info, gst_buffer_get_size (buffer) / GST_AUDIO_INFO_BPF (info),
        NULL);
}

/* The planes as they lie in the pool. Interleaved audio begins at the first byte, and ends at the last. */
gboolean
gst_bips_audio_layout_write (GstBipsMetaWriting * writing, GstMeta * meta)
{
  const GstAudioInfo *info = &writing->format->audio;
  GstBipsMetaOut *out = &writing->out;
  gsize begun, plane;
  gint i;

  if (writing->format->kind != GST_BIPS_FORMAT_AUDIO)
    return FALSE;
  /* Of more channels, the reader knows that their planes follow one another. */
  if (!is_planar (info) || GST_AUDIO_INFO_CHANNELS (info) > BIPS_LAYOUT_META_MAX_CHANNELS ||
      writing->frame->size == 0)
    return TRUE;
  plane = plane_size (info, writing->frame);
  begun = gst_bips_record_begin (out, BIPS_LAYOUT_META_AUDIO_LAYOUT, BIPS_LAYOUT_META_NEEDED);
  gst_bips_out_u64 (out, writing->frame->size / GST_AUDIO_INFO_BPF (info));
  gst_bips_out_u32 (out, TRUE);
  gst_bips_out_u32 (out, GST_AUDIO_INFO_CHANNELS (info));
  for (i = 0; i < GST_AUDIO_INFO_CHANNELS (info); i++)
    gst_bips_out_u64 (out, i * plane);
  gst_bips_record_end (out, begun);
  return TRUE;
}

/* Each plane lies in the frame, and in none of the others: else GStreamer asserts. */
static gboolean
read_planes (GstBipsMetaReading * reading, gint n, guint64 samples, gsize * offsets)
{
  const GstAudioInfo *info = &reading->format->audio;
  guint64 size = reading->frame->size, plane = samples * (GST_AUDIO_INFO_BPF (info) / n);
  gint i, j;

  for (i = 0; i < n; i++) {
    guint64 offset = gst_bips_in_u64 (&reading->in);

    if (reading->in.bad || plane > size || offset > size - plane)
      return FALSE;
    offsets[i] = offset;
    for (j = 0; j < i; j++) {
      if (offset < offsets[j] + plane && offsets[j] < offset + plane)
        return FALSE;
    }
  }
  return TRUE;
}

/* What contradicts the caps is damaged. */
gboolean
gst_bips_audio_layout_read (GstBipsMetaReading * reading)
{
  const GstAudioInfo *info = &reading->format->audio;
  guint64 samples = gst_bips_in_u64 (&reading->in);
  guint32 planar = gst_bips_in_u32 (&reading->in), n = gst_bips_in_u32 (&reading->in);
  gsize offsets[BIPS_LAYOUT_META_MAX_CHANNELS];

  if (reading->in.bad || reading->format->kind != GST_BIPS_FORMAT_AUDIO || (planar != 0) != is_planar (info) ||
      samples == 0 || samples > reading->frame->size / GST_AUDIO_INFO_BPF (info))
    return FALSE;
  if (gst_buffer_get_audio_meta (reading->buffer))
    return TRUE;
  if (!planar)
    return gst_buffer_add_audio_meta (reading->buffer, info, samples, NULL) != NULL;
  return n == (guint32) GST_AUDIO_INFO_CHANNELS (info) && n <= G_N_ELEMENTS (offsets) &&
      read_planes (reading, n, samples, offsets) &&
      gst_buffer_add_audio_meta (reading->buffer, info, samples, offsets) != NULL;
}
