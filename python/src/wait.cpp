#include "wait.h"

#include <cmath>

#include "errors.h"

namespace bips_python {

std::atomic<int> waiting{0};
std::atomic<uint64_t> returned{0};

int64_t timeout_of(nb::handle seconds) {
  if (seconds.is_none())
    return BIPS_FOREVER;
  double value = PyFloat_AsDouble(seconds.ptr());
  if (value == -1.0 && PyErr_Occurred())
    throw nb::python_error();
  if (std::isnan(value) || value < 0)
    raise_value("a timeout is 0 or more seconds; None is for ever");
  return value >= 9e9 ? BIPS_FOREVER : static_cast<int64_t>(std::llround(value * 1e9));
}

int64_t timeout_of_microseconds(nb::handle microseconds) {
  if (microseconds.is_none())
    return BIPS_FOREVER;
  if (!PyIndex_Check(microseconds.ptr()))
    raise_type("Pull and Push take whole microseconds: pull(timeout=) and push() are those that take seconds");
  nb::object whole = nb::steal(PyNumber_Index(microseconds.ptr())); // also of a NumPy integer
  if (!whole.is_valid())
    throw nb::python_error();
  int overflow;
  long long value = PyLong_AsLongLongAndOverflow(whole.ptr(), &overflow);
  if (value == -1 && PyErr_Occurred())
    throw nb::python_error();
  if (overflow != 0 || value < 0 || value > INT64_MAX / 1000)
    return BIPS_FOREVER;
  return value * 1000;
}

}  // namespace bips_python
