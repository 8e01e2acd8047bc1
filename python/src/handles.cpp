#include "handles.h"

#include <time.h>

#include <vector>

#include "errors.h"
#include "wait.h"

namespace bips_python {

struct Handles {
  static Handle *first;
  static bool ended;

  // shutdown_all shuts all down, and waits until as many threads have come back as are in a call without the GIL, 5 s at most: they would
  // find the interpreter gone. Threads that go on calling are not waited for.
  static void shutdown_all() {
    std::vector<Handle *> all;
    uint64_t before = returned.load(), calls = static_cast<uint64_t>(waiting.load());

    ended = true;
    for (Handle *h = first; h != nullptr; h = h->after_)
      all.push_back(h);
    for (Handle *one : all)
      for (Handle *h = first; h != nullptr; h = h->after_)
        if (h == one) { // it is still there: another thread may have let go of it
          h->shutdown(); // with the GIL, so that no other thread lets go of it meanwhile; for a second at most
          break;
        }
    for (int64_t end = now() + 5 * kSecond; waiting.load() > 0 && returned.load() - before < calls && now() < end;)
      without_gil_uncounted();
  }

  static void enter(Handle *h) {
    h->before_ = nullptr;
    h->after_ = first;
    if (first != nullptr)
      first->before_ = h;
    first = h;
  }

  static void leave(Handle *h) {
    (h->before_ != nullptr ? h->before_->after_ : first) = h->after_;
    if (h->after_ != nullptr)
      h->after_->before_ = h->before_;
  }

 private:
  static void without_gil_uncounted() {
    timespec millisecond = {0, 1000000};
    PyThreadState *state = PyEval_SaveThread();
    nanosleep(&millisecond, nullptr);
    PyEval_RestoreThread(state);
  }
};

Handle *Handles::first = nullptr;
bool Handles::ended = false;

Handle::Handle() { Handles::enter(this); }

void Handle::leave() {
  if (is_listed_)
    Handles::leave(this);
  is_listed_ = false;
}

void refuse_after_end() {
  if (Handles::ended)
    raise_as(BIPS_CLOSED, "the interpreter is ending: nothing can be opened any more");
}

void add_handles(nb::module_ &m) {
  m.def("shutdown_all", Handles::shutdown_all, "Closes all producers and consumers of this process.");
}

}  // namespace bips_python
