#include "source.h"

#include "audio.h"
#include "layout.h"
#include "meta.h"

#include "_cgo_export.h"

static GstCaps *capture_reference;

void
gst_bips_source_buffer_init (void)
{
  capture_reference = gst_caps_new_empty_simple (GST_BIPS_CAPTURE_REFERENCE);
  GST_MINI_OBJECT_FLAG_SET (capture_reference, GST_MINI_OBJECT_FLAG_MAY_BE_LEAKED);
}

/* It is called from any thread, also when the source is gone. A pool that was damaged meanwhile cannot take its
 * frame back, and need not. */
static void
end_lease (gpointer lease)
{
  bips_frame_release (lease);
}

/* READONLY: elements that work in place copy on write. Not NO_SHARE: with it a copy of
 * the buffer copies the bytes too. */
static GstBuffer *
wrap (GstBipsFrame * frame)
{
  return gst_buffer_new_wrapped_full (GST_MEMORY_FLAG_READONLY, frame->data, frame->size, 0,
      frame->size, frame->lease, end_lease);
}

/* From a plain pool, so that a stream of copies does not get its pages from the kernel
 * for each frame. */
static GstBuffer *
ordinary_buffer (GstBipsSourceState * state, gsize size)
{
  GstBuffer *buffer = NULL;
  GstStructure *config;

  if (state->copies && state->copies_size < size) {
    gst_buffer_pool_set_active (state->copies, FALSE);
    gst_clear_object (&state->copies);
  }
  if (!state->copies) {
    state->copies = gst_buffer_pool_new ();
    state->copies_size = size;
    config = gst_buffer_pool_get_config (state->copies);
    gst_buffer_pool_config_set_params (config, NULL, size, 0, 0);
    if (!gst_buffer_pool_set_config (state->copies, config) ||
        !gst_buffer_pool_set_active (state->copies, TRUE))
      return NULL;
  }
  if (gst_buffer_pool_acquire_buffer (state->copies, &buffer, NULL) != GST_FLOW_OK)
    return NULL;
  gst_buffer_set_size (buffer, size);
  return buffer;
}

static GstBuffer *
copy (GstBipsSourceState * state, GstBipsFrame * frame)
{
  GstBuffer *buffer = ordinary_buffer (state, frame->size);

  if (buffer)
    gst_buffer_fill (buffer, 0, frame->data, frame->size);
  end_lease (frame->lease);
  return buffer;
}

static void
add_layout (GstBipsSourceState * state, GstBipsFrame * frame, GstBuffer * buffer)
{
  gsize offset[GST_VIDEO_MAX_PLANES] = { 0, };
  gint stride[GST_VIDEO_MAX_PLANES] = { 0, };
  guint i;

  for (i = 0; i < frame->n_planes; i++) {
    offset[i] = frame->plane_offset[i];
    stride[i] = frame->stride[i];
  }
  gst_buffer_add_video_meta_full (buffer, GST_VIDEO_FRAME_FLAG_NONE,
      GST_VIDEO_INFO_FORMAT (&state->format.video), GST_VIDEO_INFO_WIDTH (&state->format.video),
      GST_VIDEO_INFO_HEIGHT (&state->format.video), frame->n_planes, offset, stride);
}

static gboolean
downstream_takes_video_meta (GstBaseSrc * source, GstBipsSourceState * state)
{
  if (state->downstream_video_meta < 0) {
    GstCaps *caps = gst_pad_get_current_caps (GST_BASE_SRC_PAD (source));
    GstQuery *query = gst_query_new_allocation (caps, FALSE);

    state->downstream_video_meta = gst_pad_peer_query (GST_BASE_SRC_PAD (source), query) &&
        gst_query_find_allocation_meta (query, GST_VIDEO_META_API_TYPE, NULL);
    gst_query_unref (query);
    gst_clear_caps (&caps);
  }
  return state->downstream_video_meta;
}

/* The picture, packed, for a downstream that knows only the caps' own layout. */
static GstBuffer *
pack (GstBipsSourceState * state, GstBipsFrame * frame)
{
  GstBuffer *buffer = ordinary_buffer (state, GST_VIDEO_INFO_SIZE (&state->format.video));
  gsize packed = 0;
  GstMapInfo map;

  if (buffer && gst_buffer_map (buffer, &map, GST_MAP_WRITE)) {
    packed = gst_bips_layout_repack (&state->format.video, frame, frame->data, map.data, map.size);
    gst_buffer_unmap (buffer, &map);
  }
  end_lease (frame->lease);
  if (packed == 0) {
    gst_clear_buffer (&buffer);
    return NULL;
  }
  if (frame->reason == GST_BIPS_COPY_NONE)
    gst_bips_count (&state->counts.packed);
  frame->reason = GST_BIPS_COPY_LAYOUT;
  return buffer;
}

static GstBuffer *
with_planes (GstBaseSrc * source, GstBipsSourceState * state, GstBipsFrame * frame)
{
  GstBuffer *buffer;

  if (!downstream_takes_video_meta (source, state))
    return pack (state, frame);
  buffer = frame->reason == GST_BIPS_COPY_NONE ? wrap (frame) : copy (state, frame);
  if (buffer)
    add_layout (state, frame, buffer);
  return buffer;
}

typedef struct
{
  GstBaseSrc *source;
  guint64 handle;
} Told;

static void
tell_dropped (gpointer user, guint64 kind, const gchar * api, const gchar * detail, gboolean quiet)
{
  Told *told = user;

  gstBipsSourceMetaDropped (told->handle, told->source, (gchar *) api, (gchar *) detail);
}

/* They are copied first: who writes to the pool must not change what was checked. */
static gboolean
read_metas (GstBaseSrc * source, GstBipsSourceState * state, GstBipsFrame * frame, GstBuffer * buffer,
    gboolean * copied)
{
  Told told = { source, state->handle };
  GstBipsMetaReport report = { tell_dropped, &told };

  if (state->meta_size < frame->meta_length) {
    g_free (state->meta);
    state->meta = g_malloc (frame->meta_length);
    state->meta_size = frame->meta_length;
  }
  memcpy (state->meta, frame->meta, frame->meta_length);
  state->meta_result = gst_bips_metas_read (&state->format, frame, buffer, state->meta, frame->meta_length,
      &report, &state->meta_type, copied);
  return state->meta_result == GST_BIPS_METAS_READ;
}

/* What the frame's metadata say, and what GStreamer expects of buffers with these caps, and follows from
 * them. FALSE: the frame is damaged. */
static gboolean
complete (GstBaseSrc * source, GstBipsSourceState * state, GstBipsFrame * frame, GstBuffer * buffer)
{
  gboolean copied = FALSE;

  if (frame->meta_length > 0 && !read_metas (source, state, frame, buffer, &copied))
    return FALSE;
  if (state->format.kind == GST_BIPS_FORMAT_AUDIO) {
    if (!gst_buffer_get_audio_meta (buffer) && !gst_bips_format_holds_alone (&state->format, frame))
      return FALSE;
    gst_bips_audio_add_meta (&state->format.audio, buffer);
  }
  if (state->format.n_parts > 1 && gst_buffer_n_memory (buffer) == 1)
    copied = !gst_bips_tensors_split (&state->format, buffer);
  if (copied && frame->reason == GST_BIPS_COPY_NONE)
    gst_bips_count (&state->counts.packed);
  return TRUE;
}

GstBuffer *
gst_bips_source_buffer (GstBaseSrc * source, GstBipsSourceState * state, GstBipsFrame * frame)
{
  GstBuffer *buffer;

  state->meta_result = GST_BIPS_METAS_READ;
  if (!gst_bips_format_holds (&state->format, frame)) {
    end_lease (frame->lease);
    return NULL;
  }
  if (frame->n_planes > 0)
    buffer = with_planes (source, state, frame);
  else
    buffer = frame->reason == GST_BIPS_COPY_NONE ? wrap (frame) : copy (state, frame);
  if (!buffer)
    return NULL;
  if (!complete (source, state, frame, buffer)) {
    gst_buffer_unref (buffer);
    return NULL;
  }
  GST_BUFFER_PTS (buffer) = frame->pts;
  GST_BUFFER_DTS (buffer) = frame->dts;
  GST_BUFFER_DURATION (buffer) = frame->duration;
  if (GST_CLOCK_TIME_IS_VALID (frame->capture))
    gst_buffer_add_reference_timestamp_meta (buffer, capture_reference, frame->capture,
        GST_CLOCK_TIME_NONE);
  GST_BUFFER_OFFSET (buffer) = frame->offset;
  GST_BUFFER_OFFSET_END (buffer) = frame->offset_end;
  GST_BUFFER_FLAG_SET (buffer, frame->flags & GST_BIPS_FLAG_MASK);
  return buffer;
}
