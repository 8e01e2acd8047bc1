#include <atomic>
#include <cstring>
#include <memory>
#include <thread>

#include "records.hpp"
#include "work.hpp"

namespace peer {

namespace {

bool GaveWay(int code) { return code == BIPS_NAME_TAKEN; }

// Own is a producer, which orders may look at while the work closes it.
struct Own {
  std::atomic<bool> gone{false}; // it has told that it gave way
  std::optional<bips::Producer> pool;

  std::thread counter;             // of requests for key frames
  std::atomic<bool> enough{false}; // the counter is to end
  std::atomic<std::uint64_t> asked{0};

  void Warned(int code, const std::string &text);
  void CountKeyFrames();
};

// Warned tells what happened to a pool's names.
void Own::Warned(int code, const std::string &text) {
  if (GaveWay(code)) {
    if (!gone.exchange(true))
      Line("gave-way").Text("error", peer_error_name(-code)).Text("text", text).Write();
  } else if (code == BIPS_NAMES_DELETED) {
    Line("renamed").Text("text", text).Write();
  } else {
    Line("wrong").Text("what", "call").Text("error", peer_error_name(-code)).Text("text", text).Write();
  }
}

void Own::CountKeyFrames() {
  while (!enough) {
    try {
      if (pool->WaitKeyFrameRequest(milliseconds(50)))
        asked++;
    } catch (const bips::Error &) {
      SleepFor(milliseconds(1)); // it gave way, or was shut down
    }
  }
}

struct Settings {
  bips::ProducerOptions options;
  std::size_t size = 0;
  std::uint32_t wait = 0;
  std::uint64_t limit = 0, nap = 0, ends = 0, moves = 0, brief = 0;
  std::size_t lend = 0;
  nanoseconds pace{0}, keep{0}, busy{0};
  bool quiet = false, idle = false;
  std::uint64_t seed = 0;
};

class Producing {
 public:
  Producing(const std::string &name, const Settings &settings)
      : name_(name), settings_(settings), draw_(settings.seed), upstream_draw_(settings.seed ^ 1), shift_(!settings.idle) {}

  int Run();

 private:
  bips::Producer &pool() { return *own_->pool; }

  // ---- Opening and closing
  std::shared_ptr<Own> Current();
  void Halt();
  void OpenPool();
  void Shut();
  void Again();
  void AddStats(Own &own, Line &line);
  void PutBack();
  void AwaitKept();

  // ---- An upstream has slots lent, writes where it likes, and some come back unpublished.
  void Lend();
  void StartLending();
  void StopLending();

  // ---- Working
  void Step();
  void MustGoOn(const char *call, const std::optional<bips::Error> &error);
  void EndStream();
  void GrowTo(std::size_t size);
  void Grow();
  int Empty(bips::Slot *slot);
  void SetCapsAndTags(const payload &frame);
  void Publish(bips::Slot slot);
  void GiveBackLater(bips::Slot slot, const payload &frame);

  // ---- Orders
  bool OrderOfPool(Own &own, const std::string &order, const json *fields, Line &answer);
  void OrderThatPauses(const std::string &order, const json *fields, Line &answer);
  void CarryOutOrder(const std::string &order, const json *fields, Line &answer);
  void Hold(std::int64_t timeout, Line &answer);
  void Frame(const json *fields, Line &answer);

  const std::string name_;
  const Settings settings_;
  Draw draw_, upstream_draw_;

  Shift shift_;
  std::mutex mutex_;
  std::condition_variable change_;
  std::shared_ptr<Own> own_; // protected by mutex_ against those who are not the work
  std::atomic<bool> flush_{false}; // as ordered
  unsigned kept_ = 0;        // published slots that are not given back yet; protected by mutex_

  std::thread upstream_;
  std::atomic<bool> enough_{false};
  std::unique_ptr<Queue<bips::Slot>> lent_; // set while lending

  std::uint64_t token_ = 0, next_ = 0, dropped_ = 0, count_ = 0;
  std::int64_t left_ = 0;
  std::string caps_;
  std::vector<std::uint8_t> tags_;
  bool awaited_ = false;
  std::vector<bips::Slot> taken_;
};

// ---- The present pool, for orders that do not pause the work

std::shared_ptr<Own> Producing::Current() {
  std::lock_guard lock(mutex_);
  return own_;
}

// Halt pauses the work; then the pool is flushing only if that was ordered.
void Producing::Halt() {
  shift_.Pause([&] { Current()->pool->SetFlushing(true); });
  pool().SetFlushing(flush_);
}

// ---- An upstream

void GiveBackPlainly(bips::Slot slot) {
  if (auto error = Tried([&] { slot.Return(); }))
    WrongCall("Return", *error);
}

void Producing::Lend() {
  bips::Producer &pool = this->pool(); // StopLending comes before it is closed

  while (!enough_) {
    bips::Slot slot;
    auto error = Tried([&] { slot = pool.Lend(milliseconds(20)); });
    if (Is(error, BIPS_FLUSHING) || Is(error, BIPS_NAME_TAKEN)) {
      SleepFor(milliseconds(1));
    } else if (error) {
      WrongCall("Lend", *error);
    } else if (slot) {
      std::memset(slot.data().data(), 0, slot.size());
      if (upstream_draw_.OneIn(8))
        GiveBackPlainly(std::move(slot));
      else
        lent_->Put(std::move(slot)); // if it is closed, the slot goes back
    }
  }
}

void Producing::StartLending() {
  if (settings_.lend == 0 || lent_)
    return;
  enough_ = false;
  lent_ = std::make_unique<Queue<bips::Slot>>(settings_.lend > 1 ? settings_.lend - 1 : 1);
  upstream_ = std::thread([this] { Lend(); });
}

// StopLending waits until upstream has given all back. The producer must not be publishing.
void Producing::StopLending() {
  if (!lent_)
    return;
  enough_ = true;
  lent_->Close();
  upstream_.join();
  while (auto slot = lent_->Take())
    GiveBackPlainly(std::move(*slot));
  lent_.reset();
}

// ---- Opening and closing

// OpenPool makes the pool, and another token each time.
void Producing::OpenPool() {
  auto own = std::make_shared<Own>();
  bips::ProducerOptions options = settings_.options;
  auto start = Clock::now();

  options.warn = [raw = own.get()](int code, const char *text) { raw->Warned(code, text); };
  while (auto error = Tried([&] { own->pool.emplace(name_, options); })) {
    if (error->code() != BIPS_POOL_BUSY || Clock::now() - start > settings_.busy)
      throw *error;
    SleepFor(milliseconds(1));
  }
  {
    std::lock_guard lock(mutex_);
    own_ = own;
    if (flush_ || (!shift_.IsWanted() && !settings_.idle))
      own->pool->SetFlushing(true);
  }
  token_ = draw_.Number() | 1;
  next_ = 1;
  dropped_ = 0;
  caps_.clear();
  tags_.clear();
  Line("opened").Hex("token", token_).Number("slots", own->pool->slots()).Write();
  own->counter = std::thread([raw = own.get()] { raw->CountKeyFrames(); });
  StartLending();
  left_ = 1 + static_cast<std::int64_t>(draw_.Below(settings_.brief));
  awaited_ = settings_.wait == 0 || (settings_.brief > 0 && draw_.OneIn(2));
}

void Producing::AddStats(Own &own, Line &line) {
  bips::ProducerStats stats = own.pool->stats();

  line.Number("dropped", stats.dropped).Number("demoted", stats.demoted).Number("published", stats.published).Number("lent", stats.lent);
  line.Number("consumers", stats.consumers).Number("reclaimed", stats.reclaimed).Number("moves", stats.moves).Number("key_frames", own.asked);
}

void Producing::PutBack() {
  while (!taken_.empty()) {
    bips::Slot slot = std::move(taken_.back());
    taken_.pop_back();
    slot.Return();
  }
}

void Producing::AwaitKept() {
  std::unique_lock lock(mutex_);
  change_.wait(lock, [&] { return kept_ == 0; });
}

// Shut gives all slots back and closes the pool.
void Producing::Shut() {
  StopLending();
  AwaitKept();
  auto wrong = Tried([&] { PutBack(); });
  own_->enough = true;
  Line line("closed");
  line.Hex("token", token_);
  AddStats(*own_, line);
  line.Number("drops", dropped_);
  auto other = Tried([&] { pool().Shutdown(); }); // at once: readers may be on their way from a move
  own_->counter.join();
  line.Write();
  if (other || wrong)
    throw other ? *other : *wrong;
}

// ---- Working

// MustGoOn says that a call failed, and stops the work.
void Producing::MustGoOn(const char *call, const std::optional<bips::Error> &error) {
  if (!error || (error->code() == BIPS_FLUSHING && !shift_.IsWanted()))
    return;
  if (GaveWay(error->code()))
    own_->Warned(error->code(), error->what());
  else
    WrongCall(call, *error);
  shift_.Stop();
}

void Producing::EndStream() {
  pool().EndOfStream();
  Line("ended").Hex("token", token_).Write();
}

// Again closes the pool right after a frame, or after the end of the stream, and makes the next one.
void Producing::Again() {
  auto before = own_;

  if (!draw_.OneIn(4))
    EndStream();
  Shut();
  OpenPool();
}

void Producing::GrowTo(std::size_t size) {
  pool().Grow(size);
  Line("moved").Number("sequence", next_).Number("size", pool().slot_size()).Write();
}

// Grow moves to slots that are a bit larger. Where they are large enough the pool is made anew.
void Producing::Grow() {
  std::size_t size = pool().slot_size(), first = settings_.options.slot_size;

  if (size >= 8 * first)
    return Again();
  auto error = Tried([&] { GrowTo(size + 1 + draw_.Below(first / 4)); });
  if (error && error->code() != BIPS_DROPPED && error->code() != BIPS_FLUSHING) // somebody is still on the way from the move before
    throw *error;
}

// Empty brings a slot to fill: one that upstream had, or another. It returns what TryPull does.
int Producing::Empty(bips::Slot *slot) {
  if (settings_.lend > 0 && draw_.OneIn(16)) {
    auto error = Tried([&] { pool().WaitLendable(milliseconds(1)); });
    if (error && error->code() != BIPS_FLUSHING && !GaveWay(error->code()))
      WrongCall("WaitLendable", *error);
  }
  if (lent_)
    if (auto lent = lent_->TakeWithin(nanoseconds::zero())) {
      *slot = std::move(*lent);
      return 0;
    }
  return pool().TryPull(slot, draw_.OneIn(2) ? bips::kForever : milliseconds(100));
}

// GiveBack gives back a slot that was published, and that nobody has written to since.
void GiveBack(bips::Slot slot, const payload &frame) {
  char why[256];

  if (!payload_same(&frame, slot.data().data(), frame.size, why))
    Wrong("held", std::string("a slot that was published and kept: ") + why);
  slot.Return();
}

void Producing::GiveBackLater(bips::Slot slot, const payload &frame) {
  nanoseconds delay = draw_.UpTo(settings_.keep);

  {
    std::lock_guard lock(mutex_);
    kept_++;
  }
  std::thread([this, kept = std::move(slot), frame, delay]() mutable {
    SleepFor(delay);
    if (auto error = Tried([&] { GiveBack(std::move(kept), frame); }))
      WrongCall("Return", *error);
    std::lock_guard lock(mutex_);
    kept_--;
    change_.notify_all();
  }).detach();
}

void Producing::SetCapsAndTags(const payload &frame) {
  char caps[CAPS_ROOM];
  std::uint8_t tags[TAGS_ROOM];

  if (payload_caps(&frame, caps) != caps_) {
    pool().SetCaps(caps);
    caps_ = caps;
  }
  std::size_t size = payload_tags(&frame, tags);
  if (size != tags_.size() || std::memcmp(tags, tags_.data(), size) != 0) {
    pool().SetTags({tags, size});
    tags_.assign(tags, tags + size);
  }
}

// InfoOf is what travels with a payload. Its metadata lie in meta.
bips::FrameInfo InfoOf(const payload &frame, std::uint8_t meta[META_ROOM]) {
  bips::FrameInfo info;

  static_cast<bips_frame_info &>(info) = payload_info(&frame, meta);
  return info;
}

// Publish fills a slot with the next payload and publishes it in one way or another.
void Producing::Publish(bips::Slot slot) {
  payload frame = {token_, next_, dropped_, settings_.size};
  std::uint8_t meta[META_ROOM];
  std::uint64_t sequence = 0;

  if (frame.size == 0)
    frame.size = PAYLOAD_HEADER + draw_.Below(slot.size() - PAYLOAD_HEADER + 1);
  SetCapsAndTags(frame);
  payload_write(&frame, slot.data().data(), frame.size);
  bips::FrameInfo info = InfoOf(frame, meta);
  if (auto error = Tried([&] { sequence = pool().Publish(slot, info); })) {
    if (error->code() != BIPS_DROPPED && error->code() != BIPS_FLUSHING)
      throw *error;
    dropped_ += error->code() == BIPS_DROPPED; // it was lent before a move, and there is no other one for it
    return slot.Return();
  }
  if (sequence != next_)
    Wrong("call", "frame " + std::to_string(next_) + " was published as " + std::to_string(sequence));
  if (!settings_.quiet)
    Line("published").Number("sequence", sequence).Number("dropped", dropped_).Write();
  next_++;
  count_++;
  left_--;
  if (settings_.keep == nanoseconds::zero() || !draw_.OneIn(3))
    GiveBack(std::move(slot), frame);
  else
    GiveBackLater(std::move(slot), frame);
}

// Step publishes a frame, or ends something.
void Producing::Step() {
  if (settings_.limit != 0 && count_ == settings_.limit)
    return shift_.Stop();
  if (!awaited_)
    return MustGoOn("WaitConsumers", Tried([&] { awaited_ = pool().WaitConsumers(settings_.wait); }));
  shift_.Sleep(draw_.UpTo(settings_.pace));
  if (draw_.OneIn(settings_.nap))
    shift_.Sleep(draw_.UpTo(milliseconds(2)));
  if (settings_.brief > 0 && left_ == 0)
    return MustGoOn("closing and opening again", Tried([&] { Again(); }));
  if (draw_.OneIn(settings_.ends))
    return MustGoOn("EndOfStream", Tried([&] { EndStream(); }));
  if (draw_.OneIn(settings_.moves))
    return MustGoOn("Grow", Tried([&] { Grow(); }));
  bips::Slot slot;
  int result = Empty(&slot);
  if (result == -BIPS_DROPPED) {
    dropped_++;
    SleepFor(microseconds(20));
  } else if (result == 0) {
    MustGoOn("publishing", Tried([&] { Publish(std::move(slot)); }));
  } else if (result != -BIPS_TIMEOUT && result != -BIPS_FLUSHING) {
    MustGoOn("Pull", bips::Error(result));
  }
}

// ---- Orders

// Hold takes every slot but the newest frame's, for as long as timeout (in us), and keeps them until the order go.
void Producing::Hold(std::int64_t timeout, Line &answer) {
  auto end = timeout < 0 ? Clock::time_point::max() : Clock::now() + microseconds(timeout);

  StopLending();
  AwaitKept();
  while (taken_.size() < pool().slots() - 1) {
    bips::Slot slot;
    int result = pool().TryPull(&slot, end - Clock::now());
    if (result == 0) {
      taken_.push_back(std::move(slot));
    } else if (result == -BIPS_DROPPED && Clock::now() <= end) {
      dropped_++;
      SleepFor(milliseconds(1)); // the policy drop does not wait
    } else {
      dropped_ += result == -BIPS_DROPPED;
      answer.Error(bips::Error(result));
      break;
    }
  }
  answer.Number("slots", taken_.size());
}

std::uint64_t TimeOf(const json *record, const char *name) {
  std::int64_t ns = NumberIn(record, name);

  return ns < 0 ? BIPS_NO_TIME : static_cast<std::uint64_t>(ns);
}

template <class Number> std::uint32_t ReadList(const json *record, const char *name, Number (&numbers)[BIPS_MAX_PLANES]) {
  const json *list = json_member(record, name);
  std::uint32_t count = 0;

  for (const json *n = list == nullptr ? nullptr : list->children; n != nullptr && count < BIPS_MAX_PLANES; n = n->next)
    numbers[count++] = static_cast<Number>(n->number);
  return count;
}

bips::FrameInfo InfoOfRecord(const json *record, const std::vector<std::uint8_t> &meta) {
  bips::FrameInfo info;

  info.pts = TimeOf(record, "pts");
  info.dts = TimeOf(record, "dts");
  info.duration = TimeOf(record, "duration");
  info.capture_time = TimeOf(record, "capture");
  info.offset = std::strtoull(TextIn(record, "offset").c_str(), nullptr, 16);
  info.offset_end = std::strtoull(TextIn(record, "offset_end").c_str(), nullptr, 16);
  info.flags = static_cast<std::uint32_t>(NumberIn(record, "flags"));
  info.plane_count = ReadList(record, "strides", info.plane_stride);
  ReadList(record, "offsets", info.plane_offset);
  info.set_meta(meta);
  return info;
}

// Frame publishes one frame of the size that was ordered: a payload, cut off if it is shorter than its header, with
// its own record or the one that was ordered.
void Producing::Frame(const json *fields, Line &answer) {
  payload frame = {token_, next_, dropped_, static_cast<std::uint64_t>(NumberIn(fields, "size"))};
  const json *record = json_member(fields, "info");
  std::vector<std::uint8_t> ordered = BytesOf(TextIn(record, "meta"));
  std::uint8_t meta[META_ROOM];
  bips::Slot slot;
  int result = pool().TryPull(&slot, OfMicros(NumberIn(fields, "timeout")));

  if (result < 0) {
    answer.Error(bips::Error(result));
    return;
  }
  auto bytes = slot.data().first(std::min<std::size_t>(frame.size, slot.size()));
  payload_write(&frame, bytes.data(), bytes.size());
  bips::FrameInfo info = record != nullptr ? InfoOfRecord(record, ordered) : InfoOf(frame, meta);
  info.data_size = frame.size;
  std::uint64_t sequence = pool().Publish(slot, info);
  next_ = sequence + 1;
  answer.Number("sequence", sequence).Sum("sha256", bytes);
}

// OrderOfPool carries out those orders that do not pause the work; false: it is none.
bool Producing::OrderOfPool(Own &own, const std::string &order, const json *fields, Line &answer) {
  if (order == "stats") {
    AddStats(own, answer);
  } else if (order == "flush") {
    std::lock_guard lock(mutex_);
    flush_ = NumberIn(fields, "on") != 0;
    own.pool->SetFlushing(flush_);
  } else if (order == "await") {
    if (!own.pool->WaitConsumers(static_cast<std::uint32_t>(NumberIn(fields, "consumers")), OfMicros(NumberIn(fields, "timeout"))))
      answer.Error(bips::Error(-BIPS_TIMEOUT));
  } else if (order == "caps") {
    caps_ = TextIn(fields, "caps");
    own.pool->SetCaps(caps_);
  } else if (order == "tags") {
    tags_ = std::vector<std::uint8_t>(1); // unlike those of any payload
    own.pool->SetTags(BytesOf(TextIn(fields, "tags")));
  } else if (order == "latency") {
    std::int64_t ns = NumberIn(fields, "latency");
    own.pool->SetLatency(ns < 0 ? std::nullopt : std::optional<nanoseconds>(nanoseconds(ns)));
  } else if (order == "records") {
    TellOrderedRecords(TextIn(fields, "meta"), answer);
  } else {
    return false;
  }
  return true;
}

void Producing::OrderThatPauses(const std::string &order, const json *fields, Line &answer) {
  Halt();
  if (order == "close") {
    Shut();
  } else if (order == "end") {
    EndStream();
  } else if (order == "hold") {
    Hold(NumberIn(fields, "timeout"), answer);
  } else if (order == "frame") {
    Frame(fields, answer);
  } else if (order == "grow") {
    GrowTo(static_cast<std::size_t>(NumberIn(fields, "size")));
  } else if (order == "drop") {
    dropped_++;
    pool().Drop();
  } else if (order != "pause") {
    UnknownOrder(answer);
  }
}

void Producing::CarryOutOrder(const std::string &order, const json *fields, Line &answer) {
  answer.ErrorIf(Tried([&] {
    if (OrderOfPool(*Current(), order, fields, answer))
      return;
    if (order != "go")
      return OrderThatPauses(order, fields, answer);
    PutBack();
    StartLending();
  }));
}

int Producing::Run() {
  OpenPool();
  std::thread orders([&] {
    Obey([&](const std::string &order, const json *fields, Line &answer) { CarryOutOrder(order, fields, answer); }, shift_);
  });
  shift_.Run([&] { Step(); });
  orders.join();
  return 0;
}

}  // namespace

int Produce(const std::string &pool, Arguments arguments) {
  std::string overflow = "block", backend = "shm";
  Settings settings;

  settings.options.slot_size = 4096;
  arguments.Take("slots", &settings.options.slots);
  arguments.Take("slot-size", &settings.options.slot_size);
  arguments.Take("meta-size", &settings.options.meta_size);
  arguments.Take("seats", &settings.options.max_consumers);
  arguments.Take("overflow", &overflow);
  arguments.Take("backend", &backend);
  arguments.Take("block-timeout", &settings.options.block_timeout);
  arguments.Take("busy", &settings.busy);
  arguments.Take("wait", &settings.wait);
  arguments.Take("size", &settings.size);
  arguments.Take("frames", &settings.limit);
  arguments.Take("pause", &settings.pace);
  arguments.Take("nap", &settings.nap);
  arguments.Take("lend", &settings.lend);
  arguments.Take("keep", &settings.keep);
  arguments.Take("ends", &settings.ends);
  arguments.Take("moves", &settings.moves);
  arguments.Take("brief", &settings.brief);
  arguments.Take("quiet", &settings.quiet);
  arguments.Take("idle", &settings.idle);
  arguments.Take("seed", &settings.seed);
  arguments.Finish();
  if (overflow != "block" && overflow != "drop")
    die("--overflow=%s: use block or drop", overflow.c_str());
  if (backend != "shm" && backend != "memfd")
    die("--backend=%s: use shm or memfd", backend.c_str());
  settings.options.overflow = overflow == "drop" ? bips::Overflow::kDrop : bips::Overflow::kBlock;
  settings.options.backend = backend == "memfd" ? bips::Backends::kMemfd : bips::Backends::kShm;
  std::size_t slot_size = settings.options.slot_size;
  if (settings.size > slot_size || (settings.size != 0 && settings.size < PAYLOAD_HEADER) || (slot_size < PAYLOAD_HEADER && !settings.idle))
    die("--size=%zu --slot-size=%zu: a frame has %d bytes at least", settings.size, slot_size, PAYLOAD_HEADER);
  try {
    return Producing(pool, settings).Run();
  } catch (const bips::Error &error) {
    die("%s", error.what());
  }
}

}  // namespace peer
