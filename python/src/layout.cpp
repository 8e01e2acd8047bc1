#include "layout.h"

#include <cstring>

#include "errors.h"
#include "threadend.h"

namespace bips_python {

namespace {

// describe is bips._video.describe(caps, size, strides, offsets). Never freed, as kept.
PyObject *describe = nullptr;

// Key is all that a layout follows from.
struct Key {
  std::string caps;
  bips_frame_info info; // of it: data_size and the planes

  bool is(const char *caps_text, const bips_frame_info &i) const {
    return info.data_size == i.data_size && info.plane_count == i.plane_count &&
        std::memcmp(info.plane_stride, i.plane_stride, i.plane_count * sizeof i.plane_stride[0]) == 0 &&
        std::memcmp(info.plane_offset, i.plane_offset, i.plane_count * sizeof i.plane_offset[0]) == 0 && caps == caps_text;
  }
};

// The layouts used last, of as many streams.
constexpr size_t kMost = 16;
struct Kept {
  Key key;
  std::shared_ptr<const Layout> layout;
};
std::vector<Kept> *kept = nullptr;
size_t next_kept = 0;

Shape shape_of(nb::handle described, size_t size) {
  Shape shape;
  nb::tuple dimensions = nb::cast<nb::tuple>(described[1]), strides = nb::cast<nb::tuple>(described[2]);
  std::string format = nb::cast<nb::str>(described[3]).c_str();

  shape.offset = nb::cast<size_t>(described[0]);
  shape.dimensions = static_cast<int>(dimensions.size());
  if (shape.dimensions < 1 || shape.dimensions > kMostDimensions || strides.size() != dimensions.size() || format.size() > 2)
    raise_value("a layout that is none");
  for (int i = 0; i < shape.dimensions; i++) {
    shape.shape[i] = nb::cast<ptrdiff_t>(dimensions[i]);
    shape.strides[i] = nb::cast<ptrdiff_t>(strides[i]);
  }
  std::memcpy(shape.format, format.c_str(), format.size() + 1);
  shape.item_size = format.back() == 'H' ? 2 : format.back() == 'I' ? 4 : 1;
  if (!shape.lies_in(size))
    raise_value("a layout that reaches outside of its frame");
  return shape;
}

// made turns what bips._video.describe returns into a layout: (format, width, height, size, planes, whole, why_not),
// where planes are (width, height, shape), and shapes are (offset, dimensions, strides, format).
std::shared_ptr<const Layout> made(nb::handle described, size_t size) {
  auto layout = std::make_shared<Layout>();

  layout->format = nb::cast<nb::str>(described[0]).c_str();
  layout->width = nb::cast<int>(described[1]);
  layout->height = nb::cast<int>(described[2]);
  layout->size = nb::cast<size_t>(described[3]);
  for (nb::handle plane : described[4])
    layout->planes.push_back({shape_of(plane[2], size), nb::cast<int>(plane[0]), nb::cast<int>(plane[1])});
  nb::object whole = described[5];
  layout->has_whole = !whole.is_none();
  if (layout->has_whole)
    layout->whole = shape_of(whole, size);
  layout->why_not = nb::cast<nb::str>(described[6]).c_str();
  return layout;
}

template <class Number> nb::tuple tuple_of(const Number *numbers, uint32_t count) {
  nb::list list;

  for (uint32_t i = 0; i < count; i++)
    list.append(numbers[i]);
  return nb::tuple(list);
}

}  // namespace

bool is_raw_video(const char *caps) {
  static const char kRaw[] = "video/x-raw";

  return std::strncmp(caps, kRaw, sizeof kRaw - 1) == 0 && std::strchr(",(; ", caps[sizeof kRaw - 1]) != nullptr;
}

std::shared_ptr<const Layout> layout_of(const char *caps, const bips_frame_info &info) {
  if (!is_raw_video(caps))
    return nullptr;
  for (const Kept &k : *kept)
    if (k.key.is(caps, info))
      return k.layout;
  nb::object described = with_python([&] {
    return nb::borrow(describe)(caps, info.data_size, tuple_of(info.plane_stride, info.plane_count), tuple_of(info.plane_offset, info.plane_count));
  });
  Kept one = {{caps, info}, made(described, info.data_size)};
  if (kept->size() < kMost)
    kept->push_back(one);
  else
    (*kept)[next_kept++ % kMost] = one;
  return one.layout;
}

Shape whole_of(const Layout *layout, size_t size) {
  if (layout == nullptr)
    return Shape::flat(size);
  if (!layout->has_whole)
    raise_buffer(layout->why_not);
  return layout->whole;
}

void add_layouts(nb::module_ &m) {
  kept = new std::vector<Kept>;
  m.def("use_layouts", [](nb::callable function) { describe = function.release().ptr(); }, nb::arg("describe"),
      "Tells the module what describes raw video.");
}

}  // namespace bips_python
