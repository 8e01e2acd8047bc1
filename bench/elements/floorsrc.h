#pragma once
#include <gst/gst.h>

GType floor_src_get_type(void);
