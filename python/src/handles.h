// The consumers and producers of this process, so that all can be closed before the interpreter ends; and what both have in common.
#pragma once

#include <bips/bips.h>

#include <string>

#include "errors.h"
#include "fork.h"
#include "wait.h"

namespace bips_python {

// Handle is one that is open. It enters the list when it is made and leaves it before it is closed, both with the GIL held.
class Handle {
 public:
  Handle();
  Handle(const Handle &) = delete;
  Handle &operator=(const Handle &) = delete;

  // shutdown ends all calls in progress and to come. It runs no Python code, and does not need the GIL.
  virtual int shutdown() noexcept = 0;

 protected:
  ~Handle() { leave(); }
  void leave(); // it may be called again

 private:
  friend struct Handles;
  Handle *before_, *after_;
  bool is_listed_ = true;
};

// refuse_after_end throws Closed when the interpreter is ending: nothing may be opened then.
void refuse_after_end();

// HandleOf is a Handle over a core (ConsumerCore, ProducerCore), of which it has a hold. What the core lent (frames, slots) has others, so
// the core outlives it where that is needed.
template <class Core> class HandleOf : public Handle {
 public:
  // handle is libbips' own, for a call. It throws ForkError for one of the parent's.
  auto handle() const {
    if (core_->forks != forks())
      raise_as(BIPS_FORKED, kForked);
    return core_->handle;
  }
  Core *core() const { return core_; }

  int shutdown() noexcept override { return core_->shutdown(); }

  // close ends all calls in progress and to come, of any thread, and may be called again. libbips' handle stays: threads may be in it.
  void close() {
    if (closed_ && core_->forks == forks())
      return;
    handle();
    closed_ = true;
    without_gil([this] { return core_->shutdown(); });
  }
  bool is_closed() const { return closed_; }

 protected:
  // It makes the core; the derived class opens it, in its constructor, and ends it in its destructor.
  HandleOf() : core_(new Core) { core_->forks = forks(); }
  ~HandleOf() { core_->unreference(); }

  // end closes libbips' handle, which waits for threads of the library's. It leaves the list first: with the GIL released, nobody may shut down what is
  // being freed.
  template <class Close> void end(Close close) {
    leave();
    without_gil([&] { return core_->handle = close(core_->handle); });
  }

  // opened keeps the name that libbips made of the one given.
  template <class Name> void opened(Name name) { core_->name = name(core_->handle); }

 private:
  Core *core_;
  bool closed_ = false;
};

}  // namespace bips_python
