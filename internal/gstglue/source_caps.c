#include "source.h"

#include <string.h>

#include "caps.h"

/* More lists in one another than this are no caps: GStreamer reads each level by a function that calls itself, and the
 * text of a pool has room for more levels than a thread's stack may have. */
#define MAX_LISTS 1000

static gboolean
is_deep (const gchar * text)
{
  guint lists = 0;

  while (*(text += strcspn (text, "<{[")) && ++lists <= MAX_LISTS)
    text++;
  return lists > MAX_LISTS;
}

static void
note_caps (GstBipsSourceState * state, const gchar * text, GstCaps * caps)
{
  GstClockTime frame_duration = gst_bips_caps_frame_duration (caps);

  g_free (state->reading.caps);
  state->reading.caps = g_strdup (text);
  state->reading.stand_alone = bips_frames_stand_alone (text);
  state->reading.frame_duration = GST_CLOCK_TIME_IS_VALID (frame_duration) ? gst_bips_limited (frame_duration) : 0;
  gst_bips_format_from_caps (&state->format, caps);
  state->downstream_video_meta = -1;
}

GstBipsCapsResult
gst_bips_source_set_caps (gpointer source, const gchar * text, gchar ** why)
{
  GstBipsSourceState *state = gst_bips_source_state (source);
  GstPad *pad = GST_BASE_SRC_PAD (source);
  GstCaps *caps = is_deep (text) ? NULL : gst_caps_from_string (text), *wanted;
  GstBipsCapsResult result = GST_BIPS_CAPS_SET;

  *why = NULL;
  if (!caps || !gst_caps_is_fixed (caps)) {
    gst_clear_caps (&caps);
    return GST_BIPS_CAPS_INVALID;
  }
  *why = g_strdup (gst_bips_caps_unshareable (caps));
  if (*why) {
    gst_caps_unref (caps);
    return GST_BIPS_CAPS_UNSHAREABLE;
  }
  wanted = gst_pad_peer_query_caps (pad, NULL);
  if (!gst_caps_can_intersect (caps, wanted)) {
    *why = gst_caps_to_string (wanted);
    result = GST_BIPS_CAPS_CONTRADICTED;
  } else if (!gst_base_src_set_caps (GST_BASE_SRC (source), caps)) {
    if (GST_PAD_IS_FLUSHING (pad)) {
      result = GST_BIPS_CAPS_FLUSHING;
    } else {
      *why = gst_caps_to_string (wanted);
      result = GST_BIPS_CAPS_CONTRADICTED;
    }
  } else {
    note_caps (state, text, caps);
  }
  gst_caps_unref (wanted);
  gst_caps_unref (caps);
  return result;
}
