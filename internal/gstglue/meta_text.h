/* What of the texts in records may be given to GStreamer: it complains aloud of names that it does not like, and
 * keeps each name that it has seen for as long as the process lives. */
#ifndef GST_BIPS_META_TEXT_H
#define GST_BIPS_META_TEXT_H

#include <gst/gst.h>

G_BEGIN_DECLS

/* Whether GStreamer takes name for that of a structure. */
gboolean gst_bips_is_structure_name (const gchar * name);

/* Whether it takes name for that of a custom meta, which becomes that of two types of GLib's. */
gboolean gst_bips_is_meta_name (const gchar * name);

/* Whether a name may be kept for good. A producer that makes up names without end would fill the memory:
 * after some 10,000 that are new, FALSE for each new one. Any thread. */
gboolean gst_bips_may_keep_name (const gchar * name);

/* Whether text stands for caps that cross: of one structure without features, and fields of simple types, as
 * those of reference timestamps are. */
gboolean gst_bips_are_simple_caps (const gchar * text);

/* These caps, or NULL. */
GstCaps *gst_bips_simple_caps (const gchar * text);

/* Whether a value that crosses as text is one of its type's. Enums and flags may be anything. */
gboolean gst_bips_value_is_sound (const GValue * value);

G_END_DECLS

#endif
