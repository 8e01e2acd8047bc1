// What a peer's work is made of: random draws, arguments, shifts, queues, orders.
#pragma once

#include <bips/bips.hpp>

#include <chrono>
#include <condition_variable>
#include <cstdint>
#include <deque>
#include <functional>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "line.hpp"

namespace peer {

using Clock = std::chrono::steady_clock;
using std::chrono::microseconds;
using std::chrono::milliseconds;
using std::chrono::nanoseconds;

// ---- Drawing at random

class Draw {
 public:
  explicit Draw(std::uint64_t seed); // 0: another each time

  std::uint64_t Number();
  std::uint64_t Below(std::uint64_t limit); // 0 to limit - 1; limit 0 counts as 1
  nanoseconds UpTo(nanoseconds limit);      // 0 to limit
  bool OneIn(std::uint64_t n);              // never if n is 0

 private:
  std::uint64_t state_;
};

// OfMicros is a time-out as orders and arguments have it: -1 is for ever.
bips::Timeout OfMicros(std::int64_t us);
void SleepFor(nanoseconds time);

// ---- Arguments: --name=value, or --name

class Arguments {
 public:
  Arguments(int count, char **arguments) : given_(arguments, arguments + count) {}

  // Each takes the argument of a name out of those given, and leaves the value as it is where there is none.
  template <class Number> void Take(const char *name, Number *value) {
    if (auto text = Find(name))
      *value = static_cast<Number>(NumberOf(name, *text));
  }
  void Take(const char *name, std::string *value);
  void Take(const char *name, bool *value);
  void Take(const char *name, nanoseconds *value); // microseconds; what is negative stays so
  // Finish ends the peer if one is left.
  void Finish() const;

 private:
  std::optional<std::string> Find(const char *name);
  static std::int64_t NumberOf(const char *name, const std::string &text);

  std::vector<std::string> given_;
};

// ---- A shift is the work that a peer does by itself, step by step, and that orders interrupt.

class Shift {
 public:
  explicit Shift(bool wanted) : wanted_(wanted) {}

  void Run(const std::function<void()> &step); // until it is over
  void Stop();                                  // the step that is being done is the last one. It does not wait
  void Pause(const std::function<void()> &wake); // stop, and waits until no step is being done
  void Resume();
  void End();
  bool IsWanted();
  void Sleep(nanoseconds time); // not longer than the work is wanted

 private:
  bool BeginStep();

  std::mutex mutex_;
  std::condition_variable change_;
  bool wanted_;
  bool working_ = false;
  bool over_ = false;
};

// ---- A queue hands things from one thread to another.

template <class T> class Queue {
 public:
  explicit Queue(std::size_t limit) : limit_(limit) {}

  bool Put(T thing) { // waits for room; false: it is closed, and the thing is gone
    std::unique_lock lock(mutex_);
    change_.wait(lock, [&] { return things_.size() < limit_ || closed_; });
    if (closed_)
      return false;
    things_.push_back(std::move(thing));
    change_.notify_all();
    return true;
  }
  std::optional<T> Take() { // waits; nothing: it is closed and empty
    std::unique_lock lock(mutex_);
    change_.wait(lock, [&] { return !things_.empty() || closed_; });
    return TakeFirst();
  }
  std::optional<T> TakeWithin(nanoseconds limit) { // nothing: there is none
    std::unique_lock lock(mutex_);
    change_.wait_until(lock, Clock::now() + limit, [&] { return !things_.empty() || closed_; });
    return TakeFirst();
  }
  void Close() {
    std::lock_guard lock(mutex_);
    closed_ = true;
    change_.notify_all();
  }
  bool IsOver() { // closed and empty
    std::lock_guard lock(mutex_);
    return closed_ && things_.empty();
  }

 private:
  std::optional<T> TakeFirst() {
    if (things_.empty())
      return std::nullopt;
    std::optional<T> first(std::move(things_.front()));
    things_.pop_front();
    change_.notify_all();
    return first;
  }

  std::mutex mutex_;
  std::condition_variable change_;
  std::deque<T> things_;
  std::size_t limit_;
  bool closed_ = false;
};

// ---- Errors

// Tried does something, and returns the error that it throws.
template <class Do> std::optional<bips::Error> Tried(Do &&act) {
  try {
    act();
  } catch (const bips::Error &error) {
    return error;
  }
  return std::nullopt;
}

inline bool Is(const std::optional<bips::Error> &error, int code) { return error && error->code() == code; }

// ---- Orders

// A role carries out an order, and answers it by the line that was begun.
using CarryOut = std::function<void(const std::string &order, const json *fields, Line &answer)>;

// Obey carries out orders until the input ends or an order closes the peer; if none did, the end does. After the
// answer to "go" the shift resumes; at the end it is over.
void Obey(const CarryOut &carry, Shift &shift);
void UnknownOrder(Line &answer);

int Produce(const std::string &pool, Arguments arguments);
int Consume(const std::string &pool, Arguments arguments);

}  // namespace peer
