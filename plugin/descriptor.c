#include <gst/gst.h>

#include "_cgo_export.h"

#define PACKAGE "bips"

static gboolean
plugin_init (GstPlugin * plugin)
{
  return gstBipsRegister (plugin);
}

/* The minor version is the oldest GStreamer that the plugin is for, not the one whose
 * headers it was compiled with: GStreamer refuses a plugin that says it is newer. */
GST_PLUGIN_DEFINE (1, 18, bips, "Shares frames between processes without a copy",
    plugin_init, "0.1.0", "MIT/X11", "BIPS", "https://github.com/bips-ipc/bips")
