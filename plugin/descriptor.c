#include <gst/gst.h>

#include "preempt.h"

#include "_cgo_export.h"

#define PACKAGE "bips"

static gboolean
plugin_init (GstPlugin * plugin)
{
  gboolean registered = gstBipsRegister (plugin);

  gst_bips_share_preemption ();
  return registered;
}

/* Who asks whether an element exists and names no version ("gst-inspect-1.0 --exists") asks for
 * one of at least GStreamer's own version, whatever plugin it is from. Only the first three
 * numbers are compared: they are more than those of any GStreamer 1. */
#define VERSION "1.999.0 (BIPS 0.1.0)"

/* The minor version is the oldest GStreamer that the plugin is for, not the one whose
 * headers it was compiled with: GStreamer refuses a plugin that says it is newer. */
GST_PLUGIN_DEFINE (1, 18, bips, "Shares frames between processes without a copy",
    plugin_init, VERSION, "MIT/X11", "BIPS", "https://github.com/bips-ipc/bips")
