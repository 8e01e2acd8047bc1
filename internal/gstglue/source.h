/* The virtual methods of bipssrc that the Go bindings cannot install. */
#ifndef GST_BIPS_SOURCE_H
#define GST_BIPS_SOURCE_H

#include <gst/base/gstpushsrc.h>
#include <gst/video/video.h>

#include "clock.h"
#include "format.h"
#include "frame.h"
#include "meta_tags.h"

G_BEGIN_DECLS

/* What C keeps of a source. It belongs to the GObject, and but for the handle to the
 * streaming thread. */
typedef struct
{
  guint64 handle;               /* of the Go object */
  GstBipsFormat format;         /* of the current caps */
  gint downstream_video_meta;   /* -1: not asked yet */
  GstBufferPool *copies;        /* ordinary memory for frames that have to be copied */
  gsize copies_size;
  GstBipsClocks clocks;
  GQueue header;                /* buffers of the caps' streamheader that are still to be pushed */
  GstBuffer *after_header;      /* the frame to be pushed after these */
  gint flushed;                 /* downstream has forgotten what it had; atomic */
  GstBipsTags tags;             /* as sent downstream */
  guint8 *meta;                 /* a copy of a frame's records, which nobody else can change */
  gsize meta_size;
  GstBipsMetasResult meta_result;       /* why there is no buffer, if it is for them */
  guint meta_type;              /* and of which type the record is */
} GstBipsSourceState;

typedef enum
{
  GST_BIPS_CAPS_SET,
  GST_BIPS_CAPS_INVALID,        /* not caps, or not fixed */
  GST_BIPS_CAPS_UNSHAREABLE,    /* a pool cannot have frames like that */
  GST_BIPS_CAPS_CONTRADICTED,   /* downstream takes other caps only */
  GST_BIPS_CAPS_FLUSHING
} GstBipsCapsResult;

void gst_bips_source_install (gpointer klass);
void gst_bips_source_attach (gpointer source, guint64 handle);
GstBipsSourceState *gst_bips_source_state (gpointer source);

/* Sets the caps of the frames to come. *why is what downstream would take when it contradicts, and
 * what cannot be shared when the caps ask for that (g_free). *frame_duration is that of the caps. */
GstBipsCapsResult gst_bips_source_set_caps (gpointer source, const gchar * text, gchar ** why,
    GstClockTime * frame_duration);

/* Sends the tags in size bytes of records downstream, before the next frame. For the streaming thread. */
void gst_bips_source_set_tags (gpointer source, const guint8 * records, gsize size);

/* Forgets which tags were sent. For when nothing streams. */
void gst_bips_source_forget_tags (gpointer source);

/* Forgets what is left of a header. For when nothing streams. */
void gst_bips_source_drop_header (gpointer source);

/* Once, before any buffer is made. */
void gst_bips_source_buffer_init (void);

/* A buffer that shows the frame, which ends its lease, or NULL if the frame does not hold what its
 * caps tell of. frame->reason says why it had to be copied, if it had to. */
GstBuffer *gst_bips_source_buffer (GstBaseSrc * source, GstBipsSourceState * state,
    GstBipsFrame * frame);

G_END_DECLS

#endif
