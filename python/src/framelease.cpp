#include "fork.h"
#include "frame.h"
#include "wait.h"

#include <cstdio>

namespace bips_python {

void FrameLease::begin(ConsumerCore *core, bips_frame *frame) noexcept {
  core_ = core;
  frame_ = frame;
  sequence.store(bips_frame_sequence(frame));
  since.store(now());
  is_released.store(false);
  // The mapping is read-only: nobody writes through this pointer.
  Lease::begin(static_cast<uint8_t *>(const_cast<void *>(bips_frame_data(frame))), bips_frame_size(frame), false);
}

void FrameLease::end() noexcept {
  ConsumerCore *core = core_;
  bips_frame *frame = frame_;

  core->taken_.fetch_and(~(uint64_t{1} << (this - core->leases))); // first: who pulls after the release finds it free
  bips_frame_release(frame);
  core->unreference();
}

Held<FrameLease> ConsumerCore::take(bips_frame *frame) noexcept {
  uint64_t taken = taken_.load();
  int i;

  do // one is free: libbips lets nobody hold more frames than there are
    i = __builtin_ctzll(~taken);
  while (!taken_.compare_exchange_weak(taken, taken | uint64_t{1} << i));
  reference();
  leases[i].begin(this, frame);
  return Held<FrameLease>(&leases[i]);
}

void ConsumerCore::unreference() noexcept {
  if (references_.fetch_sub(1) == 1)
    delete this;
}

nb::list ConsumerCore::held() const {
  uint64_t taken = taken_.load();
  int64_t moment = now();
  nb::list list;

  for (; taken != 0; taken &= taken - 1) {
    const FrameLease &lease = leases[__builtin_ctzll(taken)];
    bool released = lease.is_released.load();
    uint32_t exports = lease.exports();
    list.append(nb::make_tuple(lease.sequence.load(), static_cast<double>(moment - lease.since.load()) / 1e9,
        exports > 0 || !released ? exports : lease.holders() /* planes */, released));
  }
  return list;
}

std::string ConsumerCore::held_text() const {
  std::string text;

  for (nb::handle one : held()) {
    char line[128];
    unsigned views = nb::cast<unsigned>(one[2]);
    std::snprintf(line, sizeof line, "%sframe %llu for %.1f s (%u view%s%s)", text.empty() ? "" : ", ",
        static_cast<unsigned long long>(nb::cast<uint64_t>(one[0])), nb::cast<double>(one[1]), views, views == 1 ? "" : "s",
        nb::cast<bool>(one[3]) ? " of a frame that was released" : "");
    text += line;
  }
  return text;
}

}  // namespace bips_python
