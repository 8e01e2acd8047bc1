#include "plane.h"

#include <nanobind/stl/string.h>

#include "export.h"

namespace bips_python {

namespace {

int view_get(PyObject *self, Py_buffer *buffer, int flags) {
  return fill_buffer(buffer, [&] {
    View &view = instance_of<View>(self);
    export_buffer(view.lease.get(), view.shape, self, buffer, flags);
  });
}

int plane_get(PyObject *self, Py_buffer *buffer, int flags) {
  return fill_buffer(buffer, [&] {
    Plane &plane = instance_of<Plane>(self);
    export_buffer(plane.lease.get(), plane.layout.shape, self, buffer, flags);
  });
}

PyType_Slot view_slots[] = {
    {Py_bf_getbuffer, reinterpret_cast<void *>(view_get)},
    {Py_bf_releasebuffer, reinterpret_cast<void *>(release_buffer)},
    {0, nullptr},
};
PyType_Slot plane_slots[] = {
    {Py_bf_getbuffer, reinterpret_cast<void *>(plane_get)},
    {Py_bf_releasebuffer, reinterpret_cast<void *>(release_buffer)},
    {0, nullptr},
};

nb::tuple shape_tuple(const Shape &shape) {
  nb::list list;

  for (int i = 0; i < shape.dimensions; i++)
    list.append(shape.shape[i]);
  return nb::tuple(list);
}

}  // namespace

nb::object data_of(Lease *lease) {
  check_lease(lease);
  nb::object view = nb::cast(View{Held<>::again(lease), Shape::flat(lease->size())});
  return nb::steal(PyMemoryView_FromObject(view.ptr()));
}

nb::object planes_of(Lease *lease, const Layout *layout) {
  nb::list planes;

  if (layout != nullptr)
    for (const PlaneLayout &plane : layout->planes)
      planes.append(nb::cast(Plane{Held<>::again(lease), plane}));
  return nb::tuple(planes);
}

void add_planes(nb::module_ &m) {
  nb::class_<View>(m, "View", nb::type_slots(view_slots), "Bytes of a frame or slot; memoryview and numpy.asarray take it.");
  nb::class_<Plane> plane(m, "Plane", nb::type_slots(plane_slots),
      "One plane of a picture: numpy.asarray(plane), memoryview(plane) and DLPack show its samples where they lie, as an "
      "array of (height, width), or (height, width, components) where several are interleaved. It keeps the frame's bytes as "
      "they are for as long as it, or what was made of it, exists.");
  plane.def_prop_ro("width", [](const Plane &p) { return p.layout.width; }, "Samples in a row.")
      .def_prop_ro("height", [](const Plane &p) { return p.layout.height; }, "Rows.")
      .def_prop_ro("stride", [](const Plane &p) { return p.layout.shape.strides[0]; }, "Bytes from one row to the next.")
      .def_prop_ro("offset", [](const Plane &p) { return p.layout.shape.offset; }, "Bytes from the start of the frame to the first row.")
      .def_prop_ro("shape", [](const Plane &p) { return shape_tuple(p.layout.shape); }, "Of its array: (height, width), or (height, width, components).")
      .def("__repr__", [](const Plane &p) {
        const Shape &s = p.layout.shape;
        return "<bips.Plane " + std::to_string(p.layout.width) + "x" + std::to_string(p.layout.height) + ", stride " +
            std::to_string(s.strides[0]) + ", offset " + std::to_string(s.offset) + ">";
      });
  add_dlpack(plane, [](Plane &p, Shape *shape) {
    *shape = p.layout.shape;
    return p.lease.get();
  });
}

}  // namespace bips_python
