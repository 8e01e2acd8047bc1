// How bytes are seen: as an array of some dimensions and one kind of elements.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>

namespace bips_python {

constexpr int kMostDimensions = 4;

// Shape is an array in the bytes of a frame. Strides are in bytes, as the buffer protocol has them.
struct Shape {
  size_t offset = 0;  // of the first element, bytes from the start of the frame
  int dimensions = 1;
  ptrdiff_t shape[kMostDimensions] = {0};
  ptrdiff_t strides[kMostDimensions] = {0};
  char format[4] = "B";  // of the module struct
  uint8_t item_size = 1; // bytes

  // flat is all bytes of a frame.
  static Shape flat(size_t size);

  // length is the number of bytes of all elements.
  ptrdiff_t length() const;
  bool is_c_contiguous() const;
  bool is_fortran_contiguous() const;
  // lies_in reports whether no element lies outside of so many bytes. Right for any numbers whatever.
  bool lies_in(size_t size) const;
};

}  // namespace bips_python
