/* bipssrc: the virtual methods that the Go bindings cannot install, and its frame path, which calls Go only
 * for what is out of the ordinary. */
#ifndef GST_BIPS_SOURCE_H
#define GST_BIPS_SOURCE_H

#include <gst/base/gstpushsrc.h>
#include <gst/video/video.h>

#include "clock.h"
#include "format.h"
#include "frame.h"
#include "giveway.h"
#include "keyneed.h"
#include "latency.h"
#include "meta_tags.h"
#include "reader.h"
#include "timeline.h"

G_BEGIN_DECLS

/* How long the source waits for a frame before it asks Go whether it has to return. It is told to by unlock;
 * but GStreamer 1.26 takes an unlock back, from the streaming thread, that came while the source was about to
 * play, such as that of an end of stream. */
#define GST_BIPS_LOOK_AROUND (250 * BIPS_MILLISECOND)

/* What a source counts of one run, from READY to READY. Atomic. */
typedef struct
{
  guint64 early;                /* frames of before the reader's beginning */
  guint64 quota;                /* frames copied because one pin is never handed out */
  guint64 packed;               /* frames copied because downstream does not know GstVideoMeta */
  guint64 key_frames;           /* that the producer was asked for */
} GstBipsSourceCounts;

/* How far the streaming thread has come since the start. It is for that thread. */
typedef struct
{
  GstBipsReader *reader;        /* who is asked for frames; NULL: nobody yet */
  gboolean found;               /* a frame of it has come */
  gint64 wait;                  /* for how long to wait for the next one, in nanoseconds */

  gchar *caps;                  /* as set; NULL: none, as of a pool without caps */
  gboolean stand_alone;         /* the frames of these caps do */
  gint64 frame_duration;        /* of these caps; 0: unknown */
  guint8 *tags;                 /* records, as sent downstream */
  gsize tags_size;

  guint64 instance;             /* of the pool that the last frame is from; 0: none yet */
  guint64 clock_of;             /* of the pool whose producer's clock was looked at last */
  gboolean told_of_clock;       /* that a producer has another one */
  gint64 deadline;              /* property processing-deadline */
  GstBipsTimeline line;
  GstBipsKeyNeed key_need;
  gboolean begins;              /* downstream begins with the next frame */
  gboolean gap;                 /* which does not follow the one given last */
  gboolean blocking;            /* the producer waited for the reader when the last frame came */
  gboolean stalled;             /* a stall was told, and no frame has come since */
  GstBipsGiveWay give_way;
} GstBipsReading;

/* What C keeps of a source. It belongs to the GObject. */
typedef struct
{
  guint64 handle;               /* of the Go object */

  /* Of any thread. */
  GMutex mu;                    /* protects current */
  GstBipsReader *current;       /* whom to ask for the next frame; NULL: nobody, the source does not run */
  GstBipsLatency latency;
  GstBipsKeyTimes wanted_at;
  GstBipsSourceCounts counts;
  gint ended;                   /* from the end of the stream on until a flush; atomic */
  gint plays;                   /* how often the source went to PLAYING; atomic */
  gint64 played_at;             /* CLOCK_MONOTONIC when it did so last; atomic */
  gint flushed;                 /* downstream has forgotten what it had; atomic */

  /* Of the streaming thread. */
  GstBipsReading reading;
  GstBipsFormat format;         /* of the current caps */
  gint downstream_video_meta;   /* -1: not asked yet */
  GstBufferPool *copies;        /* ordinary memory for frames that have to be copied */
  gsize copies_size;
  GstBipsClocks clocks;
  GQueue header;                /* buffers of the caps' streamheader that are still to be pushed */
  GstBuffer *after_header;      /* the frame to be pushed after these */
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

/* What is missing before a frame, or how the producer treats the reader from that frame on. */
typedef struct
{
  guint64 lost;                 /* frames that were wanted and not given */
  gboolean blocking;            /* the producer waits for the reader */
  gboolean gives_way;           /* the reader wants it not to */
  GstClockTime timestamp;       /* of the frame */
  GstClockTime duration;        /* of what is lost */
} GstBipsLoss;

/* ---- source.c */

void gst_bips_source_install (gpointer klass);

/* Asks the producer for a key frame, and counts it. */
void gst_bips_source_request_key_frame (GstElement * source, GstBipsSourceState * state, GstBipsReader * reader);

/* ---- source_state.c: from any thread */

/* Once, before any source is made. */
void gst_bips_source_state_init (void);

void gst_bips_source_attach (gpointer source, guint64 handle);
GstBipsSourceState *gst_bips_source_state (gpointer source);

/* The beginning and the end of a run, from READY to READY. For when nothing streams. After the end what was counted is
 * still known. */
void gst_bips_source_begin_run (gpointer source, guint64 processing_deadline);
void gst_bips_source_end_run (gpointer source);

/* Lets the frames from the next one on be those of reader. NULL: there are to be none. */
void gst_bips_source_set_reader (gpointer source, GstBipsReader * reader);

/* Whom to ask for the next frame (gst_bips_reader_unref), or NULL. */
GstBipsReader *gst_bips_source_current (GstBipsSourceState * state);

void gst_bips_source_count_play (gpointer source);
gboolean gst_bips_source_has_ended (gpointer source);
void gst_bips_source_mark_ended (gpointer source);
void gst_bips_source_get_counts (gpointer source, GstBipsSourceCounts * counts);

/* ---- source_caps.c: the streaming thread */

/* Sets the caps of the frames to come. *why is what downstream would take when it contradicts, and
 * what cannot be shared when the caps ask for that (g_free). */
GstBipsCapsResult gst_bips_source_set_caps (gpointer source, const gchar * text, gchar ** why);

/* ---- source_header.c: the streaming thread */

/* The buffers that a stream begins with, if its caps have them (field "streamheader"): a
 * demuxer that joins late needs them before all else. frame is to be pushed behind them. */
void gst_bips_source_take_header (GstBaseSrc * source, GstBipsSourceState * state, GstBuffer * frame);

/* What is next of a header and the frame behind it, or NULL. */
GstBuffer *gst_bips_source_next_of_header (GstBipsSourceState * state);

/* Forgets what is left of a header. */
void gst_bips_source_drop_header (GstBipsSourceState * state);

/* ---- source_create.c: the streaming thread */

/* Waits for a frame and notes in frame what is to be given of it. The frame's lease is the caller's then. */
GstFlowReturn gst_bips_source_take (GstPushSrc * source, GstBipsSourceState * state, GstBipsFrame * frame);

/* The frames to come do not follow those before: others were missed, or downstream has forgotten them. */
void gst_bips_source_begin_stream (GstBipsSourceState * state);

/* ---- source_begin.c: the streaming thread */

/* Gives a frame its times. TRUE: it comes before the reader's beginning: a live producer captured it before the
 * source began to play, or it depends on frames that the reader has not had. */
gboolean gst_bips_source_is_early (GstPushSrc * source, GstBipsSourceState * state, const bips_frame_info * info,
    const bips_frame_delivery * delivery, GstBipsFrame * frame);

/* ---- source_tags.c: the streaming thread */

/* Sends the tags in size bytes of records downstream, before the next frame, if they are others than those that
 * were sent last. */
void gst_bips_source_pass_tags (gpointer source, GstBipsSourceState * state, const guint8 * records, gsize size);

/* Forgets which tags were sent. */
void gst_bips_source_forget_tags (GstBipsSourceState * state);

/* ---- source_buffer.c: the streaming thread */

/* Once, before any buffer is made. */
void gst_bips_source_buffer_init (void);

/* A buffer that shows the frame, which ends its lease, or NULL if the frame does not hold what its
 * caps tell of. frame->reason says why it had to be copied, if it had to. */
GstBuffer *gst_bips_source_buffer (GstBaseSrc * source, GstBipsSourceState * state,
    GstBipsFrame * frame);

/* Whether a frame depends on frames before it. */
static inline gboolean
gst_bips_is_delta (const bips_frame_info * info)
{
  return (info->flags & BIPS_FLAG_DELTA_UNIT) != 0;
}

/* One more was counted. From any thread. */
static inline void
gst_bips_count (guint64 * counter)
{
  __atomic_add_fetch (counter, 1, __ATOMIC_RELAXED);
}

G_END_DECLS

#endif
