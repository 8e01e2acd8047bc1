/* What the frame path needs to know of a buffer, on both sides. */
#ifndef GST_BIPS_FRAME_H
#define GST_BIPS_FRAME_H

#include <bips/bips.h>
#include <gst/gst.h>

G_BEGIN_DECLS

#define GST_BIPS_MAX_PLANES 4

/* Why a frame cannot stay where it is. Package elements names them in the stats. */
typedef enum
{
  GST_BIPS_COPY_NONE = 0,
  GST_BIPS_COPY_POOL_EXHAUSTED,
  GST_BIPS_COPY_STILL_MAPPED,
  GST_BIPS_COPY_REPEATED,
  GST_BIPS_COPY_FOREIGN_MEMORY,
  GST_BIPS_COPY_SEVERAL_MEMORIES,
  GST_BIPS_COPY_PARTIAL_MEMORY,
  GST_BIPS_COPY_QUOTA,
  GST_BIPS_COPY_LAYOUT,
  GST_BIPS_COPY_MOVED
} GstBipsCopyReason;

#define GST_BIPS_COPY_REASONS (GST_BIPS_COPY_MOVED + 1)

/* Why a frame cannot be published at all. Package elements says so to users. */
typedef enum
{
  GST_BIPS_REFUSE_NOTHING = 0,
  GST_BIPS_REFUSE_SHORT,        /* fewer bytes than its caps call for */
  GST_BIPS_REFUSE_LAYOUT,       /* its planes do not lie in its bytes */
  GST_BIPS_REFUSE_MEMORIES,     /* tensors in several memories, and no room to say where each ends */
  GST_BIPS_REFUSE_CROPPED,      /* a GstVideoCropMeta has no room: more is there than should be seen */
  GST_BIPS_REFUSE_PROTECTED     /* a GstProtectionMeta has no room: nobody could decrypt it */
} GstBipsRefusal;

/* Overlaid by Frame in frame.go: the same fields in the same places. Times are
 * nanoseconds, GST_CLOCK_TIME_NONE when unknown. */
typedef struct
{
  guint8 *data;                 /* source only: the frame's bytes */
  bips_frame *lease;            /* source only: what holds them */
  guint64 size;
  guint64 pts;                  /* sink: the stream's; source: running time, as dts */
  guint64 dts;
  guint64 duration;             /* running time */
  guint64 offset;
  guint64 offset_end;
  guint64 capture;              /* on CLOCK_MONOTONIC */
  guint32 flags;                /* of the GstBuffer, masked */
  guint32 reason;               /* a GstBipsCopyReason */
  guint32 begins;               /* source only: downstream begins with this frame */
  guint32 n_planes;             /* 0: the layout that follows from the caps */
  gint32 stride[GST_BIPS_MAX_PLANES];
  guint64 plane_offset[GST_BIPS_MAX_PLANES];
  guint32 repack;               /* sink only: no reader takes the bytes as they are arranged */
  guint32 refusal;              /* sink only: a GstBipsRefusal */
  const guint8 *meta;           /* records: the sink's own; source: in the pool */
  guint32 meta_length;
  guint32 meta_memories;        /* sink only: the first so many bytes tell where memories end */
  guint32 cropped;              /* sink only: what GstVideoCropMeta cuts off is not in the planes, */
  guint32 crop_x, crop_y;       /* which begin so many columns and rows later */
  guint32 whole;                /* sink only: more is to be seen than the caps tell of: it cannot be packed */
} GstBipsFrame;

/* The buffer flags that mean something to another process. Flags of the
 * mini object and TAG_MEMORY speak of this process's memory. */
#define GST_BIPS_FLAG_MASK \
  ((guint32) ~((GST_MINI_OBJECT_FLAG_LAST - 1) | GST_BUFFER_FLAG_TAG_MEMORY))

G_END_DECLS

#endif
