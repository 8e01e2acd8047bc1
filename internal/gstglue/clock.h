/* A pipeline's time and CLOCK_MONOTONIC, which all processes of a machine share. */
#ifndef GST_BIPS_CLOCK_H
#define GST_BIPS_CLOCK_H

#include <gst/gst.h>

G_BEGIN_DECLS

/* A pipeline's clock and CLOCK_MONOTONIC, as they were compared last. All zeros: not yet.
 * For one thread at a time. */
typedef struct
{
  gconstpointer clock;          /* which one, not a reference: only to be compared */
  gint64 distance;              /* CLOCK_MONOTONIC less the clock's time */
  gint64 good_until;            /* CLOCK_MONOTONIC up to which the distance need not be found anew */
  gint64 now;                   /* CLOCK_MONOTONIC at the last look */
} GstBipsClocks;

/* When the element's pipeline is or was at running_time, on CLOCK_MONOTONIC. */
GstClockTime gst_bips_monotonic_time (GstElement * element, GstBipsClocks * clocks,
    GstClockTime running_time);

/* A pipeline's running time and CLOCK_MONOTONIC, as of one moment. */
typedef struct
{
  gint64 offset;                /* what has to be added to the running time to get CLOCK_MONOTONIC */
  gint64 start;                 /* running time at which the pipeline began to play last; 0 where the
                                 * application keeps the pipeline's time by itself */
  gint64 now;                   /* that moment on CLOCK_MONOTONIC */
} GstBipsClock;

/* Reads the clock of the element's pipeline. FALSE: it has none. */
gboolean gst_bips_clock_read (GstElement * element, GstBipsClocks * clocks, GstBipsClock * clock);

G_END_DECLS

#endif
