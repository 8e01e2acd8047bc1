#include "../keyneed.h"

#include "frames.h"

/* Frames that all depend on others, but for those that say otherwise. */
static void
asks_again (void)
{
  static const gint64 second = (gint64) GST_BIPS_KEY_FRAME_REPEAT;
  const struct
  {
    gint64 later;
    gboolean delta, asks;
  } frames[] = {
    {0, TRUE, TRUE}, {10 * MS, TRUE, FALSE}, {second - 20 * MS, TRUE, FALSE},
    {10 * MS, TRUE, TRUE},      /* a second is over, and none has come */
    {10 * MS, TRUE, FALSE},
    {10 * MS, FALSE, FALSE},    /* here it is */
    {second, TRUE, FALSE},
  };
  GstBipsKeyNeed need = { 0, };
  gint64 at = HOUR;
  guint i;

  gst_bips_key_need_begin (&need);
  for (i = 0; i < G_N_ELEMENTS (frames); i++) {
    at += frames[i].later;
    CHECK (gst_bips_key_need_asks (&need, frames[i].delta, (guint64) at) == frames[i].asks, "frame %u", i);
  }
  /* A pause, or another producer: that has nothing to do with when it asked before. */
  gst_bips_key_need_begin (&need);
  CHECK (gst_bips_key_need_asks (&need, TRUE, (guint64) at), "it does not ask where the next stream begins");
  CHECK (!gst_bips_key_need_asks (&need, TRUE, (guint64) at), "it asks twice where the next stream begins");
}

/* Who loses frames again and again must not have the encoder make nothing but key frames: ten seconds, in which each
 * tenth frame is a key frame. */
static void
asks_seldom (void)
{
  GstBipsKeyNeed need = { 0, };
  gint i, asked = 0;

  for (i = 0; i < 1000; i++) {
    gst_bips_key_need_lost (&need);
    asked += gst_bips_key_need_asks (&need, i % 10 != 0, (guint64) (HOUR + i * 10 * MS));
  }
  CHECK (asked >= 8 && asked <= 10, "asked %d times in ten seconds, want about once a second", asked);
  need = (GstBipsKeyNeed) { 0, };
  CHECK (!gst_bips_key_need_asks (&need, TRUE, (guint64) HOUR), "it asks without a need");
}

/* A stream without key frames begins with any frame in the end. */
static void
gives_up (void)
{
  const guint64 limit = (guint64) GST_BIPS_KEY_FRAME_LIMIT;
  GstBipsKeyNeed need = { 0, };

  CHECK (gst_bips_key_need_await (&need, TRUE, HOUR) == GST_BIPS_KEY_FRAME_AWAITED, "a stream begins in the middle");
  CHECK (gst_bips_key_need_await (&need, TRUE, HOUR + limit - 1) == GST_BIPS_KEY_FRAME_AWAITED, "it gives up too early");
  CHECK (gst_bips_key_need_await (&need, TRUE, HOUR + limit) == GST_BIPS_KEY_FRAME_GIVEN_UP, "it does not give up");
  CHECK (gst_bips_key_need_await (&need, FALSE, HOUR + limit) == GST_BIPS_KEY_FRAME_HERE, "it does not see the key frame");
}

/* A pause is no time in which a stream sent no key frame. GStreamer changes the time at which an element began to play
 * when the pause begins: a key frame that was asked for with a last frame at that moment is published while
 * nobody reads, and has to be asked for again at once. */
static void
pause_begins_anew (void)
{
  static const struct
  {
    gint64 start;
    gint plays;
    gint64 later;
    gboolean asks;
  } frames[] = {
    {0, 1, 0, TRUE}, {0, 1, MS, FALSE}, {S, 1, MS, TRUE}, {S, 2, 2 * (gint64) GST_BIPS_KEY_FRAME_LIMIT, TRUE}, {S, 2, MS, FALSE}
  };
  GstBipsTimeline line = {.start = -1 };
  GstBipsKeyNeed need = { 0, };
  guint64 at = HOUR;
  guint i;

  for (i = 0; i < G_N_ELEMENTS (frames); i++) {
    at += (guint64) frames[i].later;
    if (gst_bips_timeline_plays_since (&line, frames[i].start, frames[i].plays))
      gst_bips_key_need_begin (&need);
    CHECK (gst_bips_key_need_await (&need, TRUE, at) == GST_BIPS_KEY_FRAME_AWAITED, "frame %u begins the stream", i);
    if (frames[i].asks)
      CHECK (gst_bips_key_need_asks (&need, TRUE, at), "no key frame is asked for with frame %u", i);
    CHECK (!gst_bips_key_need_asks (&need, TRUE, at), "one is asked for again with frame %u", i);
  }
}

static void
times_are_due (void)
{
  static const gint64 wanted[] = { 3 * S, S, 2 * S, S };
  static const struct
  {
    gint64 now;
    gboolean due;
  } looks[] = {
    {S - 1, FALSE}, {S, TRUE}, {S, FALSE}, {1500 * MS, FALSE},
    {4 * S, TRUE},              /* two at a time */
    {5 * S, FALSE},
  };
  GstBipsKeyTimes k;
  guint i;

  gst_bips_key_times_init (&k);
  CHECK (!gst_bips_key_times_due (&k, HOUR), "due before any was wanted");
  for (i = 0; i < G_N_ELEMENTS (wanted); i++)
    gst_bips_key_times_add (&k, wanted[i]);
  CHECK (k.n_times == 3, "%u times of 1, 2 and 3 seconds", k.n_times);
  for (i = 0; i < G_N_ELEMENTS (looks); i++)
    CHECK (gst_bips_key_times_due (&k, looks[i].now) == looks[i].due, "look %u, at %ld", i, looks[i].now);
  for (i = 2 * GST_BIPS_MAX_KEY_TIMES; i > 0; i--)
    gst_bips_key_times_add (&k, i * 60 * S);
  CHECK (k.n_times == GST_BIPS_MAX_KEY_TIMES && k.times[0] == 60 * S, "it remembers %u times, and the first is %ld", k.n_times, k.times[0]);
  gst_bips_key_times_reset (&k);
  CHECK (!gst_bips_key_times_due (&k, 24 * HOUR), "due after they were forgotten");
  gst_bips_key_times_clear (&k);
}

TESTS ({"a key frame is asked for where a stream begins, and again until one comes", asks_again},
    {"a key frame is asked for behind a gap, and at most once a second", asks_seldom},
    {"a stream without key frames begins with any frame after ten seconds", gives_up},
    {"a reader that was paused waits and asks for a key frame anew", pause_begins_anew},
    {"times of key frames are due in their order, and once", times_are_due})
