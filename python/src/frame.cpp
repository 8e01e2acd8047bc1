#include "frame.h"

#include <nanobind/stl/string.h>

#include "errors.h"
#include "export.h"
#include "fork.h"
#include "plane.h"

namespace bips_python {

namespace {

[[noreturn]] void raise_released(const Frame &f) {
  raise_as(BIPS_STALE, "frame " + std::to_string(f.sequence) + " was released: use it before, or keep an array of it");
}

// lease_of is the lease of a frame that may be used.
FrameLease *lease_of(const Frame &f) {
  if (!f.lease)
    raise_released(f);
  if (f.lease->is_forked())
    raise_as(BIPS_FORKED, kForked);
  return f.lease.get();
}

bips_frame_info info_of(const Frame &f) {
  bips_frame_info info = BIPS_FRAME_INFO_INIT;

  check(bips_frame_get_info(lease_of(f)->frame(), &info));
  return info;
}

bips_frame_delivery delivery_of(const Frame &f) {
  bips_frame_delivery delivery = BIPS_FRAME_DELIVERY_INIT;

  check(bips_frame_get_delivery(lease_of(f)->frame(), &delivery));
  return delivery;
}

const Layout *layout_of(Frame &f) {
  FrameLease *lease = lease_of(f);

  if (!f.layout_is_known) {
    auto held = Held<FrameLease>::again(lease); // Python code runs, and another thread may release the frame meanwhile
    f.layout = bips_python::layout_of(bips_frame_caps(lease->frame()), info_of(f));
    f.layout_is_known = true;
    lease_of(f);
  }
  return f.layout.get();
}

// time is a time, or None where it is not known.
nb::object time_or_none(uint64_t time) { return time == BIPS_NO_TIME ? nb::none() : nb::object(nb::int_(time)); }

nb::object bytes_of(const void *data, size_t size) {
  return nb::bytes(data == nullptr ? "" : static_cast<const char *>(data), data == nullptr ? 0 : size);
}

template <class Number> nb::tuple planes_or(const bips_frame_info &info, const Number *own, const Layout *layout, Number (*of)(const Shape &)) {
  nb::list list;

  if (info.plane_count > 0)
    for (uint32_t i = 0; i < info.plane_count; i++)
      list.append(own[i]);
  else if (layout != nullptr)
    for (const PlaneLayout &plane : layout->planes)
      list.append(of(plane.shape));
  return nb::tuple(list);
}

int get_buffer(PyObject *self, Py_buffer *buffer, int flags) {
  return fill_buffer(buffer, [&] {
    Frame &f = instance_of<Frame>(self);
    const Layout *layout = layout_of(f);
    export_buffer(f.lease.get(), whole_of(layout, f.lease->size()), self, buffer, flags);
  });
}

PyType_Slot slots[] = {
    {Py_bf_getbuffer, reinterpret_cast<void *>(get_buffer)},
    {Py_bf_releasebuffer, reinterpret_cast<void *>(release_buffer)},
    {0, nullptr},
};

}  // namespace

void add_frames(nb::module_ &m) {
  nb::class_<Frame> frame(m, "Frame", nb::type_slots(slots), nb::is_weak_referenceable());

  frame.doc() =
      "A published frame: the pool's own memory, read-only.\n\n"
      "numpy.asarray(frame) is the picture where it lies, without a copy; keep the array, and the pixels stay as they are, also "
      "when the frame is released or gone, and when the consumer is closed. Each frame that is kept counts against the "
      "consumer's quota.\n\n"
      "Times of the stream (pts, dts, duration) are whole nanoseconds, or None where they are not known.";
  frame
      .def_prop_ro("data", [](const Frame &f) { return data_of(lease_of(f)); },
          "The bytes that are used: a flat, read-only memoryview of format 'B'.")
      .def_prop_ro("planes", [](Frame &f) { const Layout *layout = layout_of(f); return planes_of(f.lease.get(), layout); },
          "Of raw video, a tuple with a Plane for each plane: NV12 has one of (height, width) and one of (height/2, width/2, 2), I420 "
          "three of (rows, columns). Else empty.")
      .def_prop_ro("caps", [](const Frame &f) { return nb::str(bips_frame_caps(lease_of(f)->frame())); },
          "What the bytes are, in GStreamer's notation; '' where the producer did not say.")
      .def_prop_ro("format", [](Frame &f) { const Layout *l = layout_of(f); return l == nullptr ? nb::none() : nb::object(nb::str(l->format.c_str())); },
          "Of raw video, GStreamer's name of the pixel format: 'RGB', 'NV12'. Else None.")
      .def_prop_ro("width", [](Frame &f) { const Layout *l = layout_of(f); return l == nullptr ? nb::none() : nb::object(nb::int_(l->width)); },
          "Of raw video, pixels in a row. Else None.")
      .def_prop_ro("height", [](Frame &f) { const Layout *l = layout_of(f); return l == nullptr ? nb::none() : nb::object(nb::int_(l->height)); },
          "Of raw video, rows. Else None.")
      .def_prop_ro("strides",
          [](Frame &f) {
            bips_frame_info info = info_of(f);
            return planes_or<int32_t>(info, info.plane_stride, info.plane_count == 0 ? layout_of(f) : nullptr,
                [](const Shape &s) { return static_cast<int32_t>(s.strides[0]); });
          },
          "Of raw video, bytes from one row to the next, for each plane.")
      .def_prop_ro("offsets",
          [](Frame &f) {
            bips_frame_info info = info_of(f);
            return planes_or<uint64_t>(info, info.plane_offset, info.plane_count == 0 ? layout_of(f) : nullptr,
                [](const Shape &s) { return static_cast<uint64_t>(s.offset); });
          },
          "Of raw video, bytes from the start of the frame to the first row, for each plane.")
      .def_prop_ro("_has_planes", [](const Frame &f) { return info_of(f).plane_count > 0; }) // else strides are those of the caps
      .def_prop_ro("size", [](const Frame &f) { return lease_of(f)->size(); }, "How many bytes are used.")
      .def_prop_ro("pts", [](const Frame &f) { return time_or_none(info_of(f).pts); }, "Presentation time, in nanoseconds of the stream; or None.")
      .def_prop_ro("dts", [](const Frame &f) { return time_or_none(info_of(f).dts); }, "Decoding time, in nanoseconds of the stream; or None.")
      .def_prop_ro("duration", [](const Frame &f) { return time_or_none(info_of(f).duration); }, "How long it is shown, in nanoseconds; or None.")
      .def_prop_ro("capture_time", [](const Frame &f) { return time_or_none(info_of(f).capture_time); },
          "When it was captured, in nanoseconds as of time.monotonic_ns(); or None.")
      .def_prop_ro("offset", [](const Frame &f) { return time_or_none(info_of(f).offset); }, "As in a GstBuffer, the stream's own number; or None.")
      .def_prop_ro("offset_end", [](const Frame &f) { return time_or_none(info_of(f).offset_end); }, "As in a GstBuffer; or None.")
      .def_prop_ro("flags", [](const Frame &f) { return info_of(f).flags; }, "As in a GstBuffer: bips.Flags gives the commonest names.")
      .def_prop_ro("raw_metadata", [](const Frame &f) { bips_frame_info i = info_of(f); return bytes_of(i.meta, i.meta_size); },
          "A copy of the metadata as bytes, in the records of docs/protocol.md.")
      .def_prop_ro("raw_tags",
          [](const Frame &f) {
            size_t size = 0;
            const void *tags = bips_frame_tags(lease_of(f)->frame(), &size);
            return bytes_of(tags, size);
          },
          "A copy of the stream's tags as bytes, in the records of docs/protocol.md.")
      .def_prop_ro("sequence", [](const Frame &f) { return f.sequence; }, "Its number, from 1, among the frames of one run of the producer.")
      .def_prop_ro("instance", [](const Frame &f) { return delivery_of(f).instance; }, "A random number of the producer's run.")
      .def_prop_ro("publish_time", [](const Frame &f) { return delivery_of(f).publish_time; },
          "When it was published, in nanoseconds as of time.monotonic_ns().")
      .def_prop_ro("age", [](const Frame &f) { return static_cast<double>(bips_frame_age(lease_of(f)->frame())) / 1e9; },
          "Seconds since it was published.")
      .def_prop_ro("lost", [](const Frame &f) { return delivery_of(f).lost; }, "How many frames before this one were wanted and not given.")
      .def_prop_ro("skipped", [](const Frame &f) { return delivery_of(f).skipped; }, "How many frames the mode 'latest' passed by to reach this one.")
      .def_prop_ro("behind", [](const Frame &f) { return delivery_of(f).behind; }, "How many newer ones the pool had when this one came.")
      .def_prop_ro("latency", [](const Frame &f) { return time_or_none(delivery_of(f).latency); },
          "Of what comes before the producer, in nanoseconds; or None.")
      .def_prop_ro("discontinuity", [](const Frame &f) { return delivery_of(f).discontinuity != 0; },
          "Whether it does not follow the frame before: the first of a producer's run, or frames are missing.")
      .def_prop_ro("blocking", [](const Frame &f) { return delivery_of(f).blocking != 0; }, "Whether the producer waits for this consumer.")
      .def_prop_ro("mode", [](const Frame &f) { return nb::str(delivery_of(f).mode == BIPS_EVERY ? "every" : "latest"); },
          "How it was read: 'latest' or 'every'.")
      .def_prop_ro("views",
          [](const Frame &f) { return f.lease ? f.lease->exports() : 0; },
          "How many arrays, memoryviews and capsules of it exist.")
      .def_prop_ro("released", [](const Frame &f) { return !f.lease; }, "Whether it was released.")
      .def("release", &Frame::release,
          "Gives the frame back. Arrays and other views of it stay valid, and keep its bytes as they are; new ones raise StaleError. "
          "It may be called again, and from any thread.")
      .def("__enter__", [](nb::pointer_and_handle<Frame> self) { lease_of(*self.p); return nb::borrow(self.h); })
      .def("__exit__", [](Frame &f, nb::args) { f.release(); });
  add_dlpack(frame, [](Frame &f, Shape *shape) -> Lease * {
    const Layout *layout = layout_of(f);
    *shape = whole_of(layout, f.lease->size());
    return f.lease.get();
  });
}

}  // namespace bips_python
