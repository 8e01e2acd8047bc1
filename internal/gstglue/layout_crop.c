#include "layout.h"

static gboolean
is_of_the_caps_size (const GstVideoInfo * info, const GstVideoMeta * meta, const GstVideoCropMeta * crop)
{
  return (gint) crop->width == GST_VIDEO_INFO_WIDTH (info) && (gint) crop->height == GST_VIDEO_INFO_HEIGHT (info) &&
      crop->x <= meta->width && crop->width <= meta->width - crop->x &&
      crop->y <= meta->height && crop->height <= meta->height - crop->y;
}

/* Bytes from the first pixel of a plane to the one that is x columns and y rows further. Where chroma is subsampled
 * it is the sample before, as videocrop has it. FALSE: there are none. */
static gboolean
distance (const GstVideoInfo * info, guint plane, guint x, guint y, gint stride, gint64 * bytes)
{
  const GstVideoFormatInfo *f = info->finfo;
  gboolean first = TRUE;
  guint c;

  *bytes = 0;
  for (c = 0; c < GST_VIDEO_FORMAT_INFO_N_COMPONENTS (f); c++) {
    gint pixel_stride = GST_VIDEO_FORMAT_INFO_PSTRIDE (f, c);
    gint64 here;

    if (GST_VIDEO_FORMAT_INFO_PLANE (f, c) != plane)
      continue;
    here = (gint64) (x >> GST_VIDEO_FORMAT_INFO_W_SUB (f, c)) * pixel_stride +
        (gint64) (y >> GST_VIDEO_FORMAT_INFO_H_SUB (f, c)) * stride;
    if (pixel_stride <= 0 || (!first && here != *bytes))
      return FALSE;
    *bytes = here;
    first = FALSE;
  }
  return TRUE;
}

/* A field begins with the same row as before. */
static gboolean
keeps_fields (const GstVideoInfo * info, guint y)
{
  const GstVideoFormatInfo *f = info->finfo;
  guint c, rows = 1;

  if (!GST_VIDEO_INFO_IS_INTERLACED (info))
    return TRUE;
  for (c = 0; c < GST_VIDEO_FORMAT_INFO_N_COMPONENTS (f); c++)
    rows = MAX (rows, 1u << GST_VIDEO_FORMAT_INFO_H_SUB (f, c));
  return y % (2 * rows) == 0;
}

static gboolean
crop_planes (const GstVideoInfo * info, const GstVideoCropMeta * crop, const GstVideoMeta * meta,
    GstBipsFrame * frame)
{
  gint64 bytes;
  guint i;

  if (!is_of_the_caps_size (info, meta, crop) || meta->n_planes > GST_BIPS_MAX_PLANES ||
      meta->n_planes != GST_VIDEO_INFO_N_PLANES (info) || GST_VIDEO_FORMAT_INFO_IS_TILED (info->finfo) ||
      GST_VIDEO_FORMAT_INFO_IS_COMPLEX (info->finfo) || GST_VIDEO_FORMAT_INFO_HAS_PALETTE (info->finfo) ||
      !keeps_fields (info, crop->y))
    return FALSE;
  for (i = 0; i < meta->n_planes; i++) {
    if (!distance (info, i, crop->x, crop->y, meta->stride[i], &bytes))
      return FALSE;
    frame->stride[i] = meta->stride[i];
    frame->plane_offset[i] = meta->offset[i] + bytes;
  }
  return TRUE;
}

void
gst_bips_layout_crop (const GstVideoInfo * info, GstBuffer * buffer, const GstVideoMeta * meta,
    GstBipsFrame * frame)
{
  const GstVideoCropMeta *crop = gst_buffer_get_video_crop_meta (buffer);

  if (!crop)
    return;
  frame->cropped = crop_planes (info, crop, meta, frame);
  if (frame->cropped) {
    frame->crop_x = crop->x;
    frame->crop_y = crop->y;
  } else {
    frame->whole = (guint64) crop->x + crop->width > (guint64) GST_VIDEO_INFO_WIDTH (info) ||
        (guint64) crop->y + crop->height > (guint64) GST_VIDEO_INFO_HEIGHT (info);
  }
}
