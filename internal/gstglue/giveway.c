#include "giveway.h"

/* How many frames in a row, over how many microseconds, have to find the pool full of others before a
 * reader is not waited for any longer. One that has only been busy for a moment empties it again; so does
 * one that nothing is wrong with while a burst of small frames lasts, such as the packets of a picture. */
#define FULL_FOR 5
#define FULL_TIME (100 * G_TIME_SPAN_MILLISECOND)

gboolean
gst_bips_give_way_note (GstBipsGiveWay * give_way, GstBipsLatency * latency, guint64 behind)
{
  gboolean too_long = gst_bips_latency_is_too_long (latency);

  if (give_way->gives_way) {
    if (too_long)
      return FALSE;
    give_way->gives_way = FALSE;
    give_way->full = 0;
    return TRUE;
  }
  if (!too_long || !gst_bips_latency_fills (latency, behind)) {
    give_way->full = 0;
    return FALSE;
  }
  if (give_way->full++ == 0)
    give_way->full_since = g_get_monotonic_time ();
  if (give_way->full < FULL_FOR || g_get_monotonic_time () - give_way->full_since < FULL_TIME)
    return FALSE;
  give_way->gives_way = TRUE;
  return TRUE;
}
