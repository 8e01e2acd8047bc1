#include "meta.h"

#include <gst/audio/audio.h>
#include <gst/video/video.h>

#include "meta_kinds.h"
#include "meta_newer.h"

/* The GType of a kind changes nothing when this is added: GTypes are multiples of 4. */
enum
{ LOST_ALL, LOST_NO_ROOM, LOST_FIELDS };

/* Has something, but nothing that crosses as a record. */
static gboolean
write_nothing (GstBipsMetaWriting * writing, GstMeta * meta)
{
  return TRUE;
}

typedef struct
{
  GType api;
  gboolean (*write) (GstBipsMetaWriting * writing, GstMeta * meta);
} Kind;

static const Kind *
kind_of (GType api)
{
  static gsize once;
  static Kind kinds[10];
  guint i;

  if (g_once_init_enter (&once)) {
    const Kind all[G_N_ELEMENTS (kinds)] = {
      {GST_VIDEO_META_API_TYPE, write_nothing}, /* the planes of the frame's record */
      {GST_VIDEO_REGION_OF_INTEREST_META_API_TYPE, gst_bips_region_write},
      {GST_REFERENCE_TIMESTAMP_META_API_TYPE, gst_bips_reference_time_write},
      {GST_AUDIO_META_API_TYPE, gst_bips_audio_layout_write},
      {GST_VIDEO_CROP_META_API_TYPE, gst_bips_crop_write},
      {GST_VIDEO_CAPTION_META_API_TYPE, gst_bips_caption_write},
      {GST_VIDEO_TIME_CODE_META_API_TYPE, gst_bips_time_code_write},
      {GST_VIDEO_AFFINE_TRANSFORMATION_META_API_TYPE, gst_bips_affine_write},
      {GST_PROTECTION_META_API_TYPE, gst_bips_protection_write},
      {GST_VIDEO_OVERLAY_COMPOSITION_META_API_TYPE, NULL},      /* pixels, in memory of their own */
    };

    memcpy (kinds, all, sizeof all);
    g_once_init_leave (&once, 1);
  }
  for (i = 0; i < G_N_ELEMENTS (kinds); i++) {
    if (kinds[i].api == api)
      return &kinds[i];
  }
  return NULL;
}

gsize
gst_bips_record_begin (GstBipsMetaOut * out, guint16 type, guint16 flags)
{
  gsize begun = out->used;

  gst_bips_out_u16 (out, type);
  gst_bips_out_u16 (out, flags);
  gst_bips_out_u32 (out, 0);
  return begun;
}

gboolean
gst_bips_record_end (GstBipsMetaOut * out, gsize begun)
{
  gst_bips_out_u32_at (out, begun + 4, out->used - begun - BIPS_LAYOUT_META_HEAD_SIZE);
  gst_bips_out_pad (out);
  if (!out->full) {
    if (out->partial)
      out->bytes[begun + 2] |= BIPS_LAYOUT_META_PARTIAL;
    return TRUE;
  }
  out->used = begun;
  return FALSE;
}

static gboolean
write_meta (GstBipsMetaWriting * writing, GstMeta * meta)
{
  GType api = meta->info->api;
  const Kind *kind = kind_of (api);

  if (kind)
    return kind->write && kind->write (writing, meta);
  if (gst_bips_is_of_memory (api))
    return FALSE;
  if (gst_bips_is_custom (meta->info))
    return gst_bips_custom_write (writing, meta);
  return gst_bips_analytics_write (writing, meta) || gst_bips_serialized_write (writing, meta);
}

/* Whether a parser has read the meta out of the bytes of an encoded frame, where the reader's parser finds it again. Names, as
 * GstVideoSEIUserDataUnregisteredMeta came with 1.22. */
static gboolean
is_in_the_bytes (const GstBipsFormat * format, const gchar * api)
{
  return format->kind == GST_BIPS_FORMAT_OTHER && (g_str_equal (api, "GstVideoSEIUserDataUnregisteredMetaAPI") ||
      g_str_equal (api, "GstVideoAFDMetaAPI") || g_str_equal (api, "GstVideoBarMetaAPI"));
}

/* Where readers would misread the frame without a record. */
static void
refuse_without (GstBipsFrame * frame, GType api)
{
  if (api == GST_PROTECTION_META_API_TYPE)
    frame->refusal = GST_BIPS_REFUSE_PROTECTED;
  else if (api == GST_VIDEO_CROP_META_API_TYPE)
    frame->refusal = GST_BIPS_REFUSE_CROPPED;
}

static void
write_or_tell (GstBipsMetaWriting * writing, GstMeta * meta)
{
  GType api = meta->info->api;
  const gchar *name = g_type_name (api);
  gsize begin = writing->out.used;

  writing->out.full = writing->out.partial = FALSE;
  if (!write_meta (writing, meta)) {
    writing->out.used = begin;
    gst_bips_meta_lost (writing->report, api + LOST_ALL, name, NULL,
        gst_bips_is_of_memory (api) || is_in_the_bytes (writing->format, name));
  } else if (writing->out.full) {
    writing->out.used = begin;
    refuse_without (writing->frame, api);
    gst_bips_meta_lost (writing->report, api + LOST_NO_ROOM, name, "/no-room", FALSE);
  } else if (writing->out.partial) {
    gst_bips_meta_lost (writing->report, api + LOST_FIELDS, name, "/fields", FALSE);
  }
}

void
gst_bips_metas_write (const GstBipsFormat * format, GstBuffer * buffer, GstBipsFrame * frame,
    guint8 * area, gsize size, const GstBipsMetaReport * report)
{
  GstBipsMetaWriting writing = { {area, 0, size, FALSE, FALSE}, format, frame, report };
  gpointer iterator = NULL;
  GstMeta *meta;

  if (gst_buffer_n_memory (buffer) > 1)
    gst_bips_memories_write (&writing, buffer);
  frame->meta_memories = writing.out.used;
  while ((meta = gst_buffer_iterate_meta (buffer, &iterator)))
    write_or_tell (&writing, meta);
  frame->meta = area;
  frame->meta_length = writing.out.used;
}

void
gst_bips_metas_forget_memories (GstBipsFrame * frame)
{
  frame->meta += frame->meta_memories;
  frame->meta_length -= frame->meta_memories;
  frame->meta_memories = 0;
}
