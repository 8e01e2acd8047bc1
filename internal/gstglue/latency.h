/* What a source answers to a LATENCY query, and what the pipeline decided from all answers.
 *
 * In mode latest a frame is presented when it was published, so that the producer's latency does not
 * matter: the least latency is the processing deadline. In mode every frames keep their times of
 * capture, so it is the producer's latency as well. In both the pool keeps frames for as long as its
 * slots last, which is the greatest latency. */
#ifndef GST_BIPS_LATENCY_H
#define GST_BIPS_LATENCY_H

#include <bips/bips.h>
#include <gst/gst.h>

G_BEGIN_DECLS

/* A greatest latency without a limit. */
#define GST_BIPS_UNLIMITED ((gint64) -1)

/* The longest time that is believed. What a pool says may be anything: so that sums of it are times
 * still. */
#define GST_BIPS_LONGEST ((gint64) (24 * 3600 * GST_SECOND))

/* Its functions may be called from any thread. Times are nanoseconds. */
typedef struct
{
  GMutex mu;                    /* protects what follows */
  gboolean every;               /* the mode in force */
  gint64 deadline;              /* property processing-deadline */
  guint room;                   /* slots that can keep frames for a reader; 0: not attached yet */
  gint64 frame;                 /* duration of a frame; 0: unknown */
  gboolean guessed;             /* from how far apart frames were published */
  guint64 guessed_at;           /* when that was looked at last; 0: not yet */
  gint64 upstream;              /* the producer's latency; -1: it is not live */
  gint64 way;                   /* the least from a frame's capture to its publication */
  gboolean way_known;
  gint64 told_least, told_greatest;     /* the last answer that a LATENCY message was posted for */
  gint64 configured;            /* what the pipeline decided last */
} GstBipsLatency;

void gst_bips_latency_init (GstBipsLatency * latency);
void gst_bips_latency_clear (GstBipsLatency * latency);

/* Forgets all but the processing deadline. */
void gst_bips_latency_reset (GstBipsLatency * latency, guint64 deadline);

/* Notes how many slots of the pool that the frames to come are from can keep them. */
void gst_bips_latency_attached (GstBipsLatency * latency, guint room);

/* Takes a frame into account. frame_duration is what its caps say, 0: nothing. TRUE: the answer is another
 * one now, by more than the tolerance, and the pipeline should ask anew. */
gboolean gst_bips_latency_note (GstBipsLatency * latency, const bips_frame_info * info,
    const bips_frame_delivery * delivery, gint64 frame_duration);

/* Whether the duration of a frame has to be guessed now. */
gboolean gst_bips_latency_wants_guess (GstBipsLatency * latency, guint64 published);

/* Takes how far apart frames were published lately for their duration. Less than a third more or less
 * changes nothing. */
void gst_bips_latency_guess (GstBipsLatency * latency, gint64 interval);

/* The answer to a LATENCY query; *greatest may be GST_BIPS_UNLIMITED. */
void gst_bips_latency_query (GstBipsLatency * latency, gint64 * least, gint64 * greatest);

/* What the pipeline decided, and what it decided last. */
void gst_bips_latency_configure (GstBipsLatency * latency, guint64 decided);
gint64 gst_bips_latency_decided (GstBipsLatency * latency);

/* Whether the pipeline waits longer for each frame than the pool keeps it. It decides from answers that
 * were right to the tolerance. */
gboolean gst_bips_latency_is_too_long (GstBipsLatency * latency);

/* Whether the pool is full of frames for a reader that is behind by so many. */
gboolean gst_bips_latency_fills (GstBipsLatency * latency, guint64 behind);

/* A time of GStreamer's that is never without a limit in earnest. */
gint64 gst_bips_limited (guint64 time);

G_END_DECLS

#endif
