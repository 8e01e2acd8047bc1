/* The metadata of buffers as records, in both directions: what GStreamer's metas have is written to the
 * metadata area of a frame, and what is read there becomes metas again. docs/protocol.md has the format, docs/elements.md
 * what crosses. Nothing here knows of Go, so that the reading can be fuzzed by itself. */
#ifndef GST_BIPS_META_H
#define GST_BIPS_META_H

#include "format.h"
#include "frame.h"

G_BEGIN_DECLS

/* The caps of the reference timestamps that bipssrc adds, for the time of capture. */
#define GST_BIPS_CAPTURE_REFERENCE "timestamp/x-bips-monotonic"

/* What is told of metadata that do not cross. */
typedef struct
{
  /* kind stands for the two names, 0: nothing does. api is the name of the kind of metadata; detail, which may be
   * NULL, what of it was lost: "/no-room", "/fields". quiet: it means nothing to another process. */
  void (*dropped) (gpointer user, guint64 kind, const gchar * api, const gchar * detail, gboolean quiet);
  gpointer user;
} GstBipsMetaReport;

/* Writes what crosses of buffer, which was described to frame, to an area of size bytes, and notes in frame
 * where it is, or that the frame is refused: readers would misread it without a record that has no room. */
void gst_bips_metas_write (const GstBipsFormat * format, GstBuffer * buffer, GstBipsFrame * frame,
    guint8 * area, gsize size, const GstBipsMetaReport * report);

/* frame was arranged anew: where its memories began is nowhere. */
void gst_bips_metas_forget_memories (GstBipsFrame * frame);

typedef enum
{
  GST_BIPS_METAS_READ,
  GST_BIPS_METAS_DAMAGED,       /* a record is not what its type says, or does not fit the frame */
  GST_BIPS_METAS_UNKNOWN        /* a record that is needed is of a type that is not known */
} GstBipsMetasResult;

/* Gives buffer, which shows frame, what the size bytes at area say, which nobody changes meanwhile. All of them is
 * to be doubted. Unless all was read buffer is good for nothing, and *type is that of the record. *copied is set if a memory
 * had to be copied. */
GstBipsMetasResult gst_bips_metas_read (const GstBipsFormat * format, const GstBipsFrame * frame,
    GstBuffer * buffer, const guint8 * area, gsize size, const GstBipsMetaReport * report, guint * type,
    gboolean * copied);

G_END_DECLS

#endif
