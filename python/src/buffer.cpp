// The buffer protocol.
#include <cstring>

#include "errors.h"
#include "export.h"
#include "fork.h"

namespace bips_python {

namespace {

// Export is what a Py_buffer points to.
struct Export {
  Exported lease;
  Shape shape;
};

bool wants(int flags, int what) { return (flags & what) == what; }

void refuse_layout(const Shape &shape, int flags) {
  if (wants(flags, PyBUF_F_CONTIGUOUS) && !shape.is_fortran_contiguous())
    raise_buffer("these pixels lie row by row, not column by column: ask for strides");
  if (shape.is_c_contiguous())
    return;
  if (wants(flags, PyBUF_C_CONTIGUOUS) || wants(flags, PyBUF_ANY_CONTIGUOUS) || !wants(flags, PyBUF_STRIDES))
    raise_buffer("the rows of these pixels are padded: ask for strides, as numpy.asarray does, or use .data, which is flat");
}

}  // namespace

void check_lease(const Lease *lease) {
  if (lease->is_forked())
    raise_as(BIPS_FORKED, kForked);
  if (lease->data() == nullptr || lease->is_hidden())
    raise_as(BIPS_STALE, "these are pixels of a slot that was pushed: pull another slot");
}

void export_buffer(Lease *lease, const Shape &shape, PyObject *exporter, Py_buffer *view, int flags) {
  check_lease(lease);
  if (wants(flags, PyBUF_WRITABLE) && !lease->is_writable())
    raise_buffer("frames are read-only: write to a copy, as frame.to_ndarray(copy=True) makes one");
  refuse_layout(shape, flags);
  auto *e = new Export{Exported(lease), shape};
  view->buf = lease->data() + shape.offset;
  view->len = shape.length();
  view->readonly = !lease->is_writable();
  view->itemsize = shape.item_size;
  view->ndim = e->shape.dimensions;
  view->format = wants(flags, PyBUF_FORMAT) ? e->shape.format : nullptr;
  view->shape = wants(flags, PyBUF_ND) ? e->shape.shape : nullptr;
  view->strides = wants(flags, PyBUF_STRIDES) ? e->shape.strides : nullptr;
  view->suboffsets = nullptr;
  view->internal = e;
  view->obj = exporter;
  Py_INCREF(exporter);
}

void release_buffer(PyObject *, Py_buffer *view) { delete static_cast<Export *>(view->internal); }

}  // namespace bips_python
