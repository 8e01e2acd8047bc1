#include "lease.h"

#include "fork.h"

namespace bips_python {

void Lease::begin(uint8_t *data, size_t size, bool writable) noexcept {
  data_ = data;
  size_ = size;
  writable_ = writable;
  hidden_ = false;
  forks_ = forks();
  holders_.store(1);
}

bool Lease::is_forked() const noexcept { return forks_ != forks(); }

}  // namespace bips_python
