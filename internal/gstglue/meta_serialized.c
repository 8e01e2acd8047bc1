/* Metas of others that know how to write themselves (GStreamer 1.24). GStreamer's own that do have records of
 * their own here. */
#include <gst/audio/audio.h>
#include <gst/video/video.h>

#include "meta_kinds.h"
#include "meta_newer.h"
#include "meta_text.h"

/* u32 size of it all, u32 length of the name, name, 0, u8 version, and what the meta wrote itself. */
#define HEAD 8
#define LEAST (HEAD + 2)

gboolean
gst_bips_serialized_write (GstBipsMetaWriting * writing, GstMeta * meta)
{
  const GstBipsNewer *newer = gst_bips_newer ();
  GstBipsMetaOut *out = &writing->out;
  GByteArray *bytes;
  gboolean written;
  gsize begun;

  if (!newer->meta_serialize_simple)
    return FALSE;
  bytes = g_byte_array_new ();
  written = newer->meta_serialize_simple (meta, bytes) && bytes->len >= LEAST &&
      gst_bips_u32_at (bytes->data) == bytes->len;
  if (written) {
    begun = gst_bips_record_begin (out, BIPS_LAYOUT_META_GST, 0);
    gst_bips_out_bytes (out, bytes->data, bytes->len);
    gst_bips_record_end (out, begun);
  }
  g_byte_array_unref (bytes);
  return written;
}

/* Whether it may be handed to the meta's own reader: not one of GStreamer's own, which trust what they are given. */
static gboolean
is_of_others (const GstMetaInfo * info)
{
  GType api = info->api;

  return !gst_bips_is_of_memory (api) && !gst_bips_is_custom (info) && api != GST_AUDIO_META_API_TYPE &&
      api != GST_VIDEO_META_API_TYPE && api != GST_REFERENCE_TIMESTAMP_META_API_TYPE &&
      api != GST_VIDEO_CROP_META_API_TYPE && api != GST_VIDEO_REGION_OF_INTEREST_META_API_TYPE &&
      api != GST_VIDEO_TIME_CODE_META_API_TYPE && api != GST_VIDEO_CAPTION_META_API_TYPE &&
      api != GST_VIDEO_AFFINE_TRANSFORMATION_META_API_TYPE && api != GST_PROTECTION_META_API_TYPE;
}

/* GStreamer 1.26 and 1.28 read beyond the end when the name is said to be longer than all of it. */
gboolean
gst_bips_serialized_read (GstBipsMetaReading * reading)
{
  const GstBipsNewer *newer = gst_bips_newer ();
  const guint8 *bytes = reading->in.at;
  gsize size = reading->in.left;
  const GstMetaInfo *info = NULL;
  guint32 length, used;
  const gchar *name;

  if (size < LEAST || gst_bips_u32_at (bytes) != size)
    return FALSE;
  length = gst_bips_u32_at (bytes + 4);
  name = (const gchar *) bytes + HEAD;
  if (length > size - LEAST || name[length] != 0 || strlen (name) != length || !gst_bips_is_meta_name (name))
    return FALSE;
  if (newer->meta_deserialize && g_type_from_name (name) != G_TYPE_INVALID)
    info = gst_meta_get_info (name);
  if (!info || !is_of_others (info) || !newer->meta_deserialize (reading->buffer, bytes, size, &used))
    gst_bips_meta_lost (reading->report, 0, name, NULL, FALSE);
  return TRUE;
}
