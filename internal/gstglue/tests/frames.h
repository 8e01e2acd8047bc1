/* Frames and clocks for tests. Times are nanoseconds; running time 0 was at an hour on CLOCK_MONOTONIC. */
#ifndef GST_BIPS_TESTS_FRAMES_H
#define GST_BIPS_TESTS_FRAMES_H

#include <check.h>

#include "../clock.h"
#include "../timeline.h"

#define MS ((gint64) GST_MSECOND)
#define S ((gint64) GST_SECOND)
#define HOUR (3600 * S)
#define YEAR (365 * 24 * HOUR)
#define USUAL ((gint64) GST_BIPS_USUAL_FRAME)
#define NO_TIME ((gint64) -1)

typedef struct
{
  bips_frame_info info;
  bips_frame_delivery delivery;
} Frame;

static inline GstBipsClock
clock_at (gint64 start)
{
  return (GstBipsClock) { .offset = HOUR, .start = start, .now = 24 * HOUR };
}

/* A frame of 30 frames/s, captured and published at running times. */
static inline Frame
framed (gint64 captured, gint64 published)
{
  Frame f = { BIPS_FRAME_INFO_INIT, BIPS_FRAME_DELIVERY_INIT };

  f.info.capture_time = (guint64) (HOUR + captured);
  f.info.duration = (guint64) USUAL;
  f.delivery.publish_time = (guint64) (HOUR + published);
  f.delivery.latency = BIPS_NO_TIME;
  return f;
}

/* The same with the times of a stream, of a producer with a latency; NO_TIME: it is not live. */
static inline Frame
encoded (gint64 captured, gint64 published, gint64 pts, gint64 dts, gint64 latency)
{
  Frame f = framed (captured, published);

  f.info.pts = (guint64) pts;
  f.info.dts = (guint64) dts;
  f.delivery.latency = (guint64) latency;
  return f;
}

#endif
