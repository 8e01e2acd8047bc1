#include "sink.h"

#include <string.h>

#include "audio.h"
#include "layout.h"
#include "meta.h"
#include "metas.h"
#include "slotmemory.h"
#include "slotpool.h"

/* Whether buffer is a slot that can be published as it is. If so the slot is sealed:
 * upstream may still hold it and must not write to it any more. */
static GstBipsCopyReason
take_slot (GstBipsSinkState * state, GstBuffer * buffer)
{
  GstBipsSlotMemory *root;
  GstMemory *mem;

  if (gst_buffer_n_memory (buffer) != 1)
    return GST_BIPS_COPY_SEVERAL_MEMORIES;
  mem = gst_buffer_peek_memory (buffer, 0);
  root = gst_bips_slot_memory_root (mem, state->allocator);
  if (!root)
    return gst_bips_slot_pool_is_stand_in (mem) ? GST_BIPS_COPY_POOL_EXHAUSTED :
        GST_BIPS_COPY_FOREIGN_MEMORY;
  if (GST_MEMORY_CAST (root) != mem || mem->offset != 0)
    return GST_BIPS_COPY_PARTIAL_MEMORY;
  if (root->sealed)
    return GST_BIPS_COPY_REPEATED;
  if (!gst_bips_slot_memory_seal (root))
    return GST_BIPS_COPY_STILL_MAPPED;
  return GST_BIPS_COPY_NONE;
}

/* How long a span of the stream lasts in running time. */
static GstClockTimeDiff
in_running_time (const GstSegment * segment, GstClockTimeDiff span)
{
  gdouble rate = ABS (segment->rate);

  return rate == 1.0 ? span : (GstClockTimeDiff) (span / rate);
}

/* A frame outside the segment, or in a segment that does not count time, has no
 * running time: neither its times nor its capture time mean anything to a reader. Who has a
 * DTS only is placed by that. Distances are told in running time, which is what readers have. */
static void
describe_times (GstBaseSink * sink, GstBipsSinkState * state, GstBuffer * buffer, GstBipsFrame * frame)
{
  const GstSegment *segment = &sink->segment;
  gboolean timed = segment->format == GST_FORMAT_TIME;
  GstClockTime pts = timed ? GST_BUFFER_PTS (buffer) : GST_CLOCK_TIME_NONE;
  GstClockTime dts = timed ? GST_BUFFER_DTS (buffer) : GST_CLOCK_TIME_NONE;
  GstClockTime running = GST_CLOCK_TIME_NONE;

  if (GST_CLOCK_TIME_IS_VALID (pts))
    running = gst_segment_to_running_time (segment, GST_FORMAT_TIME, pts);
  else if (GST_CLOCK_TIME_IS_VALID (dts))
    running = gst_segment_to_running_time (segment, GST_FORMAT_TIME, dts);
  if (!GST_CLOCK_TIME_IS_VALID (running))
    pts = GST_CLOCK_TIME_NONE;
  else if (GST_CLOCK_TIME_IS_VALID (pts) && GST_CLOCK_TIME_IS_VALID (dts))
    dts = pts - in_running_time (segment, GST_CLOCK_DIFF (dts, pts));
  frame->capture = gst_bips_monotonic_time (GST_ELEMENT_CAST (sink), &state->clocks, running);
  frame->pts = pts;
  frame->dts = dts;
  frame->duration = GST_BUFFER_DURATION (buffer);
  if (GST_CLOCK_TIME_IS_VALID (frame->duration) && timed)
    frame->duration = in_running_time (segment, frame->duration);
}

/* What the arrangement of the bytes means for the frame. */
static void
describe_layout (GstBipsSinkState * state, GstBuffer * buffer, GstBipsFrame * frame)
{
  GstBipsLayout layout = gst_bips_format_describe (&state->format, buffer, frame);

  frame->repack = layout == GST_BIPS_LAYOUT_REPACK;
  frame->refusal = GST_BIPS_REFUSE_NOTHING;
  if (layout == GST_BIPS_LAYOUT_BROKEN)
    frame->refusal = frame->size < state->format.least ? GST_BIPS_REFUSE_SHORT : GST_BIPS_REFUSE_LAYOUT;
}

void
gst_bips_sink_describe (GstBaseSink * sink, GstBipsSinkState * state, GstBuffer * buffer,
    GstBipsFrame * frame)
{
  frame->data = NULL;
  frame->lease = 0;
  frame->size = gst_buffer_get_size (buffer);
  frame->offset = GST_BUFFER_OFFSET (buffer);
  frame->offset_end = GST_BUFFER_OFFSET_END (buffer);
  frame->flags = GST_BUFFER_FLAGS (buffer) & GST_BIPS_FLAG_MASK;
  frame->reason = GST_BIPS_COPY_NONE;
  frame->meta_length = frame->meta_memories = 0;
  frame->cropped = frame->whole = FALSE;
  frame->crop_x = frame->crop_y = 0;
  describe_times (sink, state, buffer, frame);
  describe_layout (state, buffer, frame);
  if (frame->refusal != GST_BIPS_REFUSE_NOTHING)
    return;
  gst_bips_sink_describe_metas (sink, state, buffer, frame);
  if (frame->refusal != GST_BIPS_REFUSE_NOTHING)
    return;
  frame->reason = take_slot (state, buffer);
  if (frame->reason == GST_BIPS_COPY_NONE && frame->repack)
    frame->reason = GST_BIPS_COPY_LAYOUT;
}

/* A slot that is mapped for writing only cannot be mapped for reading; its bytes are at
 * hand all the same. */
static const guint8 *
bytes_of_slot (GstBipsSinkState * state, GstBuffer * buffer, GstBipsFrame * frame)
{
  if (frame->reason != GST_BIPS_COPY_STILL_MAPPED)
    return NULL;
  return gst_bips_slot_memory_root (gst_buffer_peek_memory (buffer, 0), state->allocator)->data;
}

static gssize
copy (GstBipsSinkState * state, GstBuffer * buffer, GstBipsFrame * frame, guint8 * data)
{
  const guint8 *bytes = bytes_of_slot (state, buffer, frame);

  if (bytes)
    memcpy (data, bytes, frame->size);
  else if (gst_buffer_extract (buffer, 0, data, frame->size) != frame->size)
    return -1;
  return frame->size;
}

static gssize
repack_picture (GstBipsSinkState * state, GstBuffer * buffer, GstBipsFrame * frame, guint8 * data,
    gsize size)
{
  const guint8 *bytes = bytes_of_slot (state, buffer, frame);
  GstMapInfo map;
  gsize used;

  if (bytes) {
    used = gst_bips_layout_repack (&state->format.video, frame, bytes, data, size);
  } else {
    if (!gst_buffer_map (buffer, &map, GST_MAP_READ))
      return -1;
    used = gst_bips_layout_repack (&state->format.video, frame, map.data, data, size);
    gst_buffer_unmap (buffer, &map);
  }
  if (used > 0) {
    frame->n_planes = 0;
    frame->size = used;
    gst_bips_metas_forget_memories (frame);
  }
  return used;
}

gssize
gst_bips_sink_copy (GstBipsSinkState * state, GstBuffer * buffer, GstBipsFrame * frame,
    guint8 * data, gsize size)
{
  if (frame->repack && state->format.kind == GST_BIPS_FORMAT_AUDIO)
    return gst_bips_audio_repack (&state->format.audio, buffer, frame, data, size);
  if (frame->repack || (frame->n_planes > 0 && !frame->whole && frame->size > size))
    return repack_picture (state, buffer, frame, data, size);
  return frame->size <= size ? copy (state, buffer, frame, data) : 0;
}
