#include "reader.h"

GstBipsReader *
gst_bips_reader_new (bips_consumer * consumer)
{
  GstBipsReader *reader = g_new (GstBipsReader, 1);

  reader->references = 1;
  reader->consumer = consumer;
  return reader;
}

GstBipsReader *
gst_bips_reader_ref (GstBipsReader * reader)
{
  if (reader)
    g_atomic_int_inc (&reader->references);
  return reader;
}

void
gst_bips_reader_unref (GstBipsReader * reader)
{
  if (!reader || !g_atomic_int_dec_and_test (&reader->references))
    return;
  bips_consumer_close (reader->consumer);
  g_free (reader);
}
