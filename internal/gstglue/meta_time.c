/* Times beside those of the buffer: time codes and reference timestamps. */
#include <gst/video/video.h>

#include "meta_kinds.h"
#include "meta_text.h"

#define NO_JAM G_MININT64

/* What GLib makes a date of. */
#define MIN_JAM_SECONDS (-30000000000LL)
#define MAX_JAM_SECONDS 200000000000LL

#define MAX_UTC_OFFSET (24 * 60 * 60)

gboolean
gst_bips_time_code_write (GstBipsMetaWriting * writing, GstMeta * meta)
{
  const GstVideoTimeCode *code = &((GstVideoTimeCodeMeta *) meta)->tc;
  GDateTime *jam = code->config.latest_daily_jam;
  GstBipsMetaOut *out = &writing->out;
  gsize begun = gst_bips_record_begin (out, BIPS_LAYOUT_META_TIME_CODE, 0);

  gst_bips_out_u32 (out, code->config.fps_n);
  gst_bips_out_u32 (out, code->config.fps_d);
  gst_bips_out_u32 (out, code->config.flags);
  gst_bips_out_u32 (out, code->field_count);
  gst_bips_out_u32 (out, code->hours);
  gst_bips_out_u32 (out, code->minutes);
  gst_bips_out_u32 (out, code->seconds);
  gst_bips_out_u32 (out, code->frames);
  gst_bips_out_u64 (out, jam ? g_date_time_to_unix (jam) * G_USEC_PER_SEC + g_date_time_get_microsecond (jam) :
      NO_JAM);
  gst_bips_out_u32 (out, jam ? g_date_time_get_utc_offset (jam) / G_USEC_PER_SEC : 0);
  gst_bips_out_u32 (out, 0);
  gst_bips_record_end (out, begun);
  return TRUE;
}

/* NULL: there is none, or it is beyond all dates. */
static GDateTime *
date_of (gint64 jam, gint32 utc_offset)
{
  gint64 seconds = jam / G_USEC_PER_SEC;
  GDateTime *whole, *exact, *date;
  GTimeZone *zone;

  if (jam == NO_JAM || seconds < MIN_JAM_SECONDS || seconds > MAX_JAM_SECONDS)
    return NULL;
  whole = g_date_time_new_from_unix_utc (seconds);
  if (!whole)
    return NULL;
  exact = g_date_time_add (whole, jam % G_USEC_PER_SEC);
  zone = g_time_zone_new_offset (utc_offset);
  date = exact ? g_date_time_to_timezone (exact, zone) : NULL;
  g_time_zone_unref (zone);
  g_clear_pointer (&exact, g_date_time_unref);
  g_date_time_unref (whole);
  return date;
}

gboolean
gst_bips_time_code_read (GstBipsMetaReading * reading)
{
  GstBipsMetaIn *in = &reading->in;
  guint32 fps_n = gst_bips_in_u32 (in), fps_d = gst_bips_in_u32 (in), flags = gst_bips_in_u32 (in);
  guint32 field_count = gst_bips_in_u32 (in), hours = gst_bips_in_u32 (in), minutes = gst_bips_in_u32 (in);
  guint32 seconds = gst_bips_in_u32 (in), frames = gst_bips_in_u32 (in);
  gint64 jam = gst_bips_in_u64 (in);
  gint32 utc_offset = gst_bips_in_u32 (in);
  GstVideoTimeCode *code;
  GDateTime *date;

  if (in->bad)
    return FALSE;
  /* GStreamer asserts some of it. */
  if (fps_n == 0 || fps_d == 0 || fps_n > G_MAXINT32 || fps_d > G_MAXINT32 || hours > 23 || minutes > 59 ||
      seconds > 59 || (guint64) frames * fps_d >= (guint64) fps_n + fps_d || field_count > 2 ||
      utc_offset < -MAX_UTC_OFFSET || utc_offset > MAX_UTC_OFFSET) {
    in->partial = TRUE;
    return TRUE;
  }
  date = date_of (jam, utc_offset);
  code = gst_video_time_code_new (fps_n, fps_d, date,
      flags & (GST_VIDEO_TIME_CODE_FLAGS_DROP_FRAME | GST_VIDEO_TIME_CODE_FLAGS_INTERLACED), hours, minutes,
      seconds, frames, field_count);
  g_clear_pointer (&date, g_date_time_unref);
  if (gst_video_time_code_is_valid (code))
    gst_buffer_add_video_time_code_meta (reading->buffer, code);
  else
    in->partial = TRUE;
  gst_video_time_code_free (code);
  return TRUE;
}

/* A source makes one of its own for the time of capture, of the same time. */
gboolean
gst_bips_reference_time_write (GstBipsMetaWriting * writing, GstMeta * meta)
{
  GstReferenceTimestampMeta *time = (GstReferenceTimestampMeta *) meta;
  GstBipsMetaOut *out = &writing->out;
  gsize begun;
  gchar *text;

  if (!time->reference)
    return FALSE;
  if (gst_caps_get_size (time->reference) == 1 && gst_structure_has_name (gst_caps_get_structure (time->reference,
              0), GST_BIPS_CAPTURE_REFERENCE))
    return TRUE;
  text = gst_caps_to_string (time->reference);
  if (!gst_bips_are_simple_caps (text)) {
    g_free (text);
    return FALSE;
  }
  begun = gst_bips_record_begin (out, BIPS_LAYOUT_META_REFERENCE_TIME, 0);
  gst_bips_out_u64 (out, time->timestamp);
  gst_bips_out_u64 (out, time->duration);
  gst_bips_out_text (out, text);
  gst_bips_record_end (out, begun);
  g_free (text);
  return TRUE;
}

gboolean
gst_bips_reference_time_read (GstBipsMetaReading * reading)
{
  GstBipsMetaIn *in = &reading->in;
  guint64 timestamp = gst_bips_in_u64 (in), duration = gst_bips_in_u64 (in);
  gchar *text = gst_bips_in_text (in);
  GstCaps *reference = text ? gst_bips_simple_caps (text) : NULL;

  if (reference && GST_CLOCK_TIME_IS_VALID (timestamp))
    gst_buffer_add_reference_timestamp_meta (reading->buffer, reference, timestamp, duration);
  else
    in->partial = TRUE;
  gst_clear_caps (&reference);
  g_free (text);
  return !in->bad;
}
