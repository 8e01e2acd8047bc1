/* The virtual methods of bipssink that the Go bindings cannot install. */
#ifndef GST_BIPS_SINK_H
#define GST_BIPS_SINK_H

#include <gst/base/gstbasesink.h>

#include "format.h"
#include "clock.h"
#include "frame.h"
#include "meta_tags.h"

G_BEGIN_DECLS

/* So many kinds of metadata that readers do not get are counted here, and all others in Go. */
#define GST_BIPS_DROPPED_KINDS 16

/* How often metadata of a kind was dropped. kind 0: of none. */
typedef struct
{
  guint64 kind;
  guint64 count;
} GstBipsDroppedKind;

/* How many frames were published, and how. The streaming thread counts, any thread reads: all of it is atomic. Overlaid
 * by SinkCounts in sink_counts.go. */
typedef struct
{
  guint64 in_place;
  guint64 copied[GST_BIPS_COPY_REASONS];        /* by reason */
  GstBipsDroppedKind dropped[GST_BIPS_DROPPED_KINDS];   /* of the kinds that Go has a name for */
} GstBipsSinkCounts;

/* What C keeps of a sink. It belongs to the GObject. */
typedef struct
{
  guint64 handle;               /* of the Go object */
  gpointer allocator;           /* GstAllocator whose slots are offered, or NULL; a reference */
  GstBipsFormat format;         /* of the current caps */
  GstBipsClocks clocks;         /* for the streaming thread */
  gint latency_changes;         /* counts when upstream's latency may have changed; atomic */
  gint latency_asked;           /* the count for which upstream answered last; streaming thread */
  gboolean upstream_live;       /* what it answered; streaming thread */
  gulong hold_probe;            /* 0: none */
  guint8 *meta;                 /* where the records of a frame are written; streaming thread */
  gsize meta_size;
  GstBipsTags tags;             /* of the stream; streaming thread */
  gchar *stream_id;
  gboolean straight;            /* Go has nothing to do with the next frames; streaming thread */
  GstBipsSinkCounts counts;
  guint64 told_demotions;       /* what Go was told of; streaming thread */
  guint64 told_waited;
} GstBipsSinkState;

void gst_bips_sink_install (gpointer klass);
void gst_bips_sink_attach (gpointer sink, guint64 handle);
GstBipsSinkState *gst_bips_sink_state (gpointer sink);

/* Offers slots to upstream from now on, or none when allocator is NULL. */
void gst_bips_sink_offer (gpointer sink, GstAllocator * allocator);

/* Whether the next frames go straight to the pool that is offered, without Go. Streaming thread. */
void gst_bips_sink_set_straight (gpointer sink, gboolean on);

GstBipsSinkCounts *gst_bips_sink_counts (gpointer sink);

/* So much room have the records of a frame. For a sink that does not stream. */
void gst_bips_sink_set_meta_size (gpointer sink, gsize size);

/* Has upstream ask anew what the sink offers. */
void gst_bips_sink_renegotiate (GstBaseSink * sink);

/* Whether the elements before the sink are live. For the streaming thread. */
gboolean gst_bips_sink_upstream_is_live (GstBaseSink * sink);

/* What to do with a frame that was held: let it through and hold no other, refuse it because the sink
 * is flushing, or drop it. */
typedef enum
{
  GST_BIPS_HOLD_OVER,
  GST_BIPS_HOLD_FLUSHING,
  GST_BIPS_HOLD_DROP
} GstBipsHold;

/* Has the first frame held before the sink sees it, so that a pipeline that is not live does
 * not preroll, and its time does not begin. For a sink whose pads are not active. */
void gst_bips_sink_hold (GstBaseSink * sink, gboolean on);

/* Whether the sink's pad is flushing: what waits for it has to return. */
gboolean gst_bips_sink_is_flushing (GstBaseSink * sink);

/* Has the sink told when an application sends the end of the stream to the pipeline. GStreamer passes that
 * on to the pipeline's sources, and these push it when their streaming thread is out of the pipeline, which
 * it is not while the sink waits. So the sink counts as a source itself, from PAUSED on only: a bin counts as a
 * source, too, when one is put into it, and then sends such events to its sink pads. */
void gst_bips_sink_hear_of_end (GstElement * sink, gboolean on);
void gst_bips_sink_end_install (gpointer klass);

/* What becomes of a frame that Go is asked about: it was not tried to publish it, or it is an error: that of libbips
 * (less than 0, and the thread's last one there), or one of these. */
#define GST_BIPS_PUBLISH_NOT_TRIED 1
#define GST_BIPS_PUBLISH_CANNOT_MAP (-100001)       /* the CPU cannot map its memory */
#define GST_BIPS_PUBLISH_CANNOT_ARRANGE (-100002)   /* it cannot be laid out as its caps say */

/* Whether Go has nothing to do with a frame that was described. */
gboolean gst_bips_sink_is_ordinary (GstBipsSinkState * state, const GstBipsFrame * frame);

/* How many bytes of a slot a frame needs. One that tells where its planes lie is packed if it is larger than its caps
 * call for and does not fit. */
guint64 gst_bips_sink_room (const GstBipsSinkState * state, const GstBipsFrame * frame);

/* Publishes a frame that was described, in place or by a copy, and waits until upstream can have a slot again. 0, or an
 * error as above. There is a pool, with slots that are large enough. Streaming thread. */
int gst_bips_sink_publish (GstBaseSink * sink, GstBipsSinkState * state, GstBuffer * buffer,
    GstBipsFrame * frame);

/* Takes out of buffer what a frame needs, and seals the slot if it lies in one. */
void gst_bips_sink_describe (GstBaseSink * sink, GstBipsSinkState * state, GstBuffer * buffer,
    GstBipsFrame * frame);

/* Copies the frame to data. Returns the bytes used; 0: it does not fit. When the layout
 * that buffer came in is too large it is packed, and frame says so. -1: the CPU cannot map it. */
gssize gst_bips_sink_copy (GstBipsSinkState * state, GstBuffer * buffer, GstBipsFrame * frame,
    guint8 * data, gsize size);

G_END_DECLS

#endif
