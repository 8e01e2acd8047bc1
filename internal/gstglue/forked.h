/* What is left to do in a process that was forked, without exec, from one that has loaded
 * the plugin: to say so. */
#ifndef GST_BIPS_FORKED_H
#define GST_BIPS_FORKED_H

#include <gst/gst.h>

G_BEGIN_DECLS

/* Remembers that this is the process in which the Go runtime runs. Call it once, from there. */
void gst_bips_forked_init (void);

/* TRUE: this is a child of that process. No call of Go does anything here. It may be called from
 * any thread. */
gboolean gst_bips_forked (void);

/* How often C has entered Go in this process. */
guint gst_bips_entered (void);

/* Has elements of a class made with the Go bindings refuse all work in a forked child. */
void gst_bips_forked_guard (GType type);

/* Puts the error on the element's bus. */
void gst_bips_forked_report (gpointer element);

G_END_DECLS

#endif
