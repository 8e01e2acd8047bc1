#pragma once
#include <gst/gst.h>

GType floor_sink_get_type(void);
