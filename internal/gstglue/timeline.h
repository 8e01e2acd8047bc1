/* The times that the frames of one source get in its pipeline, in running time.
 *
 * A reader of the newest frame shows what has just been published, whatever its producer's latency
 * is: its frames are presented when they were published, evened out. A reader of every frame keeps
 * the times of capture, and all distances between them. */
#ifndef GST_BIPS_TIMELINE_H
#define GST_BIPS_TIMELINE_H

#include <bips/bips.h>
#include <gst/gst.h>

#include "clock.h"

G_BEGIN_DECLS

/* Frames of the newest are presented at most so long, and the processing deadline, before they were
 * published: a sink waits that long for its own processing anyway. */
#define GST_BIPS_TIMELINE_SLACK (10 * GST_MSECOND)

/* The duration of a frame that does not say how long it lasts. */
#define GST_BIPS_USUAL_FRAME (GST_SECOND / 30)

/* All zeros: no frame was given yet. For the streaming thread. */
typedef struct
{
  gint64 start;                 /* running time at which the source began to play last */
  gint plays;                   /* how often it had by then */
  gboolean begun;               /* a frame of the present stream was given */
  gint64 seen;                  /* the running time at the last frame; 0: there was none */
  gboolean given;               /* a frame of any stream was */
  gint64 last;                  /* the PTS given last */
  gint64 way;                   /* latest: the least way from capture to publication of late */
  gint64 shift;                 /* every: what is added to all times of a producer that is not live */
  gboolean anchored;            /* every: a frame of the present stream was placed by its time in that, */
  gint64 anchor;                /* to which this has to be added to get CLOCK_MONOTONIC */
  gboolean is_late;             /* every: the frames so placed are late, */
  gint64 late_since;            /* since this time of CLOCK_MONOTONIC */
  gboolean slow;                /* every: they are slower than their times say */
  gboolean decodes;             /* every: a frame had a DTS, */
  gint64 decoded;               /* and this is the one given last */
} GstBipsTimeline;

/* Notes when the source began to play last, and how often it did. TRUE: it did anew: it reads on from where the
 * stream is now, and the line begins. The time alone does not tell: GStreamer changes it when a pause begins,
 * when a last frame may come. */
gboolean gst_bips_timeline_plays_since (GstBipsTimeline * line, gint64 start, gint plays);

/* Notes the pipeline's running time. TRUE: it was set back, as by a flush that resets it (gst_event_new_flush_stop) or by an
 * application that sets the base time. The line begins anew then, and its times may go back: those from before belong to a
 * time that is over, and what has to follow them would be presented when the new one has come as far. */
gboolean gst_bips_timeline_is_set_back (GstBipsTimeline * line, const GstBipsClock * clock);

/* For where frames are missing because the source did not read: at the first frame of a producer, and
 * of each time that the source plays. */
void gst_bips_timeline_begin (GstBipsTimeline * line);

/* Places a frame that was just published. deadline is the source's processing deadline. */
void gst_bips_timeline_latest (GstBipsTimeline * line, const bips_frame_info * info,
    const bips_frame_delivery * delivery, const GstBipsClock * clock, gint64 deadline,
    GstClockTime * pts, GstClockTime * dts);

/* Places a frame where it was captured. One that does not say when that was, as of a program that fills in times of its stream
 * only, is placed by these: the first one is decoded when it was published, all others as far behind it as their times are, unless they come
 * later than that for long. FALSE: a live producer captured it before the source began to
 * play; nobody was there to see it. */
gboolean gst_bips_timeline_every (GstBipsTimeline * line, const bips_frame_info * info,
    const bips_frame_delivery * delivery, const GstBipsClock * clock, GstClockTime * pts,
    GstClockTime * dts);

G_END_DECLS

#endif
