// Frames, slots, errors and time-outs as C++ has them: bips.hpp.
#include <bips/bips.hpp>

#include <array>
#include <atomic>
#include <climits>
#include <cstddef>
#include <cstdlib>
#include <cstring>
#include <new>
#include <string>
#include <thread>
#include <vector>

#include <cerrno>
#include <fcntl.h>
#include <poll.h>
#include <sys/resource.h>
#include <sys/wait.h>

#include "pools.h"

using namespace std::chrono_literals;

// CHECK_THROWS checks that a call throws a code, and says something with a word in it.
#define CHECK_THROWS(call, expected, word)                                                    \
  do {                                                                                        \
    bool thrown_ = false;                                                                     \
    try {                                                                                     \
      call;                                                                                   \
    } catch (const bips::Error &error_) {                                                     \
      thrown_ = true;                                                                         \
      if (error_.code() != (expected) || std::strstr(error_.what(), word) == nullptr) {       \
        std::fprintf(stderr, "%s:%d: %s throws %d and says \"%s\", want %d and \"%s\"\n",     \
            __FILE__, __LINE__, #call, error_.code(), error_.what(), expected, word);         \
        std::abort();                                                                         \
      }                                                                                       \
    }                                                                                         \
    CHECK(thrown_);                                                                           \
  } while (0)

static std::atomic<long> allocations{0};

// Not inline: gcc warns of a free of what new has given where it sees both.
[[gnu::noinline]] void *operator new(std::size_t size) {
  allocations++;
  if (void *memory = std::malloc(size))
    return memory;
  throw std::bad_alloc();
}
[[gnu::noinline]] void operator delete(void *memory) noexcept { std::free(memory); }
[[gnu::noinline]] void operator delete(void *memory, std::size_t) noexcept { std::free(memory); }

static bips::ProducerOptions Small(std::uint32_t slots = 8) {
  bips::ProducerOptions options;

  options.backend = test_backend() == BIPS_MEMFD ? bips::Backends::kMemfd : bips::Backends::kShm;
  options.slots = slots;
  options.slot_size = 4096;
  options.caps = "video/x-raw,format=GRAY8,width=64,height=64";
  return options;
}

static bips::ConsumerOptions Of(bips::Mode mode) {
  bips::ConsumerOptions options;

  options.mode = mode;
  return options;
}

// PushNumber publishes a frame of 64 bytes of a number, which is its PTS, too.
static void PushNumber(bips::Producer &producer, std::uint8_t number) {
  bips::Slot slot = producer.Pull(20s);
  bips::FrameInfo info;

  CHECK(slot);
  std::memset(slot.data().data(), number, 64);
  info.data_size = 64;
  producer.Push(slot, info.set_pts(std::chrono::nanoseconds(number)));
  CHECK(!slot);
}

static bool IsNumber(const bips::Frame &frame, std::uint8_t number) {
  if (frame.size() != 64 || frame.pts() != std::chrono::nanoseconds(number))
    return false;
  for (std::uint8_t byte : frame.data())
    if (byte != number)
      return false;
  return true;
}

static void AttachNow(bips::Consumer &consumer) {
  while (!consumer.pool())
    CHECK(!consumer.Pull(0s));
}

// ---- Time-outs and views, which need no pool

static_assert(bips::kForever.ns() < 0);
static_assert(bips::Timeout(0s).ns() == 0);
static_assert(bips::Timeout(3ms).ns() == 3'000'000);
static_assert(bips::Timeout(-1ns).ns() == 0, "a point in time that has passed is not waited for");
static_assert(bips::Timeout(std::chrono::hours::max()).ns() < 0, "what does not fit is for ever");
static_assert(bips::Timeout(std::chrono::duration<double>(1e-10)).ns() == 1, "what is above 0 waits");
static_assert(!std::is_copy_constructible_v<bips::Frame> && std::is_nothrow_move_constructible_v<bips::Frame>);
static_assert(!std::is_copy_constructible_v<bips::Slot> && std::is_nothrow_move_assignable_v<bips::Slot>);
static_assert(!std::is_copy_constructible_v<bips::Producer> && std::is_nothrow_move_constructible_v<bips::Producer>);
static_assert(!std::is_copy_constructible_v<bips::Consumer> && std::is_nothrow_move_assignable_v<bips::Consumer>);
static_assert(std::is_convertible_v<bips::Span<std::uint8_t>, bips::Span<const std::uint8_t>>);
static_assert(!std::is_convertible_v<bips::Span<const std::uint8_t>, bips::Span<std::uint8_t>>, "frames are read only");
#if __cplusplus >= 202002L
static_assert(std::is_same_v<bips::Span<int>, std::span<int>>);
static_assert(std::input_iterator<bips::FrameIterator> && std::sentinel_for<bips::FrameIterator::End, bips::FrameIterator>);
#endif

static void ASpanIsAViewOfElementsInARow() {
  std::array<int, 4> numbers = {1, 2, 3, 4};
  const std::vector<int> constant = {5, 6};
  bips::Span<int> all = numbers;
  bips::Span<const int> some = all.subspan(1, 2), two = constant;

  CHECK(all.size() == 4 && all.size_bytes() == 16 && all.front() == 1 && all.back() == 4 && all.data() == numbers.data());
  CHECK(some.size() == 2 && some[0] == 2 && two[1] == 6 && all.first(1).back() == 1 && all.last(1)[0] == 4 && all.subspan(3).size() == 1);
  CHECK(bips::Span<int>().empty());
}

// ---- A pool from its making to its end

static void FramesCrossWithAllThatTravelsWithThem() {
  bips::ProducerOptions options = Small();
  const std::uint8_t meta[8] = {200, 0, 0, 0, 0, 0, 0, 0}, tags[8] = {12, 0, 0, 0, 0, 0, 0, 0};

  options.meta_size = 64;
  options.max_consumers = 3;
  bips::Producer producer("/cross", options);
  bips::Consumer consumer("cross", Of(bips::Mode::kEvery));
  CHECK(producer.name() == "cross" && consumer.name() == "cross" && producer.slots() == 8 && producer.slot_size() == 4096);
  CHECK(producer.meta_size() == 64 && producer.folder() == test_folder && producer.in_memory());
  CHECK(!consumer.pool() && consumer.quota() == 3);
  AttachNow(consumer);
  CHECK(producer.WaitConsumers(1, 20s) && !producer.WaitConsumers(2, 0s));
  CHECK(consumer.pool()->slots == 8 && consumer.pool()->max_consumers == 3 && consumer.slots_for_max_held() == 0);

  producer.SetCaps(std::string("audio/x-raw,rate=48000"));
  producer.SetTags(tags);
  producer.SetLatency(12345ns);
  bips::Slot slot = producer.Pull();
  CHECK(slot.size() == 4096 && slot.index() < 8 && !slot.has_moved() && slot.As<std::uint32_t>().size() == 1024);
  slot.As<std::uint32_t>()[1] = 0x01020304;
  auto captured = std::chrono::steady_clock::now();
  bips::FrameInfo info;
  info.data_size = 4000;
  info.flags = BIPS_FLAG_DELTA_UNIT;
  info.set_pts(1ns).set_dts(2ns).set_duration(3ns).set_capture_time(captured).set_meta(meta);
  CHECK(producer.Publish(slot, info) == 1 && slot);
  slot.Return();

  bips::Frame frame = consumer.Pull(20s);
  CHECK(frame && frame.size() == 4000 && frame.As<std::uint32_t>()[1] == 0x01020304 && frame.As<std::uint64_t>().size() == 500);
  CHECK(frame.caps() == "audio/x-raw,rate=48000" && frame.flags() == BIPS_FLAG_DELTA_UNIT && frame.sequence() == 1);
  CHECK(frame.pts() == 1ns && frame.duration() == 3ns && frame.age() >= 0ns);
  CHECK(frame.tags().size() == 8 && std::memcmp(frame.tags().data(), tags, 8) == 0);
  CHECK(frame.meta().size() == 8 && std::memcmp(frame.meta().data(), meta, 8) == 0);
  CHECK(frame.info().dts == 2 && frame.info().capture_time == static_cast<std::uint64_t>(captured.time_since_epoch().count()));
  bips::FrameDelivery delivery = frame.delivery();
  CHECK(delivery.sequence == 1 && delivery.latency == 12345 && delivery.blocking == 1 && delivery.instance == consumer.pool()->instance);
  CHECK(consumer.held() == 1);
  bips::Frame second = frame.Share();
  consumer.Push(frame);
  CHECK(!frame && second.size() == 4000 && consumer.held() == 1);
  second.Release();
  CHECK(!second && consumer.held() == 0 && consumer.stats().received == 1 && producer.stats().published == 1);
}

static void AFrameWhoseSizeIsNotToldFillsItsSlot() {
  bips::Producer producer("whole", Small());
  bips::Consumer consumer("whole", Of(bips::Mode::kEvery));

  AttachNow(consumer);
  producer.Push(producer.Pull(), bips::FrameInfo().set_pts(7ns));
  producer.Push(producer.Pull(), bips::FrameInfo().set_data_size(10));
  producer.Push(producer.Pull(), bips::FrameInfo().set_data_size(0));
  CHECK(consumer.Pull(20s).size() == 4096);
  CHECK(consumer.Pull(20s).size() == 10);
  CHECK(consumer.Pull(20s).size() == 0);
}

static void AnUnknownTimeIsNone() {
  bips::Producer producer("times", Small());
  bips::Consumer consumer("times");

  producer.Push(producer.Pull());
  bips::Frame frame = consumer.Pull(20s);
  CHECK(frame.size() == 4096 && !frame.pts() && !frame.duration() && frame.meta().empty() && frame.tags().empty());
}

static void ALoopEndsAtTheEndOfTheStreamAndGoesOnWithTheNextProducer() {
  std::thread camera([] {
    bips::Producer first("loop", Small());
    CHECK(first.WaitConsumers(1, 20s));
    PushNumber(first, 1);
    PushNumber(first, 2);
    first.Close(); // without an end: lost
    bips::Producer second("loop", Small());
    CHECK(second.WaitConsumers(1, 20s));
    PushNumber(second, 3);
    second.EndOfStream();
  });
  std::vector<bips::Frame> kept;
  std::uint8_t number = 1;

  for (bips::Frame &frame : bips::Consumer("loop", Of(bips::Mode::kEvery))) {
    CHECK(IsNumber(frame, number));
    CHECK((frame.delivery().discontinuity != 0) == (number != 2));
    number++;
    if (number == 3)
      kept.push_back(std::move(frame)); // the loop may not give it back then
  }
  CHECK(number == 4 && IsNumber(kept[0], 2));
  camera.join();
}

static void ALoopEndsWhenTheConsumerIsShutDown() {
  bips::Producer producer("shut", Small());
  bips::Consumer consumer("shut", Of(bips::Mode::kEvery));
  int frames = 0;

  AttachNow(consumer);
  PushNumber(producer, 1);
  for (bips::Frame &frame : consumer) {
    frames++;
    CHECK(IsNumber(frame, 1));
    consumer.Shutdown();
  }
  CHECK(frames == 1);
}

static void WhatIsDestroyedGoesBack() {
  bips::Producer producer("back", Small(4));
  bips::Consumer consumer("back", [] {
    bips::ConsumerOptions options;
    options.max_held = 1;
    return options;
  }());

  for (int i = 0; i < 20; i++)
    CHECK(producer.Pull(20s)); // and gone
  CHECK(producer.stats().lent == 0);
  for (std::uint8_t i = 0; i < 20; i++) {
    PushNumber(producer, i);
    CHECK(IsNumber(consumer.Pull(20s), i));
  }
  CHECK(consumer.held() == 0);
  bips::Slot slot = producer.Pull(), other = producer.Pull();
  other = std::move(slot);
  CHECK(!slot && producer.stats().lent == 1);
  bips_slot *plain = other.Detach();
  CHECK(!other && bips_slot_return(plain) == 0);
}

static void FramesAndSlotsOutliveWhatTheyAreOf() {
  std::optional<bips::Producer> producer(std::in_place, "outlive", Small());
  std::optional<bips::Consumer> consumer(std::in_place, "outlive");

  PushNumber(*producer, 1);
  bips::Frame frame = consumer->Pull(20s);
  bips::Slot slot = producer->Pull();
  consumer.reset();
  producer.reset();
  CHECK(IsNumber(frame, 1));
  std::memset(slot.data().data(), 1, slot.size());
}

static void APoolGrowsAndDrops() {
  bips::Producer producer("grow", Small());
  bips::Consumer consumer("grow", Of(bips::Mode::kEvery));

  AttachNow(consumer);
  bips::Slot before = producer.Pull(), lent = producer.Lend(20s);
  producer.Grow(100000);
  CHECK(before.has_moved() && producer.slot_size() == 100000);
  producer.Push(std::move(before));
  lent.Return();
  CHECK(producer.WaitLendable(20s));
  producer.Drop();
  PushNumber(producer, 2);
  CHECK(consumer.Pull(20s).size() == 4096 && consumer.Pull(20s).delivery().lost == 1);
  CHECK(consumer.stats().moves == 1 && producer.stats().dropped == 1);
  consumer.RequestKeyFrame();
  CHECK(producer.WaitKeyFrameRequest(20s) && !producer.WaitKeyFrameRequest(0s));
  consumer.Suspend();
  CHECK(!consumer.Pull(0s));
  consumer.Resume();
  consumer.SetBlocking(false);
  CHECK(consumer.stats().blocking == 0);
  consumer.SetMaxAge(1h);
  producer.SetBlockTimeout(1s);
}

static void AFullPoolGivesAnEmptySlot() {
  bips::ProducerOptions options = Small(2);
  std::vector<bips::Slot> all;

  bips::Producer blocks("full", options);
  while (bips::Slot slot = blocks.Pull(0s))
    all.push_back(std::move(slot));
  CHECK(all.size() == 2 && blocks.stats().dropped == 0);
  bips::Slot slot;
  CHECK(blocks.TryPull(&slot, 0s) == -BIPS_TIMEOUT && !slot);
  all.clear();
  options.overflow = bips::Overflow::kDrop;
  bips::Producer drops("drops", options);
  while (bips::Slot one = drops.Pull())
    all.push_back(std::move(one));
  CHECK(all.size() == 2 && drops.stats().dropped == 1);
  CHECK(drops.TryPull(&slot, bips::kForever) == -BIPS_DROPPED);
}

static void WarningsReachTheProgramAlsoAfterAMove() {
  bips::ProducerOptions options = Small();
  std::atomic<int> told{0};

  options.warn = [&](int error, const char *message) {
    CHECK(std::strstr(message, "deleted") != nullptr);
    told = error;
  };
  bips::Producer made("warn", options);
  std::optional<bips::Producer> producer(std::move(made));
  *producer = bips::Producer("warn2", options);
  CHECK(producer->name() == "warn2");
  CHECK(unlink((std::string(test_folder) + "/bips.warn2").c_str()) == 0);
  while (told == 0)
    std::this_thread::sleep_for(1ms);
  CHECK(told == BIPS_NAMES_DELETED);
}

static void ADescriptorTellsOfFrames() {
  bips::Producer producer("fd", Small());
  bips::Consumer consumer("fd");
  pollfd polled = {consumer.Fd(), POLLIN, 0};
  bips::Frame frame;

  CHECK(consumer.Fd() == polled.fd);
  PushNumber(producer, 1);
  do {
    CHECK(poll(&polled, 1, 20000) == 1);
  } while (!(frame = consumer.Pull(0s)));
  CHECK(IsNumber(frame, 1) && !consumer.Pull(0s) && poll(&polled, 1, 0) == 0);
}

static void NothingIsAllocatedForAFrame() {
  bips::Producer producer("allocate", Small());
  bips::Consumer consumer("allocate", Of(bips::Mode::kEvery));

  AttachNow(consumer);
  PushNumber(producer, 0);
  CHECK(IsNumber(consumer.Pull(20s), 0));
  long before = allocations;
  for (int i = 0; i < 1000; i++) {
    PushNumber(producer, static_cast<std::uint8_t>(i));
    CHECK(IsNumber(consumer.Pull(20s), static_cast<std::uint8_t>(i)));
    CHECK(!consumer.Pull(0s)); // nor for none
  }
  CHECK(allocations == before);
}

// ---- Bad input

static void ErrorsSayWhatHappened() {
  bips::Consumer consumer("nobody");

  try {
    bips::CheckName("a b");
    CHECK(false);
  } catch (const std::exception &plain) {
    auto *error = static_cast<const bips::Error *>(&plain);
    CHECK(error->code() == BIPS_BAD_NAME && std::string(error->name()) == "name" && error->reason() == 0);
  }
  bips::Frame frame;
  CHECK(consumer.TryPull(&frame, 20ms) == -BIPS_TIMEOUT && !frame && !consumer.Pull(20ms));
  bips::Error timeout(-BIPS_TIMEOUT); // of the last call that failed
  CHECK(timeout.reason() == BIPS_NO_POOL && std::strstr(timeout.what(), "not attached") != nullptr);
  bips::Error copy = timeout;
  CHECK_THROWS(bips::CheckPermissions(0777), BIPS_BAD_OPTION, "executes");
  CHECK(std::string(copy.what()) == timeout.what()); // it has its own text
  auto why = bips::WhyNoPool("nobody");
  CHECK(why && why->code() == BIPS_NO_POOL && std::strstr(why->what(), "start its producer") != nullptr);
  bips::Producer producer("nobody", Small());
  CHECK(!bips::WhyNoPool("nobody"));
  CHECK(bips::FramesStandAlone("image/jpeg") && !bips::FramesStandAlone("video/x-h264"));
  CHECK(bips::Version() == "0.1.0");
}

static void BadArgumentsAreRefused() {
  bips::ProducerOptions options;

  CHECK_THROWS(bips::Consumer("a/b"), BIPS_BAD_NAME, "character '/'");
  CHECK_THROWS(bips::Consumer(nullptr), BIPS_BAD_NAME, "NULL");
  CHECK_THROWS(bips::Consumer("a", Of(static_cast<bips::Mode>(7))), BIPS_BAD_OPTION, "mode 7");
  CHECK_THROWS(bips::Producer("a", options), BIPS_BAD_OPTION, "slots of 0 bytes");
  options.slot_size = SIZE_MAX;
  CHECK_THROWS(bips::Producer("a", options), BIPS_BAD_OPTION, "slots of");
  options = Small();
  options.backend = static_cast<bips::Backends>(7);
  CHECK_THROWS(bips::Producer("a", options), BIPS_NO_BACKEND, "no such backend");
  options = Small();
  options.permissions = 0777;
  CHECK_THROWS(bips::Producer("a", options), BIPS_BAD_OPTION, "executes");
  options = Small();
  options.permissions = 0660;
  options.group = "no such group";
  CHECK_THROWS(bips::Producer("a", options), BIPS_BAD_OPTION, "/etc/group");
  bips::Producer producer("a", Small());
  CHECK_THROWS(bips::Producer("a", Small()), BIPS_POOL_BUSY, "use another name");
  CHECK_THROWS(producer.SetTags(std::array<std::uint8_t, 7>{}), BIPS_BAD_OPTION, "no multiple of 8");
}

static void WhatDoesNotFitStaysTheCallers() {
  bips::Producer producer("fit", Small());
  bips::Slot slot = producer.Pull();
  bips::FrameInfo info;

  info.data_size = 4097;
  CHECK_THROWS(producer.Push(slot, info), BIPS_TOO_LARGE, "a frame of 4097 bytes");
  CHECK(slot && slot.size() == 4096);
  producer.Push(slot);
}

static void WhatWasPushedIsEmptyAndStale() {
  bips::Producer producer("stale", Small());
  bips::Consumer consumer("stale");
  bips::Slot slot = producer.Pull();
  bips_slot *pushed = slot.get();

  producer.Push(slot);
  CHECK(!slot && slot.data().empty() && slot.size() == 0);
  CHECK_THROWS(producer.Push(slot), BIPS_STALE, "not lent");
  CHECK_THROWS(producer.Push(bips::Slot(pushed)), BIPS_STALE, "not lent"); // a handle that somebody kept
  CHECK_THROWS(slot.Return(), BIPS_STALE, "not lent");
  bips::Frame frame = consumer.Pull(20s);
  bips_frame *read = frame.get();
  consumer.Push(frame);
  CHECK(!frame && frame.data().empty() && frame.caps().empty() && frame.meta().empty() && !frame.pts() && frame.sequence() == 0 && !frame.Share());
  CHECK_THROWS(frame.info(), BIPS_STALE, "not lent");
  CHECK_THROWS(frame.delivery(), BIPS_STALE, "not lent");
  CHECK_THROWS(consumer.Push(frame), BIPS_STALE, "pool \"stale\"");
  CHECK_THROWS(frame.Release(), BIPS_STALE, "not lent");
  bips::Frame kept(read);
  CHECK(kept.data().empty() && kept.size() == 0);
  CHECK_THROWS(kept.Release(), BIPS_STALE, "not lent");
  kept.Detach();
}

static void ClosedAndMovedFromHandlesSaySo() {
  bips::Producer producer("closed", Small());
  bips::Consumer consumer("closed");

  PushNumber(producer, 1);
  bips::Frame frame = consumer.Pull(20s);
  consumer.Shutdown();
  CHECK_THROWS(consumer.Pull(), BIPS_CLOSED, "pool \"closed\": closed");
  CHECK(IsNumber(frame, 1));
  consumer.Close();
  consumer.Close();
  CHECK_THROWS(consumer.Pull(), BIPS_STALE, "NULL");
  CHECK_THROWS(consumer.stats(), BIPS_STALE, "NULL");
  CHECK_THROWS(consumer.Push(frame), BIPS_STALE, "NULL");
  CHECK(IsNumber(frame, 1)); // it is still the caller's
  consumer.Interrupt();
  CHECK(consumer.name().empty() && consumer.held() == 0 && consumer.quota() == 0);
  producer.Shutdown();
  CHECK_THROWS(producer.Pull(), BIPS_CLOSED, "closed");
  bips::Producer other = std::move(producer);
  CHECK_THROWS(producer.Pull(), BIPS_STALE, "NULL");
  CHECK_THROWS(producer.Push(bips::Slot()), BIPS_STALE, "NULL");
  CHECK(producer.name().empty() && producer.slots() == 0 && producer.folder().empty());
  other.Close();
}

static void CallsInOtherThreadsEnd() {
  bips::Producer producer("threads", Small(2));
  bips::Consumer consumer("threads");
  std::vector<bips::Slot> all;

  while (bips::Slot slot = producer.Pull(0s))
    all.push_back(std::move(slot));
  std::thread pulls([&] { CHECK_THROWS(consumer.Pull(), BIPS_INTERRUPTED, "interrupted"); });
  consumer.Interrupt();
  pulls.join();
  std::thread waits([&] { CHECK_THROWS(producer.Pull(), BIPS_FLUSHING, "flushing"); });
  producer.SetFlushing(true);
  waits.join();
  producer.SetFlushing(false);
  consumer.SetFlushing(true);
  CHECK_THROWS(consumer.Pull(), BIPS_FLUSHING, "flushing");
  consumer.SetFlushing(false);
  std::thread ends([&] { CHECK_THROWS(consumer.Pull(), BIPS_CLOSED, "closed"); });
  consumer.Shutdown();
  ends.join();
}

static void ThreadsThatPullAtOnceGetEachFrameOnce() {
  constexpr std::uint64_t frames = 2000;
  bips::Producer producer("shared", Small());
  bips::Consumer consumer("shared", Of(bips::Mode::kEvery));
  std::vector<std::atomic<int>> seen(frames + 1);
  std::atomic<std::uint64_t> number{0};
  std::vector<std::thread> threads;

  AttachNow(consumer);
  for (int i = 0; i < 4; i++)
    threads.emplace_back([&] {
      bips::Frame frame;
      int result;
      while ((result = consumer.TryPull(&frame, bips::kForever)) == 0 || result == -BIPS_QUOTA)
        if (frame) {
          seen[frame.sequence()]++;
          number++;
        }
      CHECK(result == -BIPS_CLOSED);
    });
  for (std::uint64_t i = 0; i < frames; i++)
    PushNumber(producer, static_cast<std::uint8_t>(i));
  while (number < frames)
    std::this_thread::sleep_for(1ms);
  consumer.Shutdown();
  for (std::thread &thread : threads)
    thread.join();
  for (std::uint64_t i = 1; i <= frames; i++)
    CHECK(seen[i] == 1);
}

static void APoolOfAnotherVersionIsRefused() {
  bips::Consumer consumer("old");
  std::string path = std::string(test_folder) + "/bips.old";
  char page[4096] = "BIPSPOOL\7\0\3";
  struct flock byte = {};
  int fd = open(path.c_str(), O_RDWR | O_CREAT, 0600);

  byte.l_type = F_WRLCK;
  byte.l_len = 1;
  CHECK(fd >= 0 && fcntl(fd, F_OFD_SETLK, &byte) == 0); // its producer lives
  CHECK(write(fd, page, sizeof page) == sizeof page);
  CHECK_THROWS(consumer.Pull(20s), BIPS_OTHER_VERSION, "layout 7.3");
  close(fd);
  unlink(path.c_str());
}

static void HandlesFromBeforeAForkAreRefused() {
  bips::Producer producer("fork", Small());
  bips::Consumer consumer("fork", Of(bips::Mode::kEvery));
  int status;

  AttachNow(consumer);
  PushNumber(producer, 1);
  bips::Frame frame = consumer.Pull(20s);
  bips::Slot slot = producer.Pull();
  pid_t child = fork();
  if (child == 0) {
    CHECK_THROWS(consumer.Pull(), BIPS_FORKED, "before a fork");
    CHECK_THROWS(producer.Pull(), BIPS_FORKED, "before a fork");
    CHECK_THROWS(producer.Push(slot), BIPS_FORKED, "before a fork");
    CHECK_THROWS(consumer.Push(frame), BIPS_FORKED, "before a fork");
    CHECK_THROWS(consumer.Fd(), BIPS_FORKED, "before a fork");
    frame = bips::Frame(); // destructors only return
    slot = bips::Slot();
    consumer.Close();
    producer.Close();
    bips::ConsumerOptions one;
    one.max_held = 1;
    bips::Consumer own("fork", one);
    if (child_can_attach())
      CHECK(IsNumber(own.Pull(20s), 1));
    own.Close();
    _exit(0);
  }
  CHECK(waitpid(child, &status, 0) == child && status == 0);
  CHECK(IsNumber(frame, 1) && slot.size() == 4096 && consumer.held() == 1);
}

static void AnotherUsersPoolIsRefused() {
  int status;

  if (getuid() != 0) {
    std::puts("skipped: only root can be two users");
    return;
  }
  CHECK(chmod(test_folder, 01777) == 0);
  bips::Producer producer("private", Small());
  pid_t child = fork();
  if (child == 0) {
    CHECK(setgid(12345) == 0 && setuid(12345) == 0);
    {
      bips::Consumer consumer("private");
      CHECK_THROWS(consumer.Pull(20s), BIPS_PERMISSION, "private");
      CHECK(bips::WhyNoPool("private")->code() == BIPS_PERMISSION);
    }
    _exit(0);
  }
  CHECK(waitpid(child, &status, 0) == child && status == 0);
}

static void AProcessWithoutDescriptorsGetsAnError() {
  bips::Producer producer("few", Small());
  bips::Consumer consumer("few");
  rlimit limit, few;

  PushNumber(producer, 1);
  CHECK(getrlimit(RLIMIT_NOFILE, &limit) == 0);
  few = limit;
  few.rlim_cur = 0;
  CHECK(setrlimit(RLIMIT_NOFILE, &few) == 0);
  CHECK_THROWS(bips::Producer("second", Small()), EMFILE, "ulimit -n");
  CHECK_THROWS(consumer.Pull(20s), EMFILE, "ulimit -n");
  CHECK_THROWS(consumer.Fd(), EMFILE, "ulimit -n");
  CHECK(setrlimit(RLIMIT_NOFILE, &limit) == 0);
  CHECK(IsNumber(consumer.Pull(20s), 1));
}

static void StructsOfAnotherSizeAreRefused() {
  bips::Producer producer("sizes", Small());
  bips::Slot slot = producer.Pull();
  bips::FrameInfo info;

  info.size = 0; // it is for the library's own structs only: somebody wrote over it
  CHECK_THROWS(producer.Push(slot, info), BIPS_BAD_OPTION, "..._INIT");
  info.size = SIZE_MAX;
  CHECK_THROWS(producer.Push(slot, info), BIPS_BAD_OPTION, "..._INIT");
  CHECK(slot);
}

// AsOf makes a FrameInfo one of a header in which it had so many bytes, with garbage behind them.
static bips::FrameInfo AsOf(std::size_t size) {
  bips::FrameInfo info;

  std::memset(reinterpret_cast<unsigned char *>(&info) + size, 0xff, sizeof info - size);
  info.size = size;
  info.data_size = 10;
  return info;
}

// A program and the library that it finds may be of different headers. All other structs go to the library as C's.
static void StructsOfOlderHeadersHaveTheDefaultsForWhatTheyLack() {
  bips::Producer producer("older", Small());
  bips::Consumer consumer("older", Of(bips::Mode::kEvery));

  CHECK(!consumer.Pull(0s));
  for (std::size_t size : {offsetof(bips_frame_info, pts), offsetof(bips_frame_info, flags), offsetof(bips_frame_info, meta)}) {
    bips::Slot slot = producer.Pull(20s);
    producer.Push(slot, AsOf(size));
    bips::Frame frame = consumer.Pull(20s);
    CHECK(frame && frame.size() == 10 && frame.meta().empty());
    CHECK(size > offsetof(bips_frame_info, pts) || (!frame.pts() && !frame.duration()));
    CHECK(size > offsetof(bips_frame_info, flags) || frame.flags() == 0);
  }
}

static void StructsOfNewerHeadersWorkWhileWhatIsNewIsZero() {
  struct Newer : bips::FrameInfo {
    std::uint64_t later = 0;
  } info;
  bips::Producer producer("newer", Small());
  bips::Consumer consumer("newer", Of(bips::Mode::kEvery));
  bips::Slot slot = producer.Pull();

  CHECK(reinterpret_cast<unsigned char *>(&info.later) - reinterpret_cast<unsigned char *>(&info) == sizeof(bips_frame_info));
  CHECK(!consumer.Pull(0s));
  info.size = sizeof info;
  info.data_size = 10;
  info.later = 1;
  CHECK_THROWS(producer.Push(slot, info), BIPS_BAD_OPTION, "use a newer library");
  CHECK(slot);
  info.later = 0;
  producer.Push(slot, info);
  bips::Frame frame = consumer.Pull(20s);
  CHECK(frame && frame.size() == 10);
}

int main() {
  begin_test();
  ASpanIsAViewOfElementsInARow();
  FramesCrossWithAllThatTravelsWithThem();
  AFrameWhoseSizeIsNotToldFillsItsSlot();
  AnUnknownTimeIsNone();
  ALoopEndsAtTheEndOfTheStreamAndGoesOnWithTheNextProducer();
  ALoopEndsWhenTheConsumerIsShutDown();
  WhatIsDestroyedGoesBack();
  FramesAndSlotsOutliveWhatTheyAreOf();
  APoolGrowsAndDrops();
  AFullPoolGivesAnEmptySlot();
  WarningsReachTheProgramAlsoAfterAMove();
  ADescriptorTellsOfFrames();
  NothingIsAllocatedForAFrame();
  ErrorsSayWhatHappened();
  BadArgumentsAreRefused();
  WhatDoesNotFitStaysTheCallers();
  WhatWasPushedIsEmptyAndStale();
  ClosedAndMovedFromHandlesSaySo();
  CallsInOtherThreadsEnd();
  ThreadsThatPullAtOnceGetEachFrameOnce();
  APoolOfAnotherVersionIsRefused();
  HandlesFromBeforeAForkAreRefused();
  AnotherUsersPoolIsRefused();
  AProcessWithoutDescriptorsGetsAnError();
  StructsOfAnotherSizeAreRefused();
  StructsOfOlderHeadersHaveTheDefaultsForWhatTheyLack();
  StructsOfNewerHeadersWorkWhileWhatIsNewIsZero();
  return end_test();
}
