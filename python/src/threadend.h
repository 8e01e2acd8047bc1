// Threads that are still there when the interpreter has ended, as daemons are.
#pragma once

#include <unistd.h>

#include <exception>

namespace bips_python {

// Python up to 3.13 ends a thread that asks for the GIL after the interpreter has ended, by pthread_exit, wherever that thread is: its stack is
// unwound, and a C++ function in it that may not throw, as those of nanobind, ends the process. ThreadEnd stands before each place where the GIL is taken
// back or Python code runs. Who is ended there sleeps until the process has ended, as Python 3.14 lets it do by itself. No lock is held there.
class ThreadEnd {
 public:
  ThreadEnd() = default;
  ThreadEnd(const ThreadEnd &) = delete;
  ThreadEnd &operator=(const ThreadEnd &) = delete;
  ~ThreadEnd() {
    // Left neither at its end nor by an exception of C++, which would be counted.
    while (!is_over_ && std::uncaught_exceptions() == exceptions_)
      pause();
  }
  // over is said where the place is left.
  void over() noexcept { is_over_ = true; }

 private:
  int exceptions_ = std::uncaught_exceptions();
  bool is_over_ = false;
};

// with_python calls a function that leads to Python code.
template <class Function> auto with_python(Function &&call) {
  ThreadEnd end;
  auto result = call();
  end.over();
  return result;
}

}  // namespace bips_python
