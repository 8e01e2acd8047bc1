#include "work.hpp"

#include <cstdlib>
#include <cstring>
#include <iostream>
#include <thread>

#include <unistd.h>

namespace peer {

// ---- Drawing at random

Draw::Draw(std::uint64_t seed) : state_(seed) {
  if (seed == 0)
    state_ = static_cast<std::uint64_t>(Clock::now().time_since_epoch().count()) ^ static_cast<std::uint64_t>(getpid()) << 32;
}

std::uint64_t Draw::Number() { // splitmix64
  std::uint64_t z = state_ += UINT64_C(0x9E3779B97F4A7C15);

  z = (z ^ z >> 30) * UINT64_C(0xBF58476D1CE4E5B9);
  z = (z ^ z >> 27) * UINT64_C(0x94D049BB133111EB);
  return z ^ z >> 31;
}

std::uint64_t Draw::Below(std::uint64_t limit) { return limit == 0 ? 0 : Number() % limit; }

nanoseconds Draw::UpTo(nanoseconds limit) {
  if (limit <= nanoseconds::zero())
    return nanoseconds::zero();
  return nanoseconds(static_cast<std::int64_t>(Below(static_cast<std::uint64_t>(limit.count()) + 1)));
}

bool Draw::OneIn(std::uint64_t n) { return n > 0 && Below(n) == 0; }

bips::Timeout OfMicros(std::int64_t us) { return us < 0 ? bips::kForever : microseconds(us); }

void SleepFor(nanoseconds time) {
  if (time > nanoseconds::zero())
    std::this_thread::sleep_for(time);
}

// ---- Arguments

std::optional<std::string> Arguments::Find(const char *name) {
  for (auto i = given_.begin(); i != given_.end(); ++i) {
    std::string_view text(*i);
    text.remove_prefix(std::min(text.find_first_not_of('-'), text.size()));
    if (text.size() == i->size() || text.substr(0, text.find('=')) != name)
      continue;
    std::string value(text.substr(std::min(std::strlen(name), text.size())));
    given_.erase(i);
    return value; // with its "=", if it has one
  }
  return std::nullopt;
}

std::int64_t Arguments::NumberOf(const char *name, const std::string &text) {
  char *end = nullptr;
  const char *digits = text.c_str() + 1;

  if (text.size() < 2)
    die("--%s%s: no number", name, text.c_str());
  std::int64_t number = *digits == '-' ? std::strtoll(digits, &end, 10) : static_cast<std::int64_t>(std::strtoull(digits, &end, 10));
  if (*end != 0)
    die("--%s%s: no number", name, text.c_str());
  return number;
}

void Arguments::Take(const char *name, std::string *value) {
  if (auto text = Find(name)) {
    if (text->empty())
      die("--%s: it needs a value", name);
    *value = text->substr(1);
  }
}

void Arguments::Take(const char *name, bool *value) {
  if (auto text = Find(name))
    *value = text->empty() || *text == "=true";
}

void Arguments::Take(const char *name, nanoseconds *value) {
  if (auto text = Find(name))
    *value = microseconds(NumberOf(name, *text));
}

void Arguments::Finish() const {
  if (!given_.empty())
    die("%s is no option: see tests/peer/README.md", given_.front().c_str());
}

// ---- Shifts

bool Shift::BeginStep() {
  std::unique_lock lock(mutex_);
  working_ = false;
  change_.notify_all();
  change_.wait(lock, [&] { return wanted_ || over_; });
  return working_ = wanted_ && !over_;
}

void Shift::Run(const std::function<void()> &step) {
  while (BeginStep())
    step();
}

void Shift::Stop() {
  std::lock_guard lock(mutex_);
  wanted_ = false;
  change_.notify_all();
}

void Shift::Pause(const std::function<void()> &wake) {
  Stop();
  wake();
  std::unique_lock lock(mutex_);
  change_.wait(lock, [&] { return !working_; });
}

void Shift::Resume() {
  std::lock_guard lock(mutex_);
  wanted_ = !over_;
  change_.notify_all();
}

void Shift::End() {
  std::lock_guard lock(mutex_);
  over_ = true;
  change_.notify_all();
}

bool Shift::IsWanted() {
  std::lock_guard lock(mutex_);
  return wanted_;
}

void Shift::Sleep(nanoseconds time) {
  if (time < milliseconds(1)) {
    SleepFor(time);
    return;
  }
  std::unique_lock lock(mutex_);
  change_.wait_until(lock, Clock::now() + time, [&] { return !wanted_; });
}

// ---- Orders

void UnknownOrder(Line &answer) { answer.Text("error", "unknown-order").Text("text", "this role has no such order"); }

void Obey(const CarryOut &carry, Shift &shift) {
  bool closed = false;
  std::string line;

  while (std::getline(std::cin, line)) {
    json *fields = json_parse(line.c_str());
    if (fields == nullptr)
      die("order %s: it is no object of JSON", line.c_str());
    std::string order = TextIn(fields, "do");
    if (closed)
      die("order %s after close", order.c_str());
    closed = order == "close";
    Line answer("done");
    answer.Text("order", order);
    carry(order, fields, answer);
    answer.Write();
    if (order == "go")
      shift.Resume();
    json_free(fields);
  }
  if (!closed) {
    Line answer("done");
    carry("close", nullptr, answer);
    answer.Drop();
  }
  shift.End();
}

}  // namespace peer

int main(int count, char **arguments) {
  std::string role = count >= 3 ? arguments[1] : "";

  if (role == "produce")
    return peer::Produce(arguments[2], peer::Arguments(count - 3, arguments + 3));
  if (role == "consume")
    return peer::Consume(arguments[2], peer::Arguments(count - 3, arguments + 3));
  die("usage: peer produce|consume POOL [--OPTION=VALUE]..., see tests/peer/README.md");
}
