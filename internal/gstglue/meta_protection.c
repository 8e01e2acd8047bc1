/* What is needed to decrypt an encrypted frame. */
#include "meta_kinds.h"
#include "meta_structure.h"

gboolean
gst_bips_protection_write (GstBipsMetaWriting * writing, GstMeta * meta)
{
  GstProtectionMeta *protection = (GstProtectionMeta *) meta;
  GstBipsMetaOut *out = &writing->out;
  gsize begun;

  if (!protection->info)
    return FALSE;
  begun = gst_bips_record_begin (out, BIPS_LAYOUT_META_PROTECTION, BIPS_LAYOUT_META_NEEDED);
  if (!gst_bips_structure_write (out, protection->info))
    return FALSE;
  gst_bips_record_end (out, begun);
  return TRUE;
}

gboolean
gst_bips_protection_read (GstBipsMetaReading * reading)
{
  GstStructure *info = gst_bips_structure_read (&reading->in);

  if (!info)
    return FALSE;
  if (gst_buffer_get_protection_meta (reading->buffer)) {
    gst_structure_free (info);
    return TRUE;
  }
  gst_buffer_add_protection_meta (reading->buffer, info);
  return TRUE;
}
