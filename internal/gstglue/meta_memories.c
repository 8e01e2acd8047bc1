/* The memories of a buffer: in a pool one follows the other, and the record says where each ends. */
#include "memories.h"
#include "meta_kinds.h"

/* Numbers in tensors, whose sizes the caps do not tell, begin at multiples of up to so much. */
#define TENSOR_ALIGN 8

/* The caps tell the same; one tensor is one memory. */
static gboolean
are_as_in_the_caps (const GstBipsFormat * format, GstBuffer * buffer)
{
  guint i;

  if (format->n_parts == 1)
    return TRUE;
  if (format->n_parts != gst_buffer_n_memory (buffer))
    return FALSE;
  for (i = 0; i < format->n_parts; i++) {
    if (gst_buffer_peek_memory (buffer, i)->size != format->part_size[i])
      return FALSE;
  }
  return TRUE;
}

/* What lies behind the frame in the buffer does not cross. */
void
gst_bips_memories_write (GstBipsMetaWriting * writing, GstBuffer * buffer)
{
  GstBipsMetaOut *out = &writing->out;
  guint64 left = writing->frame->size;
  guint i, n = gst_buffer_n_memory (buffer);
  gsize begun;

  if (writing->frame->repack || n > GST_BIPS_MAX_PARTS || are_as_in_the_caps (writing->format, buffer))
    return;
  begun = gst_bips_record_begin (out, BIPS_LAYOUT_META_MEMORIES, 0);
  for (i = 0; i < n && left > 0; i++) {
    guint64 size = MIN (left, gst_buffer_peek_memory (buffer, i)->size);

    gst_bips_out_u64 (out, size);
    left -= size;
  }
  if (i < 2) {
    out->used = begun;
    return;
  }
  if (gst_bips_record_end (out, begun))
    return;
  gst_bips_meta_lost (writing->report, GST_TYPE_MEMORY, "GstMemory", "/no-room", FALSE);
  if (writing->format->kind == GST_BIPS_FORMAT_TENSORS)
    writing->frame->refusal = GST_BIPS_REFUSE_MEMORIES;
}

/* Slots begin at a page, and copies where any number may. */
gboolean
gst_bips_memories_split (GstBuffer * buffer, const gsize * sizes, const gsize * aligns, guint n)
{
  GstMemory *all = gst_buffer_get_all_memory (buffer);
  gboolean shared = TRUE;
  gsize offset = 0;
  guint i;

  gst_buffer_remove_all_memory (buffer);
  for (i = 0; i < n; i++) {
    gboolean aligned = !aligns || offset % aligns[i] == 0;

    gst_buffer_append_memory (buffer, aligned ? gst_memory_share (all, offset, sizes[i]) :
        gst_memory_copy (all, offset, sizes[i]));
    shared = shared && aligned;
    offset += sizes[i];
  }
  gst_memory_unref (all);
  return shared;
}

gboolean
gst_bips_memories_read (GstBipsMetaReading * reading)
{
  gsize sizes[GST_BIPS_MAX_PARTS], aligns[GST_BIPS_MAX_PARTS], n = reading->in.left / 8, i;
  guint64 left = reading->frame->size;

  if (reading->in.left % 8 != 0 || n < 2 || n > GST_BIPS_MAX_PARTS)
    return FALSE;
  for (i = 0; i < n; i++) {
    guint64 size = gst_bips_in_u64 (&reading->in);

    if (size > left)
      return FALSE;
    sizes[i] = size;
    aligns[i] = reading->format->kind == GST_BIPS_FORMAT_TENSORS ? TENSOR_ALIGN : 1;
    left -= size;
  }
  if (left > 0)
    return FALSE;
  /* A picture that was packed for who does not know GstVideoMeta lies elsewhere. */
  if (gst_buffer_get_size (reading->buffer) != reading->frame->size)
    return TRUE;
  if (gst_buffer_n_memory (reading->buffer) == 1 &&
      !gst_bips_memories_split (reading->buffer, sizes, aligns, n))
    reading->copied = TRUE;
  return TRUE;
}
