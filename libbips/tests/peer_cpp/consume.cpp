#include <atomic>
#include <cstring>
#include <map>
#include <memory>
#include <thread>

#include "records.hpp"
#include "work.hpp"

namespace peer {

namespace {

// Holding is a frame that is held.
struct Holding {
  bips::Frame frame;
  payload written{};
  std::uint64_t number = 0; // of an order's
};

// Joined is a consumer, which orders may look at while the work closes it.
using Joined = std::shared_ptr<bips::Consumer>;

struct Settings {
  bips::ConsumerOptions options;
  std::int64_t limit = 0;
  std::uint64_t restless = 0, rests = 0, brief = 0, keys = 0;
  nanoseconds pace{0}, hold{0};
  bool foreign = false, detail = false, idle = false;
  std::uint64_t seed = 0;
};

class Consuming {
 public:
  Consuming(const std::string &name, const Settings &settings)
      : name_(name), settings_(settings), draw_(settings.seed), release_draw_(1), shift_(!settings.idle) {}

  int Run();

 private:
  // ---- Joining and leaving
  Joined Current();
  void Halt();
  void OpenPool();
  void Leave(Line *answer);
  void Reopen();

  // ---- Giving frames back
  void Release(bips::Frame &frame, std::uint64_t way);
  std::optional<bips::Error> GiveBack(Holding held, Draw &draw);
  std::optional<Holding> NextHeld(bool patient);
  void GiveBackAll();
  std::optional<bips::Error> GiveBackPulled(std::uint64_t number);

  // ---- Working
  void Step();
  bool Moves();
  void SuspendFor(nanoseconds meanwhile);
  void Rest();
  void SeeError(const bips::Error &error);
  std::optional<Holding> See(bips::Frame frame);
  void AddStats(Line &line);
  void AddStanding(Line &line);
  void AddMissing(Line &line);
  void AddFrame(Line &line, const Holding &held);
  void AddRecord(Line &line, const bips::Frame &frame);

  // ---- Orders
  bool OrderOfPool(bips::Consumer &pool, const std::string &order, const json *fields, Line &answer);
  void CarryOutOrder(const std::string &order, const json *fields, Line &answer);
  void PullOne(bips::Timeout timeout, Line &answer);
  const bips::Frame &HeldFrame(const json *fields);
  void OrderRecords(const json *fields, Line &answer);

  const std::string name_;
  const Settings settings_;
  Draw draw_, release_draw_;

  Shift shift_;
  std::mutex mutex_;
  Joined joined_;              // protected by mutex_ against those who are not the work
  std::atomic<bool> flush_{false}; // as ordered

  std::unique_ptr<Queue<Holding>> held_; // frames for the thread that gives them back
  std::unique_ptr<Queue<int>> room_;     // has something when it gave one back
  std::thread releaser_;

  std::map<std::uint64_t, Holding> pulled_; // by orders
  std::uint64_t holds_ = 0;
  std::int64_t count_ = 0, left_ = 0;
  std::uint64_t instance_ = 0, token_ = 0, demoted_ = 0, skipped_ = 0, lost_ = 0;
};

void Tell(const char *event) { Line(event).Write(); }

// ---- Joining and leaving

Joined Consuming::Current() {
  std::lock_guard lock(mutex_);
  return joined_;
}

// Halt pauses the work; then the pool is flushing only if that was ordered.
void Consuming::Halt() {
  shift_.Pause([&] { Current()->SetFlushing(true); });
  joined_->SetFlushing(flush_);
}

void Consuming::OpenPool() {
  auto joined = std::make_shared<bips::Consumer>(name_, settings_.options);

  {
    std::lock_guard lock(mutex_);
    joined_ = joined;
    if (flush_)
      joined->SetFlushing(true);
  }
  held_ = std::make_unique<Queue<Holding>>(BIPS_MAX_SLOTS);
  room_ = std::make_unique<Queue<int>>(2);
  instance_ = demoted_ = skipped_ = lost_ = 0;
  left_ = 1 + static_cast<std::int64_t>(draw_.Below(settings_.brief));
  Tell("opened");
  release_draw_ = Draw(draw_.Number() | 1);
  releaser_ = std::thread([this] { GiveBackAll(); });
}

void Consuming::AddStats(Line &line) {
  bips::ConsumerStats stats = joined_->stats();

  line.Number("received", stats.received).Number("skipped", stats.skipped).Number("lost", stats.lost);
  line.Number("demoted", stats.demoted).Number("held", stats.held).Number("moves", stats.moves);
  line.Number("quota", joined_->quota()).Number("instances", stats.instances);
}

// Leave gives back what is held, before or after closing the consumer.
void Consuming::Leave(Line *answer) {
  bool before = draw_.OneIn(2);
  std::optional<bips::Error> wrong, other;

  if (before)
    wrong = Tried([&] { joined_->Shutdown(); });
  held_->Close();
  releaser_.join();
  while (!pulled_.empty())
    if ((other = GiveBackPulled(pulled_.begin()->first)))
      wrong = other;
  if (!before && (other = Tried([&] { joined_->Shutdown(); })))
    wrong = other;
  Line line("closed");
  AddStats(line);
  line.Write();
  if (wrong && answer == nullptr)
    throw *wrong;
  if (wrong)
    answer->Error(*wrong);
}

// Reopen leaves and joins again.
void Consuming::Reopen() {
  auto wrong = Tried([&] {
    Leave(nullptr);
    OpenPool();
  });
  if (wrong) {
    WrongCall("leaving and joining again", *wrong);
    shift_.Stop();
  }
}

// ---- Giving frames back

// Release gives a frame back in one of the ways that there are.
void Consuming::Release(bips::Frame &frame, std::uint64_t way) {
  if (way == 0)
    return joined_->Push(frame);
  if (way == 1)
    bips::Frame second = frame.Share(); // goes back by itself
  frame.Release();
}

// GiveBack gives a frame back, and then once more than it may.
std::optional<bips::Error> Consuming::GiveBack(Holding held, Draw &draw) {
  std::uint64_t way = draw.Below(3), sequence = held.frame.sequence();
  bips_frame *handle = held.frame.get();
  char why[256];

  if (!settings_.foreign && !payload_same(&held.written, held.frame.data().data(), held.frame.size(), why))
    Wrong("held", "frame " + std::to_string(sequence) + ": " + why);
  if (auto wrong = Tried([&] { Release(held.frame, way); }))
    return wrong;
  bips::Frame again(handle);
  auto stale = Tried([&] { Release(again, way); });
  if (!Is(stale, BIPS_STALE))
    Wrong("call", "frame " + std::to_string(sequence) + " was given back twice, and the second time said " + (stale ? stale->what() : "nothing"));
  again.Detach();
  return std::nullopt;
}

// NextHeld waits for one more frame to be given back: as long as it takes if there is no other one, else now and then
// for a moment, so that several are held at once.
std::optional<Holding> Consuming::NextHeld(bool patient) {
  if (patient)
    return held_->Take();
  if (auto held = held_->TakeWithin(nanoseconds::zero()))
    return held;
  if (release_draw_.OneIn(3))
    return held_->TakeWithin(settings_.hold + microseconds(200));
  return std::nullopt;
}

// GiveBackAll gives frames back in any order, some after a while, until held_ is closed.
void Consuming::GiveBackAll() {
  std::vector<Holding> mine;

  while (!held_->IsOver() || !mine.empty()) {
    std::uint32_t quota = joined_->quota();
    while (mine.size() < quota) {
      auto held = NextHeld(mine.empty());
      if (!held)
        break;
      mine.push_back(std::move(*held));
      if (!release_draw_.OneIn(3))
        break;
    }
    if (mine.empty())
      continue;
    SleepFor(release_draw_.UpTo(settings_.hold));
    std::swap(mine[release_draw_.Below(mine.size())], mine.back());
    if (auto wrong = GiveBack(std::move(mine.back()), release_draw_))
      WrongCall("giving back", *wrong);
    mine.pop_back();
    room_->TakeWithin(nanoseconds::zero());
    room_->Put(0);
  }
}

std::optional<bips::Error> Consuming::GiveBackPulled(std::uint64_t number) {
  auto found = pulled_.extract(number);

  if (found)
    return GiveBack(std::move(found.mapped()), draw_);
  return Tried([] { bips::Frame().Release(); }); // stale
}

// ---- Working

// AddStanding adds to a line whether the producer waits for this reader.
void Consuming::AddStanding(Line &line) {
  bips::ConsumerStats stats = joined_->stats();

  if (stats.demoted != demoted_)
    line.Number("demoted", demoted_ = stats.demoted);
  line.Flag("unwaited", settings_.options.mode == bips::Mode::kEvery && stats.blocking == 0);
}

// AddMissing adds what the counters say that was not given since the last frame.
void Consuming::AddMissing(Line &line) {
  bips::ConsumerStats stats = joined_->stats();
  line.Number("skipped", stats.skipped - skipped_).Number("lost", stats.lost - lost_);
  skipped_ = stats.skipped;
  lost_ = stats.lost;
}

// SeeError tells of a pull without a frame.
void Consuming::SeeError(const bips::Error &error) {
  switch (error.code()) {
  case BIPS_END_OF_STREAM: {
    auto pool = joined_->pool();
    Line line("end");
    line.Hex("instance", pool ? pool->instance : 0);
    AddMissing(line);
    AddStanding(line);
    line.Write();
    return;
  }
  case BIPS_PRODUCER_LOST: {
    Line line("lost");
    AddMissing(line);
    line.Write();
    return;
  }
  case BIPS_STALLED: return Tell("stalled");
  case BIPS_POOL_FULL: return Line("full").Text("text", error.what()).Write();
  case BIPS_QUOTA: return SleepFor(microseconds(20));
  case BIPS_FLUSHING:
    if (shift_.IsWanted())
      SleepFor(milliseconds(1)); // it was ordered
    return;
  }
  WrongCall("Pull", error);
  shift_.Stop();
}

// WhatIsWrongWith checks that a frame is one that a peer wrote, whole, with its own record; "": it is.
std::string WhatIsWrongWith(const bips::Frame &frame, payload *written) {
  std::uint8_t meta[META_ROOM], tags[TAGS_ROOM];
  char caps[CAPS_ROOM], why[256];

  if (!payload_read(written, frame.data().data(), frame.size(), why))
    return why;
  bips::FrameInfo got = frame.info();
  bips_frame_info want = payload_info(written, meta);
  bips::Span<const std::uint8_t> found = frame.meta(), found_tags = frame.tags();
  std::size_t want_tags = payload_tags(written, tags);
  if (written->sequence != frame.sequence())
    return "its record says sequence " + std::to_string(frame.sequence()) + ", its payload " + std::to_string(written->sequence);
  if (got.data_size != want.data_size || got.pts != want.pts || got.dts != want.dts || got.duration != want.duration ||
      got.capture_time != want.capture_time || got.offset != want.offset || got.offset_end != want.offset_end || got.flags != want.flags ||
      got.plane_count != want.plane_count || got.plane_stride[0] != want.plane_stride[0] || got.plane_offset[0] != want.plane_offset[0] ||
      found.size() != want.meta_size || (want.meta_size > 0 && std::memcmp(found.data(), want.meta, want.meta_size) != 0))
    return "its record is not that of its payload " + std::to_string(written->sequence);
  if (!found_tags.empty() && (found_tags.size() != want_tags || std::memcmp(found_tags.data(), tags, want_tags) != 0))
    return "its " + std::to_string(found_tags.size()) + " bytes of tags are not those of its payload";
  if (frame.caps() != payload_caps(written, caps))
    return "its caps are \"" + std::string(frame.caps().substr(0, 80)) + "\", want \"" + caps + "\"";
  return "";
}

// See checks a frame as it comes. A frame that is not whole is given back at once; nothing then.
std::optional<Holding> Consuming::See(bips::Frame frame) {
  bips::FrameDelivery delivery = frame.delivery();
  Holding held;
  std::string wrong;

  if (!settings_.foreign && !(wrong = WhatIsWrongWith(frame, &held.written)).empty()) {
    Wrong("whole", "frame " + std::to_string(delivery.sequence) + ": " + wrong);
    if (auto error = Tried([&] { joined_->Push(frame); }))
      WrongCall("Push", *error);
    return std::nullopt;
  }
  held.frame = std::move(frame);
  count_++;
  skipped_ += delivery.skipped;
  lost_ += delivery.lost;
  left_--;
  if (delivery.instance != instance_ || held.written.token != token_) {
    instance_ = delivery.instance;
    token_ = held.written.token;
    bips::ConsumerStats stats = joined_->stats(); // with what was still missing when the one before ended
    skipped_ = stats.skipped;
    lost_ = stats.lost;
    auto pool = joined_->pool();
    Line line("instance");
    line.Hex("instance", delivery.instance);
    if (!settings_.foreign)
      line.Hex("token", held.written.token);
    line.Number("slots", pool ? pool->slots : 0).Write();
  }
  return held;
}

void AddTime(Line &line, const char *name, std::uint64_t time) { line.Signed(name, time == BIPS_NO_TIME ? -1 : static_cast<std::int64_t>(time)); }

template <class Number> std::string ListOf(const Number *numbers, std::uint32_t count) {
  std::string list;

  for (std::uint32_t i = 0; i < count; i++)
    list += (i > 0 ? "," : "") + std::to_string(numbers[i]);
  return "[" + list + "]";
}

// AddRecord adds all that travels with a frame.
void Consuming::AddRecord(Line &line, const bips::Frame &frame) {
  bips::FrameDelivery delivery = frame.delivery();
  bips::FrameInfo info = frame.info();

  line.Raw(",\"info\":{").Signed("size", static_cast<std::int64_t>(info.data_size));
  AddTime(line, "pts", info.pts);
  AddTime(line, "dts", info.dts);
  AddTime(line, "duration", info.duration);
  AddTime(line, "capture", info.capture_time);
  line.Hex("offset", info.offset).Hex("offset_end", info.offset_end).Signed("flags", info.flags);
  if (info.plane_count > 0)
    line.Raw(",\"strides\":" + ListOf(info.plane_stride, info.plane_count) + ",\"offsets\":" + ListOf(info.plane_offset, info.plane_count));
  line.Bytes("meta", frame.meta()).Text("caps", std::string(frame.caps())).Bytes("tags", frame.tags());
  AddTime(line, "latency", delivery.latency);
  line.Signed("published", static_cast<std::int64_t>(delivery.publish_time)).Sum("sha256", frame.data());
  line.Text("mode", delivery.mode == BIPS_EVERY ? "every" : "latest").Flag("blocking", delivery.blocking != 0).Number("behind", delivery.behind);
  line.Raw("}");
}

// AddFrame tells of a frame.
void Consuming::AddFrame(Line &line, const Holding &held) {
  bips::FrameDelivery delivery = held.frame.delivery();

  line.Number("sequence", delivery.sequence).Number("dropped", held.written.dropped);
  line.Number("skipped", delivery.skipped).Number("lost", delivery.lost).Flag("discont", delivery.discontinuity != 0);
  AddStanding(line);
  line.Number("hold", held.number);
  if (settings_.detail)
    AddRecord(line, held.frame);
}

void Consuming::SuspendFor(nanoseconds meanwhile) {
  joined_->Suspend();
  Tell("suspended");
  SleepFor(meanwhile);
  joined_->Resume();
}

// Moves does one of the things that readers do besides reading, or nothing, and reports whether the step is over.
bool Consuming::Moves() {
  switch (draw_.Below(4 * settings_.restless)) {
  case 0:
  case 1:
    Reopen();
    return true;
  case 2:
  case 3:
    SuspendFor(draw_.UpTo(milliseconds(2)));
    break;
  case 4:
    SuspendFor(nanoseconds::zero());
    break;
  case 5:
  case 6: {
    bool blocking = draw_.OneIn(2);
    joined_->SetBlocking(blocking);
    if (!blocking)
      Tell("unblocked");
    break;
  }
  case 7:
    joined_->SetBlocking(false);
    Tell("unblocked");
    SleepFor(draw_.UpTo(milliseconds(2)));
    joined_->SetBlocking(true);
    break;
  }
  return false;
}

// Rest is suspended for long enough to notice that the producer is dead, in a pull or elsewhere.
void Consuming::Rest() {
  const nanoseconds length = milliseconds(300);

  joined_->Suspend();
  Tell("suspended");
  if (draw_.OneIn(2)) {
    shift_.Sleep(length);
  } else {
    auto error = Tried([&] { joined_->Pull(length); });
    if (error && error->code() != BIPS_FLUSHING && error->code() != BIPS_QUOTA)
      WrongCall("Pull while suspended", *error);
  }
  joined_->Resume();
}

// Step pulls one frame, or does something restless.
void Consuming::Step() {
  const bips::Timeout limits[] = {bips::kForever, milliseconds(0), milliseconds(1), milliseconds(300)};

  if (settings_.limit != 0 && count_ == settings_.limit)
    return shift_.Stop();
  if (settings_.brief > 0 && left_ == 0)
    return Reopen();
  if (settings_.restless > 0 && Moves())
    return;
  if (draw_.OneIn(settings_.rests))
    Rest();
  if (draw_.OneIn(settings_.keys))
    if (auto error = Tried([&] { joined_->RequestKeyFrame(); }))
      WrongCall("RequestKeyFrame", *error);
  if (joined_->held() >= joined_->quota() && !draw_.OneIn(32)) {
    room_->TakeWithin(milliseconds(100)); // the other thread may be pausing
    return;
  }
  bips::Frame frame;
  if (auto error = Tried([&] { frame = joined_->Pull(limits[draw_.Below(4)]); }))
    return SeeError(*error);
  if (!frame)
    return; // not in time
  if (auto held = See(std::move(frame))) {
    Line line("frame");
    AddFrame(line, *held);
    line.Write();
    held_->Put(std::move(*held));
  }
  shift_.Sleep(draw_.UpTo(settings_.pace));
}

// ---- Orders

// PullOne pulls one frame and holds it.
void Consuming::PullOne(bips::Timeout timeout, Line &answer) {
  bips::Frame frame;
  int result = joined_->TryPull(&frame, timeout);

  if (result < 0) {
    answer.Error(bips::Error(result));
    return;
  }
  auto held = See(std::move(frame));
  if (!held) {
    answer.Text("error", "torn");
    return;
  }
  held->number = ++holds_;
  AddFrame(answer, *held);
  pulled_.emplace(holds_, std::move(*held));
}

// HeldFrame is a frame that was pulled by an order. It throws that it is stale if there is none of the number.
const bips::Frame &Consuming::HeldFrame(const json *fields) {
  auto found = pulled_.find(static_cast<std::uint64_t>(NumberIn(fields, "hold")));

  if (found == pulled_.end())
    bips::Frame().Release();
  return found->second.frame;
}

void Consuming::OrderRecords(const json *fields, Line &answer) {
  if (NumberIn(fields, "hold") == 0)
    TellOrderedRecords(TextIn(fields, "meta"), answer);
  else
    TellRecords(TextIn(fields, "of") == "tags" ? HeldFrame(fields).tags() : HeldFrame(fields).meta(), answer);
}

// OrderOfPool carries out those orders that do not pause the work; false: it is none.
bool Consuming::OrderOfPool(bips::Consumer &pool, const std::string &order, const json *fields, Line &answer) {
  bool on = NumberIn(fields, "on") != 0;

  if (order == "stats") {
    AddStats(answer);
  } else if (order == "flush") {
    std::lock_guard lock(mutex_);
    flush_ = on;
    pool.SetFlushing(on);
  } else if (order == "suspend") {
    pool.Suspend();
    Tell("suspended");
  } else if (order == "resume") {
    pool.Resume();
  } else if (order == "block") {
    pool.SetBlocking(on);
    if (!on)
      Tell("unblocked");
  } else if (order == "key-frame") {
    pool.RequestKeyFrame();
  } else if (order == "max-age") {
    pool.SetMaxAge(microseconds(NumberIn(fields, "max_age")));
  } else if (order == "records") {
    OrderRecords(fields, answer);
  } else if (order == "sum") {
    answer.Sum("sha256", HeldFrame(fields).data());
  } else if (order == "pool") {
    auto info = pool.pool();
    if (info)
      answer.Hex("instance", info->instance).Number("slots", info->slots).Number("size", info->slot_size).Number("moves", info->moves);
    else
      answer.Text("error", "no-pool").Text("text", "no pool is attached now");
  } else {
    return false;
  }
  return true;
}

void Consuming::CarryOutOrder(const std::string &order, const json *fields, Line &answer) {
  bool done = false;

  if (auto error = Tried([&] { done = OrderOfPool(*Current(), order, fields, answer); })) {
    answer.Error(*error);
    return;
  }
  if (done || order == "go")
    return;
  if (order == "release") {
    answer.ErrorIf(GiveBackPulled(static_cast<std::uint64_t>(NumberIn(fields, "hold"))));
  } else if (order == "close") {
    Halt();
    Leave(&answer);
  } else if (order == "pull") {
    Halt();
    PullOne(OfMicros(NumberIn(fields, "timeout")), answer);
  } else if (order == "pause") {
    Halt();
  } else {
    UnknownOrder(answer);
  }
}

int Consuming::Run() {
  OpenPool();
  std::thread orders([&] {
    Obey([&](const std::string &order, const json *fields, Line &answer) { CarryOutOrder(order, fields, answer); }, shift_);
  });
  shift_.Run([&] { Step(); });
  orders.join();
  return 0;
}

}  // namespace

int Consume(const std::string &pool, Arguments arguments) {
  static const std::map<std::string, bips::Mode> modes = {
      {"auto", bips::Mode::kAuto}, {"latest", bips::Mode::kLatest}, {"every", bips::Mode::kEvery}};
  std::string mode = "auto", payload = "peer";
  Settings settings;

  arguments.Take("mode", &mode);
  arguments.Take("payload", &payload);
  arguments.Take("max-held", &settings.options.max_held);
  arguments.Take("min-held", &settings.options.min_held);
  arguments.Take("max-age", &settings.options.max_age);
  arguments.Take("spin", &settings.options.spin);
  arguments.Take("stall-timeout", &settings.options.stall_timeout);
  arguments.Take("frames", &settings.limit);
  arguments.Take("pause", &settings.pace);
  arguments.Take("hold", &settings.hold);
  arguments.Take("restless", &settings.restless);
  arguments.Take("rests", &settings.rests);
  arguments.Take("brief", &settings.brief);
  arguments.Take("key-frames", &settings.keys);
  arguments.Take("detail", &settings.detail);
  arguments.Take("idle", &settings.idle);
  arguments.Take("seed", &settings.seed);
  arguments.Finish();
  if (modes.count(mode) == 0)
    die("--mode=%s: use auto, latest or every", mode.c_str());
  if (payload != "peer" && payload != "any")
    die("--payload=%s: use peer or any", payload.c_str());
  settings.options.mode = modes.at(mode);
  settings.foreign = payload == "any";
  if (settings.options.stall_timeout < nanoseconds::zero())
    settings.options.stall_timeout = nanoseconds::zero(); // never
  try {
    return Consuming(pool, settings).Run();
  } catch (const bips::Error &error) {
    die("%s", error.what());
  }
}

}  // namespace peer
