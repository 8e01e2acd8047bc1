// loop: what a frame costs a program in C++, beside the loop in Python (bench/python, "loop"). Producer and consumer are in one
// thread: 40 frames are published, then the processor time of the loop that reads them is taken, again and again.
#include <bips/bips.hpp>

#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <string>

#include <time.h>
#include <unistd.h>

namespace {

using Clock = std::chrono::steady_clock;
using namespace std::chrono_literals;

constexpr int kPublished = 40;

const volatile void *seen; // keeps the compiler from leaving the loop out

void Join(bips::Producer &producer, bips::Consumer &consumer) {
  while (producer.stats().consumers == 0) {
    try {
      consumer.Pull(10ms);
    } catch (const bips::Error &e) {
      if (e.code() != BIPS_TIMEOUT)
        throw;
    }
  }
}

// Of this thread, in seconds.
double ProcessorTime() {
  timespec t;
  clock_gettime(CLOCK_THREAD_CPUTIME_ID, &t);
  return static_cast<double>(t.tv_sec) + static_cast<double>(t.tv_nsec) / 1e9;
}

double Read(bips::Consumer &consumer) {
  int left = kPublished;
  double begin = ProcessorTime();
  for (bips::Frame &frame : consumer) {
    seen = frame.data().data();
    if (--left == 0)
      break;
  }
  return ProcessorTime() - begin;
}

void Measure(std::size_t size, std::chrono::duration<double> length) {
  bips::ProducerOptions options;
  options.slot_size = size;
  options.slots = 64;
  std::string name = "bench-loop-" + std::to_string(getpid());
  bips::Producer producer(name, options);
  bips::ConsumerOptions reading;
  reading.mode = bips::Mode::kEvery;
  bips::Consumer consumer(name, reading);
  Join(producer, consumer);
  unsigned long long frames = 0;
  double elapsed = 0;
  for (Clock::time_point until = Clock::now() + std::chrono::duration_cast<Clock::duration>(length); Clock::now() < until; frames += kPublished) {
    for (int i = 0; i < kPublished; i++)
      producer.Push(producer.Pull());
    elapsed += Read(consumer);
  }
  std::printf("{\"bench\":\"loop\",\"frames\":%llu,\"elapsed_s\":%.9f}\n", frames, elapsed);
}

} // namespace

int main(int argc, char **argv) {
  if (argc != 4 || std::string(argv[1]) != "loop" || std::atoll(argv[2]) <= 0) {
    std::fprintf(stderr, "usage: loop loop SIZE SECONDS\n");
    return 1;
  }
  try {
    Measure(static_cast<std::size_t>(std::atoll(argv[2])), std::chrono::duration<double>(std::atof(argv[3])));
  } catch (const bips::Error &e) {
    std::fprintf(stderr, "loop: %s\n", e.what());
    return 1;
  }
}
