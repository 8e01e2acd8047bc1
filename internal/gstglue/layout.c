#include "layout.h"

gboolean
gst_bips_layout_from_caps (GstVideoInfo * info, GstCaps * caps)
{
  gst_video_info_init (info);
  if (!caps || !gst_caps_is_fixed (caps) ||
      !gst_structure_has_name (gst_caps_get_structure (caps, 0), "video/x-raw"))
    return FALSE;
  if (gst_video_info_from_caps (info, caps) && GST_VIDEO_INFO_SIZE (info) > 0 &&
      GST_VIDEO_INFO_FORMAT (info) != GST_VIDEO_FORMAT_ENCODED)
    return TRUE;
  gst_video_info_init (info);
  return FALSE;
}

void
gst_bips_layout_describe (const GstVideoInfo * info, GstBuffer * buffer, GstBipsFrame * frame)
{
  GstVideoMeta *meta;
  gboolean same = TRUE;
  guint i;

  if (GST_VIDEO_INFO_N_PLANES (info) == 0)
    return;
  meta = gst_buffer_get_video_meta (buffer);
  if (!meta || meta->n_planes > GST_BIPS_MAX_PLANES)
    return;
  for (i = 0; i < meta->n_planes; i++) {
    frame->stride[i] = meta->stride[i];
    frame->plane_offset[i] = meta->offset[i];
    same = same && meta->stride[i] == GST_VIDEO_INFO_PLANE_STRIDE (info, i) &&
        meta->offset[i] == GST_VIDEO_INFO_PLANE_OFFSET (info, i);
  }
  frame->n_planes = same ? 0 : meta->n_planes;
}

/* The bytes of one row that pixels occupy, and the rows, of a plane. */
static void
plane_extent (const GstVideoInfo * info, guint plane, guint64 * row, guint64 * rows)
{
  const GstVideoFormatInfo *f = info->finfo;
  guint c;

  *row = *rows = 0;
  if (GST_VIDEO_FORMAT_INFO_IS_COMPLEX (f)) {   /* one plane, pixels in groups */
    *row = GST_VIDEO_INFO_PLANE_STRIDE (info, 0);
    *rows = GST_VIDEO_INFO_SIZE (info) / MAX (1, *row);
    return;
  }
  for (c = 0; c < GST_VIDEO_FORMAT_INFO_N_COMPONENTS (f); c++) {
    guint64 w, h;

    if (GST_VIDEO_FORMAT_INFO_PLANE (f, c) != plane)
      continue;
    w = GST_VIDEO_FORMAT_INFO_SCALE_WIDTH (f, c, GST_VIDEO_INFO_WIDTH (info));
    h = GST_VIDEO_FORMAT_INFO_SCALE_HEIGHT (f, c, GST_VIDEO_INFO_HEIGHT (info));
    *row = MAX (*row, w * MAX (1, GST_VIDEO_FORMAT_INFO_PSTRIDE (f, c)));
    *rows = MAX (*rows, h);
  }
}

gboolean
gst_bips_layout_fits (const GstVideoInfo * info, const GstBipsFrame * frame)
{
  guint i;

  if (frame->n_planes != GST_VIDEO_INFO_N_PLANES (info) || frame->n_planes > GST_BIPS_MAX_PLANES ||
      GST_VIDEO_FORMAT_INFO_IS_TILED (info->finfo) ||
      (GST_VIDEO_FORMAT_INFO_IS_COMPLEX (info->finfo) && frame->n_planes != 1))
    return FALSE;
  for (i = 0; i < frame->n_planes; i++) {
    guint64 row, rows, stride = frame->stride[i];

    plane_extent (info, i, &row, &rows);
    if (frame->stride[i] <= 0 || stride < row || rows == 0 || frame->plane_offset[i] > frame->size ||
        stride * (rows - 1) + row > frame->size - frame->plane_offset[i])
      return FALSE;
  }
  return TRUE;
}

gsize
gst_bips_layout_repack (const GstVideoInfo * info, GstBuffer * buffer, guint8 * data, gsize size)
{
  GstVideoInfo plain = *info;
  GstVideoFrame from, to;
  GstBuffer *target;
  gboolean copied = FALSE;

  if (GST_VIDEO_INFO_SIZE (info) > size || !gst_video_frame_map (&from, &plain, buffer, GST_MAP_READ))
    return 0;
  target = gst_buffer_new_wrapped_full (0, data, size, 0, GST_VIDEO_INFO_SIZE (info), NULL, NULL);
  if (gst_video_frame_map (&to, &plain, target, GST_MAP_WRITE)) {
    copied = gst_video_frame_copy (&to, &from);
    gst_video_frame_unmap (&to);
  }
  gst_buffer_unref (target);
  gst_video_frame_unmap (&from);
  return copied ? GST_VIDEO_INFO_SIZE (info) : 0;
}
