/* The tags of a stream, which travel with its caps: records of type 12. */
#ifndef GST_BIPS_META_TAGS_H
#define GST_BIPS_META_TAGS_H

#include <bips/layout.h>

#include "meta.h"

G_BEGIN_DECLS

/* Bytes that all tags of a stream have room in. */
#define GST_BIPS_TAGS_SIZE BIPS_LAYOUT_TAGS_SIZE

/* By their scope, of the stream or global; NULL: there are none. */
typedef struct
{
  GstTagList *lists[2];
} GstBipsTags;

void gst_bips_tags_clear (GstBipsTags * tags);

/* Adds what list has, in place of the same tags from before. Tells of those that do not cross: samples, bit rates, which
 * parsers send anew every few seconds (quiet), and what is of another type than its tag. */
void gst_bips_tags_merge (GstBipsTags * tags, const GstTagList * list, const GstBipsMetaReport * report);

/* Writes the tags to area and returns how many bytes they are. Tells of those that have no room. */
gsize gst_bips_tags_write (const GstBipsTags * tags, guint8 area[GST_BIPS_TAGS_SIZE],
    const GstBipsMetaReport * report);

/* Reads the size bytes at area, which nobody changes meanwhile, into tags, which has none. All of them is to be doubted: tells of
 * what is no tag here. */
void gst_bips_tags_read (GstBipsTags * tags, const guint8 * area, gsize size, const GstBipsMetaReport * report);

G_END_DECLS

#endif
