// The elements of bench/ as a plugin: the load elements, which know nothing of any of the pairs
// that are compared, and the pair that is the limit for all of them.
#include "benchsink.h"
#include "benchsrc.h"
#include "floorsink.h"
#include "floorsrc.h"

#define PACKAGE "bips"

static gboolean plugin_init(GstPlugin *plugin) {
  return gst_element_register(plugin, "benchsrc", GST_RANK_NONE, bench_src_get_type()) &&
         gst_element_register(plugin, "benchsink", GST_RANK_NONE, bench_sink_get_type()) &&
         gst_element_register(plugin, "floorsrc", GST_RANK_NONE, floor_src_get_type()) &&
         gst_element_register(plugin, "floorsink", GST_RANK_NONE, floor_sink_get_type());
}

GST_PLUGIN_DEFINE(GST_VERSION_MAJOR, GST_VERSION_MINOR, bench, "Load and measurement for bench/",
                  plugin_init, "1", "MIT/X11", "bips", "https://github.com/bips-ipc/bips")
