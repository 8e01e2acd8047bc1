#include "shape.h"

namespace bips_python {

Shape Shape::flat(size_t size) {
  Shape shape;

  shape.shape[0] = static_cast<ptrdiff_t>(size);
  shape.strides[0] = 1;
  return shape;
}

ptrdiff_t Shape::length() const {
  ptrdiff_t length = item_size;

  for (int i = 0; i < dimensions; i++)
    length *= shape[i];
  return length;
}

bool Shape::is_c_contiguous() const {
  ptrdiff_t next = item_size;

  for (int i = dimensions; i-- > 0; next *= shape[i])
    if (shape[i] != 1 && strides[i] != next)
      return false;
  return true;
}

bool Shape::is_fortran_contiguous() const {
  ptrdiff_t next = item_size;

  for (int i = 0; i < dimensions; next *= shape[i++])
    if (shape[i] != 1 && strides[i] != next)
      return false;
  return true;
}

bool Shape::lies_in(size_t size) const {
  __int128 least = static_cast<__int128>(offset), most = least + item_size;

  for (int i = 0; i < dimensions; i++) {
    if (shape[i] < 1 || shape[i] > PTRDIFF_MAX / 2)
      return false;
    __int128 reach = static_cast<__int128>(shape[i] - 1) * strides[i];
    (reach < 0 ? least : most) += reach;
  }
  return least >= 0 && most <= static_cast<__int128>(size);
}

}  // namespace bips_python
