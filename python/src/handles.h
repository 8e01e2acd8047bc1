// The consumers and producers of this process, so that all can be closed before the interpreter ends.
#pragma once

#include <bips/bips.h>

namespace bips_python {

// Handle is one that is open. It enters the list when it is made and leaves it when it is destroyed, both with the
// GIL held.
class Handle {
 public:
  Handle();
  Handle(const Handle &) = delete;
  Handle &operator=(const Handle &) = delete;

  // shutdown ends all calls in progress and to come. Without the GIL.
  virtual int shutdown() noexcept = 0;

 protected:
  ~Handle();

 private:
  friend struct Handles;
  Handle *before_, *after_;
};

// refuse_after_end throws Closed when the interpreter is ending: nothing may be opened then.
void refuse_after_end();

}  // namespace bips_python
