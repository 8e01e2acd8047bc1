#include "gstpeer.h"

#include <gst/app/gstappsrc.h>
#include <gst/video/video.h>
#include <stdlib.h>
#include <string.h>

#include "../../../libbips/tests/peer/payload.h"

static GstElement *pipeline, *source, *sink;
static gboolean playing;
static guint64 pushed;          /* frames */

static guint64
published (void)
{
  return counted (sink, "in-place") + counted (sink, "copied");
}

static void
set_caps (const char *text, struct line *answer)
{
  GstCaps *caps = gst_caps_from_string (text);

  if (!caps) {
    line_text (answer, "error", "option");
    return;
  }
  gst_app_src_set_caps (GST_APP_SRC (source), caps);
  gst_caps_unref (caps);
}

static GstClockTime
time_of (const struct json *record, const char *name)
{
  gint64 ns = json_number (record, name);

  return ns < 0 ? GST_CLOCK_TIME_NONE : (GstClockTime) ns;
}

/* Where the planes lie, as raw video has them. */
static void
add_planes (GstBuffer * buffer, const struct json *record)
{
  const struct json *strides = json_member (record, "strides"), *offsets = json_member (record, "offsets");
  GstCaps *caps = gst_app_src_get_caps (GST_APP_SRC (source));
  gsize offset[GST_VIDEO_MAX_PLANES] = { 0 };
  gint stride[GST_VIDEO_MAX_PLANES] = { 0 };
  GstVideoInfo info;
  guint n = 0;

  if (strides && offsets && caps && gst_video_info_from_caps (&info, caps)) {
    const struct json *o = offsets->children;

    for (const struct json * s = strides->children; s && o && n < GST_VIDEO_MAX_PLANES; s = s->next, o = o->next, n++) {
      stride[n] = (gint) s->number;
      offset[n] = (gsize) o->number;
    }
    if (n > 0)
      gst_buffer_add_video_meta_full (buffer, GST_VIDEO_FRAME_FLAG_NONE, GST_VIDEO_INFO_FORMAT (&info),
          (guint) info.width, (guint) info.height, n, offset, stride);
  }
  gst_clear_caps (&caps);
}

static GstBuffer *
buffer_of (guint64 size, const struct json *record, struct line *answer)
{
  struct payload payload = { 1, pushed + 1, 0, size };
  GstBuffer *buffer = gst_buffer_new_allocate (NULL, size, NULL);
  GstMapInfo map;

  if (!gst_buffer_map (buffer, &map, GST_MAP_WRITE))
    die ("a buffer of %" G_GUINT64_FORMAT " bytes cannot be written to", size);
  payload_write (&payload, map.data, map.size);
  line_sum (answer, "sha256", map.data, map.size);
  gst_buffer_unmap (buffer, &map);
  GST_BUFFER_PTS (buffer) = time_of (record, "pts");
  GST_BUFFER_DTS (buffer) = time_of (record, "dts");
  GST_BUFFER_DURATION (buffer) = time_of (record, "duration");
  GST_BUFFER_OFFSET (buffer) = g_ascii_strtoull (json_text (record, "offset"), NULL, 16);
  GST_BUFFER_OFFSET_END (buffer) = g_ascii_strtoull (json_text (record, "offset_end"), NULL, 16);
  GST_BUFFER_FLAG_SET (buffer, (guint) json_number (record, "flags") & CROSSING_FLAGS);
  add_planes (buffer, record);
  return buffer;
}

static void
frame (const struct json *fields, struct line *answer)
{
  gint64 timeout = json_number (fields, "timeout"), end = g_get_monotonic_time () + timeout;
  GError *error = NULL;

  if (!playing)
    gst_element_set_state (pipeline, GST_STATE_PLAYING);
  playing = TRUE;
  gst_app_src_push_buffer (GST_APP_SRC (source),
      buffer_of ((guint64) json_number (fields, "size"), json_member (fields, "info"), answer));
  pushed++;
  while (published () < pushed && !(error = error_of (pipeline))) {
    if (timeout >= 0 && g_get_monotonic_time () > end) {
      line_text (answer, "error", "timeout");
      return;
    }
    g_usleep (500);
  }
  if (error) {
    line_text (answer, "error", name_of (error));
    line_text (answer, "text", error->message);
    g_error_free (error);
    return;
  }
  line_number (answer, "sequence", pushed);
}

static void
end (struct line *answer)
{
  GstBus *bus = gst_element_get_bus (pipeline);
  GstMessage *message;

  gst_app_src_end_of_stream (GST_APP_SRC (source));
  message = gst_bus_timed_pop_filtered (bus, 10 * GST_SECOND, GST_MESSAGE_EOS | GST_MESSAGE_ERROR);
  if (!message || GST_MESSAGE_TYPE (message) != GST_MESSAGE_EOS)
    line_text (answer, "error", "other");
  gst_clear_message (&message);
  gst_object_unref (bus);
}

static void
stats (struct line *answer)
{
  line_number (answer, "published", published ());
  line_number (answer, "dropped", counted (sink, "dropped"));
  line_number (answer, "demoted", counted (sink, "demoted"));
  line_number (answer, "reclaimed", counted (sink, "reclaimed"));
  line_number (answer, "consumers", counted (sink, "consumers"));
  line_number (answer, "lent", counted (sink, "lent"));
  line_number (answer, "moves", counted (sink, "moves"));
  line_number (answer, "key_frames", counted (sink, "key-frame-requests"));
}

static void
carry_out (const char *order, const struct json *fields, struct line *answer)
{
  if (strcmp (order, "caps") == 0) {
    set_caps (json_text (fields, "caps"), answer);
  } else if (strcmp (order, "await") == 0) {
    if (!playing) /* the first frame waits */
      g_object_set (sink, "wait-for-consumers", (guint) json_number (fields, "consumers"), NULL);
  } else if (strcmp (order, "frame") == 0) {
    frame (fields, answer);
  } else if (strcmp (order, "end") == 0) {
    end (answer);
  } else if (strcmp (order, "stats") == 0) {
    stats (answer);
  } else if (strcmp (order, "close") == 0) {
    gst_element_set_state (pipeline, GST_STATE_NULL);
    gst_object_unref (source);
    gst_object_unref (sink);
    gst_object_unref (pipeline);
  } else if (strcmp (order, "grow") != 0) { /* it grows by itself when a larger frame comes */
    line_text (answer, "error", "unknown-order");
  }
}

void
produce (const char *pool, int count, char **options)
{
  gint64 block = number_option (count, options, "block-timeout", -1);
  gchar *description = g_strdup_printf ("appsrc name=source format=time ! bipssink name=sink sync=false pool=%s block-timeout=%" G_GINT64_FORMAT
      " backend=%s slots=%s slot-size=%s", pool, block < 0 ? -1 : block * 1000, option (count, options, "backend", "shm"), option (count, options, "slots", "20"),
      option (count, options, "slot-size", "0"));

  pipeline = pipeline_of (description);
  g_free (description);
  source = gst_bin_get_by_name (GST_BIN (pipeline), "source");
  sink = gst_bin_get_by_name (GST_BIN (pipeline), "sink");
  obey_orders (carry_out);
}
