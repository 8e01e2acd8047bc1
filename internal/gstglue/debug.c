#include "debug.h"

GST_DEBUG_CATEGORY (gst_bips_debug);

void
gst_bips_debug_init (void)
{
  GST_DEBUG_CATEGORY_INIT (gst_bips_debug, "bips", 0, "Buffer Interprocess Sharing");
}

gboolean
gst_bips_debug_enabled (GstDebugLevel level)
{
  return gst_bips_debug && level <= gst_debug_category_get_threshold (gst_bips_debug);
}

void
gst_bips_debug_log (GstDebugLevel level, const gchar * file, const gchar * function, gint line,
    gpointer object, const gchar * text)
{
  gst_debug_log (gst_bips_debug, level, file, function, line, object, "%s", text);
}

void
gst_bips_report_panic (gpointer element, const gchar * text, const gchar * details)
{
  if (element)
    GST_ELEMENT_ERROR (element, CORE, FAILED, ("%s", text), ("%s", details));
  else
    g_critical ("%s\n%s", text, details);
}
