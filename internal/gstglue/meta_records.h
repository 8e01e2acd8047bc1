/* The types of metadata records, and the kinds of values in their structures. Package bips/meta has the
 * same numbers, and docs/protocol.md says what a record of each type holds. */
#ifndef GST_BIPS_META_RECORDS_H
#define GST_BIPS_META_RECORDS_H

#include <glib.h>

G_BEGIN_DECLS

typedef enum
{
  GST_BIPS_RECORD_MEMORIES = 1,
  GST_BIPS_RECORD_AUDIO_LAYOUT = 2,
  GST_BIPS_RECORD_CROP = 3,
  GST_BIPS_RECORD_AFFINE = 4,
  GST_BIPS_RECORD_TIME_CODE = 5,
  GST_BIPS_RECORD_REFERENCE_TIME = 6,
  GST_BIPS_RECORD_CAPTION = 7,
  GST_BIPS_RECORD_REGION = 8,
  GST_BIPS_RECORD_CUSTOM = 9,
  GST_BIPS_RECORD_PROTECTION = 10,
  GST_BIPS_RECORD_GST = 11,
  GST_BIPS_RECORD_TAGS = 12
} GstBipsRecordType;

typedef enum
{
  GST_BIPS_RECORD_NEEDED = 1 << 0,      /* the frame cannot be read rightly without it */
  GST_BIPS_RECORD_PARTIAL = 1 << 1,     /* fields were left out */
  GST_BIPS_RECORD_ANALYTICS = 1 << 2    /* of a region: from a GstAnalyticsRelationMeta */
} GstBipsRecordFlags;

typedef enum
{
  GST_BIPS_VALUE_NONE = 0,
  GST_BIPS_VALUE_BOOL = 1,
  GST_BIPS_VALUE_INT = 2,
  GST_BIPS_VALUE_UNSIGNED = 3,
  GST_BIPS_VALUE_FLOAT = 4,
  GST_BIPS_VALUE_TEXT = 5,
  GST_BIPS_VALUE_BYTES = 6,
  GST_BIPS_VALUE_FRACTION = 7,
  GST_BIPS_VALUE_STRUCTURE = 8,
  GST_BIPS_VALUE_ARRAY = 9,
  GST_BIPS_VALUE_LIST = 10,
  GST_BIPS_VALUE_OTHER = 11
} GstBipsValueKind;

/* Which of GStreamer's types a value had: the bits of a number, with one of its own for a long, or how
 * bytes were kept. */
#define GST_BIPS_ORIGIN_8 8
#define GST_BIPS_ORIGIN_32 32
#define GST_BIPS_ORIGIN_64 64
#define GST_BIPS_ORIGIN_LONG 65
#define GST_BIPS_ORIGIN_BUFFER 0
#define GST_BIPS_ORIGIN_BYTES 1

/* Structures and arrays in one another are no deeper. */
#define GST_BIPS_MAX_DEPTH 4

/* Bytes of the name of a field, and of a structure. */
#define GST_BIPS_MAX_KEY 255
#define GST_BIPS_MAX_NAME 100

#define GST_BIPS_RECORD_HEAD 8

G_END_DECLS

#endif
