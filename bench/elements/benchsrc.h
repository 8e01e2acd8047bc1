#pragma once
#include <gst/gst.h>

GType bench_src_get_type(void);
