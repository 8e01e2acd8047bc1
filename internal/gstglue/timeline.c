#include "timeline.h"

/* A running time that is less than the one before by so much was set back. It is a little less also without that: where a
 * last frame came while the pipeline was about to pause, which takes the time of a pause out of it. */
#define SET_BACK (GST_SECOND / 4)

/* A stream that is placed by its own times may be late by so much at once, and by so much for so long. A sink that synchronises leaves out
 * what is late by more than about 25 ms. */
#define MOST_LATE GST_SECOND
#define LATE (10 * GST_MSECOND)
#define LATE_FOR (250 * GST_MSECOND)

/* CLOCK_MONOTONIC shows no more in earnest: 36 years. What a pool says may be anything: so that sums of it are numbers still. */
#define FARTHEST (G_GINT64_CONSTANT (1) << 60)

/* A running time is no more: 146 years. It may be the time since 1970, where an application sets the base time to 0. */
#define FARTHEST_RUNNING (4 * FARTHEST)

static gint64
believed (guint64 time)
{
  return CLAMP ((gint64) time, -FARTHEST, FARTHEST);
}

void
gst_bips_timeline_begin (GstBipsTimeline * line)
{
  line->begun = line->anchored = FALSE;
  line->shift = 0;
}

gboolean
gst_bips_timeline_plays_since (GstBipsTimeline * line, gint64 start, gint plays)
{
  if (start == line->start && plays == line->plays)
    return FALSE;
  line->start = start;
  line->plays = plays;
  gst_bips_timeline_begin (line);
  return TRUE;
}

gboolean
gst_bips_timeline_is_set_back (GstBipsTimeline * line, const GstBipsClock * clock)
{
  gint64 running_time = clock->now - clock->offset;
  gboolean set_back = running_time < line->seen - (gint64) SET_BACK;

  line->seen = running_time;
  if (set_back) {
    gst_bips_timeline_begin (line);
    line->given = line->decodes = FALSE;
    line->last = line->decoded = 0;
  }
  return set_back;
}

/* A running time as buffers have it: none, before the time begins. */
static GstClockTime
running (gint64 at)
{
  return at < 0 ? GST_CLOCK_TIME_NONE : (GstClockTime) at;
}

/* Whether a frame has both times, and by how much it is decoded before it is presented. */
static gboolean
is_reordered (const bips_frame_info * info, gint64 * before)
{
  *before = believed (info->pts - info->dts);
  return info->pts != BIPS_NO_TIME && info->dts != BIPS_NO_TIME;
}

/* Keeps the least way from capture to publication, and lets it up slowly: by a 200th of a frame with
 * each. */
static void
follow (GstBipsTimeline * line, gint64 way, guint64 duration)
{
  gint64 frame = (gint64) duration;

  if (!line->begun || way < line->way) {
    line->way = way;
    return;
  }
  if (duration == BIPS_NO_TIME || frame <= 0)
    frame = (gint64) GST_BIPS_USUAL_FRAME;
  line->way += MIN (way - line->way, frame / 200);
}

/* What was published before the source began to play becomes available when it begins. A time of
 * publication that is still to come is wrong, and would put off all frames that follow, those of the
 * next producer too. */
void
gst_bips_timeline_latest (GstBipsTimeline * line, const bips_frame_info * info,
    const bips_frame_delivery * delivery, const GstBipsClock * clock, gint64 deadline,
    GstClockTime * pts, GstClockTime * dts)
{
  gint64 published = MIN (believed (delivery->publish_time), clock->now);
  gint64 presented = published, before, at;

  if (info->capture_time != BIPS_NO_TIME) {
    gint64 capture = believed (info->capture_time);

    follow (line, published - capture, info->duration);
    presented = MAX (capture + line->way, published - deadline - (gint64) GST_BIPS_TIMELINE_SLACK);
    presented = MIN (presented, published);
  }
  line->begun = TRUE;
  at = MAX (presented - clock->offset, clock->start);
  if (line->given && at <= line->last)
    at = line->last + 1;
  line->given = TRUE;
  line->last = at;
  *pts = (GstClockTime) at;
  *dts = GST_CLOCK_TIME_NONE;
  if (is_reordered (info, &before) && at - before >= clock->start)
    *dts = (GstClockTime) (at - before);
}

/* Places the decoding of a frame that is presented at a time: as it was captured, but never before that
 * of the frame before it, as muxers want it. The first frames after a seek of the producer may begin
 * before the last ones of its old place, by as much as their encoder reorders frames. What is presented,
 * and when, stays as it was captured. */
static gint64
decode (GstBipsTimeline * line, gint64 dts, gint64 pts)
{
  if (line->decodes && dts <= line->decoded)
    dts = MAX (dts, MIN (line->decoded + 1, pts));
  line->decodes = TRUE;
  line->decoded = MAX (line->decoded, dts);
  return dts;
}

/* Where a stream begins, whose first frame is presented at a time, and decoded at first where that is before. FALSE: not with this one.
 * The frames of a producer that is not live are all wanted: where the first would come too early, all
 * come later by as much. Those of a live one keep their times, and begin behind the last frame that was given: that of
 * another camera, from which the source was switched to this one, may have been captured later. A producer that was not live may have
 * been far ahead of its time, which nobody waits for. Only what is presented counts there: see decode. */
static gboolean
begin_with (GstBipsTimeline * line, gint64 at, gint64 first, gboolean live, const GstBipsClock * clock)
{
  gint64 floor = clock->start, now = clock->now - clock->offset;
  gboolean follows = line->given && (!live || line->last <= now);

  if (live && (first < floor || (follows && at <= line->last)))
    return FALSE;
  if (follows)
    floor = MAX (floor, line->last + 1);
  if (!live)
    line->shift = floor > first ? MIN (floor - first, FARTHEST_RUNNING / 2) : 0;
  line->begun = TRUE;
  return TRUE;
}

/* Notes that a frame of a stream that is placed by its own times was published, whose time of decoding is this. All keep their distances,
 * also where some come late and the next ones make up for it. The stream is placed anew, without a step back, where they stay late: the
 * producer has paused, its first frame came sooner than the others do, or its frames are slower than their times say. In the last case each
 * late frame places it anew, until frames come early. */
static void
follow_stream (GstBipsTimeline * line, gint64 time, gint64 published)
{
  gint64 late = published - (time + line->anchor);

  if (!line->anchored) {
    line->anchored = TRUE;
    line->anchor = published - time;
    line->is_late = line->slow = FALSE;
    return;
  }
  if (late <= (line->slow ? 0 : (gint64) LATE)) {
    line->is_late = FALSE;
    if (late < -(gint64) GST_BIPS_USUAL_FRAME)
      line->slow = FALSE;
    return;
  }
  if (!line->is_late)
    line->late_since = published;
  line->is_late = TRUE;
  if (late > (gint64) MOST_LATE) {
    line->anchor += late;
  } else if (line->slow || published - line->late_since >= (gint64) LATE_FOR) {
    line->anchor += late;
    line->slow = TRUE;
  }
}

/* When a frame was captured, on CLOCK_MONOTONIC, or when it would have been by its time in its stream. FALSE: it has no times. */
static gboolean
captured (GstBipsTimeline * line, const bips_frame_info * info, const bips_frame_delivery * delivery,
    const GstBipsClock * clock, gint64 * at)
{
  guint64 presented = info->pts != BIPS_NO_TIME ? info->pts : info->dts;
  guint64 decoded = info->dts != BIPS_NO_TIME ? info->dts : info->pts;

  *at = believed (info->capture_time);
  if (info->capture_time != BIPS_NO_TIME)
    return TRUE;
  if (presented == BIPS_NO_TIME)
    return FALSE;
  follow_stream (line, believed (decoded), MIN (believed (delivery->publish_time), clock->now));
  *at = believed ((guint64) (believed (presented) + line->anchor));
  return TRUE;
}

gboolean
gst_bips_timeline_every (GstBipsTimeline * line, const bips_frame_info * info,
    const bips_frame_delivery * delivery, const GstBipsClock * clock, GstClockTime * pts,
    GstClockTime * dts)
{
  gint64 at, first, before;
  gboolean reordered;

  *pts = *dts = GST_CLOCK_TIME_NONE;
  if (!captured (line, info, delivery, clock, &at)) {
    line->begun = TRUE;
    return TRUE;
  }
  first = at = at - clock->offset;
  reordered = is_reordered (info, &before);
  if (reordered)
    first = MIN (first, at - before);
  if (!line->begun && !begin_with (line, at, first, delivery->latency != BIPS_NO_TIME, clock))
    return FALSE;
  at = CLAMP (at + line->shift, -FARTHEST_RUNNING, FARTHEST_RUNNING);
  line->given = TRUE;
  line->last = MAX (line->last, at);
  if (reordered) {
    *pts = running (at);
    *dts = running (decode (line, at - before, at));
  } else if (info->pts == BIPS_NO_TIME && info->dts != BIPS_NO_TIME) {
    *dts = running (at);        /* then it was captured at the time of decoding */
  } else {
    *pts = running (at);
  }
  return TRUE;
}
