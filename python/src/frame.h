// Frames, and the consumers that they came from.
#pragma once

#include <atomic>
#include <memory>
#include <mutex>

#include "layout.h"
#include "lease.h"
#include "native.h"

namespace bips_python {

struct ConsumerCore;

// FrameLease holds one frame of libbips. It lies in its consumer's core, so that a frame allocates nothing here.
class FrameLease final : public Lease {
 public:
  void begin(ConsumerCore *core, bips_frame *frame) noexcept;
  bips_frame *frame() const noexcept { return frame_; }
  ConsumerCore *core() const noexcept { return core_; }

  // For lists of what is held, which may look at a lease that is just ending.
  std::atomic<uint64_t> sequence{0};
  std::atomic<int64_t> since{0};       // CLOCK_MONOTONIC
  std::atomic<bool> is_released{false}; // the Frame object has let go of it: only views hold it

 protected:
  void end() noexcept override;

 private:
  ConsumerCore *core_ = nullptr;
  bips_frame *frame_ = nullptr;
};

// ConsumerCore is what a consumer and its frames share. The last of them frees it.
struct ConsumerCore {
  bips_consumer *handle = nullptr;
  std::string name;
  uint32_t forks = 0;               // as of fork.h, when it was made
  std::timed_mutex turn;            // one thread pulls at a time
  FrameLease leases[BIPS_MAX_SLOTS];

  int shutdown() noexcept { return bips_consumer_shutdown(handle); }

  Held<FrameLease> take(bips_frame *frame) noexcept; // a lease of a frame that was just pulled
  void reference() noexcept { references_.fetch_add(1); }
  void unreference() noexcept;
  // held lists the frames that are held: (sequence, seconds, views, released).
  nb::list held() const;
  // held_text is the same for people: "frame 5 for 1.2 s (2 views)".
  std::string held_text() const;

 private:
  friend class FrameLease;
  std::atomic<uint32_t> references_{1};
  std::atomic<uint64_t> taken_{0}; // a bit for each lease
};

// Frame is what Python holds.
struct Frame {
  Frame() = default;
  Frame(Frame &&) = default;
  Frame &operator=(Frame &&) = default;
  ~Frame() { release(); }
  // release lets go of the lease. Views may hold on to it.
  void release() noexcept {
    if (lease)
      lease->is_released.store(true);
    lease = Held<FrameLease>();
  }

  Held<FrameLease> lease; // none: released
  uint64_t sequence = 0;
  std::shared_ptr<const Layout> layout;
  bool layout_is_known = false;
};

}  // namespace bips_python
