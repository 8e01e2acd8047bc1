#include "sink.h"

#include <string.h>

#include "clock.h"
#include "layout.h"
#include "slotmemory.h"
#include "slotpool.h"

/* Whether buffer is a slot that can be published as it is. If so the slot is sealed:
 * upstream may still hold it and must not write to it any more. */
static GstBipsCopyReason
take_slot (GstBipsSinkState * state, GstBuffer * buffer, gint * slot)
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
  *slot = root->slot;
  return GST_BIPS_COPY_NONE;
}

/* A frame outside the segment, or in a segment that does not count time, has no
 * running time: neither its times nor its capture time mean anything to a reader. */
static void
describe_times (GstBaseSink * sink, GstBuffer * buffer, GstBipsFrame * frame)
{
  GstClockTime running = GST_CLOCK_TIME_NONE;

  if (sink->segment.format == GST_FORMAT_TIME && GST_BUFFER_PTS_IS_VALID (buffer))
    running = gst_segment_to_running_time (&sink->segment, GST_FORMAT_TIME, GST_BUFFER_PTS (buffer));
  frame->capture = gst_bips_monotonic_time (GST_ELEMENT_CAST (sink), running);
  frame->pts = GST_CLOCK_TIME_IS_VALID (running) ? GST_BUFFER_PTS (buffer) : GST_CLOCK_TIME_NONE;
  frame->dts = sink->segment.format == GST_FORMAT_TIME ? GST_BUFFER_DTS (buffer) :
      GST_CLOCK_TIME_NONE;
  frame->duration = GST_BUFFER_DURATION (buffer);
}

void
gst_bips_sink_describe (GstBaseSink * sink, GstBipsSinkState * state, GstBuffer * buffer,
    GstBipsFrame * frame)
{
  frame->data = NULL;
  frame->lease = 0;
  frame->n_planes = 0;
  frame->slot = -1;
  frame->reason = take_slot (state, buffer, &frame->slot);
  frame->size = gst_buffer_get_size (buffer);
  frame->offset = GST_BUFFER_OFFSET (buffer);
  frame->offset_end = GST_BUFFER_OFFSET_END (buffer);
  frame->flags = GST_BUFFER_FLAGS (buffer) & GST_BIPS_FLAG_MASK;
  describe_times (sink, buffer, frame);
  gst_bips_layout_describe (&state->format.video, buffer, frame);
}

/* A slot that is mapped for writing only cannot be mapped for reading; its bytes are at
 * hand all the same. */
static gsize
extract (GstBipsSinkState * state, GstBuffer * buffer, GstBipsFrame * frame, guint8 * data)
{
  GstBipsSlotMemory *slot;

  if (frame->reason != GST_BIPS_COPY_STILL_MAPPED)
    return gst_buffer_extract (buffer, 0, data, frame->size);
  slot = gst_bips_slot_memory_root (gst_buffer_peek_memory (buffer, 0), state->allocator);
  memcpy (data, slot->data, frame->size);
  return frame->size;
}

gssize
gst_bips_sink_copy (gpointer sink, GstBuffer * buffer, GstBipsFrame * frame, guint8 * data,
    gsize size)
{
  GstBipsSinkState *state = gst_bips_sink_state (sink);
  gsize packed;

  if (frame->size <= size)
    return extract (state, buffer, frame, data) == frame->size ? (gssize) frame->size : -1;
  if (frame->n_planes == 0)
    return 0;
  packed = gst_bips_layout_repack (&state->format.video, buffer, data, size);
  if (packed > 0) {
    frame->n_planes = 0;
    frame->size = packed;
  }
  return packed;
}
