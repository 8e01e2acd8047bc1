#include "sink.h"

#include <string.h>

#include "debug.h"
#include "slotmemory.h"

#include "_cgo_export.h"

/* The frames' path: what is done for each frame as long as nothing is out of the ordinary, without entering Go. */

/* Waits for readers are told to Go when so much has come together. */
#define TELL_WAITED (100 * BIPS_MILLISECOND)

static bips_producer *
producer_of (GstBipsSinkState * state)
{
  return ((GstBipsSlotAllocator *) state->allocator)->producer;
}

static void
add (guint64 * counter)
{
  __atomic_add_fetch (counter, 1, __ATOMIC_RELAXED);
}

/* The first copy for each reason is reported. */
static void
count_copy (GstBaseSink * sink, GstBipsSinkState * state, GstBipsCopyReason reason)
{
  if (__atomic_add_fetch (&state->counts.copied[reason], 1, __ATOMIC_RELAXED) == 1)
    gstBipsSinkCopied (state->handle, sink, reason);
}

static void
fill_info (bips_frame_info * info, const GstBipsFrame * frame)
{
  guint i;

  info->data_size = frame->size;
  info->pts = frame->pts;
  info->dts = frame->dts;
  info->duration = frame->duration;
  info->capture_time = frame->capture;
  info->offset = frame->offset;
  info->offset_end = frame->offset_end;
  info->flags = frame->flags;
  info->plane_count = frame->n_planes;
  for (i = 0; i < frame->n_planes; i++) {
    info->plane_stride[i] = frame->stride[i];
    info->plane_offset[i] = frame->plane_offset[i];
  }
  info->meta = frame->meta;
  info->meta_size = frame->meta_length;
}

/* Publishes a slot that upstream filled. It stays lent: upstream may still look at it. One that was lent
 * before the producer moved is copied. */
static int
publish_slot (GstBaseSink * sink, GstBipsSinkState * state, GstBuffer * buffer,
    const GstBipsFrame * frame)
{
  bips_slot *slot = ((GstBipsSlotMemory *) gst_buffer_peek_memory (buffer, 0))->slot;
  bips_frame_info info = BIPS_FRAME_INFO_INIT;
  int moved = bips_slot_has_moved (slot);
  int result;

  fill_info (&info, frame);
  result = bips_producer_publish (producer_of (state), slot, &info, NULL);
  if (result < 0)
    return result;
  if (moved)
    count_copy (sink, state, GST_BIPS_COPY_MOVED);
  else
    add (&state->counts.in_place);
  return 0;
}

/* Publishes a copy of a frame that does not lie in a slot, or in one that cannot be published. */
static int
publish_copy (GstBaseSink * sink, GstBipsSinkState * state, GstBuffer * buffer, GstBipsFrame * frame)
{
  bips_producer *producer = producer_of (state);
  bips_frame_info info = BIPS_FRAME_INFO_INIT;
  bips_slot *slot;
  gssize used;
  int result = bips_producer_pull (producer, BIPS_FOREVER, &slot);

  if (result < 0)
    return result;
  used = gst_bips_sink_copy (state, buffer, frame, bips_slot_data (slot), bips_slot_size (slot));
  if (used < 0) {
    result = GST_BIPS_PUBLISH_CANNOT_MAP;
  } else if (used == 0 && frame->size > 0) {
    result = GST_BIPS_PUBLISH_CANNOT_ARRANGE;
  } else {
    fill_info (&info, frame);
    result = bips_producer_push (producer, slot, &info);
  }
  if (result < 0) {
    bips_slot_return (slot);
    return result;
  }
  count_copy (sink, state, frame->reason);
  return 0;
}

/* Whether a frame shows that upstream uses the slots it is offered. */
static gboolean
is_from_our_pool (const GstBipsFrame * frame)
{
  return frame->reason != GST_BIPS_COPY_FOREIGN_MEMORY &&
      frame->reason != GST_BIPS_COPY_SEVERAL_MEMORIES;
}

/* Waits until upstream can have a slot again. Here the wait can be interrupted and the policy applied, which is not so when
 * upstream asks for it. */
static void
make_room (GstBaseSink * sink, GstBipsSinkState * state)
{
  int result = bips_producer_wait_lendable (producer_of (state), BIPS_FOREVER);

  if (result < 0 && result != -BIPS_FLUSHING && result != -BIPS_CLOSED)
    GST_CAT_WARNING_OBJECT (gst_bips_debug, sink, "no slot for upstream: %s", bips_error_message ());
}

/* Go looks whether readers hold a live source up, or were demoted. */
static void
tell_of_waits (GstBaseSink * sink, GstBipsSinkState * state)
{
  guint64 demotions = bips_producer_demotions (producer_of (state));
  guint64 waited = bips_producer_waited (producer_of (state));

  if (demotions == state->told_demotions && waited - state->told_waited < TELL_WAITED)
    return;
  state->told_demotions = demotions;
  state->told_waited = waited;
  gstBipsSinkWaited (state->handle, sink);
}

int
gst_bips_sink_publish (GstBaseSink * sink, GstBipsSinkState * state, GstBuffer * buffer,
    GstBipsFrame * frame)
{
  int result;

  if (frame->reason == GST_BIPS_COPY_NONE)
    result = publish_slot (sink, state, buffer, frame);
  else
    result = publish_copy (sink, state, buffer, frame);
  if (result < 0)
    return result;
  if (is_from_our_pool (frame))
    make_room (sink, state);
  tell_of_waits (sink, state);
  return 0;
}

guint64
gst_bips_sink_room (const GstBipsSinkState * state, const GstBipsFrame * frame)
{
  if (frame->n_planes > 0 && !frame->whole)
    return MIN (frame->size, state->format.size);
  return frame->size;
}

gboolean
gst_bips_sink_is_ordinary (GstBipsSinkState * state, const GstBipsFrame * frame)
{
  return state->straight && frame->refusal == GST_BIPS_REFUSE_NOTHING &&
      gst_bips_sink_room (state, frame) <= gst_bips_slot_allocator_slot_size (state->allocator);
}
