#include "gstpeer.h"

#include <gst/app/gstappsink.h>
#include <gst/video/video.h>
#include <stdlib.h>
#include <string.h>

static GstElement *pipeline, *source, *sink;
static gboolean playing;
static GHashTable *held;        /* samples, by their numbers */
static guint64 holds;

/* Downstream knows where planes lie, so that bipssrc need not pack them. */
static GstPadProbeReturn
take_planes (GstPad * pad, GstPadProbeInfo * info, gpointer nothing)
{
  GstQuery *query = GST_PAD_PROBE_INFO_QUERY (info);

  (void) pad, (void) nothing;
  if (GST_QUERY_TYPE (query) != GST_QUERY_ALLOCATION)
    return GST_PAD_PROBE_OK;
  gst_query_add_allocation_meta (query, GST_VIDEO_META_API_TYPE, NULL);
  return GST_PAD_PROBE_HANDLED;
}

static void
line_time (struct line *l, const char *name, GstClockTime time)
{
  line_signed (l, name, GST_CLOCK_TIME_IS_VALID (time) ? (gint64) time : -1);
}

static GstClockTime
capture_of (GstBuffer * buffer)
{
  GstCaps *clock = gst_caps_new_empty_simple ("timestamp/x-bips-monotonic");
  GstReferenceTimestampMeta *meta = gst_buffer_get_reference_timestamp_meta (buffer, clock);

  gst_caps_unref (clock);
  return meta ? meta->timestamp : GST_CLOCK_TIME_NONE;
}

static void
add_planes (struct line *l, GstBuffer * buffer)
{
  GstVideoMeta *meta = gst_buffer_get_video_meta (buffer);
  GString *strides, *offsets;

  if (!meta)
    return;
  strides = g_string_new (",\"strides\":[");
  offsets = g_string_new ("],\"offsets\":[");
  for (guint i = 0; i < meta->n_planes; i++) {
    g_string_append_printf (strides, "%s%d", i > 0 ? "," : "", meta->stride[i]);
    g_string_append_printf (offsets, "%s%" G_GSIZE_FORMAT, i > 0 ? "," : "", meta->offset[i]);
  }
  line_raw (l, strides->str);
  line_raw (l, offsets->str);
  line_raw (l, "]");
  g_string_free (strides, TRUE);
  g_string_free (offsets, TRUE);
}

static void
add_sum (struct line *l, GstBuffer * buffer)
{
  GstMapInfo map;

  if (!gst_buffer_map (buffer, &map, GST_MAP_READ))
    die ("a buffer cannot be read");
  line_sum (l, "sha256", map.data, map.size);
  gst_buffer_unmap (buffer, &map);
}

static void
add_record (struct line *l, GstSample * sample)
{
  GstBuffer *buffer = gst_sample_get_buffer (sample);
  gchar *caps = gst_caps_to_string (gst_sample_get_caps (sample));

  line_raw (l, ",\"info\":{");
  line_signed (l, "size", (gint64) gst_buffer_get_size (buffer));
  line_time (l, "pts", GST_BUFFER_PTS (buffer));
  line_time (l, "dts", GST_BUFFER_DTS (buffer));
  line_time (l, "duration", GST_BUFFER_DURATION (buffer));
  line_time (l, "capture", capture_of (buffer));
  line_hex (l, "offset", GST_BUFFER_OFFSET (buffer));
  line_hex (l, "offset_end", GST_BUFFER_OFFSET_END (buffer));
  line_signed (l, "flags", GST_BUFFER_FLAGS (buffer) & CROSSING_FLAGS);
  add_planes (l, buffer);
  line_text (l, "caps", caps);
  add_sum (l, buffer);
  line_raw (l, "}");
  g_free (caps);
}

/* The pipeline has ended: the next pull begins anew. */
static void
stop (void)
{
  gst_element_set_state (pipeline, GST_STATE_NULL); /* with less appsink stays at the end */
  playing = FALSE;
}

/* What a message says that ends a pull; FALSE: nothing. */
static gboolean
is_told_by (GstMessage * message, struct line *answer)
{
  GError *error = NULL;

  if (gst_message_has_name (message, "bips-stalled")) {
    line_text (answer, "error", "stalled");
    return TRUE;
  }
  if (GST_MESSAGE_TYPE (message) != GST_MESSAGE_ERROR)
    return FALSE;
  gst_message_parse_error (message, &error, NULL);
  line_text (answer, "error", name_of (error));
  line_text (answer, "text", error->message);
  g_error_free (error);
  stop ();
  return TRUE;
}

/* The same of the messages that there are. */
static gboolean
is_told (struct line *answer)
{
  GstBus *bus = gst_element_get_bus (pipeline);
  GstMessage *message;
  gboolean told = FALSE;

  while (!told && (message = gst_bus_pop_filtered (bus, GST_MESSAGE_ERROR | GST_MESSAGE_ELEMENT))) {
    told = is_told_by (message, answer);
    gst_message_unref (message);
  }
  gst_object_unref (bus);
  return told;
}

static void
pull (const struct json *fields, struct line *answer)
{
  gint64 timeout = json_number (fields, "timeout"), limit = g_get_monotonic_time () + timeout;
  GstSample *sample;

  if (!playing)
    gst_element_set_state (pipeline, GST_STATE_PLAYING);
  playing = TRUE;
  while (!(sample = gst_app_sink_try_pull_sample (GST_APP_SINK (sink), GST_MSECOND))) {
    gboolean over = gst_app_sink_is_eos (GST_APP_SINK (sink)); /* an error, which ends the stream too, is posted before */

    if (is_told (answer))
      return;
    if (over) {
      line_text (answer, "error", "end-of-stream");
      stop ();
      return;
    }
    if (timeout >= 0 && g_get_monotonic_time () > limit) {
      line_text (answer, "error", "timeout");
      return;
    }
  }
  g_hash_table_insert (held, GUINT_TO_POINTER (++holds), sample);
  line_flag (answer, "discont", GST_BUFFER_FLAG_IS_SET (gst_sample_get_buffer (sample), GST_BUFFER_FLAG_DISCONT));
  line_number (answer, "hold", holds);
  add_record (answer, sample);
}

static void
sum (const struct json *fields, struct line *answer)
{
  GstSample *sample = g_hash_table_lookup (held, GUINT_TO_POINTER (json_number (fields, "hold")));

  if (sample)
    add_sum (answer, gst_sample_get_buffer (sample));
  else
    line_text (answer, "error", "stale");
}

static void
stats (struct line *answer)
{
  line_number (answer, "received", counted (source, "received"));
  line_number (answer, "skipped", counted (source, "skipped"));
  line_number (answer, "lost", counted (source, "lost"));
  line_number (answer, "demoted", counted (source, "demoted"));
  line_number (answer, "held", counted (source, "held"));
  line_number (answer, "moves", counted (source, "moves"));
  line_number (answer, "instances", counted (source, "instances"));
}

static void
carry_out (const char *order, const struct json *fields, struct line *answer)
{
  if (strcmp (order, "pull") == 0) {
    pull (fields, answer);
  } else if (strcmp (order, "release") == 0) {
    if (!g_hash_table_remove (held, GUINT_TO_POINTER (json_number (fields, "hold"))))
      line_text (answer, "error", "stale");
  } else if (strcmp (order, "sum") == 0) {
    sum (fields, answer);
  } else if (strcmp (order, "key-frame") == 0) {
    if (!gst_element_send_event (sink, gst_video_event_new_upstream_force_key_unit (GST_CLOCK_TIME_NONE, TRUE, 0)))
      line_text (answer, "error", "other");
  } else if (strcmp (order, "stats") == 0) {
    stats (answer);
  } else if (strcmp (order, "close") == 0) {
    gst_element_set_state (pipeline, GST_STATE_NULL);
    g_hash_table_unref (held);
    gst_object_unref (source);
    gst_object_unref (sink);
    gst_object_unref (pipeline);
  } else {
    line_text (answer, "error", "unknown-order");
  }
}

void
consume (const char *pool, int count, char **options)
{
  gint64 stall = number_option (count, options, "stall-timeout", -1);
  gchar *description = g_strdup_printf ("bipssrc name=source pool=%s read-mode=%s max-held=%s stall-timeout=%" G_GINT64_FORMAT
      " on-producer-loss=error ! appsink name=sink sync=false max-buffers=1", pool, option (count, options, "mode", "auto"),
      option (count, options, "max-held", "6"), stall < 0 ? -1 : stall * 1000);
  GstPad *pad;

  pipeline = pipeline_of (description);
  g_free (description);
  source = gst_bin_get_by_name (GST_BIN (pipeline), "source");
  sink = gst_bin_get_by_name (GST_BIN (pipeline), "sink");
  pad = gst_element_get_static_pad (sink, "sink");
  gst_pad_add_probe (pad, GST_PAD_PROBE_TYPE_QUERY_DOWNSTREAM, take_planes, NULL, NULL);
  gst_object_unref (pad);
  held = g_hash_table_new_full (NULL, NULL, NULL, (GDestroyNotify) gst_sample_unref);
  obey_orders (carry_out);
}
