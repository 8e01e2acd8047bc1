/* When a source asks its producer for a key frame. There are two reasons: it cannot begin, or go on,
 * without one, and downstream wants one. */
#ifndef GST_BIPS_KEYNEED_H
#define GST_BIPS_KEYNEED_H

#include <gst/gst.h>

G_BEGIN_DECLS

/* After how long without a key frame a source asks again, and how often at most it asks because frames are
 * lost: each key frame costs the other readers bits. */
#define GST_BIPS_KEY_FRAME_REPEAT GST_SECOND

/* For how long a reader of frames that depend on others waits for one that does not: there are streams
 * without any. */
#define GST_BIPS_KEY_FRAME_LIMIT (10 * GST_SECOND)

/* What a source knows of a key frame that it needs itself. For the streaming thread. Times are on
 * CLOCK_MONOTONIC. All zeros: it needs none. */
typedef struct
{
  gboolean needed;
  gboolean asked;
  guint64 at;                   /* when it asked last, if it did */
  guint64 awaited_since;        /* it cannot begin without one; 0: it can, or has not looked yet */
} GstBipsKeyNeed;

/* The frames to come begin a stream, of which those before are not known. */
void gst_bips_key_need_begin (GstBipsKeyNeed * need);

/* A frame is missing on which others may depend. */
void gst_bips_key_need_lost (GstBipsKeyNeed * need);

/* With each frame: whether to ask for a key frame now. delta: the frame depends on others. */
gboolean gst_bips_key_need_asks (GstBipsKeyNeed * need, gboolean delta, guint64 published);

typedef enum
{
  GST_BIPS_KEY_FRAME_HERE,
  GST_BIPS_KEY_FRAME_AWAITED,   /* the stream cannot begin with this frame, as it depends on others */
  GST_BIPS_KEY_FRAME_GIVEN_UP   /* none has come for GST_BIPS_KEY_FRAME_LIMIT: it begins all the same */
} GstBipsKeyFrame;

/* With each frame while a stream has not begun. */
GstBipsKeyFrame gst_bips_key_need_await (GstBipsKeyNeed * need, gboolean delta, guint64 published);

/* How many key frames may be wanted at times to come. Who wants more loses the latest of them. */
#define GST_BIPS_MAX_KEY_TIMES 16

/* Running times to come at which downstream wants key frames, as a muxer does that begins a new file then.
 * Its functions may be called from any thread; due takes no lock while nothing is. */
typedef struct
{
  gint64 next;                  /* the first of them, G_MAXINT64: none; atomic */
  GMutex mu;                    /* protects what follows */
  gint64 times[GST_BIPS_MAX_KEY_TIMES]; /* in order */
  guint n_times;
} GstBipsKeyTimes;

void gst_bips_key_times_init (GstBipsKeyTimes * wanted);
void gst_bips_key_times_clear (GstBipsKeyTimes * wanted);

/* Forgets them all. */
void gst_bips_key_times_reset (GstBipsKeyTimes * wanted);

void gst_bips_key_times_add (GstBipsKeyTimes * wanted, gint64 at);

/* Whether any of the times has come. Those are forgotten. */
gboolean gst_bips_key_times_due (GstBipsKeyTimes * wanted, gint64 now);

G_END_DECLS

#endif
