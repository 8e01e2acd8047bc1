// Bytes that others may look at: by the buffer protocol, and by DLPack.
#pragma once

#include "errors.h"
#include "lease.h"
#include "native.h"
#include "shape.h"

namespace bips_python {

// check_lease throws unless bytes of a lease may be shown: ForkError, StaleError.
void check_lease(const Lease *lease);

// export_buffer fills a Py_buffer with bytes of a lease. The buffer holds the lease, and exporter, until it is
// released. Throws BufferError for what the bytes do not allow.
void export_buffer(Lease *lease, const Shape &shape, PyObject *exporter, Py_buffer *view, int flags);

// release_buffer is bf_releasebuffer of all types whose buffers are made by export_buffer.
void release_buffer(PyObject *exporter, Py_buffer *view);

// instance_of is what an object of a type has, also for slots of types, which nobody has looked at before. Throws TypeError for an object that
// __new__ alone has made.
template <class Type> Type &instance_of(PyObject *self) {
  if (!nb::inst_ready(self))
    raise_type("this object was never made: frames, slots and planes are what pull returns");
  return *nb::inst_ptr<Type>(self);
}

// fill_buffer is bf_getbuffer: it calls a function that may throw, and turns what it throws into -1.
template <class Function> int fill_buffer(Py_buffer *view, Function &&fill) noexcept {
  view->obj = nullptr;
  try {
    fill();
    return 0;
  } catch (nb::python_error &e) {
    e.restore();
  } catch (const std::exception &e) {
    PyErr_SetString(PyExc_BufferError, e.what());
  }
  return -1;
}

// DlpackRequest is what a consumer of __dlpack__ asks for.
struct DlpackRequest {
  nb::object stream, max_version, device, copy;
};

// export_dlpack is __dlpack__: a capsule that holds the lease, or a copy of its own.
nb::object export_dlpack(Lease *lease, const Shape &shape, const DlpackRequest &request);

// add_exports adds __dlpack__ and __dlpack_device__ to a class; shape_of says what it shows, and of which lease.
template <class Class, class Function> void add_dlpack(Class &c, Function shape_of) {
  using Self = typename Class::Type;
  c.def(
      "__dlpack__",
      [shape_of](Self &self, nb::object stream, nb::object max_version, nb::object device, nb::object copy) {
        Shape shape;
        Lease *lease = shape_of(self, &shape);
        return export_dlpack(lease, shape, {stream, max_version, device, copy});
      },
      nb::kw_only(), nb::arg("stream") = nb::none(), nb::arg("max_version") = nb::none(), nb::arg("dl_device") = nb::none(),
      nb::arg("copy") = nb::none(),
      "A DLPack capsule, without a copy unless copy=True: versioned, and marked read-only where it is, if max_version is (1, 0) "
      "or later; else one of the older form, which cannot say that it is read-only.");
  c.def("__dlpack_device__", [](Self &) { return nb::make_tuple(1, 0); }, "The CPU: (1, 0).");
}

}  // namespace bips_python
