#include <nanobind/stl/optional.h>
#include <nanobind/stl/string.h>
#include <nanobind/stl/vector.h>

#include <chrono>
#include <future>
#include <system_error>

#include "errors.h"
#include "handles.h"
#include "slot.h"
#include "wait.h"

namespace bips_python {

namespace {

constexpr size_t kMostWarnings = 64; // older ones are dropped

// warned is called by a thread of libbips', which must not wait for the GIL: the interpreter may be gone.
void warned(void *user, int error, const char *message) {
  auto *core = static_cast<ProducerCore *>(user);
  std::lock_guard<std::mutex> guard(core->mu);

  if (core->warnings.size() == kMostWarnings)
    core->warnings.pop_front();
  core->warnings.emplace_back(-error, message);
  core->has_warnings.store(true);
}

// An operation that libbips lets wait for others runs in a thread of its own, so that Ctrl-C can end it: by interrupt(true), which ends it within
// moments (but not while it makes memory), and interrupt(false) when it is over. Where it succeeded all the same, succeeded is called before what the signal's handler raised is thrown.
// Where the system has no thread to give, nothing ends it.
template <class Function, class Interrupt, class Success> void interruptibly(Function &&call, Interrupt &&interrupt, Success &&succeeded) {
  std::string message;
  auto told = [&] {
    int result = call();
    message = result < 0 ? bips_error_message() : "";
    return result;
  };
  std::future<int> done;
  try {
    done = std::async(std::launch::async, told);
  } catch (const std::system_error &) {
    std::promise<int> at_once;
    at_once.set_value(without_gil(told));
    done = at_once.get_future();
  }
  auto is_over = [&] { return without_gil([&] { return done.wait_for(std::chrono::nanoseconds(kPiece)) == std::future_status::ready; }); };

  while (!is_over()) {
    if (PyErr_CheckSignals() == 0)
      continue;
    nb::python_error interruption; // it takes the exception that the signal's handler raised
    interrupt(true);
    while (!is_over()) {
    }
    interrupt(false);
    if (done.get() >= 0)
      succeeded();
    throw interruption;
  }
  if (int result = done.get(); result < 0)
    raise_as(-result, message);
  succeeded();
}

// Producer is what Python's class Producer is made of.
class Producer final : public HandleOf<ProducerCore> {
 public:
  Producer(const std::string &name, uint32_t backend, uint32_t slots, size_t slot_size, int32_t meta_size, uint32_t max_consumers, const std::string &caps,
      uint32_t permissions, uint32_t overflow, std::optional<std::string> group, int64_t block_timeout)
      : caps_(caps) {
    bips_producer_options options = BIPS_PRODUCER_OPTIONS_INIT;

    const char *pool = whole(name, BIPS_BAD_NAME, "a name");
    refuse_after_end();
    options.backend = backend;
    options.slots = slots;
    options.slot_size = slot_size;
    options.meta_size = meta_size;
    options.max_consumers = max_consumers;
    options.caps = whole(caps_, BIPS_BAD_OPTION, "caps");
    options.permissions = permissions;
    options.overflow = overflow;
    options.group = group ? whole(*group, BIPS_BAD_OPTION, "a group") : nullptr;
    options.block_timeout = block_timeout;
    options.warn = warned;
    options.warn_user = core();
    int give_up = 0;
    options.give_up = &give_up;
    try {
      interruptibly([&] { return bips_producer_open(pool, &options, &core()->handle); }, [&](bool on) { __atomic_store_n(&give_up, on, __ATOMIC_SEQ_CST); }, [] {});
      refuse_after_end(); // which may have come meanwhile, and did not find it
      opened(bips_producer_name);
    } catch (...) {
      end(bips_producer_close); // it may be open all the same
      throw;
    }
  }

  ~Producer() { end(bips_producer_close); }

  // locked makes a call that takes libbips' lock of the producer, which others keep for moments only: with the GIL, since to get that back may take far longer.
  // (The housekeeper may keep it for longer, where the pool's names were deleted and memory has no room for two pools.)
  // While a thread grows the pool, without it: where memory has room for one pool only, the lock is kept for as long as making the next one takes.
  template <class Function> auto locked(Function &&call) const {
    bips_producer *p = handle();
    return core()->growing > 0 ? without_gil([&] { return call(p); }) : call(p);
  }

  // flushing is what ends a wait of interruptibly.
  auto flushing() const {
    return [this](bool on) { locked([=](bips_producer *p) { return bips_producer_set_flushing(p, on); }); };
  }

  void grow(size_t size) {
    bips_producer *p = handle();
    struct Growing {
      explicit Growing(int *count) : count_(count) { ++*count_; }
      ~Growing() { --*count_; }
      int *count_;
    } growing(&core()->growing);
    interruptibly([=] { return bips_producer_grow(p, size); }, flushing(), [] {});
  }

  const std::string &caps() const { return caps_; }
  void set_caps(const std::string &caps) {
    const char *text = whole(caps, BIPS_BAD_OPTION, "caps");
    check(locked([=](bips_producer *p) { return bips_producer_set_caps(p, text); }));
    caps_ = caps;
  }

  // pull lends a slot by bips_producer_pull or bips_producer_lend.
  nb::object pull(int64_t timeout, int (*how)(bips_producer *, int64_t, bips_slot **)) {
    bips_producer *p = handle();
    bips_slot *pulled = nullptr;
    int err = wait_for(timeout, [&](int64_t piece) { return how(p, piece, &pulled); });

    if (err < 0)
      raise(err);
    Slot slot;
    slot.lease = Held<SlotLease>(new SlotLease(core(), pulled));
    slot.index = bips_slot_index(pulled);
    slot.caps = caps_;
    return nb::cast(std::move(slot));
  }

 private:
  std::string caps_;
};

// push publishes a slot. If somebody else looks at it, it stays lent until they are gone; true then.
//
// A slot from before a move may have to wait for one of the next pool. With the GIL held no thread of Python's begins a move, and where none has begun
// one, none ends in between here. (libbips moves by itself only when the pool's names were deleted.)
bool push(Producer &producer, Slot &slot, bips_frame_info *info) {
  bips_producer *p = producer.handle();
  SlotLease *lease = lease_of(slot);

  if (lease->core() != producer.core())
    raise_value("slot " + std::to_string(slot.index) + " was lent by another producer: push it there");
  slot.state = Slot::kPushing;
  lease->hide(); // nobody makes a new view of it from now on, nor of its planes
  bool watched = lease->exports() > 0;
  auto publish = [&] {
    return watched ? bips_producer_publish(p, lease->slot(), info, nullptr) : bips_producer_push(p, lease->slot(), info);
  };
  auto published = [&] {
    if (!watched)
      lease->forget();
    slot.state = Slot::kPushed;
    slot.lease = Held<SlotLease>();
  };
  try {
    if (producer.core()->growing > 0 || bips_slot_has_moved(lease->slot())) {
      interruptibly(publish, producer.flushing(), published);
    } else {
      check(publish());
      published();
    }
  } catch (...) {
    if (slot.state == Slot::kPushing) {
      slot.state = Slot::kLent;
      lease->show();
    }
    throw;
  }
  return watched;
}

template <class Number> void set_planes(Number (&to)[BIPS_MAX_PLANES], const std::vector<Number> &from) {
  std::copy(from.begin(), from.end(), to);
}

nb::tuple stats(Producer &p) {
  bips_producer_stats s = BIPS_PRODUCER_STATS_INIT;

  check(p.locked([&](bips_producer *h) { return bips_producer_get_stats(h, &s); }));
  return nb::make_tuple(s.published, s.dropped, s.demoted, s.overdrawn, s.reclaimed, s.moves, s.consumers, s.lent, s.last_demoted);
}

nb::list warnings_of(Producer &p) {
  ProducerCore *core = p.core();
  std::deque<std::pair<int, std::string>> warnings;
  nb::list list;

  p.handle();
  {
    std::lock_guard<std::mutex> guard(core->mu);
    warnings.swap(core->warnings);
    core->has_warnings.store(false);
  }
  for (const auto &w : warnings)
    list.append(nb::make_tuple(w.first, text_of(w.second.c_str())));
  return list;
}

}  // namespace

void add_producers(nb::module_ &m) {
  nb::class_<Producer>(m, "Producer", nb::is_weak_referenceable())
      .def(nb::init<const std::string &, uint32_t, uint32_t, size_t, int32_t, uint32_t, const std::string &, uint32_t, uint32_t, std::optional<std::string>, int64_t>(),
          nb::arg("name"), nb::arg("backend"), nb::arg("slots"), nb::arg("slot_size"), nb::arg("meta_size"), nb::arg("max_consumers"), nb::arg("caps"),
          nb::arg("permissions"), nb::arg("overflow"), nb::arg("group").none(), nb::arg("block_timeout"))
      .def("_pull", [](Producer &p, nb::handle timeout) { return p.pull(timeout_of(timeout), bips_producer_pull); }, nb::arg("timeout").none())
      .def("_Pull", [](Producer &p, nb::handle timeout) { return p.pull(timeout_of_microseconds(timeout), bips_producer_pull); }, nb::arg("timeout").none())
      .def("_lend", [](Producer &p, nb::handle timeout) { return p.pull(timeout_of(timeout), bips_producer_lend); }, nb::arg("timeout").none())
      .def("_push",
          [](Producer &p, Slot &slot, size_t size, uint64_t pts, uint64_t dts, uint64_t duration, uint64_t capture_time, uint64_t offset,
              uint64_t offset_end, uint32_t flags, const std::vector<int32_t> &strides, const std::vector<uint64_t> &offsets, nb::bytes meta) {
            bips_frame_info info = BIPS_FRAME_INFO_INIT;
            if (strides.size() != offsets.size() || strides.size() > BIPS_MAX_PLANES)
              raise_value("strides and offsets are those of the planes: as many of one as of the other, at most 4");
            info.data_size = size;
            info.pts = pts;
            info.dts = dts;
            info.duration = duration;
            info.capture_time = capture_time;
            info.offset = offset;
            info.offset_end = offset_end;
            info.flags = flags;
            info.plane_count = static_cast<uint32_t>(strides.size());
            set_planes(info.plane_stride, strides);
            set_planes(info.plane_offset, offsets);
            info.meta = meta.size() > 0 ? meta.c_str() : nullptr;
            info.meta_size = meta.size();
            return push(p, slot, &info);
          })
      .def("_push_plain",
          [](Producer &p, Slot &slot, size_t size, uint64_t pts) {
            bips_frame_info info = BIPS_FRAME_INFO_INIT;
            info.data_size = size;
            info.pts = pts;
            return push(p, slot, &info);
          })
      .def("close", &Producer::close,
          "Ends the pool: its name goes, consumers read what is published and then see the producer gone. Slots that are lent and views of "
          "them stay valid. Call end_of_stream before to tell consumers that this is the end. It may be called again.")
      .def_prop_ro("closed", &Producer::is_closed, "Whether close was called.")
      .def_prop_ro("name", [](const Producer &p) { return nb::str(p.core()->name.c_str()); }, "The pool's name, without a leading slash.")
      .def("_caps", [](const Producer &p) { return nb::str(p.caps().c_str(), p.caps().size()); })
      .def("_set_caps", &Producer::set_caps, nb::arg("caps"))
      .def("_set_tags", [](Producer &p, nb::bytes tags) { check(p.locked([&](bips_producer *h) { return bips_producer_set_tags(h, tags.c_str(), tags.size()); })); }, nb::arg("tags"))
      .def("_set_latency", [](Producer &p, uint64_t latency) { check(p.locked([=](bips_producer *h) { return bips_producer_set_latency(h, latency); })); }, nb::arg("latency"))
      .def("_set_block_timeout", [](Producer &p, int64_t ns) { check(p.locked([=](bips_producer *h) { return bips_producer_set_block_timeout(h, ns); })); }, nb::arg("nanoseconds"))
      .def("end_of_stream", [](Producer &p) { check(p.locked(bips_producer_end_of_stream)); },
          "Tells consumers that no frame follows. Frames may follow all the same: they are a new stream.")
      .def("drop", [](Producer &p) { check(p.locked(bips_producer_drop)); },
          "Counts a frame that is not published, so that consumers learn that one is missing.")
      .def("set_flushing", [](Producer &p, bool on) { check(p.locked([=](bips_producer *h) { return bips_producer_set_flushing(h, on); })); }, nb::arg("flushing"),
          "True makes every wait, also one in progress, raise Flushing at once, until it is called with False.")
      .def("grow", &Producer::grow, nb::arg("slot_size"),
          "Makes the slots as large as slot_size bytes, unless they are as large already: the producer goes on in a new pool under the same "
          "name, and consumers follow.")
      .def("wait_consumers",
          [](Producer &p, uint32_t consumers, nb::handle timeout) {
            bips_producer *h = p.handle();
            check(wait_for(timeout_of(timeout), [=](int64_t piece) { return bips_producer_wait_consumers(h, consumers, piece); }));
          },
          nb::arg("consumers") = 1, nb::arg("timeout") = nb::none(),
          "Waits until so many consumers read from the pool, at most timeout seconds (None: for ever). What is published from then on, those that read every frame get. "
          "Raises Timeout.")
      .def("wait_key_frame_request",
          [](Producer &p, nb::handle timeout) {
            bips_producer *h = p.handle();
            check(wait_for(timeout_of(timeout), [=](int64_t piece) { return bips_producer_wait_key_frame_request(h, piece); }));
          },
          nb::arg("timeout") = nb::none(),
          "Waits until a consumer has asked for a frame that decoding can begin with, at most timeout seconds (None: for ever). For one thread. "
          "Raises Timeout.")
      .def_prop_ro("slots", [](Producer &p) { return p.locked(bips_producer_slots); }, "How many slots the pool has.")
      .def_prop_ro("slot_size", [](Producer &p) { return p.locked(bips_producer_slot_size); }, "Bytes of a slot, as of now.")
      .def_prop_ro("meta_size", [](Producer &p) { return p.locked(bips_producer_meta_size); }, "Bytes of metadata that a frame may have.")
      .def_prop_ro("folder", [](Producer &p) { return nb::str(bips_producer_folder(p.handle(), nullptr)); }, "The folder that the pool's files are in.")
      .def_prop_ro("_has_warnings", [](Producer &p) { return p.core()->has_warnings.load(); })
      .def("_warnings", &warnings_of)
      .def("_stats", &stats);
}

}  // namespace bips_python
