#include "meta.h"

#include "meta_kinds.h"

static gboolean (*const readers[]) (GstBipsMetaReading * reading) = {
  [BIPS_LAYOUT_META_MEMORIES] = gst_bips_memories_read,
  [BIPS_LAYOUT_META_AUDIO_LAYOUT] = gst_bips_audio_layout_read,
  [BIPS_LAYOUT_META_CROP] = gst_bips_crop_read,
  [BIPS_LAYOUT_META_AFFINE] = gst_bips_affine_read,
  [BIPS_LAYOUT_META_TIME_CODE] = gst_bips_time_code_read,
  [BIPS_LAYOUT_META_REFERENCE_TIME] = gst_bips_reference_time_read,
  [BIPS_LAYOUT_META_CAPTION] = gst_bips_caption_read,
  [BIPS_LAYOUT_META_REGION] = gst_bips_region_read,
  [BIPS_LAYOUT_META_CUSTOM] = gst_bips_custom_read,
  [BIPS_LAYOUT_META_PROTECTION] = gst_bips_protection_read,
  [BIPS_LAYOUT_META_GST] = gst_bips_serialized_read,
};

/* As the stats have them. */
static const gchar *const names[] = {
  [BIPS_LAYOUT_META_MEMORIES] = "memories",
  [BIPS_LAYOUT_META_AUDIO_LAYOUT] = "audio-layout",
  [BIPS_LAYOUT_META_CROP] = "crop",
  [BIPS_LAYOUT_META_AFFINE] = "affine",
  [BIPS_LAYOUT_META_TIME_CODE] = "time-code",
  [BIPS_LAYOUT_META_REFERENCE_TIME] = "reference-time",
  [BIPS_LAYOUT_META_CAPTION] = "caption",
  [BIPS_LAYOUT_META_REGION] = "region",
  [BIPS_LAYOUT_META_CUSTOM] = "custom",
  [BIPS_LAYOUT_META_PROTECTION] = "protection",
  [BIPS_LAYOUT_META_GST] = "gst",
};

G_STATIC_ASSERT (G_N_ELEMENTS (names) == G_N_ELEMENTS (readers));

static gboolean
is_known (guint type)
{
  return type > 0 && type < G_N_ELEMENTS (readers);
}

typedef struct
{
  guint16 type, flags;
  gsize length;                 /* of the payload */
} Head;

static Head
head_at (const guint8 * record)
{
  Head head = { gst_bips_u16_at (record), gst_bips_u16_at (record + 2), gst_bips_u32_at (record + 4) };

  return head;
}

/* Whether each record ends where the next begins, and the last at the end, and none of those that are needed is of a later
 * version: before anything is done by them. */
static GstBipsMetasResult
check_heads (const guint8 * area, gsize size, guint * type)
{
  gsize at = 0;

  if (size % 8 != 0)
    return GST_BIPS_METAS_DAMAGED;
  while (at < size) {
    Head head = head_at (area + at);    /* there are 8 bytes at least */

    *type = head.type;
    at += BIPS_LAYOUT_META_HEAD_SIZE;
    if (head.length > size - at)
      return GST_BIPS_METAS_DAMAGED;
    if (!is_known (head.type) && head.flags & BIPS_LAYOUT_META_NEEDED)
      return GST_BIPS_METAS_UNKNOWN;
    at += GST_ROUND_UP_8 (head.length);
  }
  return GST_BIPS_METAS_READ;
}

/* FALSE: the frame cannot be read rightly. */
static gboolean
read_record (GstBipsMetaReading * reading, guint type)
{
  if (!is_known (type)) {
    gst_bips_meta_lost (reading->report, 0, "unknown", NULL, FALSE);
    return TRUE;
  }
  if (!readers[type] (reading)) {
    gst_bips_meta_lost (reading->report, 0, names[type], "/damaged", FALSE);
    return !(reading->flags & BIPS_LAYOUT_META_NEEDED);
  }
  if (reading->in.partial)
    gst_bips_meta_lost (reading->report, 0, names[type], "/fields", FALSE);
  return TRUE;
}

GstBipsMetasResult
gst_bips_metas_read (const GstBipsFormat * format, const GstBipsFrame * frame, GstBuffer * buffer,
    const guint8 * area, gsize size, const GstBipsMetaReport * report, guint * type, gboolean * copied)
{
  GstBipsMetasResult result;
  gsize at = 0;

  *type = 0;
  *copied = FALSE;
  result = check_heads (area, size, type);
  if (result != GST_BIPS_METAS_READ)
    return result;
  while (at < size) {
    Head head = head_at (area + at);
    GstBipsMetaReading reading = {
      {area + at, area + at + BIPS_LAYOUT_META_HEAD_SIZE, head.length, FALSE, FALSE}, head.flags, format, frame,
      buffer, report, FALSE
    };

    *type = head.type;
    if (!read_record (&reading, head.type))
      return GST_BIPS_METAS_DAMAGED;
    *copied = *copied || reading.copied;
    at += BIPS_LAYOUT_META_HEAD_SIZE + GST_ROUND_UP_8 (head.length);
  }
  return GST_BIPS_METAS_READ;
}
