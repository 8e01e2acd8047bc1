// DLPack, in both forms: https://dmlc.github.io/dlpack. A capsule holds its lease, and needs neither the GIL nor the
// interpreter to give it up.
#include <cstring>
#include <memory>
#include <new>

#include "errors.h"
#include "export.h"

namespace bips_python {

namespace {

// The structs of dlpack.h, versions 0 and 1.
struct Device {
  int32_t type, id;
};
struct DataType {
  uint8_t code, bits;
  uint16_t lanes;
};
struct Tensor {
  void *data;
  Device device;
  int32_t dimensions;
  DataType type;
  int64_t *shape, *strides;
  uint64_t byte_offset;
};
struct Legacy {
  Tensor tensor;
  void *context;
  void (*deleter)(Legacy *);
};
struct Versioned {
  uint32_t major, minor;
  void *context;
  void (*deleter)(Versioned *);
  uint64_t flags;
  Tensor tensor;
};

constexpr int32_t kCpu = 1;
constexpr uint8_t kUnsigned = 1, kFloat = 2;
constexpr uint64_t kReadOnly = 1, kCopied = 2;

const char *name_of(const Legacy *) { return "dltensor"; }
const char *name_of(const Versioned *) { return "dltensor_versioned"; }

// Context is a tensor, and what it points to.
template <class Managed> struct Context {
  Managed managed{};
  Exported lease;
  std::unique_ptr<uint8_t[]> copy;
  int64_t shape[kMostDimensions], strides[kMostDimensions];
};

template <class Managed> void destroy(Managed *managed) { delete static_cast<Context<Managed> *>(managed->context); }

template <class Managed> void destroy_capsule(PyObject *capsule) {
  const char *name = name_of(static_cast<Managed *>(nullptr));

  if (PyCapsule_IsValid(capsule, name)) /* else a consumer has it: "used_dltensor" */
    destroy(static_cast<Managed *>(PyCapsule_GetPointer(capsule, name)));
}

DataType type_of(const Shape &shape) {
  switch (shape.format[0]) {
  case 'B': return {kUnsigned, 8, 1};
  case 'H': return {kUnsigned, 16, 1};
  case 'I': return {kUnsigned, 32, 1};
  case 'f': return {kFloat, 32, 1};
  }
  raise_buffer("DLPack has no elements of the other byte order: use numpy.asarray");
}

// copy_rows copies an array to where it is contiguous, dimension by dimension.
uint8_t *copy_rows(const Shape &shape, int dimension, const uint8_t *from, uint8_t *to) {
  if (dimension == shape.dimensions) {
    std::memcpy(to, from, shape.item_size);
    return to + shape.item_size;
  }
  if (dimension == shape.dimensions - 1 && shape.strides[dimension] == shape.item_size) {
    size_t row = static_cast<size_t>(shape.shape[dimension]) * shape.item_size;
    std::memcpy(to, from, row);
    return to + row;
  }
  for (ptrdiff_t i = 0; i < shape.shape[dimension]; i++)
    to = copy_rows(shape, dimension + 1, from + i * shape.strides[dimension], to);
  return to;
}

template <class Managed> nb::object capsule_of(Lease *lease, const Shape &shape, bool copy) {
  auto context = std::make_unique<Context<Managed>>();
  Tensor &tensor = context->managed.tensor;
  int64_t next = 1;

  tensor = {lease->data() + shape.offset, {kCpu, 0}, shape.dimensions, type_of(shape), context->shape, context->strides, 0};
  for (int i = shape.dimensions; i-- > 0; next *= shape.shape[i]) {
    context->shape[i] = shape.shape[i];
    context->strides[i] = copy ? next : shape.strides[i] / shape.item_size;
    if (!copy && shape.strides[i] % shape.item_size != 0)
      raise_buffer("these rows begin in the middle of an element, which DLPack cannot say: use numpy.asarray");
  }
  if (copy) {
    context->copy.reset(new uint8_t[static_cast<size_t>(shape.length())]);
    copy_rows(shape, 0, lease->data() + shape.offset, context->copy.get());
    tensor.data = context->copy.get();
  } else {
    context->lease = Exported(lease);
  }
  context->managed.context = context.get();
  context->managed.deleter = destroy<Managed>;
  if constexpr (std::is_same_v<Managed, Versioned>) {
    context->managed.major = 1;
    context->managed.minor = 0;
    context->managed.flags = copy ? kCopied : lease->is_writable() ? 0 : kReadOnly;
  }
  PyObject *capsule = PyCapsule_New(&context->managed, name_of(&context->managed), destroy_capsule<Managed>);
  if (capsule == nullptr)
    throw nb::python_error();
  context.release();
  return nb::steal(capsule);
}

// major_of is the first number of a version, (1, 0). Throws TypeError.
Py_ssize_t major_of(nb::handle version) {
  nb::object major = nb::steal(PySequence_GetItem(version.ptr(), 0));
  Py_ssize_t number = major.is_valid() ? PyNumber_AsSsize_t(major.ptr(), nullptr) : -1;

  if (PyErr_Occurred()) {
    PyErr_Clear();
    raise_type("max_version is the version of DLPack that the caller knows, as (1, 0)");
  }
  return number;
}

}  // namespace

nb::object export_dlpack(Lease *lease, const Shape &shape, const DlpackRequest &request) {
  check_lease(lease);
  auto held = Held<>::again(lease); // methods of what was asked for may give it back
  if (!request.stream.is_none())
    raise_buffer("frames are memory of the CPU, which has no streams: leave out stream");
  if (!request.device.is_none() && !request.device.equal(nb::make_tuple(kCpu, 0)))
    raise_buffer("frames are memory of the CPU: ask for no other device, and move the tensor there");
  int copy = PyObject_IsTrue(request.copy.ptr()); // None: not unless it is needed
  if (copy < 0)
    throw nb::python_error();
  if (!request.max_version.is_none() && major_of(request.max_version) >= 1)
    return capsule_of<Versioned>(lease, shape, copy != 0);
  return capsule_of<Legacy>(lease, shape, copy != 0);
}

}  // namespace bips_python
