// What all files of the native module share. It is C++17 over bips.h, and small: what can be said in
// Python is said there (../bips).
//
// THREADS  Whatever has no other comment is called with the GIL held. Leases are the exception: they are
// given up by any thread, with or without the GIL, also after the interpreter has ended.
#pragma once

#include <bips/bips.h>
#include <nanobind/nanobind.h>

#include <cstdint>

namespace nb = nanobind;

namespace bips_python {

constexpr int64_t kSecond = 1000000000; // in nanoseconds

// Each of these adds one subject to the module.
void add_errors(nb::module_ &m);
void add_layouts(nb::module_ &m);
void add_planes(nb::module_ &m);
void add_frames(nb::module_ &m);
void add_slots(nb::module_ &m);
void add_consumers(nb::module_ &m);
void add_producers(nb::module_ &m);
void add_records(nb::module_ &m);
void add_handles(nb::module_ &m);

}  // namespace bips_python
