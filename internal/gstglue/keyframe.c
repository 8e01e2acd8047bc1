#include "keyframe.h"

#include <gst/video/video.h>

gboolean
gst_bips_ask_for_key_frame (GstPad * sink_pad)
{
  return gst_pad_push_event (sink_pad,
      gst_video_event_new_upstream_force_key_unit (GST_CLOCK_TIME_NONE, TRUE, 0));
}

gboolean
gst_bips_asks_for_key_frame (GstElement * element, GstEvent * event, GstClockTime * running_time)
{
  GstClockTime now;

  if (GST_EVENT_TYPE (event) != GST_EVENT_CUSTOM_UPSTREAM ||
      !gst_video_event_parse_upstream_force_key_unit (event, running_time, NULL, NULL))
    return FALSE;
  now = gst_element_get_current_running_time (element);
  if (!GST_CLOCK_TIME_IS_VALID (now) || *running_time <= now)
    *running_time = GST_CLOCK_TIME_NONE;
  return TRUE;
}
