#include "fork.h"

#include <pthread.h>

#include <atomic>
#include <new>

#include "wait.h"

namespace bips_python {

const char kForked[] = "this handle was made before a fork, and is the parent's: open another one in the child";

namespace {

std::atomic<uint32_t> count{0};

// The threads that waited are the parent's.
extern "C" void forked() {
  count.fetch_add(1);
  waiting.store(0);
}

}  // namespace

void watch_forks() {
  if (pthread_atfork(nullptr, nullptr, forked) != 0)
    throw std::bad_alloc();
}

uint32_t forks() { return count.load(); }

}  // namespace bips_python
