// The native module of the package bips. What it offers is private: ../bips makes the package of it.
#include <nanobind/stl/string.h>

#include "errors.h"
#include "fork.h"
#include "native.h"

namespace {

// refuse_subinterpreters: the module keeps Python objects of the main interpreter.
void refuse_subinterpreters() {
  if (PyInterpreterState_GetID(PyInterpreterState_Get()) != 0) {
    PyErr_SetString(PyExc_ImportError, "bips works in the main interpreter only, and this is a subinterpreter: use a process");
    throw nb::python_error();
  }
}

}  // namespace

NB_MODULE(_native, m) {
  using namespace bips_python;

  refuse_subinterpreters();
  nb::set_leak_warnings(false); // daemons may have objects when the interpreter ends, and are no fault
  watch_forks();
  m.doc() = "What is native of the package bips. Private.";
  m.attr("library_version") = bips_version();
  add_errors(m);
  add_layouts(m);
  add_planes(m);
  add_frames(m);
  add_slots(m);
  add_consumers(m);
  add_producers(m);
  add_records(m);
  add_handles(m);
  m.def("check_name", [](const std::string &name) { check(bips_check_name(whole(name, BIPS_BAD_NAME, "a name"))); }, nb::arg("name"));
  m.def("why_no_pool",
      [](const std::string &name) { return bips_why_no_pool(whole(name, BIPS_BAD_NAME, "a name")) < 0 ? text_of(bips_error_message()) : nb::none(); }, nb::arg("name"));
  m.def("frames_stand_alone", [](const std::string &caps) { return bips_frames_stand_alone(whole(caps, BIPS_BAD_OPTION, "caps")) != 0; }, nb::arg("caps"));
}
