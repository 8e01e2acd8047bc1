// What the bytes of raw video mean: which planes there are, and whether one array can show them all. bips._video
// says so, once for each stream; what it says is checked here, and kept.
#pragma once

#include <bips/bips.h>

#include <memory>
#include <string>
#include <vector>

#include "native.h"
#include "shape.h"

namespace bips_python {

struct PlaneLayout {
  Shape shape;
  int width = 0, height = 0; // in samples of the plane
};

struct Layout {
  std::string format; // GStreamer's name: "NV12"
  int width = 0, height = 0; // in pixels
  size_t size = 0; // bytes of a frame, as follows from the caps
  std::vector<PlaneLayout> planes;
  bool has_whole = false; // one array shows all
  Shape whole;
  std::string why_not; // what to say where none does
};

// is_raw_video reports whether caps are those of raw video.
bool is_raw_video(const char *caps);

// layout_of is the layout of a frame of raw video, of info.data_size bytes and with its planes; nullptr where caps are
// of something else. No plane of it reaches outside of the frame, whatever the producer wrote.
std::shared_ptr<const Layout> layout_of(const char *caps, const bips_frame_info &info);

// whole_of is the shape of a frame's one array: layout's, or all bytes where layout is nullptr. Throws BufferError.
Shape whole_of(const Layout *layout, size_t size);

}  // namespace bips_python
