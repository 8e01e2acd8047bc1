/* The kinds of metadata, a file for a subject: each writes its records and reads them. For meta_write.c and
 * meta_read.c. */
#ifndef GST_BIPS_META_KINDS_H
#define GST_BIPS_META_KINDS_H

#include "meta.h"
#include "meta_bytes.h"

G_BEGIN_DECLS

/* The writing of a frame's records. */
typedef struct
{
  GstBipsMetaOut out;
  const GstBipsFormat *format;
  GstBipsFrame *frame;
  const GstBipsMetaReport *report;
} GstBipsMetaWriting;

/* Begins a record; returns what end is given. */
gsize gst_bips_record_begin (GstBipsMetaOut * out, guint16 type, guint16 flags);

/* Ends the record. FALSE: it had no room, and is not there. */
gboolean gst_bips_record_end (GstBipsMetaOut * out, gsize begun);

/* The reading of them. */
typedef struct
{
  GstBipsMetaIn in;             /* the payload of a record */
  guint16 flags;                /* of the record */
  const GstBipsFormat *format;
  const GstBipsFrame *frame;
  GstBuffer *buffer;
  const GstBipsMetaReport *report;
  gboolean copied;              /* a memory had to be */
} GstBipsMetaReading;

/* Tells of what does not cross. */
static inline void
gst_bips_meta_lost (const GstBipsMetaReport * report, guint64 kind, const gchar * api, const gchar * detail,
    gboolean quiet)
{
  report->dropped (report->user, kind, api, detail, quiet);
}

/* Each writes the records of a meta, if it has any. FALSE: nothing in the format is like it. */
gboolean gst_bips_affine_write (GstBipsMetaWriting * writing, GstMeta * meta);
gboolean gst_bips_audio_layout_write (GstBipsMetaWriting * writing, GstMeta * meta);
gboolean gst_bips_caption_write (GstBipsMetaWriting * writing, GstMeta * meta);
gboolean gst_bips_crop_write (GstBipsMetaWriting * writing, GstMeta * meta);
gboolean gst_bips_custom_write (GstBipsMetaWriting * writing, GstMeta * meta);
gboolean gst_bips_protection_write (GstBipsMetaWriting * writing, GstMeta * meta);
gboolean gst_bips_reference_time_write (GstBipsMetaWriting * writing, GstMeta * meta);
gboolean gst_bips_region_write (GstBipsMetaWriting * writing, GstMeta * meta);
gboolean gst_bips_serialized_write (GstBipsMetaWriting * writing, GstMeta * meta);
gboolean gst_bips_time_code_write (GstBipsMetaWriting * writing, GstMeta * meta);

/* Several records, of which each may have no room; what does not cross is told. FALSE: it is none. */
gboolean gst_bips_analytics_write (GstBipsMetaWriting * writing, GstMeta * meta);

/* Not of a meta, but of the buffer's memories. */
void gst_bips_memories_write (GstBipsMetaWriting * writing, GstBuffer * buffer);

/* Each reads a record. FALSE: it is damaged. */
gboolean gst_bips_affine_read (GstBipsMetaReading * reading);
gboolean gst_bips_audio_layout_read (GstBipsMetaReading * reading);
gboolean gst_bips_caption_read (GstBipsMetaReading * reading);
gboolean gst_bips_crop_read (GstBipsMetaReading * reading);
gboolean gst_bips_custom_read (GstBipsMetaReading * reading);
gboolean gst_bips_memories_read (GstBipsMetaReading * reading);
gboolean gst_bips_protection_read (GstBipsMetaReading * reading);
gboolean gst_bips_reference_time_read (GstBipsMetaReading * reading);
gboolean gst_bips_region_read (GstBipsMetaReading * reading);
gboolean gst_bips_serialized_read (GstBipsMetaReading * reading);
gboolean gst_bips_time_code_read (GstBipsMetaReading * reading);

/* Where a region lies in what is left of a picture of which crop_x columns and crop_y rows were cut off.
 * FALSE: nowhere. */
gboolean gst_bips_region_place (const GstBipsFrame * frame, gint64 x, gint64 y, gint64 w, gint64 h,
    guint32 place[4]);

/* A detection, for a reader whose GStreamer has such. FALSE: it has not. One of the n structures may tell how
 * sure the detector was. */
gboolean gst_bips_analytics_add (GstBuffer * buffer, const gchar * type, const guint32 place[4],
    GstStructure * const *params, guint n);

G_END_DECLS

#endif
