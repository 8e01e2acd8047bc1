/* The virtual methods of bipssink that the Go bindings cannot install. */
#ifndef GST_BIPS_SINK_H
#define GST_BIPS_SINK_H

#include <gst/base/gstbasesink.h>

#include "format.h"
#include "clock.h"
#include "frame.h"

G_BEGIN_DECLS

/* What C keeps of a sink. It belongs to the GObject. */
typedef struct
{
  guint64 handle;               /* of the Go object */
  gpointer allocator;           /* GstAllocator whose slots are offered, or NULL; a reference */
  GstBipsFormat format;         /* of the current caps */
  GstBipsClocks clocks;         /* for the streaming thread */
  gint upstream_live;           /* -1: to be asked; atomic */
} GstBipsSinkState;

void gst_bips_sink_install (gpointer klass);
void gst_bips_sink_attach (gpointer sink, guint64 handle);
GstBipsSinkState *gst_bips_sink_state (gpointer sink);

/* Offers slots to upstream from now on, or none when allocator is NULL. */
void gst_bips_sink_offer (gpointer sink, GstAllocator * allocator);

/* Has upstream ask anew what the sink offers. */
void gst_bips_sink_renegotiate (GstBaseSink * sink);

/* Takes out of buffer what a frame needs, and seals the slot if it lies in one. */
void gst_bips_sink_describe (GstBaseSink * sink, GstBipsSinkState * state, GstBuffer * buffer,
    GstBipsFrame * frame);

/* Copies the frame to data. Returns the bytes used; 0: it does not fit. When the layout
 * that buffer came in is too large it is packed, and frame says so. -1: the CPU cannot map it. */
gssize gst_bips_sink_copy (gpointer sink, GstBuffer * buffer, GstBipsFrame * frame, guint8 * data,
    gsize size);

G_END_DECLS

#endif
