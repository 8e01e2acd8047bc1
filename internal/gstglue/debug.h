/* The debug category "bips". */
#ifndef GST_BIPS_DEBUG_H
#define GST_BIPS_DEBUG_H

#include <gst/gst.h>
#include <stdlib.h>

G_BEGIN_DECLS

GST_DEBUG_CATEGORY_EXTERN (gst_bips_debug);

void gst_bips_debug_init (void);
gboolean gst_bips_debug_enabled (GstDebugLevel level);
void gst_bips_debug_log (GstDebugLevel level, const gchar * file, const gchar * function, gint line,
    gpointer object, const gchar * text);

/* An element error where there is an element, else a log line. */
void gst_bips_report_panic (gpointer element, const gchar * text, const gchar * details);

G_END_DECLS

#endif
