/* Damaged and hostile metadata records against the code of bipssrc that makes metas of them. tools/fuzz compiles it
 * with the address and undefined-behaviour sanitizers, together with internal/gstglue/meta_*.c.
 *
 *   metadata SECONDS SEED FILE
 *
 * FILE has valid records to begin with, in hex, as tests/golden/segments/records.json does ("bytes": "..."). Each round is a
 * process of its own, since GStreamer keeps each name that it has seen. What is read is written again, and read again: the second
 * time the bytes must be the same. The first fault, leak, or complaint of GLib's ends it, and tells the seed. */
#include <gst/audio/audio.h>
#include <gst/gst.h>
#include <gst/video/video.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "format.h"
#include "meta.h"
#include "meta_tags.h"

#define MAX_AREA 4096
#define ROUND_SECONDS 10

typedef struct
{
  guint8 bytes[BIPS_LAYOUT_MAX_META_SIZE];
  gsize size;
} Area;

static GArray *seeds;           /* of Area */
static guint64 state;

/* Numbers and texts that decide something. */
static const guint32 numbers[] = { 0, 1, 2, 7, 8, 9, 16, 64, 65, 255, 256, 0x7fffffff, 0x80000000, 0xfffffff8, 0xffffffff };

static const gchar *texts[] = { "timestamp/x-ntp", "a/b, x=(fraction)1/0", "a/b, x=(structure)y", "9a/b", "a(memory:X)", "ANY",
  "GstState", "GstSeekFlags", "GstBuffer", "GstSample", "GDate", "GstDateTime", "GstIntRange", "GstCaps", "0000-00-00",
  "GstReferenceTimestampMeta", "GstVideoMeta", "GstCustomMeta", "GstBufferPool", "title", "image", "date", "", "\303\244"
};

static guint64
rnd (guint64 below)
{
  state ^= state << 13;
  state ^= state >> 7;
  state ^= state << 17;
  return (state >> 16) % below;
}

static void
ignore (gpointer user, guint64 kind, const gchar * api, const gchar * detail, gboolean quiet)
{
  g_assert (api);
}

static const GstBipsMetaReport report = { ignore, NULL };

static void
put_number (Area * area, gsize at)
{
  guint32 n = rnd (2) ? numbers[rnd (G_N_ELEMENTS (numbers))] : rnd (100);

  at &= ~(gsize) 3;
  if (at + 4 <= area->size)
    memcpy (area->bytes + at, &n, 4);
}

static void
put_text (Area * area, gsize at)
{
  const gchar *text = texts[rnd (G_N_ELEMENTS (texts))];
  gsize n = MIN (strlen (text), area->size - at);

  memcpy (area->bytes + at, text, n);
  if (at >= 4 && rnd (2)) {
    guint32 length = n;

    memcpy (area->bytes + at - 4, &length, 4);
  }
}

static void
damage (Area * area)
{
  gsize at = rnd (area->size), from = rnd (area->size), n;

  switch (rnd (7)) {
    case 0:
      area->bytes[at] ^= 1 << rnd (8);
      break;
    case 1:
      area->bytes[at] = rnd (256);
      break;
    case 2:
      put_number (area, at);
      break;
    case 3:
      put_text (area, at);
      break;
    case 4:
      area->size = rnd (8) ? (at + 7) & ~(gsize) 7 : at;
      break;
    default:
      n = MIN (area->size - MAX (at, from), 64);
      memmove (area->bytes + at, area->bytes + from, n);
  }
}

static void
append (Area * area, const Area * more)
{
  if (area->size + more->size > MAX_AREA)
    return;
  memcpy (area->bytes + area->size, more->bytes, more->size);
  area->size += more->size;
}

static void
make_area (Area * area)
{
  guint i, n = 1 + rnd (3);

  area->size = 0;
  for (i = 0; i < n; i++)
    append (area, &g_array_index (seeds, Area, rnd (seeds->len)));
  n = rnd (10);
  for (i = 0; i < n && area->size > 0; i++)
    damage (area);
}

/* One of the kinds of caps, and a frame of it. */
static void
make_frame (GstBipsFormat * format, GstBipsFrame * frame)
{
  static const gchar *caps[] = { "video/x-raw, format=I420, width=64, height=48, framerate=30/1",
    "audio/x-raw, format=F32LE, layout=non-interleaved, rate=48000, channels=2, channel-mask=(bitmask)3",
    "audio/x-raw, format=S16LE, layout=interleaved, rate=48000, channels=2, channel-mask=(bitmask)3",
    "other/tensors, format=flexible", "video/x-h264"
  };
  static const gsize sizes[] = { 4608, 6000, 4096, 300, 1000, 24 };
  GstCaps *of = gst_caps_from_string (caps[rnd (G_N_ELEMENTS (caps))]);

  memset (frame, 0, sizeof *frame);
  gst_bips_format_from_caps (format, of);
  frame->size = sizes[rnd (G_N_ELEMENTS (sizes))];
  if (format->kind == GST_BIPS_FORMAT_VIDEO && rnd (2)) {
    frame->n_planes = 3;
    frame->size = 6000;
    frame->stride[0] = 80;
    frame->stride[1] = frame->stride[2] = 40;
    frame->plane_offset[1] = 80 * 48;
    frame->plane_offset[2] = 80 * 48 + 40 * 24;
  }
  gst_caps_unref (of);
}

static GstBuffer *
make_buffer (const GstBipsFormat * format, const GstBipsFrame * frame)
{
  GstBuffer *buffer = gst_buffer_new_allocate (NULL, frame->size, NULL);
  gsize offset[GST_VIDEO_MAX_PLANES] = { 0, };
  gint stride[GST_VIDEO_MAX_PLANES] = { 0, };
  guint i;

  gst_buffer_memset (buffer, 0, 0, frame->size);
  for (i = 0; i < frame->n_planes; i++) {
    offset[i] = frame->plane_offset[i];
    stride[i] = frame->stride[i];
  }
  if (frame->n_planes > 0)
    gst_buffer_add_video_meta_full (buffer, 0, GST_VIDEO_FORMAT_I420, 64, 48, frame->n_planes, offset, stride);
  return buffer;
}

/* FALSE: refused. The bytes are read where a byte more is a fault. */
static gboolean
read_area (const GstBipsFormat * format, const GstBipsFrame * frame, const Area * area, GstBuffer ** buffer)
{
  guint8 *exact = malloc (area->size);
  gboolean copied;
  guint type;
  GstBipsMetasResult result;

  memcpy (exact, area->bytes, area->size);
  *buffer = make_buffer (format, frame);
  result = gst_bips_metas_read (format, frame, *buffer, exact, area->size, &report, &type, &copied);
  free (exact);
  return result == GST_BIPS_METAS_READ;
}

static void
write_area (const GstBipsFormat * format, const GstBipsFrame * frame, GstBuffer * buffer, Area * area)
{
  GstBipsFrame copy = *frame;

  gst_bips_metas_write (format, buffer, &copy, area->bytes, sizeof area->bytes, &report);
  area->size = copy.meta_length;
}

/* What elements do with a buffer. */
static void
use (GstBuffer * buffer)
{
  GstBuffer *copy = gst_buffer_copy (buffer), *part = gst_buffer_copy_region (buffer, GST_BUFFER_COPY_ALL, 0, -1);
  GstMapInfo map;

  if (gst_buffer_map (copy, &map, GST_MAP_READ))
    gst_buffer_unmap (copy, &map);
  gst_buffer_unref (copy);
  gst_buffer_unref (part);
}

static gboolean
try_frame (const Area * area)
{
  static Area first, second;
  GstBipsFormat format;
  GstBipsFrame frame;
  GstBuffer *buffer;
  gboolean good;

  make_frame (&format, &frame);
  good = read_area (&format, &frame, area, &buffer);
  if (good) {
    use (buffer);
    write_area (&format, &frame, buffer, &first);
    gst_buffer_unref (buffer);
    if (!read_area (&format, &frame, &first, &buffer))
      g_error ("what was written is not read");
    write_area (&format, &frame, buffer, &second);
    if (first.size != second.size || memcmp (first.bytes, second.bytes, first.size))
      g_error ("what was written and read is written as something else");
  }
  gst_buffer_unref (buffer);
  return good;
}

static void
try_tags (const Area * area)
{
  guint8 *exact = malloc (area->size), written[GST_BIPS_TAGS_SIZE];
  GstBipsTags tags = { {NULL, NULL} };
  guint i;

  memcpy (exact, area->bytes, area->size);
  gst_bips_tags_read (&tags, exact, area->size, &report);
  free (exact);
  for (i = 0; i < G_N_ELEMENTS (tags.lists); i++) {
    gchar *text = tags.lists[i] ? gst_tag_list_to_string (tags.lists[i]) : NULL;

    g_free (text);
  }
  gst_bips_tags_write (&tags, written, &report);
  gst_bips_tags_clear (&tags);
}

/* A process of its own. */
static int
fuzz_round (guint64 seed, gdouble seconds, gint argc, gchar ** argv)
{
  static Area area;
  guint64 n = 0, good = 0;
  gint64 end;

  gst_init (&argc, &argv);
  gst_debug_set_default_threshold (GST_LEVEL_NONE);
  g_type_class_ref (GST_TYPE_STATE);
  g_type_class_ref (GST_TYPE_SEEK_FLAGS);
  state = 88172645463325252ULL + seed * 2654435761ULL;
  end = g_get_monotonic_time () + seconds * G_USEC_PER_SEC;
  for (; n % 256 || g_get_monotonic_time () < end; n++) {
    make_area (&area);
    good += try_frame (&area);
    try_tags (&area);
  }
  printf ("seed %" G_GUINT64_FORMAT ": %" G_GUINT64_FORMAT " areas, %" G_GUINT64_FORMAT " of them read\n", seed, n, good);
  fflush (stdout);
  gst_deinit ();
  return 0;
}

static void
load (const gchar * file)
{
  gchar *all, *at;

  if (!g_file_get_contents (file, &all, NULL, NULL))
    exit (2);
  seeds = g_array_new (FALSE, FALSE, sizeof (Area));
  for (at = all; (at = strstr (at, "\"bytes\": \""));) {
    Area area = { .size = 0 };

    for (at += 10; g_ascii_isxdigit (at[0]) && g_ascii_isxdigit (at[1]) && area.size < sizeof area.bytes; at += 2)
      area.bytes[area.size++] = g_ascii_xdigit_value (at[0]) << 4 | g_ascii_xdigit_value (at[1]);
    if (area.size > 0 && area.size <= MAX_AREA)
      g_array_append_val (seeds, area);
  }
  g_free (all);
  if (seeds->len == 0)
    exit (2);
}

int
main (int argc, char **argv)
{
  gdouble seconds = argc == 4 ? atof (argv[1]) : 0;
  guint64 seed = argc == 4 ? strtoull (argv[2], NULL, 10) : 0;
  gint64 begin = g_get_monotonic_time ();
  gdouble left;

  if (argc != 4)
    return 2;
  load (argv[3]);
  while ((left = seconds - (g_get_monotonic_time () - begin) / 1e6) > 0) {
    int status;
    pid_t child = fork ();

    if (child == 0)
      exit (fuzz_round (seed, MIN (left, ROUND_SECONDS), argc, argv));
    waitpid (child, &status, 0);
    if (status != 0) {
      fprintf (stderr, "metadata: seed %" G_GUINT64_FORMAT " failed (%d)\n", seed, status);
      return 1;
    }
    seed++;
  }
  return 0;
}
