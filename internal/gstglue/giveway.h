/* What keeps a reader of every frame from holding the producer, and so all other readers, up for good:
 * where the pipeline waits longer for each frame than the pool keeps it, and nothing downstream keeps it
 * instead, so that the pool stays full. Such a reader is not waited for until the pipeline decides on a
 * shorter latency. */
#ifndef GST_BIPS_GIVEWAY_H
#define GST_BIPS_GIVEWAY_H

#include "latency.h"

G_BEGIN_DECLS

/* All zeros: the producer waits for the reader. For the streaming thread. */
typedef struct
{
  gboolean gives_way;           /* the producer does not wait for this reader */
  guint full;                   /* how many frames in a row found the pool full of others */
  gint64 full_since;            /* when the first of them did, as g_get_monotonic_time has it */
} GstBipsGiveWay;

/* With each frame, and how many newer ones the pool had then. TRUE: gives_way has changed. */
gboolean gst_bips_give_way_note (GstBipsGiveWay * give_way, GstBipsLatency * latency, guint64 behind);

G_END_DECLS

#endif
