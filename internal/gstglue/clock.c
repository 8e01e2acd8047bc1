#include "clock.h"

#include <time.h>

static gint64
monotonic_now (void)
{
  struct timespec t;

  clock_gettime (CLOCK_MONOTONIC, &t);
  return (gint64) t.tv_sec * GST_SECOND + t.tv_nsec;
}

/* The clocks are read right after each other: a thread that is put aside between the two
 * readings learns little, so a reading that took long is made again. What a reading tells
 * is a range, in which the distance of the clocks lies. The distance that was found before
 * stays as long as it is in the range: so it does not change with each reading, and frames keep
 * their distances to the nanosecond, unless the clocks really drift apart. */
static void
compare (GstBipsClocks * clocks, GstClock * clock)
{
  gint64 now = 0, before = 0, after = 0;
  guint tries;

  for (tries = 0; tries < 3; tries++) {
    before = monotonic_now ();
    now = gst_clock_get_time (clock);
    after = monotonic_now ();
    if (after - before < 20 * GST_USECOND)
      break;
  }
  if (clocks->clock != clock) {
    clocks->clock = clock;
    clocks->distance = before + (after - before) / 2 - now;
  }
  clocks->distance = CLAMP (clocks->distance, before - now, after - now);
  clocks->now = after;
}

/* What has to be added to the element's running time to get CLOCK_MONOTONIC. FALSE: the element has no clock. */
static gboolean
running_to_monotonic (GstElement * element, GstBipsClocks * clocks, gint64 * difference)
{
  GstClock *clock;
  gint64 base_time;

  GST_OBJECT_LOCK (element);
  clock = GST_ELEMENT_CLOCK (element);
  if (clock)
    gst_object_ref (clock);
  base_time = GST_ELEMENT_CAST (element)->base_time;
  GST_OBJECT_UNLOCK (element);
  if (!clock)
    return FALSE;
  compare (clocks, clock);
  gst_object_unref (clock);
  *difference = base_time + clocks->distance;
  return TRUE;
}

GstClockTime
gst_bips_monotonic_time (GstElement * element, GstBipsClocks * clocks, GstClockTime running_time)
{
  gint64 difference, time;

  if (!GST_CLOCK_TIME_IS_VALID (running_time) ||
      !running_to_monotonic (element, clocks, &difference))
    return GST_CLOCK_TIME_NONE;
  time = (gint64) running_time + difference;
  return time < 0 ? GST_CLOCK_TIME_NONE : (GstClockTime) time;
}

static gint64
start_time (GstElement * element)
{
  GstClockTime start = gst_element_get_start_time (element);

  return GST_CLOCK_TIME_IS_VALID (start) ? (gint64) start : 0;
}

gboolean
gst_bips_clock_read (GstElement * element, GstBipsClocks * clocks, GstBipsClock * clock)
{
  if (!running_to_monotonic (element, clocks, &clock->offset))
    return FALSE;
  clock->start = start_time (element);
  clock->now = clocks->now;
  return TRUE;
}
