#include "frames.h"

static GstClockTime
latest (GstBipsTimeline * line, Frame f, GstBipsClock clock)
{
  GstClockTime pts, dts;

  gst_bips_timeline_latest (line, &f.info, &f.delivery, &clock, 0, &pts, &dts);
  return pts;
}

/* A frame that is placed by every. */
typedef struct
{
  gint64 pts, dts;              /* NO_TIME: none */
  gboolean early;
} Placed;

static Placed
every (GstBipsTimeline * line, Frame f, GstBipsClock clock)
{
  GstClockTime pts, dts;
  gboolean early = !gst_bips_timeline_every (line, &f.info, &f.delivery, &clock, &pts, &dts);

  return (Placed) { (gint64) pts, (gint64) dts, early };
}

static void
latest_evens_out (void)
{
  static const gint64 jitter[] = { 4 * MS, 0, 3 * MS, 1 * MS, 2 * MS, 0, 4 * MS };
  GstBipsTimeline line = { 0, };
  gint i;

  for (i = 0; i < 70; i++) {
    gint64 captured = i * USUAL, published = captured + 200 * MS + jitter[i % 7];
    gint64 at = (gint64) latest (&line, framed (captured, published), clock_at (0));

    CHECK (at <= published && at >= published - (gint64) GST_BIPS_TIMELINE_SLACK, "frame %d: PTS %ld, published %ld", i, at, published);
    CHECK (i == 0 || ABS (at - captured - 200 * MS) <= MS, "frame %d: PTS is off by %ld", i, at - captured - 200 * MS);
  }
}

static void
latest_never_goes_back (void)
{
  static const gint64 published[] = { -5 * S, -MS, 30 * MS, 10 * MS, 10 * MS, 60 * MS };
  GstBipsTimeline line = { 0, };
  gint64 last = -1;
  guint i;

  for (i = 0; i < G_N_ELEMENTS (published); i++) {
    gint64 at = (gint64) latest (&line, framed (published[i] - MS, published[i]), clock_at (0));

    CHECK (at > last && (i > 0 || at == 0), "frame %u: PTS %ld after %ld", i, at, last);
    last = at;
  }
}

static void
latest_without_capture (void)
{
  GstBipsTimeline line = { 0, };
  Frame f = framed (0, 40 * MS);

  f.info.capture_time = BIPS_NO_TIME;
  CHECK (latest (&line, f, clock_at (0)) == (guint64) (40 * MS), "it is not presented when it was published");
}

/* A time of publication that is still to come is one of another machine, or damaged. */
static void
latest_to_come (void)
{
  GstBipsTimeline line = { 0, };
  GstBipsClock clock = clock_at (0);
  gint i;

  for (i = 0; i < 10; i++) {
    gint64 at = i * USUAL, got;
    Frame f = framed (at - MS, at);

    clock.now = HOUR + at;
    if (i == 3)
      f.delivery.publish_time = (guint64) G_MAXINT64;
    got = (gint64) latest (&line, f, clock);
    CHECK (got <= at + MS && got >= at - (gint64) GST_BIPS_TIMELINE_SLACK, "frame %d: PTS %ld, published at %ld", i, got, at);
    gst_bips_timeline_begin (&line);    /* as if its producer had been started anew */
  }
}

static void
every_live (void)
{
  static const struct
  {
    gint64 captured, reorder;
    gboolean early;
  } frames[] = {
    {-500 * MS, 0, TRUE}, {-1, 0, TRUE}, {10 * MS, 60 * MS, TRUE}, {100 * MS, 60 * MS, FALSE},
    {60 * MS, 10 * MS, FALSE}, {20 * MS, 0, FALSE}
  };
  GstBipsTimeline line = { 0, };
  guint i;

  for (i = 0; i < G_N_ELEMENTS (frames); i++) {
    gint64 captured = frames[i].captured, reorder = frames[i].reorder;
    Placed p = every (&line, encoded (captured, captured + S, 60 * S, 60 * S - reorder, S), clock_at (0));

    CHECK (p.early == frames[i].early, "frame %u, captured at %ld: early: %d", i, captured, p.early);
    CHECK (p.early || (p.pts == captured && p.dts == captured - reorder), "frame %u: PTS %ld, DTS %ld", i, p.pts, p.dts);
  }
}

static void
every_not_live (void)
{
  GstBipsTimeline line = { 0, };
  gint64 last = 9 * USUAL + 50 * MS;
  Placed p;
  gint i;

  for (i = 0; i < 10; i++) {
    gint64 captured = i * USUAL - 2 * S, want = i * USUAL + 50 * MS;    /* the first DTS is 0 */

    p = every (&line, encoded (captured, captured, 60 * S, 60 * S - 50 * MS, NO_TIME), clock_at (0));
    CHECK (!p.early && p.pts == want && p.dts == want - 50 * MS, "frame %d: PTS %ld, DTS %ld, early %d; want PTS %ld", i,
        p.pts, p.dts, p.early, want);
  }
  /* Its next run has times of its own, which do not go back. */
  gst_bips_timeline_begin (&line);
  p = every (&line, framed (-S, 0), clock_at (0));
  CHECK (p.pts > last, "after a restart: PTS %ld after %ld", p.pts, last);
  gst_bips_timeline_begin (&line);
  p = every (&line, framed (7 * S, 7 * S), clock_at (0));
  CHECK (p.pts == 7 * S, "after a restart with a gap: PTS %ld", p.pts);
}

/* From one camera to another, whose frames come later after their capture, and from a file that is ahead of its time to a camera. */
static void
every_of_another_camera (void)
{
  static const struct
  {
    gint64 before, captured;
    gboolean early;
  } frames[] = { {S, 800 * MS, TRUE}, {S, S, TRUE}, {S, 1033 * MS, FALSE}, {60 * S, S, FALSE} };
  GstBipsClock clock = clock_at (0);
  guint i;

  clock.now = HOUR + 1100 * MS;
  for (i = 0; i < G_N_ELEMENTS (frames); i++) {
    GstBipsTimeline line = { 0, };
    gint64 captured = frames[i].captured;
    Placed p;

    every (&line, framed (frames[i].before, S), clock);
    gst_bips_timeline_begin (&line);
    p = every (&line, encoded (captured, 1100 * MS, NO_TIME, NO_TIME, 200 * MS), clock);
    CHECK (p.early == frames[i].early && (p.early || p.pts == captured), "frame %u, captured at %ld: PTS %ld, early %d", i, captured,
        p.pts, p.early);
  }
}

/* The key frame with which another camera begins is presented behind the last frame, and would have been decoded before it. Without that
 * frame there would be nothing until the next one of its kind. */
static void
every_of_a_reordering_camera (void)
{
  GstBipsTimeline line = { 0, };
  GstBipsClock clock = clock_at (0);
  Placed p;

  clock.now = HOUR + 1100 * MS;
  every (&line, encoded (S, S, 10 * S, 10 * S - 66 * MS, 200 * MS), clock);
  gst_bips_timeline_begin (&line);
  p = every (&line, encoded (1020 * MS, 1100 * MS, 100 * MS, 0, 200 * MS), clock);
  CHECK (!p.early && p.pts == 1020 * MS && p.dts == S - 66 * MS + 1, "PTS %ld, DTS %ld, early %d", p.pts, p.dts, p.early);
}

static void
every_after_pause (void)
{
  GstBipsTimeline line = { 0, };
  Placed p;

  CHECK (!every (&line, encoded (0, MS, 0, 0, 0), clock_at (0)).early, "the first frame is early");
  gst_bips_timeline_begin (&line);
  CHECK (every (&line, encoded (900 * MS, S, 0, 0, 0), clock_at (S)).early, "a frame from the pause is not early");
  p = every (&line, encoded (1100 * MS, 1200 * MS, 0, 0, 0), clock_at (S));
  CHECK (!p.early && p.pts == 1100 * MS, "the first after it: PTS %ld, early %d", p.pts, p.early);
}

static void
every_without_times (void)
{
  GstBipsTimeline line = { 0, };
  Frame f = framed (0, 0);
  Placed p;

  f.info.capture_time = f.info.duration = BIPS_NO_TIME;
  p = every (&line, f, clock_at (0));
  CHECK (p.pts == NO_TIME && p.dts == NO_TIME && !p.early, "PTS %ld, DTS %ld, early %d", p.pts, p.dts, p.early);
}

/* Ten frames of a program that fills in a stream's times only, published at once, and one more after it has paused for a minute. */
static void
every_by_the_stream (void)
{
  GstBipsTimeline line = { 0, };
  Placed p;
  gint i;

  for (i = 0; i < 11; i++) {
    gint64 published = S + i * MS + (i == 10 ? 60 * S : 0);
    Frame f = encoded (0, published, 2 * HOUR + i * USUAL, 2 * HOUR + i * USUAL - 50 * MS, NO_TIME);
    gint64 want = i == 10 ? published : S + i * USUAL;

    f.info.capture_time = BIPS_NO_TIME;
    p = every (&line, f, clock_at (0));
    CHECK (!p.early && p.dts == want && p.pts == want + 50 * MS, "frame %d: PTS %ld, DTS %ld, early %d; want DTS %ld", i, p.pts,
        p.dts, p.early, want);
  }
  gst_bips_timeline_begin (&line);      /* the next producer, whose times begin anew */
  for (i = 0; i < 2; i++) {
    Frame f = encoded (0, 90 * S, i * USUAL, NO_TIME, NO_TIME);

    f.info.capture_time = BIPS_NO_TIME;
    p = every (&line, f, clock_at (0));
    CHECK (p.pts == 90 * S + i * USUAL && p.dts == NO_TIME, "frame %d of the next producer: PTS %ld, DTS %ld", i, p.pts, p.dts);
  }
}

/* What becomes of ten seconds of a stream whose times say 30 frames/s. */
typedef struct
{
  gint late;                    /* frames that a sink would leave out */
  gint uneven;                  /* that are not where the one before and their times put them */
} Kept;

static Kept
played (gint64 (*published) (gint frame))
{
  GstBipsTimeline line = { 0, };
  Kept kept = { 0, };
  gint64 last = 0;
  gint i;

  for (i = 0; i < 300; i++) {
    Frame f = encoded (0, published (i), i * USUAL, NO_TIME, NO_TIME);
    Placed p;

    f.info.capture_time = BIPS_NO_TIME;
    p = every (&line, f, clock_at (0));
    CHECK (i == 0 || p.pts > last, "frame %d: PTS %ld after %ld", i, p.pts, last);
    kept.late += published (i) - p.pts > 25 * MS;
    kept.uneven += i > 0 && p.pts != last + USUAL;
    last = p.pts;
  }
  return kept;
}

static gint64
by_29 (gint frame)
{
  return S + frame * S / 29;
}

static gint64
by_15 (gint frame)
{
  return S + frame * S / 15;
}

/* The first frame comes sooner than the others do. */
static gint64
first_sooner (gint frame)
{
  return S + frame * USUAL + (frame > 0 ? 60 * MS : 0);
}

/* Now and then none comes for 300 ms, and then all that are due. */
static gint64
halting (gint frame)
{
  gint64 due = S + frame * USUAL;

  return frame % 100 >= 50 && frame % 100 < 59 ? S + (frame / 100 * 100 + 59) * USUAL : due;
}

static gint64
shaking (gint frame)
{
  return S + frame * USUAL + (frame % 5) * 8 * MS;
}

/* Streams of programs whose times are not those at which they publish. */
static void
every_late (void)
{
  Kept kept = played (by_29);

  CHECK (kept.late == 0, "29 frames/s: %d late", kept.late);
  kept = played (by_15);
  CHECK (kept.late < 10, "15 frames/s: %d late", kept.late);
  kept = played (first_sooner);
  CHECK (kept.late < 10 && kept.uneven == 1, "the first one sooner: %d late, %d uneven", kept.late, kept.uneven);
  kept = played (halting);
  CHECK (kept.late <= 3 * 9 && kept.uneven == 0, "halting: %d late, %d uneven", kept.late, kept.uneven);
  kept = played (shaking);
  CHECK (kept.uneven == 0, "shaking: %d uneven", kept.uneven);
}

/* The base time is 0, and the clock shows the time since 1970: pipelines of several machines are held together so. */
static void
every_since_1970 (void)
{
  GstBipsTimeline line = { 0, };
  GstBipsClock clock = clock_at (0);
  gint i;

  clock.offset = HOUR - 56 * YEAR;
  for (i = 0; i < 3; i++) {
    gint64 want = 56 * YEAR + i * USUAL;
    Placed p = every (&line, encoded (i * USUAL, i * USUAL, NO_TIME, NO_TIME, i == 0 ? 200 * MS : NO_TIME), clock);

    CHECK (!p.early && p.pts == want, "frame %d: PTS %ld, early %d; want %ld", i, p.pts, p.early, want);
  }
}

/* What no clock can show is no time: as a number it would be hundreds of years. */
static void
every_before_the_beginning (void)
{
  static const gint64 captured[] = { -MS, -1, G_MININT64 };
  guint i;

  for (i = 0; i < G_N_ELEMENTS (captured); i++) {
    GstBipsTimeline line = { 0, };
    Frame f = encoded (0, 0, 0, 0, 0);
    Placed p;

    every (&line, encoded (S, S, 0, 0, 0), clock_at (0));
    f.info.capture_time = (guint64) HOUR + (guint64) captured[i];
    p = every (&line, f, clock_at (0));
    CHECK (p.pts >= NO_TIME && p.dts >= NO_TIME && !p.early, "captured %ld: PTS %ld, DTS %ld, early %d", captured[i], p.pts, p.dts,
        p.early);
  }
}

/* Three frames of a stream that is reordered by 66 ms, a seek, and three more that are captured right behind: their
 * decoding would begin before that of the last frame. */
static void
every_decodes_in_order (void)
{
  static const gint64 captured[] = { 100 * MS, 233 * MS, 166 * MS, 120 * MS, 253 * MS, 186 * MS };
  static const gint64 before[] = { 66 * MS, 166 * MS, 66 * MS };
  GstBipsTimeline line = { 0, };
  gint64 last = -1;
  guint i;

  for (i = 0; i < G_N_ELEMENTS (captured); i++) {
    Placed p = every (&line, encoded (captured[i], captured[i], 60 * S, 60 * S - before[i % 3], NO_TIME), clock_at (0));

    CHECK (p.dts > last && p.dts <= captured[i], "frame %u: DTS %ld after %ld, PTS %ld", i, p.dts, last, p.pts);
    CHECK (p.pts == captured[i], "frame %u: PTS %ld, want %ld", i, p.pts, captured[i]);
    last = p.dts;
  }
}

/* After 10 seconds the pipeline's time begins anew, as after a flush: 10 more seconds later it would be too late. */
static void
times_are_set_back (void)
{
  GstBipsClock clock = clock_at (0);
  GstBipsTimeline line = { 0, };
  Placed p;
  gint64 at;

  clock.now = HOUR + 10 * S;
  CHECK (!gst_bips_timeline_is_set_back (&line, &clock), "the first look finds a time that was set back");
  every (&line, encoded (10 * S, 10 * S, 60 * S, 60 * S - 50 * MS, NO_TIME), clock);
  clock.now += 100 * MS - 1;
  CHECK (!gst_bips_timeline_is_set_back (&line, &clock), "a time that goes on was set back");
  clock.offset += 200 * MS;     /* a last frame came while a pause began */
  CHECK (!gst_bips_timeline_is_set_back (&line, &clock) && line.given, "a pause sets the time back");
  clock.offset = clock.now;
  CHECK (gst_bips_timeline_is_set_back (&line, &clock), "a time that begins anew was not set back");
  at = clock.offset - HOUR + 20 * MS;
  p = every (&line, framed (at, at), clock);
  CHECK (p.pts == 20 * MS, "a frame of 20 ms after that: PTS %ld", p.pts);
  gst_bips_timeline_begin (&line);      /* a flush that leaves the time as it is */
  p = every (&line, encoded (at + 60 * MS, at + 60 * MS, 60 * S, 60 * S - 50 * MS, NO_TIME), clock);
  CHECK (p.pts == 80 * MS && p.dts == 30 * MS, "a frame of 80 ms after that: PTS %ld, DTS %ld", p.pts, p.dts);
  clock.offset -= 5 * S;        /* by an application, forth */
  CHECK (!gst_bips_timeline_is_set_back (&line, &clock), "a time that was set forth was set back");
}

TESTS ({"latest is presented when it was published, and evened out", latest_evens_out},
    {"latest begins at the start and never goes back", latest_never_goes_back},
    {"latest without a capture time is presented when it was published", latest_without_capture},
    {"latest is not put off by a time of publication that is to come", latest_to_come},
    {"every of a live producer begins with what was captured after the start", every_live},
    {"every of a producer that is not live loses nothing and is shifted as one", every_not_live},
    {"every of another live producer begins behind the last frame of the one before", every_of_another_camera},
    {"every of another live producer begins with a frame that is decoded early", every_of_a_reordering_camera},
    {"every after a pause begins with what was captured after it", every_after_pause},
    {"every without times has none", every_without_times},
    {"every without a capture time keeps the distances of the stream's times", every_by_the_stream},
    {"every without a capture time leaves nothing late for long", every_late},
    {"every has running times since 1970", every_since_1970},
    {"every makes no time of what is before the beginning", every_before_the_beginning},
    {"every never decodes a frame before the one before it", every_decodes_in_order},
    {"a time of the pipeline that is set back takes the frames' times with it", times_are_set_back})
