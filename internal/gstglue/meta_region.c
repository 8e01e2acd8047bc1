/* Regions of interest, with their parameters. */
#include <gst/video/video.h>

#include "meta_kinds.h"
#include "meta_structure.h"
#include "meta_text.h"

/* Of a region whose type has no name, or none that can be kept. */
#define UNNAMED "unknown"

gboolean
gst_bips_region_place (const GstBipsFrame * frame, gint64 x, gint64 y, gint64 w, gint64 h, guint32 place[4])
{
  gint64 right = MIN (x - frame->crop_x + w, G_MAXINT32), bottom = MIN (y - frame->crop_y + h, G_MAXINT32);

  x = MAX (x - frame->crop_x, 0);
  y = MAX (y - frame->crop_y, 0);
  if (right < x || bottom < y)
    return FALSE;
  place[0] = x;
  place[1] = y;
  place[2] = right - x;
  place[3] = bottom - y;
  return TRUE;
}

gboolean
gst_bips_region_write (GstBipsMetaWriting * writing, GstMeta * meta)
{
  GstVideoRegionOfInterestMeta *region = (GstVideoRegionOfInterestMeta *) meta;
  const gchar *type = g_quark_to_string (region->roi_type);
  GstBipsMetaOut *out = &writing->out;
  guint32 place[4] = { region->x, region->y, region->w, region->h };
  gsize begun = gst_bips_record_begin (out, BIPS_LAYOUT_META_REGION, 0), at;
  guint i, n = 0;
  GList *param;

  if ((writing->frame->crop_x > 0 || writing->frame->crop_y > 0) &&
      !gst_bips_region_place (writing->frame, region->x, region->y, region->w, region->h, place)) {
    out->used = begun;          /* it is on what was cut off */
    return TRUE;
  }
  gst_bips_out_u32 (out, region->id);
  gst_bips_out_u32 (out, region->parent_id);
  for (i = 0; i < G_N_ELEMENTS (place); i++)
    gst_bips_out_u32 (out, place[i]);
  at = out->used;
  gst_bips_out_u32 (out, 0);
  gst_bips_out_text (out, type);
  for (param = region->params; param; param = param->next) {
    if (n < BIPS_LAYOUT_META_MAX_PARAMS && gst_bips_structure_write (out, param->data))
      n++;
    else
      out->partial = TRUE;
  }
  gst_bips_out_u32_at (out, at, n);
  gst_bips_record_end (out, begun);
  return TRUE;
}

/* Regions of a type that cannot be kept have another: their place is what counts. */
static gchar *
kept_type (GstBipsMetaReading * reading, gchar * type)
{
  if (*type && gst_bips_may_keep_name (type))
    return type;
  reading->in.partial = reading->in.partial || *type;
  g_free (type);
  return g_strdup (UNNAMED);
}

/* FALSE: one is damaged. */
static gboolean
read_params (GstBipsMetaIn * in, guint32 n, GstStructure ** params)
{
  guint32 i;

  for (i = 0; i < n; i++) {
    params[i] = gst_bips_structure_read (in);
    if (!params[i])
      return FALSE;
  }
  return TRUE;
}

/* Takes the parameters. */
static void
add_region (GstBuffer * buffer, gint32 id, gint32 parent, const guint32 place[4], const gchar * type,
    GstStructure ** params, guint32 n)
{
  GstVideoRegionOfInterestMeta *region = gst_buffer_add_video_region_of_interest_meta (buffer, type, place[0],
      place[1], place[2], place[3]);
  guint32 i;

  region->id = id;
  region->parent_id = parent;
  for (i = 0; i < n; i++) {
    gst_video_region_of_interest_meta_add_param (region, params[i]);
    params[i] = NULL;
  }
}

gboolean
gst_bips_region_read (GstBipsMetaReading * reading)
{
  GstStructure *params[BIPS_LAYOUT_META_MAX_PARAMS] = { NULL, };
  GstBipsMetaIn *in = &reading->in;
  gint32 id = gst_bips_in_u32 (in), parent = gst_bips_in_u32 (in);
  guint32 place[4], i, n;
  gboolean good;
  gchar *type;

  for (i = 0; i < G_N_ELEMENTS (place); i++)
    place[i] = gst_bips_in_u32 (in);
  n = gst_bips_in_u32 (in);
  type = gst_bips_in_text (in);
  if (in->bad || n > G_N_ELEMENTS (params)) {
    g_free (type);
    return FALSE;
  }
  type = kept_type (reading, type);
  good = read_params (in, n, params);
  if (good && !(reading->flags & BIPS_LAYOUT_META_ANALYTICS &&
          gst_bips_analytics_add (reading->buffer, type, place, params, n)))
    add_region (reading->buffer, id, parent, place, type, params, n);
  for (i = 0; i < n; i++)
    g_clear_pointer (&params[i], gst_structure_free);
  g_free (type);
  return good;
}
