#include "clock.h"

#include <time.h>

static gint64
monotonic_now (void)
{
  struct timespec t;

  clock_gettime (CLOCK_MONOTONIC, &t);
  return (gint64) t.tv_sec * GST_SECOND + t.tv_nsec;
}

/* For how long the distance from GStreamer's own system clock is believed. That clock is CLOCK_MONOTONIC itself, unless
 * somebody has set its type or its calibration. To read it with each frame takes longer than all else that is done
 * about a frame's times. Other clocks, such as that of a sound card, may stand still and begin to run at any time. */
#define STEADY_FOR (100 * GST_MSECOND)

static gboolean
is_steady (GstClock * clock)
{
  return G_OBJECT_TYPE (clock) == GST_TYPE_SYSTEM_CLOCK;
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
  clocks->good_until = is_steady (clock) ? after + (gint64) STEADY_FOR : after;
  clocks->now = after;
}

gboolean
gst_bips_clock_read (GstElement * element, GstBipsClocks * clocks, GstBipsClock * read)
{
  GstClock *clock, *to_compare = NULL;
  GstClockTime base_time, start;

  clocks->now = monotonic_now ();
  GST_OBJECT_LOCK (element);
  clock = GST_ELEMENT_CLOCK (element);
  base_time = element->base_time;
  start = GST_ELEMENT_START_TIME (element);
  if (clock && (clock != clocks->clock || clocks->now >= clocks->good_until))
    to_compare = gst_object_ref (clock);
  GST_OBJECT_UNLOCK (element);
  if (!clock)
    return FALSE;
  if (to_compare) {
    compare (clocks, to_compare);
    gst_object_unref (to_compare);
  }
  read->offset = (gint64) base_time + clocks->distance;
  read->start = GST_CLOCK_TIME_IS_VALID (start) ? (gint64) start : 0;
  read->now = clocks->now;
  return TRUE;
}

GstClockTime
gst_bips_monotonic_time (GstElement * element, GstBipsClocks * clocks, GstClockTime running_time)
{
  GstBipsClock clock;
  gint64 time;

  if (!GST_CLOCK_TIME_IS_VALID (running_time) || !gst_bips_clock_read (element, clocks, &clock))
    return GST_CLOCK_TIME_NONE;
  time = (gint64) running_time + clock.offset;
  return time < 0 ? GST_CLOCK_TIME_NONE : (GstClockTime) time;
}
