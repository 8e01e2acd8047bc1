#include <nanobind/stl/string.h>

#include "errors.h"
#include "frame.h"
#include "handles.h"
#include "wait.h"

namespace bips_python {

namespace {

// Consumer is what Python's class Consumer is made of.
class Consumer final : public HandleOf<ConsumerCore> {
 public:
  Consumer(const std::string &name, uint32_t mode, uint32_t max_held, uint32_t min_held, int64_t max_age, int64_t spin, int64_t stall_timeout) {
    bips_consumer_options options = BIPS_CONSUMER_OPTIONS_INIT;

    refuse_after_end();
    options.mode = mode;
    options.max_held = max_held;
    options.min_held = min_held;
    options.max_age = max_age;
    options.spin = spin;
    options.stall_timeout = stall_timeout;
    check(bips_consumer_open(whole(name, BIPS_BAD_NAME, "a name"), &options, &core()->handle));
    opened(bips_consumer_name);
  }

  ~Consumer() { end(bips_consumer_close); }

  // expect says what the pool has to be like; 0: anything.
  void expect(uint32_t slots, uint64_t slot_size) {
    slots_ = slots;
    slot_size_ = slot_size;
  }

  // pull returns 0 and a frame, or an error of libbips; it throws for those that stay.
  int pull(int64_t timeout, Frame *frame) {
    bips_frame *pulled = nullptr;
    bips_consumer *c = handle();
    bool waits_for_turn = false;
    int err = wait_for(timeout, [&](int64_t piece) {
      waits_for_turn = !core()->turn.try_lock() && !core()->turn.try_lock_for(std::chrono::nanoseconds(piece));
      if (waits_for_turn)
        return -BIPS_TIMEOUT;
      std::lock_guard<std::timed_mutex> guard(core()->turn, std::adopt_lock);
      return bips_consumer_pull(c, piece, &pulled);
    });
    if (waits_for_turn)
      raise_as(BIPS_TIMEOUT, "pool \"" + core()->name + "\": another thread is pulling: timeout");
    if (err < 0)
      return err;
    frame->lease = core()->take(pulled);
    frame->sequence = frame->lease->sequence.load();
    if (slots_ != 0 || slot_size_ != 0)
      compare(frame);
    return 0;
  }

 private:
  // compare throws BadOption unless the pool is what the caller expects. Once for each run of a producer.
  void compare(Frame *frame) {
    bips_frame_delivery d = BIPS_FRAME_DELIVERY_INIT;
    bips_pool_info pool = BIPS_POOL_INFO_INIT;

    bips_frame_get_delivery(frame->lease->frame(), &d);
    if (d.instance == compared_ || bips_consumer_get_pool(core()->handle, &pool) < 0 || pool.instance != d.instance)
      return;
    bool other_size = slot_size_ != 0 && pool.moves == 0 && pool.slot_size != slot_size_;
    if ((slots_ != 0 && pool.slots != slots_) || other_size) {
      frame->release();
      raise_as(BIPS_BAD_OPTION, "pool \"" + core()->name + "\" has " + std::to_string(pool.slots) + " buffers of " +
              std::to_string(pool.slot_size) + " bytes, and this consumer was told " + std::to_string(slots_) + " of " +
              std::to_string(slot_size_) + ": make them equal, or leave them out");
    }
    compared_ = d.instance;
  }

  uint32_t slots_ = 0;
  uint64_t slot_size_ = 0, compared_ = 0;
};

[[noreturn]] void raise_pull(const Consumer &c, int err) {
  if (err == -BIPS_TIMEOUT && bips_error_reason() == BIPS_NO_POOL)
    raise_no_pool(err, c.core()->name);
  raise(err, err == -BIPS_QUOTA ? "; held: " + c.core()->held_text() : "");
}

nb::object pull(Consumer &c, int64_t timeout) {
  Frame frame;
  int err = c.pull(timeout, &frame);

  if (err < 0)
    raise_pull(c, err);
  return nb::cast(std::move(frame));
}

// next is the iterator's step: it goes on over the death of a producer, and ends with the stream.
nb::object next(Consumer &c) {
  for (;;) {
    Frame frame;
    int err = c.pull(BIPS_FOREVER, &frame);
    if (err == 0)
      return nb::cast(std::move(frame));
    if (err == -BIPS_END_OF_STREAM || err == -BIPS_CLOSED)
      throw nb::stop_iteration();
    if (err != -BIPS_PRODUCER_LOST)
      raise_pull(c, err);
  }
}

// give_back is the published Push: a frame may be pushed once.
void give_back(Consumer &c, Frame &frame) {
  c.handle();
  if (!frame.lease)
    raise_as(BIPS_STALE, "frame " + std::to_string(frame.sequence) + " was pushed or released already");
  if (frame.lease->core() != c.core())
    raise_value("frame " + std::to_string(frame.sequence) + " came from another consumer: push it there");
  frame.release();
}

nb::tuple stats(Consumer &c) {
  bips_consumer_stats s = BIPS_CONSUMER_STATS_INIT;

  check(bips_consumer_get_stats(c.handle(), &s));
  return nb::make_tuple(s.received, s.skipped, s.lost, s.instances, s.moves, s.demoted, s.held, s.blocking != 0);
}

nb::object pool(Consumer &c) {
  bips_pool_info p = BIPS_POOL_INFO_INIT;
  int err = bips_consumer_get_pool(c.handle(), &p);

  if (err == -BIPS_NO_POOL)
    return nb::none();
  check(err);
  return nb::make_tuple(p.instance, p.slots, p.slot_size, p.room, p.granted, p.max_consumers, p.producer_pid, p.moves,
      static_cast<double>(p.interval) / 1e9);
}

}  // namespace

void add_consumers(nb::module_ &m) {
  nb::class_<Consumer>(m, "Consumer", nb::is_weak_referenceable())
      .def(nb::init<const std::string &, uint32_t, uint32_t, uint32_t, int64_t, int64_t, int64_t>(), nb::arg("name"), nb::arg("mode"),
          nb::arg("max_held"), nb::arg("min_held"), nb::arg("max_age"), nb::arg("spin"), nb::arg("stall_timeout"))
      .def("_expect", &Consumer::expect, nb::arg("slots"), nb::arg("slot_size"))
      .def("pull", [](Consumer &c, nb::handle timeout) { return pull(c, timeout_of(timeout)); }, nb::arg("timeout") = nb::none(),
          "The next frame. Waits for it at most timeout seconds (None: for ever), also for the pool, and for the next producer when "
          "one is gone.\n\n"
          "Raises Timeout (NoPool if there was no pool), EndOfStream, ProducerLost (the next pull finds the next producer), "
          "QuotaError when as many frames are held as may be, Stalled, Closed, and others of bips.Error.")
      .def("Pull", [](Consumer &c, nb::handle timeout) { return pull(c, timeout_of_microseconds(timeout)); }, nb::arg("timeout") = nb::none(),
          "pull, with a timeout in whole microseconds.")
      .def("push", &give_back, nb::arg("frame"), "Gives a frame back: frame.release(), which raises StaleError the second time.")
      .def("Push", [](Consumer &c, Frame &frame, nb::handle) { give_back(c, frame); }, nb::arg("buffer"), nb::arg("timeout") = nb::none(),
          "push. It never waits, whatever the timeout.")
      .def("__next__", &next)
      .def("fileno", [](Consumer &c) { return check(bips_consumer_fd(c.handle())); },
          "A descriptor for event loops (select, epoll, asyncio): readable when pull(0) would return a frame, or raise something other than "
          "Timeout and QuotaError. It stays so until a pull has found nothing. Neither read it nor close it; it is the consumer's, and gone with "
          "it. The first call starts a thread of the library's, which waits in the program's place.")
      .def("close", &Consumer::close,
          "Leaves the pool: pulls in progress, of any thread, raise Closed, and loops over the consumer end. Frames, arrays and other views stay valid. It may be called "
          "again.")
      .def_prop_ro("closed", &Consumer::is_closed, "Whether close was called.")
      .def_prop_ro("name", [](const Consumer &c) { return nb::str(c.core()->name.c_str()); }, "The pool's name, without a leading slash.")
      .def("interrupt", [](Consumer &c) { bips_consumer *h = c.handle(); check(without_gil([=] { return bips_consumer_interrupt(h); })); },
          "Makes one pull raise Interrupted: the one in progress, or else the next.")
      .def("set_flushing", [](Consumer &c, bool on) { bips_consumer *h = c.handle(); check(without_gil([=] { return bips_consumer_set_flushing(h, on); })); }, nb::arg("flushing"),
          "True makes pulls, also one in progress, raise Flushing at once, until it is called with False.")
      .def("suspend", [](Consumer &c) { bips_consumer *h = c.handle(); check(without_gil([=] { return bips_consumer_suspend(h); })); },
          "Stops reading: the producer waits for this consumer no more, and pull waits for resume. Frames stay valid.")
      .def("resume", [](Consumer &c) { bips_consumer *h = c.handle(); check(without_gil([=] { return bips_consumer_resume(h); })); },
          "Reads on, from the frames that are published from now on.")
      .def("set_blocking", [](Consumer &c, bool on) { bips_consumer *h = c.handle(); check(without_gil([=] { return bips_consumer_set_blocking(h, on); })); }, nb::arg("blocking"),
          "False: the producer does not wait for this consumer of every frame any longer; True: it does again.")
      .def("_set_max_age", [](Consumer &c, int64_t ns) { check(bips_consumer_set_max_age(c.handle(), ns)); }, nb::arg("nanoseconds"))
      .def("request_key_frame", [](Consumer &c) { check(bips_consumer_request_key_frame(c.handle())); },
          "Asks the producer for a frame that decoding can begin with. Never waits; whether the producer follows is its own affair.")
      .def_prop_ro("quota", [](Consumer &c) { return bips_consumer_quota(c.handle()); },
          "How many frames may be held at once: what the producer granted, or max_held while there is no pool.")
      .def("_held", [](Consumer &c) { c.handle(); return c.core()->held(); })
      .def("_held_count", [](Consumer &c) { return bips_consumer_held(c.handle()); })
      .def_prop_ro("slots_for_max_held", [](Consumer &c) { return bips_consumer_slots_for_max_held(c.handle()); },
          "How many slots the pool needs so that this consumer is granted max_held; 0: it is granted, or there is no pool.")
      .def("_stats", &stats)
      .def("_pool", &pool);
}

}  // namespace bips_python
