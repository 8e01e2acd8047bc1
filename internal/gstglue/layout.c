#include "layout.h"

#include <string.h>

#define PALETTE_SIZE (256 * 4)

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

static gboolean
is_palette (const GstVideoInfo * info, guint plane)
{
  return GST_VIDEO_FORMAT_INFO_HAS_PALETTE (info->finfo) && plane == GST_VIDEO_COMP_PALETTE;
}

static gboolean
is_tiled (const GstVideoInfo * info)
{
  return GST_VIDEO_FORMAT_INFO_IS_TILED (info->finfo);
}

/* The bytes of one row that pixels occupy, and the rows, of a plane that is not tiled. Where
 * pixels are packed in groups over several bytes, the whole row as the caps have it. */
static void
plane_extent (const GstVideoInfo * info, guint plane, guint64 * row, guint64 * rows)
{
  const GstVideoFormatInfo *f = info->finfo;
  gboolean groups = GST_VIDEO_FORMAT_INFO_IS_COMPLEX (f);
  guint c;

  *row = *rows = 0;
  for (c = 0; c < GST_VIDEO_FORMAT_INFO_N_COMPONENTS (f); c++) {
    guint64 pixels, height;
    gint pixel_stride = GST_VIDEO_FORMAT_INFO_PSTRIDE (f, c);

    if (GST_VIDEO_FORMAT_INFO_PLANE (f, c) != plane)
      continue;
    pixels = GST_VIDEO_FORMAT_INFO_SCALE_WIDTH (f, c, GST_VIDEO_INFO_WIDTH (info));
    height = GST_VIDEO_INFO_COMP_HEIGHT (info, c);      /* of one field, where a frame is that */
    groups = groups || pixel_stride <= 0;
    *row = MAX (*row, pixels * MAX (0, pixel_stride));
    *rows = MAX (*rows, height);
  }
  if (groups)
    *row = GST_VIDEO_INFO_PLANE_STRIDE (info, plane);
}

/* The bytes of a plane whose stride, as for all tiled formats, says how many tiles it has. */
static guint64
tiled_plane_size (const GstVideoInfo * info, guint plane, gint32 stride)
{
  gint plain = GST_VIDEO_INFO_PLANE_STRIDE (info, plane);
  guint64 own_x = GST_VIDEO_TILE_X_TILES (plain), own_y = GST_VIDEO_TILE_Y_TILES (plain);
  guint64 x = GST_VIDEO_TILE_X_TILES (stride), y = GST_VIDEO_TILE_Y_TILES (stride);
  guint64 end = plane + 1 < GST_VIDEO_INFO_N_PLANES (info) ?
      GST_VIDEO_INFO_PLANE_OFFSET (info, plane + 1) : GST_VIDEO_INFO_SIZE (info);
  guint64 tiles = own_x * own_y, size;

  if (tiles == 0 || x < own_x || y < own_y || end < GST_VIDEO_INFO_PLANE_OFFSET (info, plane))
    return 0;
  size = end - GST_VIDEO_INFO_PLANE_OFFSET (info, plane);
  return (size + tiles - 1) / tiles * x * y;
}

/* The bytes of a plane whose rows are so far apart; 0: the picture does not fit in there. */
static guint64
plane_size (const GstVideoInfo * info, guint plane, gint32 stride)
{
  guint64 row, rows;

  if (is_palette (info, plane))
    return PALETTE_SIZE;
  if (stride <= 0)
    return 0;
  if (is_tiled (info))
    return tiled_plane_size (info, plane, stride);
  plane_extent (info, plane, &row, &rows);
  if (rows == 0 || (guint64) stride < row)
    return 0;
  return stride * (rows - 1) + row;
}

static gboolean
has_planes (const GstVideoInfo * info, const GstBipsFrame * frame)
{
  return frame->n_planes > 0 && frame->n_planes <= GST_BIPS_MAX_PLANES &&
      frame->n_planes == GST_VIDEO_INFO_N_PLANES (info);
}

gboolean
gst_bips_layout_fits (const GstVideoInfo * info, const GstBipsFrame * frame)
{
  guint i;

  if (!has_planes (info, frame))
    return FALSE;
  for (i = 0; i < frame->n_planes; i++) {
    guint64 size = plane_size (info, i, frame->stride[i]);

    if (size == 0 || size > frame->size || frame->plane_offset[i] > frame->size - size)
      return FALSE;
  }
  return TRUE;
}

/* What fits has no need of it: the rest is rows from the last to the first, and rows of pixels
 * in groups that are shorter than the caps have them. */
static gboolean
can_be_repacked (const GstVideoInfo * info, const GstBipsFrame * frame)
{
  guint i;

  if (!has_planes (info, frame) || is_tiled (info))
    return FALSE;
  for (i = 0; i < frame->n_planes; i++) {
    guint64 row, rows, first = frame->plane_offset[i], last = first;
    guint64 stride = ABS ((gint64) frame->stride[i]);

    plane_extent (info, i, &row, &rows);
    if (is_palette (info, i)) {
      row = PALETTE_SIZE;
    } else {
      if (stride < row && GST_VIDEO_FORMAT_INFO_IS_COMPLEX (info->finfo))
        row = stride;
      if (rows == 0 || row == 0 || stride < row || first > frame->size)
        return FALSE;
      if (frame->stride[i] > 0)
        last += stride * (rows - 1);
      else if (stride * (rows - 1) > first)
        return FALSE;
    }
    if (row > frame->size || last > frame->size - row)
      return FALSE;
  }
  return TRUE;
}

static gboolean
is_plain (const GstVideoInfo * info, const GstVideoMeta * meta)
{
  guint i;

  if (meta->n_planes != GST_VIDEO_INFO_N_PLANES (info))
    return FALSE;
  for (i = 0; i < meta->n_planes; i++) {
    if (meta->stride[i] != GST_VIDEO_INFO_PLANE_STRIDE (info, i) ||
        meta->offset[i] != GST_VIDEO_INFO_PLANE_OFFSET (info, i))
      return FALSE;
  }
  return TRUE;
}

GstBipsLayout
gst_bips_layout_describe (const GstVideoInfo * info, GstBuffer * buffer, GstBipsFrame * frame)
{
  GstVideoMeta *meta = gst_buffer_get_video_meta (buffer);
  guint i;

  if (meta)
    gst_bips_layout_crop (info, buffer, meta, frame);
  if (!meta || (!frame->cropped && !frame->whole && is_plain (info, meta))) {
    if (frame->size < GST_VIDEO_INFO_SIZE (info))
      return GST_BIPS_LAYOUT_BROKEN;
    frame->size = GST_VIDEO_INFO_SIZE (info);
    return GST_BIPS_LAYOUT_PLAIN;
  }
  if (meta->n_planes > GST_BIPS_MAX_PLANES)
    return GST_BIPS_LAYOUT_BROKEN;
  frame->n_planes = meta->n_planes;
  for (i = 0; i < meta->n_planes && !frame->cropped; i++) {
    frame->stride[i] = meta->stride[i];
    frame->plane_offset[i] = meta->offset[i];
  }
  if (gst_bips_layout_fits (info, frame))
    return GST_BIPS_LAYOUT_OWN;
  return !frame->whole && can_be_repacked (info, frame) ? GST_BIPS_LAYOUT_REPACK : GST_BIPS_LAYOUT_BROKEN;
}

/* Row by row, and not by gst_video_frame_copy: of packed 4:2:2 that one leaves out the last
 * chroma sample of rows with an odd number of pixels. */
static void
copy_rows (const GstVideoInfo * info, guint plane, const GstBipsFrame * frame, const guint8 * data,
    guint8 * to)
{
  gint64 from_stride = frame->stride[plane], to_stride = GST_VIDEO_INFO_PLANE_STRIDE (info, plane);
  const guint8 *from = data + frame->plane_offset[plane];
  guint64 row, rows, i;

  plane_extent (info, plane, &row, &rows);
  row = MIN (row, (guint64) ABS (from_stride));
  to += GST_VIDEO_INFO_PLANE_OFFSET (info, plane);
  if (is_palette (info, plane)) {
    memcpy (to, from, PALETTE_SIZE);
    return;
  }
  for (i = 0; i < rows; i++, from += from_stride, to += to_stride)
    memcpy (to, from, row);
}

/* Where tiles lie is a matter of the format, which GStreamer knows. */
static gboolean
copy_tiles (const GstVideoInfo * info, const GstBipsFrame * frame, const guint8 * data, guint8 * to)
{
  GstVideoInfo source_info = *info, plain = *info;
  GstBuffer *source = gst_buffer_new_wrapped_full (GST_MEMORY_FLAG_READONLY, (gpointer) data,
      frame->size, 0, frame->size, NULL, NULL);
  GstBuffer *target = gst_buffer_new_wrapped_full (0, to, GST_VIDEO_INFO_SIZE (info), 0,
      GST_VIDEO_INFO_SIZE (info), NULL, NULL);
  GstVideoFrame from_frame, to_frame;
  gboolean copied = FALSE;
  guint i;

  for (i = 0; i < frame->n_planes; i++) {
    source_info.stride[i] = frame->stride[i];
    source_info.offset[i] = frame->plane_offset[i];
  }
  source_info.size = frame->size;
  if (gst_video_frame_map (&from_frame, &source_info, source, GST_MAP_READ)) {
    if (gst_video_frame_map (&to_frame, &plain, target, GST_MAP_WRITE)) {
      copied = gst_video_frame_copy (&to_frame, &from_frame);
      gst_video_frame_unmap (&to_frame);
    }
    gst_video_frame_unmap (&from_frame);
  }
  gst_buffer_unref (target);
  gst_buffer_unref (source);
  return copied;
}

gsize
gst_bips_layout_repack (const GstVideoInfo * info, const GstBipsFrame * frame, const guint8 * data,
    guint8 * to, gsize size)
{
  guint i;

  if (GST_VIDEO_INFO_SIZE (info) > size)
    return 0;
  if (is_tiled (info))
    return copy_tiles (info, frame, data, to) ? GST_VIDEO_INFO_SIZE (info) : 0;
  for (i = 0; i < GST_VIDEO_INFO_N_PLANES (info); i++)
    copy_rows (info, i, frame, data, to);
  return GST_VIDEO_INFO_SIZE (info);
}
