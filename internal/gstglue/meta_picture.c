/* What is to be seen of a picture, how it lies, and what is written on it: crop, affine transformation, captions. */
#include <gst/video/video.h>

#include "meta_kinds.h"

/* No picture is wider or higher, and no sum of two of these is out of a gint. */
#define MAX_EDGE (1 << 24)

/* A crop that is in the frame's planes already needs no record, nor one of all that the caps tell of. */
gboolean
gst_bips_crop_write (GstBipsMetaWriting * writing, GstMeta * meta)
{
  GstVideoCropMeta *crop = (GstVideoCropMeta *) meta;
  const GstVideoInfo *info = &writing->format->video;
  GstBipsMetaOut *out = &writing->out;
  gsize begun;

  if (writing->frame->cropped || (crop->x == 0 && crop->y == 0 &&
          (gint) crop->width == GST_VIDEO_INFO_WIDTH (info) &&
          (gint) crop->height == GST_VIDEO_INFO_HEIGHT (info)))
    return TRUE;
  begun = gst_bips_record_begin (out, BIPS_LAYOUT_META_CROP, BIPS_LAYOUT_META_NEEDED);
  gst_bips_out_u32 (out, crop->x);
  gst_bips_out_u32 (out, crop->y);
  gst_bips_out_u32 (out, crop->width);
  gst_bips_out_u32 (out, crop->height);
  gst_bips_record_end (out, begun);
  return TRUE;
}

/* Whether so large a picture lies in the frame: the caps may tell of what is to be seen of it only. */
static gboolean
holds_picture (GstBipsMetaReading * reading, guint32 width, guint32 height)
{
  const GstVideoInfo *info = &reading->format->video;
  GstVideoInfo larger = *info;

  if ((gint) width <= GST_VIDEO_INFO_WIDTH (info) && (gint) height <= GST_VIDEO_INFO_HEIGHT (info))
    return TRUE;
  larger.width = MAX ((gint) width, GST_VIDEO_INFO_WIDTH (info));
  larger.height = MAX ((gint) height, GST_VIDEO_INFO_HEIGHT (info));
  return gst_bips_layout_fits (&larger, reading->frame);
}

/* GStreamer finds the size of all that is there in GstVideoMeta. */
gboolean
gst_bips_crop_read (GstBipsMetaReading * reading)
{
  GstBipsMetaIn *in = &reading->in;
  guint32 x = gst_bips_in_u32 (in), y = gst_bips_in_u32 (in);
  guint32 width = gst_bips_in_u32 (in), height = gst_bips_in_u32 (in);
  GstVideoMeta *video = gst_buffer_get_video_meta (reading->buffer);
  GstVideoCropMeta *crop;

  if (in->bad || x > MAX_EDGE || y > MAX_EDGE || width > MAX_EDGE || height > MAX_EDGE)
    return FALSE;
  if (gst_buffer_get_video_crop_meta (reading->buffer))
    return TRUE;
  if (reading->format->kind == GST_BIPS_FORMAT_VIDEO && !holds_picture (reading, x + width, y + height))
    return FALSE;
  crop = gst_buffer_add_video_crop_meta (reading->buffer);
  crop->x = x;
  crop->y = y;
  crop->width = width;
  crop->height = height;
  if (video) {
    video->width = MAX (video->width, x + width);
    video->height = MAX (video->height, y + height);
  }
  return TRUE;
}

gboolean
gst_bips_affine_write (GstBipsMetaWriting * writing, GstMeta * meta)
{
  GstVideoAffineTransformationMeta *affine = (GstVideoAffineTransformationMeta *) meta;
  GstBipsMetaOut *out = &writing->out;
  gsize begun = gst_bips_record_begin (out, BIPS_LAYOUT_META_AFFINE, 0);
  guint i;

  for (i = 0; i < G_N_ELEMENTS (affine->matrix); i++)
    gst_bips_out_f32 (out, affine->matrix[i]);
  gst_bips_record_end (out, begun);
  return TRUE;
}

gboolean
gst_bips_affine_read (GstBipsMetaReading * reading)
{
  GstVideoAffineTransformationMeta *affine;
  gfloat matrix[G_N_ELEMENTS (affine->matrix)];
  guint i;

  for (i = 0; i < G_N_ELEMENTS (matrix); i++)
    matrix[i] = gst_bips_in_f32 (&reading->in);
  if (reading->in.bad)
    return FALSE;
  affine = gst_buffer_add_video_affine_transformation_meta (reading->buffer);
  memcpy (affine->matrix, matrix, sizeof matrix);
  return TRUE;
}

/* The kinds of captions are numbered as GStreamer does it. */
gboolean
gst_bips_caption_write (GstBipsMetaWriting * writing, GstMeta * meta)
{
  GstVideoCaptionMeta *caption = (GstVideoCaptionMeta *) meta;
  GstBipsMetaOut *out = &writing->out;
  gsize begun = gst_bips_record_begin (out, BIPS_LAYOUT_META_CAPTION, 0);

  gst_bips_out_u32 (out, caption->caption_type);
  gst_bips_out_u32 (out, caption->size);
  gst_bips_out_bytes (out, caption->data, caption->size);
  gst_bips_record_end (out, begun);
  return TRUE;
}

gboolean
gst_bips_caption_read (GstBipsMetaReading * reading)
{
  GstBipsMetaIn *in = &reading->in;
  guint32 kind = gst_bips_in_u32 (in), size = gst_bips_in_u32 (in);
  const guint8 *data = gst_bips_in_bytes (in, size);

  if (!data)
    return FALSE;
  if (size > 0 && kind >= GST_VIDEO_CAPTION_TYPE_CEA608_RAW && kind <= GST_VIDEO_CAPTION_TYPE_CEA708_CDP)
    gst_buffer_add_video_caption_meta (reading->buffer, kind, data, size);
  else
    in->partial = TRUE;
  return TRUE;
}
