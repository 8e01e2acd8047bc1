#include "source.h"

#include <string.h>

#include "_cgo_export.h"

void
gst_bips_source_begin_stream (GstBipsSourceState * state)
{
  gst_bips_timeline_begin (&state->reading.line);
  gst_bips_key_need_begin (&state->reading.key_need);
}

/* Begins to ask another reader, whose first frame begins a stream. */
static void
turn_to (GstPushSrc * source, GstBipsSourceState * state, GstBipsReader * reader)
{
  GstBipsReading *reading = &state->reading;

  gst_bips_reader_unref (reading->reader);
  reading->reader = reader;
  reading->found = FALSE;
  reading->instance = 0;
  reading->blocking = FALSE;
  reading->give_way = (GstBipsGiveWay) { 0, };
  bips_consumer_set_max_age (reader->consumer, gst_bips_latency_decided (&state->latency));
  gstBipsSourceTurned (state->handle, source, &reading->wait);
}

/* Turns to the reader that is to be asked now, if it is another one. FALSE: there is none. */
static gboolean
turn_to_current (GstPushSrc * source, GstBipsSourceState * state)
{
  GstBipsReader *current;

  /* A reader that is asked is not freed, so its address is no other one's. */
  if (state->reading.reader && g_atomic_pointer_get (&state->current) == state->reading.reader)
    return TRUE;
  current = gst_bips_source_current (state);
  if (!current)
    return FALSE;
  turn_to (source, state, current);
  return TRUE;
}

/* Waits for a frame. What to do when none comes is Go's affair. */
static GstFlowReturn
pull (GstPushSrc * source, GstBipsSourceState * state, bips_frame ** held)
{
  GstBipsReading *reading = &state->reading;
  GstFlowReturn flow = GST_FLOW_OK;
  int result;

  while (flow == GST_FLOW_OK) {
    if (!turn_to_current (source, state))
      return GST_FLOW_FLUSHING;
    result = bips_consumer_pull (reading->reader->consumer, reading->wait, held);
    if (result == 0) {
      reading->found = TRUE;
      reading->wait = GST_BIPS_LOOK_AROUND;
      return GST_FLOW_OK;
    }
    if (result == -BIPS_STALLED)
      reading->stalled = TRUE;
    flow = gstBipsSourceNoFrame (state->handle, source, result, reading->found, &reading->wait);
  }
  return flow;
}

/* Announces what is other than with the frame before: that frames come again, their caps, their tags. */
static GstFlowReturn
announce (GstPushSrc * source, GstBipsSourceState * state, const bips_frame * held)
{
  GstBipsReading *reading = &state->reading;
  const gchar *caps = bips_frame_caps (held);
  const guint8 *tags;
  GstFlowReturn flow;
  size_t size;

  if (reading->stalled) {
    reading->stalled = FALSE;
    gstBipsSourceResumed (state->handle, source);
  }
  if (strcmp (caps, reading->caps ? reading->caps : "") != 0) {
    flow = gstBipsSourceCaps (state->handle, source, (gchar *) caps);
    if (flow != GST_FLOW_OK)
      return flow;
    reading->begins = TRUE;
  }
  tags = bips_frame_tags (held, &size);
  gst_bips_source_pass_tags (source, state, tags, size);
  return GST_FLOW_OK;
}

/* Goes on with the frames of another producer. */
static void
change_instance (GstBipsSourceState * state, guint64 instance)
{
  GstBipsReading *reading = &state->reading;
  bips_pool_info pool = BIPS_POOL_INFO_INIT;

  reading->instance = instance;
  reading->begins = TRUE;
  if (bips_consumer_get_pool (reading->reader->consumer, &pool) == 0)
    gst_bips_latency_attached (&state->latency, pool.room);
  gst_bips_source_begin_stream (state);
}

static void
note_latency (GstPushSrc * source, GstBipsSourceState * state, const bips_frame_info * info,
    const bips_frame_delivery * delivery)
{
  GstBipsReading *reading = &state->reading;
  bips_pool_info pool = BIPS_POOL_INFO_INIT;

  if (gst_bips_latency_wants_guess (&state->latency, delivery->publish_time) &&
      bips_consumer_get_pool (reading->reader->consumer, &pool) == 0)
    gst_bips_latency_guess (&state->latency, pool.interval);
  if (gst_bips_latency_note (&state->latency, info, delivery, reading->frame_duration))
    gst_element_post_message (GST_ELEMENT (source), gst_message_new_latency (GST_OBJECT (source)));
}

static void
give_way (GstPushSrc * source, GstBipsSourceState * state, guint64 behind)
{
  GstBipsReading *reading = &state->reading;
  gint64 least, keeps;

  if (!gst_bips_give_way_note (&reading->give_way, &state->latency, behind))
    return;
  bips_consumer_set_blocking (reading->reader->consumer, !reading->give_way.gives_way);
  if (!reading->give_way.gives_way)
    return;
  gst_bips_latency_query (&state->latency, &least, &keeps);
  gstBipsSourceGivesWay (state->handle, source, keeps);
}

/* Tells of frames that are missing before this one, and of a producer that no longer waits for the reader, or
 * waits again. */
static void
note_loss (GstPushSrc * source, GstBipsSourceState * state, const bips_frame_delivery * delivery,
    const GstBipsFrame * frame)
{
  GstBipsReading *reading = &state->reading;
  GstBipsLoss loss = { delivery->lost, delivery->blocking != 0, reading->give_way.gives_way, frame->pts,
    GST_CLOCK_TIME_NONE
  };

  if (loss.lost == 0 && loss.blocking == reading->blocking)
    return;
  reading->blocking = loss.blocking;
  if (loss.lost > 0)
    gst_bips_key_need_lost (&reading->key_need);
  if (reading->frame_duration > 0)
    loss.duration = loss.lost * (guint64) reading->frame_duration;
  gstBipsSourceLost (state->handle, source, &loss);
}

static void
describe (GstBipsFrame * frame, bips_frame * held, const bips_frame_info * info)
{
  guint i;

  frame->lease = held;
  frame->data = (guint8 *) bips_frame_data (held);
  frame->size = info->data_size;
  frame->duration = info->duration;
  frame->offset = info->offset;
  frame->offset_end = info->offset_end;
  frame->capture = info->capture_time;
  frame->flags = info->flags;
  frame->meta = info->meta;
  frame->meta_length = (guint32) info->meta_size;
  frame->n_planes = info->plane_count;
  for (i = 0; i < MIN (info->plane_count, GST_BIPS_MAX_PLANES); i++) {
    frame->stride[i] = info->plane_stride[i];
    frame->plane_offset[i] = info->plane_offset[i];
  }
}

/* The last pin is never handed out: with all of them in a queue downstream, no frame would come any more to push
 * one out of it. */
static void
keep_last_pin (GstPushSrc * source, GstBipsSourceState * state, GstBipsFrame * frame)
{
  bips_consumer *consumer = state->reading.reader->consumer;

  if (bips_consumer_held (consumer) < bips_consumer_quota (consumer))
    return;
  frame->reason = GST_BIPS_COPY_QUOTA;
  if (__atomic_fetch_add (&state->counts.quota, 1, __ATOMIC_RELAXED) == 0)
    gstBipsSourceQuota (state->handle, source);
}

/* Notes in frame what becomes a buffer. FALSE: it is none for this pipeline. */
static gboolean
take (GstPushSrc * source, GstBipsSourceState * state, bips_frame * held, GstBipsFrame * frame)
{
  GstBipsReading *reading = &state->reading;
  bips_frame_info info = BIPS_FRAME_INFO_INIT;
  bips_frame_delivery delivery = BIPS_FRAME_DELIVERY_INIT;
  gboolean early;

  bips_frame_get_info (held, &info);
  bips_frame_get_delivery (held, &delivery);
  if (delivery.instance != reading->instance)
    change_instance (state, delivery.instance);
  note_latency (source, state, &info, &delivery);
  give_way (source, state, delivery.behind);
  describe (frame, held, &info);
  reading->gap = reading->gap || delivery.discontinuity;
  early = gst_bips_source_is_early (source, state, &info, &delivery, frame);
  note_loss (source, state, &delivery, frame);
  if (!reading->stand_alone && gst_bips_key_need_asks (&reading->key_need, gst_bips_is_delta (&info),
          delivery.publish_time))
    gst_bips_source_request_key_frame (GST_ELEMENT (source), state, reading->reader);
  if (early) {
    gst_bips_count (&state->counts.early);
    return FALSE;
  }
  frame->begins = reading->begins;
  if (reading->gap)
    frame->flags |= GST_BUFFER_FLAG_DISCONT;
  reading->begins = reading->gap = FALSE;
  keep_last_pin (source, state, frame);
  return TRUE;
}

GstFlowReturn
gst_bips_source_take (GstPushSrc * source, GstBipsSourceState * state, GstBipsFrame * frame)
{
  GstFlowReturn flow;
  bips_frame *held;

  if (g_atomic_int_get (&state->ended)) /* GStreamer 1.26 asks once more, if a pause came meanwhile */
    return GST_FLOW_EOS;
  while ((flow = pull (source, state, &held)) == GST_FLOW_OK) {
    flow = announce (source, state, held);
    if (flow == GST_FLOW_OK && take (source, state, held, frame))
      return GST_FLOW_OK;
    bips_frame_release (held);
    if (flow != GST_FLOW_OK)
      return flow;
  }
  return flow;
}
