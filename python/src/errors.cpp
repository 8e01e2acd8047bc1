#include "errors.h"

#include <cstring>

#include "threadend.h"

namespace bips_python {

namespace {

// make is bips._errors.make(code, name, reason, sentence): an exception. Never freed: errors may come until
// the interpreter ends.
PyObject *make = nullptr;

[[noreturn]] void raise_made(int error, int reason, const std::string &sentence) {
  nb::object exception = with_python([&] { return nb::borrow(make)(error, bips_error_name(error), reason, text_of(sentence.c_str())); });

  PyErr_SetObject(reinterpret_cast<PyObject *>(Py_TYPE(exception.ptr())), exception.ptr());
  throw nb::python_error();
}

[[noreturn]] void raise_plain(PyObject *type, const std::string &sentence) {
  PyErr_SetString(type, sentence.c_str());
  throw nb::python_error();
}

}  // namespace

nb::object text_of(const char *text) {
  nb::object decoded = nb::steal(PyUnicode_DecodeUTF8(text, static_cast<Py_ssize_t>(std::strlen(text)), "replace"));

  if (!decoded.is_valid())
    throw nb::python_error();
  return decoded;
}

const char *whole(const std::string &text, int error, const char *what) {
  if (text.find('\0') != std::string::npos)
    raise_as(error, std::string(what) + " with a zero byte in it: leave it out");
  return text.c_str();
}

void raise(int err, const std::string &more) {
  std::string sentence = bips_error_message();

  raise_made(-err, bips_error_reason(), sentence + more);
}

void raise_no_pool(int err, const std::string &name) {
  std::string sentence = bips_error_message();
  int reason = bips_error_reason();

  if (bips_why_no_pool(name.c_str()) < 0)
    sentence = std::string(bips_error_message()) + ": timeout";
  raise_made(-err, reason, sentence);
}

void raise_as(int error, const std::string &sentence) { raise_made(error, 0, sentence); }

void raise_type(const std::string &sentence) { raise_plain(PyExc_TypeError, sentence); }
void raise_value(const std::string &sentence) { raise_plain(PyExc_ValueError, sentence); }
void raise_buffer(const std::string &sentence) { raise_plain(PyExc_BufferError, sentence); }

void add_errors(nb::module_ &m) {
  m.def("use_errors", [](nb::callable maker) { make = maker.release().ptr(); }, nb::arg("maker"),
      "Tells the module what makes its exceptions.");
}

}  // namespace bips_python
