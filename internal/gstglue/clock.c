#include "clock.h"

#include <time.h>

static gint64
monotonic_now (void)
{
  struct timespec t;

  clock_gettime (CLOCK_MONOTONIC, &t);
  return (gint64) t.tv_sec * GST_SECOND + t.tv_nsec;
}

/* What has to be added to the element's running time to get CLOCK_MONOTONIC. The
 * clocks are read right after each other: a thread that is put aside between the two
 * readings would shift this frame, so a reading that took long is made again. */
gboolean
gst_bips_running_to_monotonic (GstElement * element, gint64 * difference)
{
  GstClock *clock;
  gint64 base_time, now = 0, before = 0, after = 0;
  guint tries;

  GST_OBJECT_LOCK (element);
  clock = GST_ELEMENT_CLOCK (element);
  if (clock)
    gst_object_ref (clock);
  base_time = GST_ELEMENT_CAST (element)->base_time;
  GST_OBJECT_UNLOCK (element);
  if (!clock)
    return FALSE;

  for (tries = 0; tries < 3; tries++) {
    before = monotonic_now ();
    now = gst_clock_get_time (clock);
    after = monotonic_now ();
    if (after - before < 20 * GST_USECOND)
      break;
  }
  gst_object_unref (clock);
  *difference = base_time + before + (after - before) / 2 - now;
  return TRUE;
}

GstClockTime
gst_bips_monotonic_time (GstElement * element, GstClockTime running_time)
{
  gint64 difference, time;

  if (!GST_CLOCK_TIME_IS_VALID (running_time) || !gst_bips_running_to_monotonic (element, &difference))
    return GST_CLOCK_TIME_NONE;
  time = (gint64) running_time + difference;
  return time < 0 ? GST_CLOCK_TIME_NONE : (GstClockTime) time;
}

gint64
gst_bips_start_time (GstElement * element)
{
  GstClockTime start = gst_element_get_start_time (element);

  return GST_CLOCK_TIME_IS_VALID (start) ? (gint64) start : 0;
}
