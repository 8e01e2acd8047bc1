/*
 * bips.hpp: libbips for C++17 and later. All of bips.h, with objects that give back what they hold.
 *
 * A consumer:
 *
 *     for (bips::Frame &frame : bips::Consumer("camera0"))
 *       look(frame.data(), frame.caps());
 *
 * A producer:
 *
 *     bips::ProducerOptions options;
 *     options.slot_size = 640 * 480 * 3;
 *     options.caps = "video/x-raw,format=RGB,width=640,height=480,framerate=30/1";
 *     bips::Producer camera("camera0", options);
 *     for (;;) {
 *       bips::Slot slot = camera.Pull();
 *       fill(slot.data());
 *       camera.Push(slot);
 *     }
 *
 * CONVENTIONS
 *
 * They are those of bips.h, whose comments say what each function does. Here is only what differs:
 *
 * Names.  What does something begins with a capital letter: Pull, Push, Publish. What only tells does not:
 *   data, size, caps.
 * Errors.  A function that fails throws bips::Error. When a time-out is over, nothing is thrown: Pull returns an
 *   empty Frame or Slot, a Wait... function returns false. TryPull never throws. Functions that are noexcept tell no
 *   error.
 * Time-outs.  Any std::chrono::duration, or bips::kForever, which is the default. A negative duration does not wait,
 *   so that "deadline - now" may be given when the deadline has passed; in bips.h a negative number waits for ever.
 *   Points in time are of std::chrono::steady_clock.
 * Texts.  A parameter of type bips::Text takes a const char * or a std::string, and keeps neither.
 * Ownership.  Producer, Consumer, Slot and Frame can be moved, but not copied. A destructor gives back what the object
 *   holds, and tells no error. An object that was moved from, pushed, released or closed is empty: its methods throw an
 *   Error of BIPS_STALE, or return 0 or an empty view.
 * Threads.  As in bips.h: threads may call the methods of a Producer or a Consumer at the same time, except Close, the
 *   destructor and moves, during which no other call may be in progress. Shutdown ends calls in other threads. A Slot
 *   or a Frame may be used by one thread at a time, by another one later; const methods of a Frame by several at once.
 * Memory.  Nothing is allocated for a frame.
 *
 * Everything here is inline: link with libbips alone. It needs exceptions (without them, use bips.h), but no RTTI.
 * Objects of code that was compiled as C++17 cannot be given to code that was compiled as C++20, or later: Span differs,
 * so the types differ, and a program that mixes them does not link. Use one dialect, or hand over what get() returns.
 */
#ifndef BIPS_BIPS_HPP
#define BIPS_BIPS_HPP

#if __cplusplus < 201703L
#error "bips.hpp needs C++17: compile with -std=c++17 or later, or use bips.h"
#endif
#if !defined(__cpp_exceptions)
#error "bips.hpp throws exceptions: compile without -fno-exceptions, or use bips.h, which needs none"
#endif

#include <bips/bips.h>

#include <atomic>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <iterator>
#include <memory>
#include <optional>
#include <stdexcept>
#include <string>
#include <string_view>
#include <type_traits>
#include <utility>

/* The dialect that the types here are of. */
#if __cplusplus >= 202002L
#include <span>
#define BIPS_DIALECT cpp20
#else
#define BIPS_DIALECT cpp17
#endif

namespace bips {
inline namespace BIPS_DIALECT {

#if __cplusplus >= 202002L
/* Span is a view of elements that lie one after the other in memory that the Span does not own. */
template <class T> using Span = std::span<T>;

#else
/* Span is a view of elements that lie one after the other in memory that the Span does not own: as much of std::span as
 * C++17 can have. */
template <class T> class Span {
 public:
  using element_type = T;
  using value_type = std::remove_cv_t<T>;
  using size_type = std::size_t;
  using iterator = T *;

  constexpr Span() noexcept = default;
  constexpr Span(T *first, std::size_t count) noexcept : data_(first), size_(count) {}
  template <std::size_t N> constexpr Span(T (&array)[N]) noexcept : data_(array), size_(N) {}
  /* Anything with data() and size(): std::array, std::vector, std::string, a Span<T> for a Span<const T>. */
  template <class Container,
      class = std::enable_if_t<std::is_convertible_v<
          std::remove_pointer_t<decltype(std::declval<Container &>().data())> (*)[], T (*)[]>>,
      class = decltype(std::declval<Container &>().size())>
  constexpr Span(Container &&container) noexcept : data_(container.data()), size_(container.size()) {}

  constexpr T *data() const noexcept { return data_; }
  constexpr std::size_t size() const noexcept { return size_; }
  constexpr std::size_t size_bytes() const noexcept { return size_ * sizeof(T); }
  [[nodiscard]] constexpr bool empty() const noexcept { return size_ == 0; }
  constexpr T &operator[](std::size_t i) const { return data_[i]; }
  constexpr T &front() const { return data_[0]; }
  constexpr T &back() const { return data_[size_ - 1]; }
  constexpr T *begin() const noexcept { return data_; }
  constexpr T *end() const noexcept { return data_ + size_; }
  constexpr Span first(std::size_t count) const { return {data_, count}; }
  constexpr Span last(std::size_t count) const { return {data_ + (size_ - count), count}; }
  constexpr Span subspan(std::size_t offset) const { return {data_ + offset, size_ - offset}; }
  constexpr Span subspan(std::size_t offset, std::size_t count) const { return {data_ + offset, count}; }

 private:
  T *data_ = nullptr;
  std::size_t size_ = 0;
};
#endif

/* ---- Parameters ------------------------------------------------------------------------------- */

/* Timeout is how long a call may wait. */
class Timeout {
 public:
  template <class Rep, class Period> constexpr Timeout(std::chrono::duration<Rep, Period> limit) noexcept : ns_(Count(limit)) {}

  static constexpr Timeout Forever() noexcept { return Timeout(BIPS_FOREVER); }
  /* ns is the time-out as functions of bips.h take it. */
  constexpr std::int64_t ns() const noexcept { return ns_; }

 private:
  explicit constexpr Timeout(std::int64_t ns) noexcept : ns_(ns) {}

  /* Count rounds up, so that what is above 0 waits. More than fits is for ever. */
  template <class Duration> static constexpr std::int64_t Count(Duration limit) noexcept {
    using std::chrono::nanoseconds;
    if (limit <= Duration::zero())
      return 0;
    if (std::chrono::duration<double, std::nano>(limit).count() >= 9.2e18)
      return BIPS_FOREVER;
    auto whole = std::chrono::duration_cast<nanoseconds>(limit);
    return whole < limit ? whole.count() + 1 : whole.count();
  }

  std::int64_t ns_;
};

inline constexpr Timeout kForever = Timeout::Forever();

/* Text is a text that ends with a zero byte, and belongs to the caller. */
class Text {
 public:
  Text(const char *text) noexcept : text_(text) {}
  Text(const std::string &text) noexcept : text_(text.c_str()) {}
  const char *c_str() const noexcept { return text_; }

 private:
  const char *text_;
};

/* ---- Errors ----------------------------------------------------------------------------------- */

/* Error is what functions throw. what() says in a sentence what happened, to what, and what to do. */
class Error : public std::runtime_error {
 public:
  /* Makes the error of a call of bips.h, or of TryPull, from the negative result that it returned. Make it at once, in the
   * same thread: the sentence is that of the thread's last error. */
  explicit Error(int result) : std::runtime_error(bips_error_message()), code_(-result), reason_(bips_error_reason()) {}

  /* A value of enum bips_error (BIPS_TIMEOUT), or another errno value (EMFILE): always above 0. */
  int code() const noexcept { return code_; }
  /* Tells more of it, as bips_error_reason does; 0: there is nothing more to say. */
  int reason() const noexcept { return reason_; }
  /* "timeout", "pool-full", "other". */
  const char *name() const noexcept { return bips_error_name(code_); }

 private:
  int code_, reason_;
};

namespace detail {

inline void Check(int result) {
  if (result < 0)
    throw Error(result);
}

/* CheckUnless throws unless the result is a success, true, or what it says is in an error's place, false. */
inline bool CheckUnless(int result, int expected) {
  if (result == -expected)
    return false;
  Check(result);
  return true;
}

inline std::string_view View(const char *text) noexcept { return text == nullptr ? std::string_view() : std::string_view(text); }

/* A time beyond the year 2262, which nanoseconds cannot count, is taken for none. */
inline std::optional<std::chrono::nanoseconds> KnownTime(std::uint64_t time) noexcept {
  if (time > INT64_MAX)
    return std::nullopt;
  return std::chrono::nanoseconds(static_cast<std::int64_t>(time));
}

inline std::uint64_t TimeOf(std::chrono::nanoseconds time) noexcept { return static_cast<std::uint64_t>(time.count()); }

template <class T> inline Span<T> ElementsOf(Span<std::conditional_t<std::is_const_v<T>, const std::uint8_t, std::uint8_t>> bytes) noexcept {
  static_assert(std::is_trivially_copyable_v<T>, "what lies in shared memory has no constructors");
  static_assert(alignof(T) <= 4096, "slots are page-aligned");
  return Span<T>(reinterpret_cast<T *>(bytes.data()), bytes.size() / sizeof(T));
}

}  // namespace detail

/* ---- Choices ---------------------------------------------------------------------------------- */

/* How a pool's memory is made and found: enum bips_backend. */
enum class Backends : std::uint32_t { kShm = BIPS_SHM, kMemfd = BIPS_MEMFD };

/* What a producer does when no slot is free: enum bips_overflow. */
enum class Overflow : std::uint32_t { kBlock = BIPS_BLOCK, kDrop = BIPS_DROP };

/* Which frames a consumer wants: enum bips_mode. */
enum class Mode : std::uint32_t { kAuto = BIPS_AUTO, kLatest = BIPS_LATEST, kEvery = BIPS_EVERY };

/* ---- What travels with a frame, and statistics -------------------------------------------------- */
/* Structs of bips.h, whose constructors set the size and the defaults. Their fields are documented there. */

struct FrameInfo : bips_frame_info {
  FrameInfo() noexcept : bips_frame_info BIPS_FRAME_INFO_INIT {}

  /* How many bytes of the slot are used; all of them, if it is not called. */
  FrameInfo &set_data_size(std::size_t bytes) noexcept {
    data_size = bytes;
    return *this;
  }
  FrameInfo &set_pts(std::chrono::nanoseconds time) noexcept {
    pts = detail::TimeOf(time);
    return *this;
  }
  FrameInfo &set_dts(std::chrono::nanoseconds time) noexcept {
    dts = detail::TimeOf(time);
    return *this;
  }
  FrameInfo &set_duration(std::chrono::nanoseconds time) noexcept {
    duration = detail::TimeOf(time);
    return *this;
  }
  FrameInfo &set_capture_time(std::chrono::steady_clock::time_point time) noexcept {
    capture_time = detail::TimeOf(time.time_since_epoch());
    return *this;
  }
  /* The records are not copied here: they have to stay as they are until the frame is published. */
  FrameInfo &set_meta(Span<const std::uint8_t> records) noexcept {
    meta = records.data();
    meta_size = records.size();
    return *this;
  }
};

struct FrameDelivery : bips_frame_delivery {
  FrameDelivery() noexcept : bips_frame_delivery BIPS_FRAME_DELIVERY_INIT {}
};

struct PoolInfo : bips_pool_info {
  PoolInfo() noexcept : bips_pool_info BIPS_POOL_INFO_INIT {}
};

struct ProducerStats : bips_producer_stats {
  ProducerStats() noexcept : bips_producer_stats BIPS_PRODUCER_STATS_INIT {}
};

struct ConsumerStats : bips_consumer_stats {
  ConsumerStats() noexcept : bips_consumer_stats BIPS_CONSUMER_STATS_INIT {}
};

/* ---- Slots ------------------------------------------------------------------------------------ */

/* Slot is an empty buffer, lent by Producer::Pull. It is given back when it is pushed, returned or destroyed. It may
 * outlive its producer. */
class Slot {
 public:
  Slot() noexcept = default;
  /* Takes over a slot that a function of bips.h lent; nullptr: an empty one. */
  explicit Slot(bips_slot *slot) noexcept : slot_(slot) {}
  Slot(Slot &&other) noexcept : slot_(other.Detach()) {}
  Slot &operator=(Slot &&other) noexcept {
    if (this != &other) {
      GiveBack();
      slot_ = other.Detach();
    }
    return *this;
  }
  ~Slot() { GiveBack(); }

  /* false: it is empty. */
  explicit operator bool() const noexcept { return slot_ != nullptr; }

  /* The slot's memory, page-aligned. It holds what an older frame left there. */
  Span<std::uint8_t> data() const noexcept { return {static_cast<std::uint8_t *>(bips_slot_data(slot_)), bips_slot_size(slot_)}; }
  std::size_t size() const noexcept { return bips_slot_size(slot_); }
  /* The same memory as elements of another type; bytes at the end that make no whole element are left out. */
  template <class T> Span<T> As() const noexcept { return detail::ElementsOf<T>(data()); }
  /* The slot's number in its pool, from 0. */
  std::uint32_t index() const noexcept { return bips_slot_index(slot_); }
  /* true: the pool has moved since it was lent, so that publishing it takes a copy. */
  bool has_moved() const noexcept { return bips_slot_has_moved(slot_) != 0; }

  /* Return gives it back, published or not. Never waits; from any thread. */
  void Return() {
    detail::Check(bips_slot_return(slot_));
    Detach();
  }

  bips_slot *get() const noexcept { return slot_; }
  /* Detach hands the slot over to the caller, who gives it back by bips_slot_return. This object is empty then. */
  bips_slot *Detach() noexcept { return std::exchange(slot_, nullptr); }

 private:
  void GiveBack() noexcept {
    if (slot_ != nullptr)
      bips_slot_return(slot_);
  }

  bips_slot *slot_ = nullptr;
};

/* ---- Producers -------------------------------------------------------------------------------- */

/* ProducerOptions are those of bips_producer_options, with the same defaults. */
struct ProducerOptions {
  Backends backend = Backends::kShm;
  std::uint32_t slots = 0;         /* 0: BIPS_DEFAULT_SLOTS */
  std::size_t slot_size = 0;       /* bytes of each; required */
  std::int32_t meta_size = 0;      /* 0: BIPS_DEFAULT_META_SIZE. BIPS_NO_META: none */
  std::uint32_t max_consumers = 0; /* 0: BIPS_DEFAULT_MAX_CONSUMERS */
  std::string caps;                /* of the first frames; "": none yet */
  std::uint32_t permissions = 0;   /* 0: BIPS_DEFAULT_PERMISSIONS */
  Overflow overflow = Overflow::kBlock;
  std::string group;                           /* the permissions' group, a name or a number; "": the system's choice */
  std::chrono::nanoseconds block_timeout{0};   /* 0: for ever */
  /* Is told what no call can return, by a thread of the library's: bips_warning; error is above 0 here. It must not
   * throw, and must not shut down or close the producer. */
  std::function<void(int error, const char *message)> warn;
  /* When another thread sets it to a value other than 0, the constructor throws BIPS_INTERRUPTED instead of waiting. */
  const std::atomic<int> *give_up = nullptr;
};

/* Producer fills a pool: bips_producer_open. */
class Producer {
 public:
  /* Makes the pool of a name, with all of its memory, and publishes it. Waits for a second at most: bips_producer_open. */
  Producer(Text name, const ProducerOptions &options) {
    bips_producer_options o = BIPS_PRODUCER_OPTIONS_INIT;
    bips_producer *producer;

    o.backend = static_cast<std::uint32_t>(options.backend);
    o.slots = options.slots;
    o.slot_size = options.slot_size;
    o.meta_size = options.meta_size;
    o.max_consumers = options.max_consumers;
    o.caps = options.caps.c_str();
    o.permissions = options.permissions;
    o.overflow = static_cast<std::uint32_t>(options.overflow);
    o.group = options.group.empty() ? nullptr : options.group.c_str();
    o.block_timeout = options.block_timeout.count();
    o.give_up = reinterpret_cast<const int *>(options.give_up);
    if (options.warn) {
      warn_ = std::make_unique<Warn>(options.warn);
      o.warn = [](void *user, int error, const char *message) noexcept { (*static_cast<Warn *>(user))(-error, message); };
      o.warn_user = warn_.get();
    }
    detail::Check(bips_producer_open(name.c_str(), &o, &producer));
    producer_.reset(producer);
  }
  Producer(Producer &&) noexcept = default;
  Producer &operator=(Producer &&other) noexcept {
    producer_ = std::move(other.producer_); /* first: the one that is closed may still warn */
    warn_ = std::move(other.warn_);
    return *this;
  }

  /* Pull lends a slot to write a frame into, and waits for one that is free. The Slot that it returns holds nothing
   * (converts to false) if none came free in time; with Overflow::kDrop, if none is free now: the frame is then dropped
   * and counted. */
  Slot Pull(Timeout timeout = kForever) {
    Slot slot;
    detail::CheckUnless(SlotOrError(TryPull(&slot, timeout)), BIPS_TIMEOUT);
    return slot;
  }
  /* TryPull is Pull without exceptions: it returns what bips_producer_pull does: 0, or less for an error
   * (-BIPS_TIMEOUT, -BIPS_DROPPED). What *slot holds is given back first. */
  int TryPull(Slot *slot, Timeout timeout) noexcept {
    bips_slot *pulled;
    *slot = Slot();
    int result = bips_producer_pull(get(), timeout.ns(), &pulled);
    *slot = Slot(pulled);
    return result;
  }
  /* Lend is Pull for a pipeline that may hold several slots: bips_producer_lend. */
  Slot Lend(Timeout timeout = kForever) {
    bips_slot *lent;
    detail::CheckUnless(SlotOrError(bips_producer_lend(get(), timeout.ns(), &lent)), BIPS_TIMEOUT);
    return Slot(lent);
  }
  /* WaitLendable waits until Lend would not have to; false: not in time. */
  bool WaitLendable(Timeout timeout = kForever) {
    return detail::CheckUnless(bips_producer_wait_lendable(get(), timeout.ns()), BIPS_TIMEOUT);
  }

  /* Push publishes a slot and gives it back: the Slot is empty then. Without info the frame fills the slot, and has no
   * times. If it throws, the slot is as it was. */
  void Push(Slot &slot) { PushWith(slot, nullptr); }
  void Push(Slot &&slot) { PushWith(slot, nullptr); }
  void Push(Slot &slot, const FrameInfo &info) { PushWith(slot, &info); }
  void Push(Slot &&slot, const FrameInfo &info) { PushWith(slot, &info); }

  /* Publish publishes a slot and keeps it lent, for a caller who goes on reading it, and does not write to it any more.
   * It returns the frame's number, from 1. */
  std::uint64_t Publish(const Slot &slot) { return PublishWith(slot, nullptr); }
  std::uint64_t Publish(const Slot &slot, const FrameInfo &info) { return PublishWith(slot, &info); }

  /* Drop counts a frame that is not published, so that consumers learn that one is missing. */
  void Drop() { detail::Check(bips_producer_drop(get())); }
  /* EndOfStream tells consumers that no frame follows. */
  void EndOfStream() { detail::Check(bips_producer_end_of_stream(get())); }

  /* SetCaps says what the frames are that are published from now on, in GStreamer's notation; "": none. */
  void SetCaps(Text caps) { detail::Check(bips_producer_set_caps(get(), caps.c_str())); }
  /* SetTags likewise sets the stream's tags: records of BIPS_META_TAGS, as bips::meta::Writer writes them; no bytes: none. */
  void SetTags(Span<const std::uint8_t> tags) { detail::Check(bips_producer_set_tags(get(), tags.data(), tags.size())); }
  /* SetLatency says how long a frame takes from its capture to its publication; std::nullopt: unknown, or not live. */
  void SetLatency(std::optional<std::chrono::nanoseconds> latency) {
    detail::Check(bips_producer_set_latency(get(), latency ? detail::TimeOf(*latency) : BIPS_NO_TIME));
  }
  /* For how long consumers of every frame may hold up all others from now on. 0, unlike in ProducerOptions, demotes at
   * once a consumer that is behind. */
  void SetBlockTimeout(Timeout timeout) { detail::Check(bips_producer_set_block_timeout(get(), timeout.ns())); }
  /* While flushing, every wait throws BIPS_FLUSHING, also one in progress. */
  void SetFlushing(bool flushing) { detail::Check(bips_producer_set_flushing(get(), flushing)); }

  /* Grow makes the slots slot_size bytes large: the producer goes on in a new pool of the name, and its consumers follow. */
  void Grow(std::size_t slot_size) { detail::Check(bips_producer_grow(get(), slot_size)); }

  /* WaitConsumers waits until so many consumers, or more, read from the pool; false: not in time. */
  bool WaitConsumers(std::uint32_t consumers, Timeout timeout = kForever) {
    return detail::CheckUnless(bips_producer_wait_consumers(get(), consumers, timeout.ns()), BIPS_TIMEOUT);
  }
  /* WaitKeyFrameRequest waits until a consumer asks for a frame that decoding can begin with; false: not in time. Call it
   * in one thread. */
  bool WaitKeyFrameRequest(Timeout timeout = kForever) {
    return detail::CheckUnless(bips_producer_wait_key_frame_request(get(), timeout.ns()), BIPS_TIMEOUT);
  }

  /* Valid as long as the producer. */
  std::string_view name() const noexcept { return detail::View(bips_producer_name(get())); }
  std::uint32_t slots() const noexcept { return bips_producer_slots(get()); }
  std::size_t slot_size() const noexcept { return bips_producer_slot_size(get()); } /* bytes, as of now */
  std::size_t meta_size() const noexcept { return bips_producer_meta_size(get()); } /* bytes of metadata of a frame */
  /* The folder that the pool's files are in, valid as long as the producer. */
  std::string_view folder() const noexcept { return detail::View(bips_producer_folder(get(), nullptr)); }
  /* false: frames lie on a disk, to which the system writes all of them back. */
  bool in_memory() const noexcept {
    int in_memory = 0;
    bips_producer_folder(get(), &in_memory);
    return in_memory != 0;
  }
  ProducerStats stats() const {
    ProducerStats stats;
    detail::Check(bips_producer_get_stats(get(), &stats));
    return stats;
  }

  /* How often a consumer was demoted, and for how long frames have waited for consumers. Cheap enough for each frame. */
  std::uint64_t demotions() const noexcept { return bips_producer_demotions(get()); }
  std::chrono::nanoseconds waited() const noexcept {
    return std::chrono::nanoseconds(static_cast<std::int64_t>(bips_producer_waited(get())));
  }

  /* Shutdown ends the pool. Calls in progress, and all later ones, throw BIPS_CLOSED. From any thread. */
  void Shutdown() { detail::Check(bips_producer_shutdown(get())); }
  /* Close shuts down and frees the producer, as the destructor does. */
  void Close() noexcept { producer_.reset(); }

  bips_producer *get() const noexcept { return producer_.get(); }

 private:
  using Warn = std::function<void(int, const char *)>;
  struct Closer {
    void operator()(bips_producer *producer) const noexcept { bips_producer_close(producer); }
  };

  /* A frame that is dropped is no slot, either. */
  static int SlotOrError(int result) noexcept { return result == -BIPS_DROPPED ? -BIPS_TIMEOUT : result; }

  void PushWith(Slot &slot, const FrameInfo *info) {
    detail::Check(bips_producer_push(get(), slot.get(), info));
    slot.Detach();
  }
  std::uint64_t PublishWith(const Slot &slot, const FrameInfo *info) {
    std::uint64_t sequence;
    detail::Check(bips_producer_publish(get(), slot.get(), info, &sequence));
    return sequence;
  }

  std::unique_ptr<Warn> warn_; /* outlives the producer, which calls it */
  std::unique_ptr<bips_producer, Closer> producer_;
};

/* ---- Frames ----------------------------------------------------------------------------------- */

/* Frame is a published slot, which Consumer::Pull holds for the caller. It is given back when it is pushed, released or
 * destroyed, in any thread. It may outlive its consumer and its producer. Views that it returns are valid until then. */
class Frame {
 public:
  Frame() noexcept = default;
  /* Takes over a frame that a function of bips.h returned; nullptr: an empty one. */
  explicit Frame(bips_frame *frame) noexcept : frame_(frame) {}
  Frame(Frame &&other) noexcept : frame_(other.Detach()) {}
  Frame &operator=(Frame &&other) noexcept {
    if (this != &other) {
      GiveBack();
      frame_ = other.Detach();
    }
    return *this;
  }
  ~Frame() { GiveBack(); }

  /* false: it is empty. */
  explicit operator bool() const noexcept { return frame_ != nullptr; }

  /* The bytes, in the pool's own memory: to write to them is SIGSEGV. */
  Span<const std::uint8_t> data() const noexcept { return {static_cast<const std::uint8_t *>(bips_frame_data(frame_)), bips_frame_size(frame_)}; }
  std::size_t size() const noexcept { return bips_frame_size(frame_); }
  /* The same bytes as elements of another type; bytes at the end that make no whole element are left out. */
  template <class T> Span<const T> As() const noexcept { return detail::ElementsOf<const T>(data()); }
  /* What the bytes are, in GStreamer's notation; "": no caps. It ends with a zero byte. */
  std::string_view caps() const noexcept { return detail::View(bips_frame_caps(frame_)); }
  /* The stream's tags: records of BIPS_META_TAGS, which bips::meta::Records reads; no bytes: none. */
  Span<const std::uint8_t> tags() const noexcept {
    std::size_t size;
    auto bytes = static_cast<const std::uint8_t *>(bips_frame_tags(frame_, &size));
    return {bytes, size};
  }
  /* The frame's metadata, in shared memory: bips::meta::Records (bips/meta.hpp) reads them; no bytes: none. */
  Span<const std::uint8_t> meta() const noexcept {
    std::size_t size;
    auto bytes = static_cast<const std::uint8_t *>(bips_frame_meta(frame_, &size));
    return {bytes, size};
  }

  std::uint64_t sequence() const noexcept { return bips_frame_sequence(frame_); } /* from 1 in each run of a producer */
  /* Times of the producer's stream; std::nullopt: unknown. */
  std::optional<std::chrono::nanoseconds> pts() const noexcept { return detail::KnownTime(bips_frame_pts(frame_)); }
  std::optional<std::chrono::nanoseconds> duration() const noexcept { return detail::KnownTime(bips_frame_duration(frame_)); }
  std::uint32_t flags() const noexcept { return bips_frame_flags(frame_); } /* BIPS_FLAG_... */
  /* How long ago it was published. */
  std::chrono::nanoseconds age() const noexcept { return std::chrono::nanoseconds(bips_frame_age(frame_)); }

  /* All that travelled with it. info().meta is as meta(). */
  FrameInfo info() const {
    FrameInfo info;
    detail::Check(bips_frame_get_info(frame_, &info));
    return info;
  }
  /* How it was delivered: what was lost before it, how far behind the reader is. */
  FrameDelivery delivery() const {
    FrameDelivery delivery;
    detail::Check(bips_frame_get_delivery(frame_, &delivery));
    return delivery;
  }

  /* Share returns another Frame for the same bytes, which stay held until both are given back. It is empty if this is. */
  Frame Share() const noexcept { return Frame(bips_frame_ref(frame_)); }

  /* Release gives it back. */
  void Release() {
    detail::Check(bips_frame_release(frame_));
    Detach();
  }

  bips_frame *get() const noexcept { return frame_; }
  /* Detach hands the frame over to the caller, who gives it back by bips_frame_release. This object is empty then. */
  bips_frame *Detach() noexcept { return std::exchange(frame_, nullptr); }

 private:
  void GiveBack() noexcept {
    if (frame_ != nullptr)
      bips_frame_release(frame_);
  }

  bips_frame *frame_ = nullptr;
};

/* ---- Consumers -------------------------------------------------------------------------------- */

/* ConsumerOptions are those of bips_consumer_options, with the same defaults. */
struct ConsumerOptions {
  Mode mode = Mode::kAuto;
  std::uint32_t max_held = 0;                /* 0: BIPS_DEFAULT_MAX_HELD */
  std::uint32_t min_held = 0;                /* 0: max_held */
  std::chrono::nanoseconds max_age{0};       /* for Mode::kLatest: of what was not read yet, the oldest that is no older;
                                                0: the newest */
  std::chrono::nanoseconds spin{0};          /* looks for so long before it sleeps; at most BIPS_MAX_SPIN */
  std::chrono::nanoseconds stall_timeout{0}; /* 0: never */
};

/* FrameIterator is the iterator of a loop over a consumer. It holds one frame at a time, and gives it back before it pulls
 * the next one, unless the loop's body has moved it elsewhere. */
class FrameIterator {
 public:
  using iterator_category = std::input_iterator_tag;
  using iterator_concept = std::input_iterator_tag;
  using value_type = Frame;
  using difference_type = std::ptrdiff_t;
  using pointer = Frame *;
  using reference = Frame &;
  struct End {};

  explicit FrameIterator(bips_consumer *consumer) : consumer_(consumer) { Advance(); }

  Frame &operator*() const noexcept { return frame_; }
  Frame *operator->() const noexcept { return &frame_; }
  FrameIterator &operator++() {
    Advance();
    return *this;
  }
  void operator++(int) { Advance(); }
  friend bool operator==(const FrameIterator &i, End) noexcept { return i.over_; }
  friend bool operator==(End, const FrameIterator &i) noexcept { return i.over_; }
  friend bool operator!=(const FrameIterator &i, End) noexcept { return !i.over_; }
  friend bool operator!=(End, const FrameIterator &i) noexcept { return !i.over_; }

 private:
  void Advance() {
    bips_frame *frame;
    int result;

    frame_ = Frame(); /* first: it may be the last one that may be held */
    do {
      result = bips_consumer_pull(consumer_, BIPS_FOREVER, &frame);
    } while (result == -BIPS_PRODUCER_LOST);
    over_ = result == -BIPS_END_OF_STREAM || result == -BIPS_CLOSED;
    if (!over_)
      detail::Check(result);
    frame_ = Frame(frame);
  }

  bips_consumer *consumer_;
  bool over_ = false;
  mutable Frame frame_;
};

/* Consumer reads from a pool: bips_consumer_open. */
class Consumer {
 public:
  /* It does not look for the pool, and never waits: Pull does. */
  explicit Consumer(Text name, const ConsumerOptions &options = {}) {
    bips_consumer_options o = BIPS_CONSUMER_OPTIONS_INIT;
    bips_consumer *consumer;

    o.mode = static_cast<std::uint32_t>(options.mode);
    o.max_held = options.max_held;
    o.min_held = options.min_held;
    o.max_age = options.max_age.count();
    o.spin = options.spin.count();
    o.stall_timeout = options.stall_timeout.count();
    detail::Check(bips_consumer_open(name.c_str(), &o, &consumer));
    consumer_.reset(consumer);
  }

  /* Pull returns the next frame, and waits for it and for the pool. The Frame that it returns is empty (converts to
   * false) if none came in time. Everything else that bips_consumer_pull returns is thrown, BIPS_END_OF_STREAM and
   * BIPS_PRODUCER_LOST among them; after these two, Pull may be called again. */
  Frame Pull(Timeout timeout = kForever) {
    Frame frame;
    detail::CheckUnless(TryPull(&frame, timeout), BIPS_TIMEOUT);
    return frame;
  }
  /* TryPull is Pull without exceptions: it returns what bips_consumer_pull does: 0, or less for an error
   * (-BIPS_TIMEOUT, -BIPS_END_OF_STREAM). What *frame holds is given back first. */
  int TryPull(Frame *frame, Timeout timeout) noexcept {
    bips_frame *pulled;
    *frame = Frame();
    int result = bips_consumer_pull(get(), timeout.ns(), &pulled);
    *frame = Frame(pulled);
    return result;
  }
  /* Push gives a frame back, as Frame::Release does: it is empty then. */
  void Push(Frame &frame) {
    detail::Check(bips_consumer_push(get(), frame.get()));
    frame.Detach();
  }
  void Push(Frame &&frame) { Push(frame); }

  /* Fd is a descriptor for event loops, readable when Pull would not have to wait: bips_consumer_fd. It belongs to the
   * consumer: watch it, and do not close it. */
  int Fd() {
    int result = bips_consumer_fd(get());
    detail::Check(result);
    return result;
  }

  /* begin and end are for a loop over the consumer's frames. It pulls, and waits, without a limit. It ends at the end of
   * the stream, or when another thread calls Shutdown. When the producer is lost it waits for the next one, whose first
   * frame has delivery().discontinuity. Other errors are thrown: BIPS_POOL_FULL, BIPS_STALLED, BIPS_INTERRUPTED, ... */
  FrameIterator begin() { return FrameIterator(get()); }
  FrameIterator::End end() const noexcept { return {}; }

  /* Interrupt makes a Pull throw BIPS_INTERRUPTED: the one in progress, or else the next. Async-signal-safe. */
  void Interrupt() noexcept { bips_consumer_interrupt(get()); }
  /* While flushing, Pull throws BIPS_FLUSHING at once, also one in progress. */
  void SetFlushing(bool flushing) { detail::Check(bips_consumer_set_flushing(get(), flushing)); }
  /* Suspend stops reading, so that the producer does not wait for this consumer; Resume reads on. */
  void Suspend() { detail::Check(bips_consumer_suspend(get())); }
  void Resume() { detail::Check(bips_consumer_resume(get())); }
  /* SetBlocking says whether the producer has to wait for this consumer of every frame: bips_consumer_set_blocking. */
  void SetBlocking(bool blocking) { detail::Check(bips_consumer_set_blocking(get(), blocking)); }
  /* SetMaxAge changes ConsumerOptions::max_age, from the next Pull on. */
  void SetMaxAge(std::chrono::nanoseconds max_age) { detail::Check(bips_consumer_set_max_age(get(), max_age.count())); }
  /* RequestKeyFrame asks the producer for a frame that decoding can begin with. */
  void RequestKeyFrame() { detail::Check(bips_consumer_request_key_frame(get())); }

  std::uint32_t held() const noexcept { return bips_consumer_held(get()); }   /* frames held now */
  std::uint32_t quota() const noexcept { return bips_consumer_quota(get()); } /* how many may be */
  /* Valid as long as the consumer. */
  std::string_view name() const noexcept { return detail::View(bips_consumer_name(get())); }
  /* The pool that it is attached to; std::nullopt: none. */
  std::optional<PoolInfo> pool() const {
    PoolInfo info;
    if (!detail::CheckUnless(bips_consumer_get_pool(get(), &info), BIPS_NO_POOL))
      return std::nullopt;
    return info;
  }
  /* How many slots the pool should have so that this consumer is granted max_held; 0: bips_consumer_slots_for_max_held. */
  std::uint32_t slots_for_max_held() const noexcept { return bips_consumer_slots_for_max_held(get()); }
  ConsumerStats stats() const {
    ConsumerStats stats;
    detail::Check(bips_consumer_get_stats(get(), &stats));
    return stats;
  }

  /* Shutdown leaves the pool. Calls in progress, and all later ones, throw BIPS_CLOSED. From any thread. */
  void Shutdown() { detail::Check(bips_consumer_shutdown(get())); }
  /* Close shuts down and frees the consumer, as the destructor does. Frames that are held stay valid. */
  void Close() noexcept { consumer_.reset(); }

  bips_consumer *get() const noexcept { return consumer_.get(); }

 private:
  struct Closer {
    void operator()(bips_consumer *consumer) const noexcept { bips_consumer_close(consumer); }
  };

  std::unique_ptr<bips_consumer, Closer> consumer_;
};

/* ---- Without an object ------------------------------------------------------------------------ */

/* The library's version, as "0.1.0". BIPS_VERSION_MAJOR and so on are this header's. */
inline std::string_view Version() noexcept { return bips_version(); }

/* HandleFault is for a handler of SIGBUS, with info->si_addr: true if that lies in a pool whose file somebody has cut
 * short, and the access can go on (bips_handle_fault). Async-signal-safe. */
inline bool HandleFault(const void *address) noexcept { return bips_handle_fault(address) != 0; }

/* CheckName throws BIPS_BAD_NAME if no pool can have the name. */
inline void CheckName(Text name) { detail::Check(bips_check_name(name.c_str())); }

/* CheckPermissions throws BIPS_BAD_OPTION for permissions that a pool cannot have. */
inline void CheckPermissions(std::uint32_t permissions) { detail::Check(bips_check_permissions(permissions)); }

/* WhyNoPool says why nobody can attach to the pool of a name now; std::nullopt: there is one. */
inline std::optional<Error> WhyNoPool(Text name) {
  int result = bips_why_no_pool(name.c_str());
  if (result < 0)
    return Error(result);
  return std::nullopt;
}

/* FramesStandAlone is true if each frame of a stream with these caps can be read without the frames before it. */
inline bool FramesStandAlone(Text caps) noexcept { return bips_frames_stand_alone(caps.c_str()) != 0; }

}  // inline namespace BIPS_DIALECT
}  // namespace bips

#endif /* BIPS_BIPS_HPP */
