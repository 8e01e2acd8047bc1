#include "../clock.h"

#include <check.h>

/* A clock that shows what it is told, and counts how often it is asked. */
typedef struct
{
  GstClock parent;
  GstClockTime shows;
  guint asked;
} ToldClock;

typedef GstClockClass ToldClockClass;

GType told_clock_get_type (void);
G_DEFINE_TYPE (ToldClock, told_clock, GST_TYPE_CLOCK)

static GstClockTime
told_clock_time (GstClock * clock)
{
  ToldClock *told = (ToldClock *) clock;

  told->asked++;
  return told->shows;
}

static void
told_clock_class_init (ToldClockClass * klass)
{
  klass->get_internal_time = told_clock_time;
}

static void
told_clock_init (ToldClock * clock)
{
}

/* GStreamer, without a look for plugins. */
static void
begin (void)
{
  g_setenv ("GST_REGISTRY_DISABLE", "yes", TRUE);
  gst_init (NULL, NULL);
}

/* An element that has a clock. base_time and start_time are set. */
static GstElement *
element_with (gpointer clock)
{
  GstElement *element = gst_bin_new (NULL);

  NEED (element, "there is no bin");
  gst_object_ref_sink (element);
  gst_element_set_clock (element, clock);
  gst_element_set_base_time (element, 5 * GST_SECOND);
  gst_element_set_start_time (element, 2 * GST_SECOND);
  return element;
}

static GstBipsClock
clock_read (GstElement * element, GstBipsClocks * clocks)
{
  GstBipsClock clock = { 0, };

  CHECK (gst_bips_clock_read (element, clocks, &clock), "the element has no clock");
  return clock;
}

static GstClock *
system_clock (void)
{
  begin ();
  return gst_object_ref_sink (g_object_new (GST_TYPE_SYSTEM_CLOCK, NULL));
}

static ToldClock *
told_clock (void)
{
  begin ();
  return gst_object_ref_sink (g_object_new (told_clock_get_type (), NULL));
}

static void
no_clock (void)
{
  GstBipsClocks clocks = { 0, };
  GstBipsClock clock;
  GstElement *element;

  begin ();
  element = element_with (NULL);
  CHECK (!gst_bips_clock_read (element, &clocks, &clock), "there is none");
  CHECK (gst_bips_monotonic_time (element, &clocks, GST_SECOND) == GST_CLOCK_TIME_NONE, "and no time of it");
  gst_object_unref (element);
}

static void
own_system_clock (void)
{
  GstClock *clock = system_clock ();
  GstElement *element = element_with (clock);
  GstBipsClocks clocks = { 0, };
  GstBipsClock first = clock_read (element, &clocks), second;
  gint64 off = first.offset - 5 * (gint64) GST_SECOND;

  CHECK (ABS (off) < (gint64) GST_MSECOND, "it is CLOCK_MONOTONIC, but %ld ns off", off);
  CHECK (first.start == 2 * (gint64) GST_SECOND, "it plays from %ld", first.start);
  gst_clock_set_calibration (clock, 0, GST_SECOND, 1, 1);
  second = clock_read (element, &clocks);
  CHECK (second.offset == first.offset, "it was compared again at once");
  CHECK (second.now >= first.now, "time goes back");
  clocks.good_until = second.now;
  second = clock_read (element, &clocks);
  CHECK (ABS (first.offset - second.offset - (gint64) GST_SECOND) < (gint64) GST_MSECOND, "a second that it was set to is not seen later: %ld",
      first.offset - second.offset);
  CHECK (clocks.good_until > second.now && clocks.good_until <= second.now + (gint64) GST_SECOND, "it is believed for %ld ns",
      clocks.good_until - second.now);
  gst_object_unref (element);
  gst_object_unref (clock);
}

/* As that of a sound card, which begins to run when the sound does. */
static void
other_clock (void)
{
  ToldClock *clock = told_clock ();
  GstElement *element = element_with (clock);
  GstBipsClocks clocks = { 0, };
  gint64 before = clock_read (element, &clocks).offset, after;
  guint asked = clock->asked;

  clock->shows = GST_SECOND;
  after = clock_read (element, &clocks).offset;
  CHECK (clock->asked > asked, "it was not asked again");
  CHECK (before - after > 9 * (gint64) GST_SECOND / 10, "a second that it went on is not seen: %ld", before - after);
  gst_object_unref (element);
  gst_object_unref (clock);
}

static void
another_clock (void)
{
  ToldClock *next = told_clock ();
  GstClock *clock = system_clock ();
  GstElement *element = element_with (clock);
  GstBipsClocks clocks = { 0, };
  GstBipsClock read;

  clock_read (element, &clocks);
  gst_element_set_clock (element, GST_CLOCK (next));
  read = clock_read (element, &clocks);
  CHECK (read.offset == read.now + 5 * (gint64) GST_SECOND || read.now + 5 * (gint64) GST_SECOND - read.offset < (gint64) GST_MSECOND,
      "the distance is that of the clock before: %ld", read.offset);
  gst_object_unref (element);
  gst_object_unref (clock);
  gst_object_unref (next);
}

static void
times_on_monotonic (void)
{
  GstClock *clock = system_clock ();
  GstElement *element = element_with (clock);
  GstBipsClocks clocks = { 0, };
  GstClockTime time = gst_bips_monotonic_time (element, &clocks, 3 * GST_SECOND);

  CHECK (ABS ((gint64) time - 8 * (gint64) GST_SECOND) < (gint64) GST_MSECOND, "running time 3 s after a base time of 5 s was at %lu", time);
  CHECK (gst_bips_monotonic_time (element, &clocks, GST_CLOCK_TIME_NONE) == GST_CLOCK_TIME_NONE, "no time is one");
  gst_object_unref (element);
  gst_object_unref (clock);
}

TESTS ({"an element without a clock has no time", no_clock},
    {"the system clock is compared now and again", own_system_clock},
    {"any other clock is compared at each look", other_clock},
    {"the clock that an element has now is compared at once", another_clock},
    {"a running time is one of CLOCK_MONOTONIC", times_on_monotonic})
