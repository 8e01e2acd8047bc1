#pragma once
#include <gst/gst.h>

GType bench_sink_get_type(void);
