// Slots, and the producers that lent them.
#pragma once

#include <atomic>
#include <deque>
#include <memory>
#include <mutex>
#include <string>
#include <utility>

#include "layout.h"
#include "lease.h"
#include "native.h"

namespace bips_python {

// ProducerCore is what a producer and its slots share. The last of them frees it.
struct ProducerCore {
  bips_producer *handle = nullptr;
  std::string name;
  uint32_t forks = 0; // as of fork.h, when it was made
  int growing = 0;    // calls of grow in progress; changed and read with the GIL held

  int shutdown() noexcept { return bips_producer_shutdown(handle); }

  void reference() noexcept { references_.fetch_add(1); }
  void unreference() noexcept {
    if (references_.fetch_sub(1) == 1)
      delete this;
  }

  // Warnings that libbips told of, in a thread of its own, until Python asks for them.
  std::atomic<bool> has_warnings{false};
  std::mutex mu;
  std::deque<std::pair<int, std::string>> warnings; // protected by mu

 private:
  std::atomic<uint32_t> references_{1};
};

// SlotLease is a slot that is lent, also after it was published if somebody still looks at it.
class SlotLease final : public Lease {
 public:
  SlotLease(ProducerCore *core, bips_slot *slot) noexcept;
  bips_slot *slot() const noexcept { return slot_; }
  ProducerCore *core() const noexcept { return core_; }
  // hide lets nobody make a new view, until show.
  void hide() noexcept { set_hidden(true); }
  void show() noexcept { set_hidden(false); }
  // forget: libbips has the slot back.
  void forget() noexcept {
    slot_ = nullptr;
    forget_data();
  }

 protected:
  void end() noexcept override;

 private:
  ProducerCore *core_;
  bips_slot *slot_;
};

// Slot is what Python holds.
struct Slot {
  enum State { kLent, kPushing, kPushed, kReturned };

  Held<SlotLease> lease; // none: pushed or returned
  State state = kLent;
  uint32_t index = 0;
  std::string caps; // of the producer, when it was lent
  std::shared_ptr<const Layout> layout;
  bool layout_is_known = false;
};

// lease_of is the lease of a slot that is lent. Throws StaleError, ForkError.
SlotLease *lease_of(const Slot &slot);

}  // namespace bips_python
