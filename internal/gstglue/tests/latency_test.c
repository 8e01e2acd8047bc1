#include "../latency.h"

#include "../giveway.h"
#include "frames.h"

#define FRAME (10 * MS)

static gboolean
note (GstBipsLatency * latency, const Frame * f, gint64 frame_duration)
{
  return gst_bips_latency_note (latency, &f->info, &f->delivery, frame_duration);
}

/* A latency of a source that has attached to a pool. */
static void
begin (GstBipsLatency * latency, gint64 deadline, guint room)
{
  gst_bips_latency_init (latency);
  gst_bips_latency_reset (latency, (guint64) deadline);
  gst_bips_latency_attached (latency, room);
}

static void
answers (void)
{
  static const struct
  {
    const gchar *name;
    guint32 mode;
    guint room;
    gint64 deadline, upstream, way, least, greatest;
  } cases[] = {
    {"latest, whatever the producer's latency is", BIPS_LATEST, 12, 5 * MS, 2 * S, 3 * MS, 5 * MS, 125 * MS},
    {"every, of a camera", BIPS_EVERY, 12, 5 * MS, 33 * MS, 34 * MS, 38 * MS, 154 * MS},
    {"every, more than the pool can keep", BIPS_EVERY, 12, 0, 2 * S, 20 * MS, 2 * S, 140 * MS},
    {"every, not live", BIPS_EVERY, 12, 20 * MS, NO_TIME, 0, 20 * MS, GST_BIPS_UNLIMITED},
    {"few slots", BIPS_LATEST, 1, 0, NO_TIME, 0, 0, FRAME},
  };
  gint64 least, greatest;
  guint i;

  for (i = 0; i < G_N_ELEMENTS (cases); i++) {
    Frame f = framed (0, cases[i].way);
    GstBipsLatency l;

    begin (&l, cases[i].deadline, 0);
    gst_bips_latency_query (&l, &least, &greatest);
    CHECK (least == cases[i].deadline && greatest == GST_BIPS_UNLIMITED, "%s: before there is a pool: %ld to %ld",
        cases[i].name, least, greatest);
    gst_bips_latency_attached (&l, cases[i].room);
    f.delivery.mode = cases[i].mode;
    f.delivery.latency = (guint64) cases[i].upstream;
    CHECK (note (&l, &f, FRAME), "%s: the first frame changed nothing", cases[i].name);
    gst_bips_latency_query (&l, &least, &greatest);
    CHECK (least == cases[i].least && greatest == cases[i].greatest, "%s: %ld to %ld, want %ld to %ld", cases[i].name,
        least, greatest, cases[i].least, cases[i].greatest);
    f.delivery.publish_time += (guint64) MS;
    CHECK (!note (&l, &f, FRAME), "%s: the same frame again changed the answer", cases[i].name);
    gst_bips_latency_clear (&l);
  }
}

static void
follows_the_producer (void)
{
  Frame f = encoded (0, 20 * MS, 0, 0, 20 * MS);
  gint64 least, greatest;
  GstBipsLatency l;

  begin (&l, 0, 12);
  f.delivery.mode = BIPS_EVERY;
  note (&l, &f, USUAL);
  f.delivery.latency = (guint64) (500 * MS);
  CHECK (note (&l, &f, USUAL), "another latency of the producer changed nothing");
  gst_bips_latency_query (&l, &least, &greatest);
  CHECK (least == 500 * MS, "least latency %ld", least);
  gst_bips_latency_clear (&l);
}

/* The pool keeps 140 ms. */
static void
is_too_long (void)
{
  Frame f = encoded (0, 20 * MS, 0, 0, 2 * S);
  GstBipsLatency l;

  begin (&l, 0, 12);
  f.delivery.mode = BIPS_EVERY;
  note (&l, &f, FRAME);
  gst_bips_latency_configure (&l, (guint64) (2 * S));
  CHECK (gst_bips_latency_is_too_long (&l), "2 s are more than the pool keeps");
  CHECK (!gst_bips_latency_fills (&l, 10) && gst_bips_latency_fills (&l, 11), "11 frames behind are as many as fit");
  gst_bips_latency_configure (&l, (guint64) (100 * MS));
  CHECK (!gst_bips_latency_is_too_long (&l), "100 ms are less than the pool keeps");
  gst_bips_latency_clear (&l);
}

/* Caps without a frame rate, as behind an RTP depayloader, and frames that do not say how long they last. */
static void
guesses (void)
{
  gint64 least, greatest;
  GstBipsLatency l;
  gint i, told = 0;
  Frame f;

  begin (&l, 0, 12);
  for (i = 0; i < 100; i++) {
    f = framed (0, i * 20 * MS);
    f.delivery.mode = BIPS_LATEST;
    f.info.duration = f.info.capture_time = BIPS_NO_TIME;
    if (gst_bips_latency_wants_guess (&l, f.delivery.publish_time))
      gst_bips_latency_guess (&l, 20 * MS + i % 5 * MS);
    if (note (&l, &f, 0))
      told++;
  }
  gst_bips_latency_query (&l, &least, &greatest);
  CHECK (greatest == 12 * 20 * MS && told == 1, "greatest latency %ld, told %d times, want 240 ms, once", greatest, told);
  f = framed (0, 0);
  f.delivery.mode = BIPS_LATEST;
  note (&l, &f, 0);
  CHECK (!gst_bips_latency_wants_guess (&l, (guint64) (2 * HOUR)), "a frame that tells its duration leaves something to be guessed");
  gst_bips_latency_clear (&l);
}

/* Whatever a pool says of its times, the answers are times: the least is not negative, and not more than years. */
static void
are_times (void)
{
  static const guint64 strange[] = { 0, 1, G_GUINT64_CONSTANT (1) << 62, G_MAXINT64, G_GUINT64_CONSTANT (1) << 63,
    G_MAXUINT64 - 1, G_MAXUINT64
  };
  const guint n = G_N_ELEMENTS (strange);
  guint i;

  for (i = 0; i < 2 * n * n * n; i++) {
    guint64 upstream = strange[i / 2 % n], published = strange[i / 2 / n % n], duration = strange[i / 2 / n / n];
    gint64 least, greatest;
    GstBipsLatency l;
    Frame f = framed (0, 0);

    gst_bips_latency_init (&l);
    gst_bips_latency_reset (&l, upstream);
    gst_bips_latency_attached (&l, BIPS_MAX_SLOTS);
    f.delivery.mode = i % 2 ? BIPS_EVERY : BIPS_LATEST;
    f.delivery.publish_time = published;
    f.delivery.latency = f.info.capture_time = upstream;
    f.info.duration = duration;
    note (&l, &f, gst_bips_limited (duration));
    gst_bips_latency_query (&l, &least, &greatest);
    CHECK (least >= 0 && least <= 3 * GST_BIPS_LONGEST && greatest >= GST_BIPS_UNLIMITED &&
        greatest <= (BIPS_MAX_SLOTS + 2) * GST_BIPS_LONGEST, "latency %lx, published %lx, duration %lx: %ld to %ld", upstream,
        published, duration, least, greatest);
    gst_bips_latency_clear (&l);
  }
}

/* So many frames that find the pool full, one after the other, without a wait, are a burst. */
static void
gives_way (void)
{
  Frame f = encoded (0, 20 * MS, 0, 0, 2 * S);
  GstBipsGiveWay give_way = { 0, };
  GstBipsLatency l;
  gint i;

  begin (&l, 0, 12);
  f.delivery.mode = BIPS_EVERY;
  note (&l, &f, FRAME);
  gst_bips_latency_configure (&l, (guint64) (2 * S));
  for (i = 0; i < 100; i++)
    CHECK (!gst_bips_give_way_note (&give_way, &l, 11) || i > 5, "it gives way to frame %d", i);
  give_way = (GstBipsGiveWay) { .full = 4, .full_since = g_get_monotonic_time () - G_USEC_PER_SEC };
  CHECK (!gst_bips_give_way_note (&give_way, &l, 10) && give_way.full == 0, "a pool with room does not end the row");
  give_way = (GstBipsGiveWay) { .full = 4, .full_since = g_get_monotonic_time () - G_USEC_PER_SEC };
  CHECK (gst_bips_give_way_note (&give_way, &l, 11) && give_way.gives_way, "five frames in a second: it does not give way");
  CHECK (!gst_bips_give_way_note (&give_way, &l, 0) && give_way.gives_way, "it does not go on to give way");
  gst_bips_latency_configure (&l, (guint64) (100 * MS));
  CHECK (gst_bips_give_way_note (&give_way, &l, 11) && !give_way.gives_way, "a shorter latency changes nothing");
  gst_bips_latency_clear (&l);
}

TESTS ({"the latency's answers are those of the mode and the pool", answers},
    {"the latency follows the producer's own", follows_the_producer},
    {"the latency is too long where the pool keeps frames for less", is_too_long},
    {"the latency guesses a duration that nobody tells", guesses},
    {"the latency's answers are times whatever a pool says", are_times},
    {"a reader gives way where the pool stays full, until the latency is shorter", gives_way})
