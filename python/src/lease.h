// A lease keeps the bytes of one slot where they are. Frame and Slot objects have one, and so has each plane,
// buffer and DLPack capsule that was made of them: keeping one of them is enough. (A slot that is pushed is let go of
// where only planes hold it, which show nothing any more then.)
//
// It is no Python object. The last holder ends it, on whatever thread, with or without the GIL, also when
// the interpreter is gone.
#pragma once

#include <bips/bips.h>

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <utility>

namespace bips_python {

class Lease {
 public:
  void hold() noexcept { holders_.fetch_add(1); }
  void drop() noexcept {
    if (holders_.fetch_sub(1) == 1)
      end();
  }

  // holders is how many hold it now.
  uint32_t holders() const noexcept { return holders_.load(); }

  // exports is how many buffers and capsules of it there are: whoever has one may be looking at the bytes right now.
  uint32_t exports() const noexcept { return exports_.load(); }

  // data and size are the bytes; data is nullptr when they are not ours any more. They may be written to if
  // is_writable.
  uint8_t *data() const noexcept { return data_; }
  // is_hidden reports that no new view may be made.
  bool is_hidden() const noexcept { return hidden_; }
  size_t size() const noexcept { return size_; }
  bool is_writable() const noexcept { return writable_; }

  // is_forked reports that it was made before a fork: it is the parent's.
  bool is_forked() const noexcept;

 protected:
  ~Lease() = default;

  void begin(uint8_t *data, size_t size, bool writable) noexcept;
  void forget_data() noexcept { data_ = nullptr; }
  void set_hidden(bool hidden) noexcept { hidden_ = hidden; }

  // end is called once, when nobody holds the lease any more.
  virtual void end() noexcept = 0;

 private:
  friend class Exported;
  std::atomic<uint32_t> holders_{0}, exports_{0};
  uint32_t forks_ = 0;
  uint8_t *data_ = nullptr;
  size_t size_ = 0;
  bool writable_ = false, hidden_ = false;
};

// Held is a hold of a lease, as a value.
template <class Kind = Lease> class Held {
 public:
  Held() = default;
  // The hold that comes with a lease that was just made.
  explicit Held(Kind *lease) noexcept : lease_(lease) {}
  static Held again(Kind *lease) noexcept {
    if (lease != nullptr)
      lease->hold();
    return Held(lease);
  }
  Held(Held &&other) noexcept : lease_(other.lease_) { other.lease_ = nullptr; }
  Held &operator=(Held &&other) noexcept {
    Kind *before = lease_;
    lease_ = other.lease_;
    other.lease_ = nullptr;
    if (before != nullptr)
      before->drop();
    return *this;
  }
  ~Held() {
    if (lease_ != nullptr)
      lease_->drop();
  }

  Kind *get() const noexcept { return lease_; }
  Kind *operator->() const noexcept { return lease_; }
  explicit operator bool() const noexcept { return lease_ != nullptr; }
  // release gives the hold away: whoever gets it calls drop.
  Kind *release() noexcept {
    Kind *lease = lease_;
    lease_ = nullptr;
    return lease;
  }

 private:
  Kind *lease_ = nullptr;
};

// Exported is the hold of a buffer or a capsule.
class Exported {
 public:
  Exported() = default;
  explicit Exported(Lease *lease) noexcept : lease_(lease) {
    lease->hold();
    lease->exports_.fetch_add(1);
  }
  Exported(Exported &&other) noexcept : lease_(other.lease_) { other.lease_ = nullptr; }
  Exported &operator=(Exported &&other) noexcept {
    std::swap(lease_, other.lease_);
    return *this;
  }
  ~Exported() {
    if (lease_ != nullptr) {
      lease_->exports_.fetch_sub(1);
      lease_->drop();
    }
  }

 private:
  Lease *lease_ = nullptr;
};

}  // namespace bips_python
