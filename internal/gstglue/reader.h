/* A consumer of libbips', which several hold: the object in Go that made it, and the streaming thread for as
 * long as it asks it. The last one closes it. */
#ifndef GST_BIPS_READER_H
#define GST_BIPS_READER_H

#include <bips/bips.h>
#include <gst/gst.h>

G_BEGIN_DECLS

typedef struct
{
  gint references;              /* atomic */
  bips_consumer *consumer;
} GstBipsReader;

/* Takes consumer over. */
GstBipsReader *gst_bips_reader_new (bips_consumer * consumer);

/* NULL: nothing. */
GstBipsReader *gst_bips_reader_ref (GstBipsReader * reader);
void gst_bips_reader_unref (GstBipsReader * reader);

G_END_DECLS

#endif
