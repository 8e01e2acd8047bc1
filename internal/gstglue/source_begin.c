#include "source.h"

#include "_cgo_export.h"

/* Whether a stream cannot begin with the frame, as it depends on others. */
static gboolean
waits_for_key (GstPushSrc * source, GstBipsSourceState * state, const bips_frame_info * info, guint64 published)
{
  GstBipsKeyFrame key = gst_bips_key_need_await (&state->reading.key_need, gst_bips_is_delta (info), published);

  if (key == GST_BIPS_KEY_FRAME_GIVEN_UP)
    gstBipsSourceNoKeyFrame (state->handle, source, (gint64) GST_BIPS_KEY_FRAME_LIMIT);
  return key == GST_BIPS_KEY_FRAME_AWAITED;
}

/* Tells, once in a run, that a producer has another clock: it runs in another time namespace. No process can be
 * ahead of another on CLOCK_MONOTONIC otherwise, and a reader gets only what is published from when the source plays on, but for
 * the newest frame of each pool in mode latest. That the pipeline's time began later says nothing: a flush that resets it leaves the frames
 * that wait, and an application may let it begin in the future. */
static void
look_at_clock (GstPushSrc * source, GstBipsSourceState * state, const bips_frame_delivery * delivery,
    const GstBipsClock * clock)
{
  GstBipsReading *reading = &state->reading;
  gboolean first = delivery->instance != reading->clock_of;
  /* Differences of unsigned numbers: a pool may say anything. */
  gint64 ahead = (gint64) (delivery->publish_time - (guint64) clock->now);
  guint64 played_at = (guint64) __atomic_load_n (&state->played_at, __ATOMIC_SEQ_CST);
  gboolean behind = (gint64) (delivery->publish_time - played_at) <= -(gint64) GST_SECOND;

  reading->clock_of = delivery->instance;
  if (first && delivery->mode == BIPS_LATEST)
    behind = FALSE;
  if (reading->told_of_clock || !(behind || (first && ahead > (gint64) GST_SECOND)))
    return;
  reading->told_of_clock = TRUE;
  gstBipsSourceOtherClock (state->handle, source, ahead);
}

/* Without times of its own: the base class puts in the time of now if it is to. */
static void
leave_times (GstBipsFrame * frame)
{
  frame->pts = frame->dts = GST_CLOCK_TIME_NONE;
}

gboolean
gst_bips_source_is_early (GstPushSrc * source, GstBipsSourceState * state, const bips_frame_info * info,
    const bips_frame_delivery * delivery, GstBipsFrame * frame)
{
  GstBipsReading *reading = &state->reading;
  /* Whoever sets do-timestamp wants the time at which a buffer leaves the source in place of its frame's. */
  gboolean stamps = gst_base_src_get_do_timestamp (GST_BASE_SRC (source));
  GstBipsClock clock;

  leave_times (frame);
  if (!gst_bips_clock_read (GST_ELEMENT (source), &state->clocks, &clock))
    return FALSE;
  if (gst_bips_timeline_plays_since (&reading->line, clock.start, g_atomic_int_get (&state->plays)))
    gst_bips_key_need_begin (&reading->key_need);
  if (gst_bips_timeline_is_set_back (&reading->line, &clock))
    gst_bips_key_need_begin (&reading->key_need);
  look_at_clock (source, state, delivery, &clock);
  if (gst_bips_key_times_due (&state->wanted_at, clock.now - clock.offset))
    gst_bips_source_request_key_frame (GST_ELEMENT (source), state, reading->reader);
  if (delivery->mode == BIPS_LATEST) {
    if (!stamps)
      gst_bips_timeline_latest (&reading->line, info, delivery, &clock, reading->deadline, &frame->pts, &frame->dts);
    return FALSE;
  }
  if (!reading->line.begun && !reading->stand_alone && waits_for_key (source, state, info, delivery->publish_time))
    return TRUE;
  if (stamps) {
    reading->line.begun = TRUE;
    return FALSE;
  }
  return !gst_bips_timeline_every (&reading->line, info, delivery, &clock, &frame->pts, &frame->dts);
}
