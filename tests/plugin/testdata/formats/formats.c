/* Sends raw video in every format that videotestsrc makes through the pair, and compares each
 * byte that is a pixel's with what was sent. Frames are random bytes, as
 *   plain    laid out as their caps say
 *   in-place the same, in a slot that bipssink offered
 *   padded   rows further apart, or more tiles, which GstVideoMeta says
 *   reversed the same, and the last plane first
 *   upward   the last row first
 * and are read by one element that knows GstVideoMeta and by one that does not.
 *
 *   formats NAME   with a pool of that name, and others that begin with it
 *
 * It prints a line that begins with "bad:" for each frame that is not what it should be, and how
 * many it compared. It is compiled by the tests and not part of the plugin. */
#include <gst/gst.h>
#include <gst/video/video.h>
#include <stdlib.h>
#include <string.h>

#define PADDING 64
#define PALETTE_SIZE 1024
#define PATIENCE (30 * G_USEC_PER_SEC)

/* What is built with glibc 2.34 or later would not start with an older one. */
#if defined (__GLIBC__) && defined (__x86_64__)
__asm__ (".symver old_start, __libc_start_main@GLIBC_2.2.5\n"
    ".text\n.globl __libc_start_main\n.hidden __libc_start_main\n"
    ".type __libc_start_main, %function\n__libc_start_main: jmp old_start@PLT\n"
    ".size __libc_start_main, .-__libc_start_main\n");
#endif

typedef enum
{ PLAIN, IN_PLACE, PADDED, REVERSED, UPWARD, WAYS } Way;

static const gchar *way_names[] = { "plain", "in-place", "padded", "reversed", "upward" };

static const struct
{
  gint width, height;
} sizes[] = { {161, 121}, {854, 480}, {1366, 768}, {1, 1} };

/* A reader: bipssrc, and the pad that stands for what is behind it. */
typedef struct
{
  GstElement *pipeline;
  GstPad *pad;
  GAsyncQueue *frames;          /* of GstBuffer */
  gboolean knows_video_meta;
} Reader;

/* A pair: bipssink, and the pad that stands for what is before it. */
typedef struct
{
  GstElement *pipeline, *sink;
  GstPad *pad;
  Reader readers[2];
  guint n_readers;
} Pair;

static gint compared, wrong;     /* atomic */

static void G_GNUC_PRINTF (1, 2)
bad (const gchar * format, ...)
{
  va_list args;
  gchar *text;

  va_start (args, format);
  text = g_strdup_vprintf (format, args);
  va_end (args);
  g_print ("bad: %s\n", text);
  g_free (text);
  g_atomic_int_inc (&wrong);
}

static GstFlowReturn
take_frame (GstPad * pad, GstObject * parent, GstBuffer * buffer)
{
  g_async_queue_push (((Reader *) gst_pad_get_element_private (pad))->frames, buffer);
  return GST_FLOW_OK;
}

static gboolean
answer_query (GstPad * pad, GstObject * parent, GstQuery * query)
{
  Reader *reader = gst_pad_get_element_private (pad);

  if (GST_QUERY_TYPE (query) == GST_QUERY_CAPS) {
    GstCaps *any = gst_caps_new_any ();

    gst_query_set_caps_result (query, any);
    gst_caps_unref (any);
    return TRUE;
  }
  if (GST_QUERY_TYPE (query) != GST_QUERY_ALLOCATION)
    return gst_pad_query_default (pad, parent, query);
  if (reader->knows_video_meta)
    gst_query_add_allocation_meta (query, GST_VIDEO_META_API_TYPE, NULL);
  return reader->knows_video_meta;
}

static void
start_reader (Reader * reader, const gchar * pool, gboolean knows_video_meta)
{
  GstElement *source = gst_element_factory_make ("bipssrc", NULL);
  GstPad *pad = gst_element_get_static_pad (source, "src");

  reader->knows_video_meta = knows_video_meta;
  reader->frames = g_async_queue_new_full ((GDestroyNotify) gst_buffer_unref);
  reader->pipeline = gst_pipeline_new (NULL);
  reader->pad = gst_pad_new ("in", GST_PAD_SINK);
  gst_pad_set_element_private (reader->pad, reader);
  gst_pad_set_chain_function (reader->pad, take_frame);
  gst_pad_set_query_function (reader->pad, answer_query);
  gst_pad_set_active (reader->pad, TRUE);
  gst_util_set_object_arg (G_OBJECT (source), "read-mode", "every");
  g_object_set (source, "pool", pool, "max-held", 2, NULL);
  gst_bin_add (GST_BIN (reader->pipeline), source);
  gst_pad_link_full (pad, reader->pad, GST_PAD_LINK_CHECK_NOTHING);
  gst_object_unref (pad);
  gst_element_set_state (reader->pipeline, GST_STATE_PLAYING);
}

static void
stop_reader (Reader * reader)
{
  gst_element_set_state (reader->pipeline, GST_STATE_NULL);
  gst_object_unref (reader->pipeline);
  gst_pad_set_active (reader->pad, FALSE);
  gst_object_unref (reader->pad);
  g_async_queue_unref (reader->frames);
}

static void
start_pair (Pair * pair, const gchar * pool, guint slots, guint64 slot_size)
{
  GstPad *pad;
  guint i;

  memset (pair, 0, sizeof *pair);
  for (i = 0; i < G_N_ELEMENTS (pair->readers); i++)
    start_reader (&pair->readers[pair->n_readers++], pool, i == 0);
  pair->pipeline = gst_pipeline_new (NULL);
  pair->sink = gst_element_factory_make ("bipssink", NULL);
  g_object_set (pair->sink, "pool", pool, "slots", slots, "slot-size", slot_size, "sync", FALSE,
      "wait-for-consumers", pair->n_readers, NULL);
  if (g_getenv ("BIPS_TEST_BACKEND"))
    gst_util_set_object_arg (G_OBJECT (pair->sink), "backend", g_getenv ("BIPS_TEST_BACKEND"));
  gst_bin_add (GST_BIN (pair->pipeline), pair->sink);
  pair->pad = gst_pad_new ("out", GST_PAD_SRC);
  gst_pad_set_active (pair->pad, TRUE);
  pad = gst_element_get_static_pad (pair->sink, "sink");
  gst_pad_link_full (pair->pad, pad, GST_PAD_LINK_CHECK_NOTHING);
  gst_object_unref (pad);
  gst_element_set_state (pair->pipeline, GST_STATE_PLAYING);
  gst_pad_push_event (pair->pad, gst_event_new_stream_start ("frames"));
}

static void
stop_pair (Pair * pair)
{
  while (pair->n_readers > 0)
    stop_reader (&pair->readers[--pair->n_readers]);
  gst_element_set_state (pair->pipeline, GST_STATE_NULL);
  gst_object_unref (pair->pipeline);
  gst_pad_set_active (pair->pad, FALSE);
  gst_object_unref (pair->pad);
}

/* What the pair's elements say is wrong; *failed if one of them gave up. */
static gchar *
complaints (Pair * pair, gboolean * failed)
{
  GstElement *pipelines[] = { pair->pipeline, pair->readers[0].pipeline, pair->readers[1].pipeline };
  GString *text = g_string_new ("");
  guint i;

  for (i = 0; i < G_N_ELEMENTS (pipelines); i++) {
    GstBus *bus = gst_element_get_bus (pipelines[i]);
    GstMessage *message;

    while ((message = gst_bus_pop_filtered (bus, GST_MESSAGE_ERROR | GST_MESSAGE_WARNING))) {
      GError *error = NULL;

      if (GST_MESSAGE_TYPE (message) == GST_MESSAGE_ERROR) {
        gst_message_parse_error (message, &error, NULL);
        *failed = TRUE;
      } else {
        gst_message_parse_warning (message, &error, NULL);
      }
      g_string_append_printf (text, " %s", error->message);
      g_error_free (error);
      gst_message_unref (message);
    }
    gst_object_unref (bus);
  }
  return g_string_free (text, FALSE);
}

static gboolean
is_tiled (const GstVideoInfo * info)
{
  return GST_VIDEO_FORMAT_INFO_IS_TILED (info->finfo);
}

static gboolean
is_palette (const GstVideoInfo * info, guint plane)
{
  return GST_VIDEO_FORMAT_INFO_HAS_PALETTE (info->finfo) && plane == 1;
}

static gsize
plane_size (const GstVideoInfo * info, guint plane)
{
  gsize end = plane + 1 < GST_VIDEO_INFO_N_PLANES (info) ? info->offset[plane + 1] : info->size;

  return end - info->offset[plane];
}

static GstBuffer *
random_frame (const GstVideoInfo * info)
{
  static gint seeds;
  guint64 state = 88172645463325252ULL + g_atomic_int_add (&seeds, 1);
  GstBuffer *buffer = gst_buffer_new_allocate (NULL, info->size, NULL);
  GstMapInfo map;
  gsize i;

  gst_buffer_map (buffer, &map, GST_MAP_WRITE);
  for (i = 0; i < map.size; i += 8) {
    state ^= state << 13;
    state ^= state >> 7;
    state ^= state << 17;
    memcpy (map.data + i, &state, MIN (8, map.size - i));
  }
  gst_buffer_unmap (buffer, &map);
  return buffer;
}

/* The frame in another layout, or NULL if there is none of that kind. */
static GstBuffer *
rearranged (GstVideoInfo * info, GstBuffer * frame, Way way)
{
  guint planes = GST_VIDEO_INFO_N_PLANES (info), i, row;
  gsize offset[GST_VIDEO_MAX_PLANES] = { 0, }, size = 0;
  gint stride[GST_VIDEO_MAX_PLANES] = { 0, };
  GstVideoFrame from, to;
  GstBuffer *out;

  if ((way == REVERSED && planes == 1) || (way == UPWARD && is_tiled (info)))
    return NULL;
  for (i = 0; i < planes; i++) {
    guint p = way == REVERSED ? planes - 1 - i : i;
    gint plain = info->stride[p];

    offset[p] = size + PADDING;
    if (is_palette (info, p)) {
      stride[p] = plain;
      size = offset[p] + PALETTE_SIZE;
    } else if (is_tiled (info)) {
      gint x = GST_VIDEO_TILE_X_TILES (plain), y = GST_VIDEO_TILE_Y_TILES (plain);

      stride[p] = GST_VIDEO_TILE_MAKE_STRIDE (x + 2, y + 2);
      size = offset[p] + plane_size (info, p) / (x * y) * (x + 2) * (y + 2);
    } else {
      stride[p] = plain + PADDING;
      size = offset[p] + plane_size (info, p) / plain * stride[p];
    }
  }
  out = gst_buffer_new_allocate (NULL, size, NULL);
  gst_buffer_memset (out, 0, 0x55, size);
  gst_video_frame_map (&from, info, frame, GST_MAP_READ);
  if (is_tiled (info)) {
    gst_buffer_add_video_meta_full (out, 0, GST_VIDEO_INFO_FORMAT (info), info->width, info->height,
        planes, offset, stride);
    gst_video_frame_map (&to, info, out, GST_MAP_WRITE);
    gst_video_frame_copy (&to, &from);
    gst_video_frame_unmap (&to);
    gst_video_frame_unmap (&from);
    return out;
  }
  for (i = 0; i < planes; i++) {
    guint8 *data = from.data[i];

    if (is_palette (info, i)) {
      gst_buffer_fill (out, offset[i], data, PALETTE_SIZE);
      continue;
    }
    if (way == UPWARD) {
      offset[i] += (plane_size (info, i) / info->stride[i] - 1) * stride[i];
      stride[i] = -stride[i];
    }
    for (row = 0; row < plane_size (info, i) / info->stride[i]; row++)
      gst_buffer_fill (out, offset[i] + (gssize) row * stride[i], data + (gsize) row * info->stride[i],
          info->stride[i]);
  }
  gst_video_frame_unmap (&from);
  gst_buffer_add_video_meta_full (out, 0, GST_VIDEO_INFO_FORMAT (info), info->width, info->height,
      planes, offset, stride);
  return out;
}

/* The frame in a slot, or NULL. */
static GstBuffer *
in_slot (Pair * pair, GstCaps * caps, GstBuffer * frame)
{
  GstQuery *query = gst_query_new_allocation (caps, TRUE);
  GstBufferPool *pool = NULL;
  GstBuffer *out = NULL;
  GstStructure *config;
  GstMapInfo map;
  guint size, min;

  if (gst_pad_peer_query (pair->pad, query) && gst_query_get_n_allocation_pools (query) > 0)
    gst_query_parse_nth_allocation_pool (query, 0, &pool, &size, &min, NULL);
  gst_query_unref (query);
  if (!pool)
    return NULL;
  config = gst_buffer_pool_get_config (pool);
  gst_buffer_pool_config_set_params (config, caps, size, min, 0);
  gst_buffer_pool_config_add_option (config, GST_BUFFER_POOL_OPTION_VIDEO_META);
  gst_buffer_pool_set_config (pool, config);
  gst_buffer_pool_set_active (pool, TRUE);
  if (gst_buffer_pool_acquire_buffer (pool, &out, NULL) == GST_FLOW_OK) {
    gst_buffer_map (frame, &map, GST_MAP_READ);
    gst_buffer_fill (out, 0, map.data, map.size);
    gst_buffer_unmap (frame, &map);
  }
  gst_buffer_pool_set_active (pool, FALSE);
  gst_object_unref (pool);
  return out;
}

/* Every sample of a component, by its place in the format; where pixels are packed in groups,
 * every byte of the rows of its plane. Most rows are the same from end to end. */
static gboolean
same_samples (GstVideoFrame * a, GstVideoFrame * b, guint c)
{
  const GstVideoFormatInfo *format = a->info.finfo;
  guint plane = GST_VIDEO_FORMAT_INFO_PLANE (format, c);
  gint pixel = GST_VIDEO_FORMAT_INFO_PSTRIDE (format, c), x, y;
  gint bytes = (GST_VIDEO_FORMAT_INFO_DEPTH (format, c) + GST_VIDEO_FORMAT_INFO_SHIFT (format, c) + 7) / 8;
  gint stride_a = GST_VIDEO_FRAME_PLANE_STRIDE (a, plane), stride_b = GST_VIDEO_FRAME_PLANE_STRIDE (b, plane);
  gint last = (GST_VIDEO_FRAME_COMP_WIDTH (a, c) - 1) * pixel + GST_VIDEO_FORMAT_INFO_POFFSET (format, c);
  guint8 *row_a = a->data[plane], *row_b = b->data[plane];

  for (y = 0; y < GST_VIDEO_FRAME_COMP_HEIGHT (a, c); y++, row_a += stride_a, row_b += stride_b) {
    if (GST_VIDEO_FORMAT_INFO_IS_COMPLEX (format)) {
      if (memcmp (row_a, row_b, MIN (stride_a, stride_b)))
        return FALSE;
      continue;
    }
    if (memcmp (row_a, row_b, last + bytes) == 0)
      continue;
    for (x = 0; x < GST_VIDEO_FRAME_COMP_WIDTH (a, c); x++) {
      gint at = x * pixel + GST_VIDEO_FORMAT_INFO_POFFSET (format, c);

      if (memcmp (row_a + at, row_b + at, bytes))
        return FALSE;
    }
  }
  return TRUE;
}

/* The tiles that hold the picture, in the caps' own layout, and nothing else. */
static GstBuffer *
picture_only (GstVideoInfo * info, GstBuffer * buffer)
{
  GstBuffer *out = gst_buffer_new_allocate (NULL, info->size, NULL);
  GstVideoFrame from, to;

  gst_buffer_memset (out, 0, 0, info->size);
  gst_video_frame_map (&from, info, buffer, GST_MAP_READ);
  gst_video_frame_map (&to, info, out, GST_MAP_WRITE);
  gst_video_frame_copy (&to, &from);
  gst_video_frame_unmap (&to);
  gst_video_frame_unmap (&from);
  return out;
}

static gboolean
same_bytes (GstBuffer * a, GstBuffer * b)
{
  GstMapInfo map;
  gboolean same;

  gst_buffer_map (a, &map, GST_MAP_READ);
  same = gst_buffer_get_size (b) == map.size && gst_buffer_memcmp (b, 0, map.data, map.size) == 0;
  gst_buffer_unmap (a, &map);
  return same;
}

static gboolean
same_tiles (GstVideoInfo * info, GstBuffer * a, GstBuffer * b)
{
  GstBuffer *pa = picture_only (info, a), *pb = picture_only (info, b);
  gboolean same = same_bytes (pa, pb);

  gst_buffer_unref (pa);
  gst_buffer_unref (pb);
  return same;
}

static gboolean
same_picture (GstVideoInfo * info, GstBuffer * a, GstBuffer * b)
{
  GstVideoFrame fa, fb;
  gboolean same = TRUE;
  guint c;

  if (is_tiled (info))
    return same_tiles (info, a, b);
  if (!gst_video_frame_map (&fa, info, a, GST_MAP_READ))
    return FALSE;
  if (!gst_video_frame_map (&fb, info, b, GST_MAP_READ)) {
    gst_video_frame_unmap (&fa);
    return FALSE;
  }
  for (c = 0; same && c < GST_VIDEO_INFO_N_COMPONENTS (info); c++)
    same = is_palette (info, GST_VIDEO_FORMAT_INFO_PLANE (info->finfo, c)) || same_samples (&fa, &fb, c);
  if (same && GST_VIDEO_FORMAT_INFO_HAS_PALETTE (info->finfo))
    same = memcmp (fa.data[1], fb.data[1], PALETTE_SIZE) == 0;
  gst_video_frame_unmap (&fa);
  gst_video_frame_unmap (&fb);
  return same;
}

/* The next frame that came. If none does, it is told why, and all is over. */
static GstBuffer *
next_frame (Pair * pair, Reader * reader, const gchar * what)
{
  gint64 end = g_get_monotonic_time () + PATIENCE;
  gboolean failed = FALSE;

  while (!failed && g_get_monotonic_time () < end) {
    GstBuffer *got = g_async_queue_timeout_pop (reader->frames, G_USEC_PER_SEC / 10);
    gchar *said;

    if (got)
      return got;
    said = complaints (pair, &failed);
    if (*said)
      bad ("%s:%s", what, said);
    g_free (said);
  }
  bad ("%s: nothing came", what);
  exit (1);
}

/* Without a copy unless the reader has to pack it, and with all bytes where it need not. */
static void
compare (Pair * pair, Reader * reader, GstVideoInfo * info, GstBuffer * sent, Way way)
{
  gchar *what = g_strdup_printf ("%s %dx%d %s, to who %s GstVideoMeta", GST_VIDEO_INFO_NAME (info), info->width,
      info->height, way_names[way], reader->knows_video_meta ? "knows" : "does not know");
  GstBuffer *got = next_frame (pair, reader, what);

  g_atomic_int_inc (&compared);
  if (!reader->knows_video_meta && gst_buffer_get_video_meta (got))
    bad ("%s: there is one", what);
  else if (!same_picture (info, sent, got))
    bad ("%s: other pixels came", what);
  else if (way <= IN_PLACE && !same_bytes (sent, got))
    bad ("%s: other bytes came", what);
  else if (!reader->knows_video_meta && gst_buffer_get_size (got) != info->size)
    bad ("%s: %zu bytes came, not %zu", what, gst_buffer_get_size (got), info->size);
  gst_buffer_unref (got);
  g_free (what);
}

static void
send (Pair * pair, GstVideoInfo * info, GstCaps * caps, Way way)
{
  GstBuffer *frame = random_frame (info), *out;
  gboolean failed = FALSE;
  gchar *said;
  guint i;

  if (way == IN_PLACE)
    out = in_slot (pair, caps, frame);
  else
    out = way == PLAIN ? gst_buffer_ref (frame) : rearranged (info, frame, way);
  if (!out) {
    if (way == IN_PLACE)
      bad ("%s %dx%d: no pool is offered", GST_VIDEO_INFO_NAME (info), info->width, info->height);
  } else if (gst_pad_push (pair->pad, out) != GST_FLOW_OK) {
    said = complaints (pair, &failed);
    bad ("%s %dx%d %s: not taken:%s", GST_VIDEO_INFO_NAME (info), info->width, info->height, way_names[way], said);
    g_free (said);
  } else {
    for (i = 0; i < pair->n_readers; i++)
      compare (pair, &pair->readers[i], info, frame, way);
  }
  gst_buffer_unref (frame);
}

static void
send_all_ways (Pair * pair, GstVideoFormat format, gint width, gint height, gboolean fields)
{
  GstSegment segment;
  GstVideoInfo info;
  GstCaps *caps;
  Way way;

  if (fields)
    gst_video_info_set_interlaced_format (&info, format, GST_VIDEO_INTERLACE_MODE_ALTERNATE, width, height);
  else
    gst_video_info_set_format (&info, format, width, height);
  info.fps_n = 30;
  info.fps_d = 1;
  caps = gst_video_info_to_caps (&info);
  if (fields)
    gst_caps_set_features_simple (caps, gst_caps_features_new (GST_CAPS_FEATURE_FORMAT_INTERLACED, NULL));
  gst_video_info_from_caps (&info, caps);
  gst_pad_push_event (pair->pad, gst_event_new_caps (caps));
  gst_segment_init (&segment, GST_FORMAT_TIME);
  gst_pad_push_event (pair->pad, gst_event_new_segment (&segment));
  for (way = 0; way < WAYS; way++)
    send (pair, &info, caps, way);
  gst_caps_unref (caps);
}

/* In order of videotestsrc's own list. */
static GArray *
formats (void)
{
  GArray *list = g_array_new (FALSE, FALSE, sizeof (GstVideoFormat));
  GstElement *source = gst_element_factory_make ("videotestsrc", NULL);
  GstCaps *caps = gst_pad_template_get_caps (gst_element_get_pad_template (source, "src"));
  const GValue *names = gst_structure_get_value (gst_caps_get_structure (caps, 0), "format");
  guint i;

  for (i = 0; i < gst_value_list_get_size (names); i++) {
    GstVideoFormat format = gst_video_format_from_string (g_value_get_string (gst_value_list_get_value (names, i)));

    g_array_append_val (list, format);
  }
  gst_caps_unref (caps);
  gst_object_unref (source);
  return list;
}

static GArray *all;

static GstVideoFormat
format_at (guint i)
{
  return g_array_index (all, GstVideoFormat, i);
}

/* One pool for all, with room for any layout: its caps change all the time. */
static void
send_with_room (const gchar * name)
{
  Pair pair;
  guint i, s;

  start_pair (&pair, name, 10, (guint64) (1366 * 8 + 4096) * (768 + 256) + 4096);
  for (i = 0; i < all->len; i++) {
    for (s = 0; s < G_N_ELEMENTS (sizes); s++)
      send_all_ways (&pair, format_at (i), sizes[s].width, sizes[s].height, FALSE);
  }
  send_all_ways (&pair, GST_VIDEO_FORMAT_UYVY, 720, 576, TRUE);
  send_all_ways (&pair, GST_VIDEO_FORMAT_I420, 161, 121, TRUE);
  stop_pair (&pair);
}

/* A pool for each format, with room for the caps' own layout only: others are packed. */
static gpointer
send_without_room (gpointer name)
{
  static gint next;
  guint i;

  while ((i = g_atomic_int_add (&next, 1)) < all->len) {
    gchar *pool = g_strdup_printf ("%s-%u", (gchar *) name, i);
    Pair pair;

    start_pair (&pair, pool, 10, 0);
    send_all_ways (&pair, format_at (i), 161, 121, FALSE);
    stop_pair (&pair);
    g_free (pool);
  }
  return NULL;
}

int
main (int argc, char **argv)
{
  GThread *threads[4];          /* starting a pair is mostly waiting */
  guint i;

  gst_init (&argc, &argv);
  all = formats ();
  for (i = 0; i < G_N_ELEMENTS (threads); i++)
    threads[i] = g_thread_new (NULL, send_without_room, argv[1]);
  send_with_room (argv[1]);
  for (i = 0; i < G_N_ELEMENTS (threads); i++)
    g_thread_join (threads[i]);
  g_print ("compared %d frames in %u formats, %d are wrong\n", compared, all->len, wrong);
  g_array_unref (all);
  gst_deinit ();
  return wrong > 0;
}
