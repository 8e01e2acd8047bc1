/* A pipeline's time and CLOCK_MONOTONIC, which all processes of a machine share. */
#ifndef GST_BIPS_CLOCK_H
#define GST_BIPS_CLOCK_H

#include <gst/gst.h>

G_BEGIN_DECLS

/* When the element's pipeline is or was at running_time, on CLOCK_MONOTONIC. */
GstClockTime gst_bips_monotonic_time (GstElement * element, GstClockTime running_time);

/* The reverse: the running time at a point of CLOCK_MONOTONIC; 0 when it lies before
 * the pipeline's start. */
GstClockTime gst_bips_running_time (GstElement * element, GstClockTime monotonic);

G_END_DECLS

#endif
