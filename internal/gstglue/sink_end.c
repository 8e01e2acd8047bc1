#include "sink.h"

#include "_cgo_export.h"

static GstElementClass *parent_class;

/* What a bin sends to its sources. Upstream sends the sink the same by its pad, in its turn. */
static gboolean
send_event (GstElement * sink, GstEvent * event)
{
  if (!GST_EVENT_IS_DOWNSTREAM (event))
    return parent_class->send_event (sink, event);
  if (GST_EVENT_TYPE (event) == GST_EVENT_EOS)
    gstBipsSinkEndAsked (gst_bips_sink_state (sink)->handle, sink, TRUE);
  gst_event_unref (event);
  return TRUE;
}

/* A bin tells its sources one after the other, and the first one whose streaming thread is in
 * the sink keeps it until that thread is back (gst_base_src_send_event). */
static void
be_told_first (GstElement * sink)
{
  GstObject *parent = gst_object_get_parent (GST_OBJECT_CAST (sink));

  if (parent && GST_IS_BIN (parent)) {
    GstBin *bin = GST_BIN_CAST (parent);
    GList *link;

    GST_OBJECT_LOCK (bin);
    link = g_list_find (bin->children, sink);
    if (link && link != bin->children) {
      bin->children = g_list_remove_link (bin->children, link);
      bin->children = g_list_concat (link, bin->children);
      bin->children_cookie++;
    }
    GST_OBJECT_UNLOCK (bin);
  }
  gst_clear_object (&parent);
}

void
gst_bips_sink_hear_of_end (GstElement * sink, gboolean on)
{
  if (on)
    be_told_first (sink);
  GST_OBJECT_LOCK (sink);
  if (on)
    GST_OBJECT_FLAG_SET (sink, GST_ELEMENT_FLAG_SOURCE);
  else
    GST_OBJECT_FLAG_UNSET (sink, GST_ELEMENT_FLAG_SOURCE);
  GST_OBJECT_UNLOCK (sink);
}

void
gst_bips_sink_end_install (gpointer klass)
{
  parent_class = g_type_class_peek_parent (klass);
  GST_ELEMENT_CLASS (klass)->send_event = send_event;
}
