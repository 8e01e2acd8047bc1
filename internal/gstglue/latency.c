#include "latency.h"

/* How often the duration of frames that do not tell it is guessed anew. */
#define GUESS_EVERY (250 * GST_MSECOND)

#define NOT_LIVE ((gint64) -1)

gint64
gst_bips_limited (guint64 time)
{
  return (gint64) MIN (time, (guint64) G_MAXINT64);
}

static gint64
plausible (gint64 time)
{
  return CLAMP (time, -GST_BIPS_LONGEST, GST_BIPS_LONGEST);
}

void
gst_bips_latency_init (GstBipsLatency * latency)
{
  g_mutex_init (&latency->mu);
  gst_bips_latency_reset (latency, 0);
}

void
gst_bips_latency_clear (GstBipsLatency * latency)
{
  g_mutex_clear (&latency->mu);
}

void
gst_bips_latency_reset (GstBipsLatency * latency, guint64 deadline)
{
  g_mutex_lock (&latency->mu);
  latency->every = FALSE;
  latency->deadline = plausible (gst_bips_limited (deadline));
  latency->room = 0;
  latency->frame = 0;
  latency->guessed = FALSE;
  latency->guessed_at = 0;
  latency->upstream = NOT_LIVE;
  latency->way = 0;
  latency->way_known = FALSE;
  latency->told_least = latency->told_greatest = 0;
  latency->configured = 0;
  g_mutex_unlock (&latency->mu);
}

void
gst_bips_latency_attached (GstBipsLatency * latency, guint room)
{
  g_mutex_lock (&latency->mu);
  latency->room = room;
  latency->way_known = FALSE;
  latency->guessed = FALSE;
  latency->guessed_at = 0;
  g_mutex_unlock (&latency->mu);
}

/* By how much an answer may be off before the pipeline is to ask anew: half a frame, but at least a
 * millisecond, as there are streams of packets that last microseconds. With mu. */
static gint64
tolerance (const GstBipsLatency * latency)
{
  return MAX (latency->frame / 2, (gint64) GST_MSECOND);
}

/* With mu. */
static void
answer (const GstBipsLatency * latency, gint64 * least, gint64 * greatest)
{
  gint64 kept = latency->room * latency->frame;

  *least = latency->deadline;
  *greatest = GST_BIPS_UNLIMITED;
  if (!latency->every) {
    if (kept > 0)
      *greatest = *least + kept;
    return;
  }
  if (latency->upstream == NOT_LIVE)
    return;
  *least += latency->upstream;
  if (kept > 0 && latency->way_known)
    *greatest = MAX (0, latency->way + kept);
}

/* How long a frame lasts: as the caps say, or the frame. With mu. */
static void
note_duration (GstBipsLatency * latency, guint64 duration, gint64 frame_duration)
{
  if (frame_duration <= 0 && duration != BIPS_NO_TIME)
    frame_duration = (gint64) duration;
  if (frame_duration > 0) {
    latency->frame = plausible (frame_duration);
    latency->guessed = FALSE;
  } else if (!latency->guessed) {
    latency->frame = 0;
  }
}

/* With mu. */
static gboolean
is_news (GstBipsLatency * latency)
{
  gint64 least, greatest, off = tolerance (latency);

  answer (latency, &least, &greatest);
  if (ABS (least - latency->told_least) <= off && ABS (greatest - latency->told_greatest) <= off)
    return FALSE;
  latency->told_least = least;
  latency->told_greatest = greatest;
  return TRUE;
}

gboolean
gst_bips_latency_note (GstBipsLatency * latency, const bips_frame_info * info,
    const bips_frame_delivery * delivery, gint64 frame_duration)
{
  gboolean news;

  g_mutex_lock (&latency->mu);
  latency->every = delivery->mode == BIPS_EVERY;
  latency->upstream = NOT_LIVE;
  if (delivery->latency != BIPS_NO_TIME)
    latency->upstream = MAX (0, plausible ((gint64) delivery->latency));
  note_duration (latency, info->duration, frame_duration);
  if (info->capture_time != BIPS_NO_TIME) {
    gint64 way = plausible ((gint64) (delivery->publish_time - info->capture_time));

    latency->way = latency->way_known ? MIN (latency->way, way) : way;
    latency->way_known = TRUE;
  }
  news = is_news (latency);
  g_mutex_unlock (&latency->mu);
  return news;
}

gboolean
gst_bips_latency_wants_guess (GstBipsLatency * latency, guint64 published)
{
  gboolean wants;

  g_mutex_lock (&latency->mu);
  wants = (latency->frame == 0 || latency->guessed) &&
      (latency->guessed_at == 0 || (gint64) (published - latency->guessed_at) >= (gint64) GUESS_EVERY);
  if (wants)
    latency->guessed_at = published;
  g_mutex_unlock (&latency->mu);
  return wants;
}

void
gst_bips_latency_guess (GstBipsLatency * latency, gint64 interval)
{
  g_mutex_lock (&latency->mu);
  if (interval > 0 && (latency->frame == 0 || ABS (interval - latency->frame) > latency->frame / 3)) {
    latency->frame = plausible (interval);
    latency->guessed = TRUE;
  }
  g_mutex_unlock (&latency->mu);
}

void
gst_bips_latency_query (GstBipsLatency * latency, gint64 * least, gint64 * greatest)
{
  g_mutex_lock (&latency->mu);
  answer (latency, least, greatest);
  g_mutex_unlock (&latency->mu);
}

void
gst_bips_latency_configure (GstBipsLatency * latency, guint64 decided)
{
  g_mutex_lock (&latency->mu);
  latency->configured = gst_bips_limited (decided);
  g_mutex_unlock (&latency->mu);
}

gint64
gst_bips_latency_decided (GstBipsLatency * latency)
{
  gint64 decided;

  g_mutex_lock (&latency->mu);
  decided = latency->configured;
  g_mutex_unlock (&latency->mu);
  return decided;
}

gboolean
gst_bips_latency_is_too_long (GstBipsLatency * latency)
{
  gint64 least, greatest;
  gboolean too_long;

  g_mutex_lock (&latency->mu);
  answer (latency, &least, &greatest);
  too_long = latency->every && greatest != GST_BIPS_UNLIMITED &&
      latency->configured > greatest + 2 * tolerance (latency);
  g_mutex_unlock (&latency->mu);
  return too_long;
}

gboolean
gst_bips_latency_fills (GstBipsLatency * latency, guint64 behind)
{
  gboolean fills;

  g_mutex_lock (&latency->mu);
  fills = latency->room > 0 && behind + 1 >= latency->room;
  g_mutex_unlock (&latency->mu);
  return fills;
}
