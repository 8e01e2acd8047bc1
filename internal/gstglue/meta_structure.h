/* GstStructures as typed fields. */
#ifndef GST_BIPS_META_STRUCTURE_H
#define GST_BIPS_META_STRUCTURE_H

#include "meta_bytes.h"

G_BEGIN_DECLS

/* Writes a structure; FALSE: its name is too long for one. Fields that nothing in the format is like (pointers, objects, ranges), or that are
 * nested too deep, are left out: out->partial is set then. */
gboolean gst_bips_structure_write (GstBipsMetaOut * out, const GstStructure * structure);

/* The same step by step: begin returns what end has to be given with the number of fields written. A
 * field returns FALSE when it was left out; out may be full then. */
gsize gst_bips_structure_begin (GstBipsMetaOut * out, const gchar * name);
gboolean gst_bips_structure_field (GstBipsMetaOut * out, const gchar * key, const GValue * value);
void gst_bips_structure_end (GstBipsMetaOut * out, gsize begun, guint n);

/* Reads a structure (gst_structure_free), or returns NULL, and in is bad. in->partial is set when a
 * field cannot be restored in this process. */
GstStructure *gst_bips_structure_read (GstBipsMetaIn * in);

/* Whether values of a type cross as GStreamer's text: dates, bit masks, caps, enums and flags. */
gboolean gst_bips_type_crosses_as_text (GType type);

G_END_DECLS

#endif
