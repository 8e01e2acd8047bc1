// Waiting: without the GIL, and in short pieces, between which Python looks after its signals.
#pragma once

#include <time.h>

#include <algorithm>
#include <atomic>

#include "native.h"
#include "threadend.h"

namespace bips_python {

// kPiece is how long one piece of a wait is at most: a signal that comes between the look for signals and the
// sleep is noticed after so long. Ctrl-C ends a wait within twice of it.
constexpr int64_t kPiece = 50000000;

inline int64_t now() {
  timespec t;

  clock_gettime(CLOCK_MONOTONIC, &t);
  return t.tv_sec * kSecond + t.tv_nsec;
}

// waiting is how many threads are in a call that was made without the GIL.
extern std::atomic<int> waiting;

// returned is how many such calls have ended.
extern std::atomic<uint64_t> returned;

// without_gil calls a function of libbips without the GIL.
template <class Function> auto without_gil(Function &&call) {
  waiting.fetch_add(1);
  PyThreadState *state = PyEval_SaveThread();
  auto result = call();
  ThreadEnd end;
  PyEval_RestoreThread(state);
  end.over();
  waiting.fetch_sub(1);
  returned.fetch_add(1);
  return result;
}

// wait_for calls a function of libbips that waits, piece by piece, for at most timeout nanoseconds (negative: for
// ever). The function is given how long it may wait. Throws what a signal handler raises.
template <class Function> int wait_for(int64_t timeout, Function &&call) {
  int64_t end = 0, left = timeout;

  for (bool first = true;; first = false) {
    int64_t piece = timeout < 0 ? kPiece : std::min(left, kPiece);
    int64_t began = first && timeout > 0 ? now() : 0;
    int err = without_gil([&] { return call(piece); });
    if (err != -BIPS_TIMEOUT || timeout == 0)
      return err;
    if (timeout > 0) {
      if (first)
        end = timeout > INT64_MAX - began ? INT64_MAX : began + timeout;
      left = end - now();
      if (left <= 0)
        return err;
    }
    if (PyErr_CheckSignals() < 0)
      throw nb::python_error();
  }
}

// timeout_of is a time-out in nanoseconds, of one in seconds: None is for ever. Throws ValueError, TypeError.
int64_t timeout_of(nb::handle seconds);

// timeout_of_microseconds is the same of whole microseconds; negative ones are for ever, too.
int64_t timeout_of_microseconds(nb::handle microseconds);

}  // namespace bips_python
