// Metadata as C++ has them: meta.hpp.
#include <bips/meta.hpp>

#include <atomic>
#include <cstdlib>
#include <cstring>
#include <new>

#include "pools.h"

namespace meta = bips::meta;

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

template <class Do> static int CodeOf(Do &&act) {
  try {
    act();
  } catch (const bips::Error &error) {
    CHECK(error.what()[0] != 0);
    return error.code();
  }
  return 0;
}

// Only is the one record that a writer has written.
template <class T> static T Only(meta::Records &records, const meta::Writer &writer, std::uint32_t type) {
  int number = 0;

  records.Read(writer.records());
  for (const meta::Record &record : records) {
    CHECK(record.type == type);
    number++;
  }
  CHECK(number == 1);
  return records.begin()->Read<T>();
}

static void EachTypeIsReadAsItWasWritten() {
  const std::uint8_t data[] = {1, 2, 3};
  meta::Writer writer(4096);
  meta::Records records;

  meta::Memories memories;
  memories.count = 2;
  memories.sizes[1] = 7;
  writer.Add(memories);
  CHECK(Only<meta::Memories>(records, writer, BIPS_META_MEMORIES).sizes[1] == 7);

  meta::AudioLayout layout;
  layout.samples = 480;
  writer.Clear();
  writer.Add(layout);
  CHECK(Only<meta::AudioLayout>(records, writer, BIPS_META_AUDIO_LAYOUT).samples == 480);

  meta::Crop crop;
  crop.x = 1, crop.height = 4;
  writer.Clear();
  writer.Add(crop);
  CHECK(Only<meta::Crop>(records, writer, BIPS_META_CROP).height == 4);

  meta::Affine affine;
  affine.matrix[3] = 0.5f;
  writer.Clear();
  writer.Add(affine);
  CHECK(Only<meta::Affine>(records, writer, BIPS_META_AFFINE).matrix[3] > 0.4f);

  meta::TimeCode code;
  code.fps_numerator = 25, code.frames = 24;
  writer.Clear();
  writer.Add(code);
  CHECK(Only<meta::TimeCode>(records, writer, BIPS_META_TIME_CODE).frames == 24);

  meta::ReferenceTime time;
  time.timestamp = 5, time.clock = meta::TextOf(std::string_view("timestamp/x-ntp"));
  writer.Clear();
  writer.Add(time);
  CHECK(meta::View(Only<meta::ReferenceTime>(records, writer, BIPS_META_REFERENCE_TIME).clock) == "timestamp/x-ntp");

  meta::Caption caption;
  caption.kind = BIPS_META_CEA708_RAW, caption.data = meta::BytesOf(data);
  writer.Clear();
  writer.Add(caption);
  CHECK(meta::View(Only<meta::Caption>(records, writer, BIPS_META_CAPTION).data)[2] == 3);

  meta::Gst gst;
  gst.name = meta::TextOf("GstXMeta"), gst.data = meta::BytesOf(data);
  writer.Clear();
  writer.Add(gst);
  CHECK(meta::Is(Only<meta::Gst>(records, writer, BIPS_META_GST).name, "GstXMeta"));

  meta::Custom custom;
  custom.name = meta::TextOf("own");
  writer.Clear();
  writer.Begin(custom);
  writer.BeginStructure("own");
  writer.End();
  writer.EndRecord();
  CHECK(meta::View(Only<meta::Custom>(records, writer, BIPS_META_CUSTOM).structure.name) == "own");

  writer.Clear();
  writer.Begin(meta::Protection());
  writer.BeginStructure("application/x-cenc");
  writer.PutBytes("iv", data);
  writer.End();
  writer.EndRecord();
  CHECK(Only<meta::Protection>(records, writer, BIPS_META_PROTECTION).partial == 0);

  meta::Tags tags;
  tags.scope = BIPS_META_GLOBAL_SCOPE;
  writer.Clear();
  writer.Begin(tags);
  writer.BeginStructure("taglist");
  writer.PutText("title", "A day");
  writer.End();
  writer.EndRecord();
  meta::Tags read = Only<meta::Tags>(records, writer, BIPS_META_TAGS);
  CHECK(read.scope == BIPS_META_GLOBAL_SCOPE && meta::Structure(read.list).GetText("title") == "A day");

  CHECK(meta::TypeName(BIPS_META_TIME_CODE) == "time code" && meta::TypeName(99) == "unknown");
}

static void WriteRegion(meta::Writer &writer) {
  meta::Region region;

  region.id = 3, region.x = 10, region.y = 20, region.width = 30, region.height = 40;
  region.kind = meta::TextOf("face");
  writer.Begin(region);
  writer.BeginStructure("detection");
  writer.PutFloat("confidence", 0.875);
  writer.PutInt("track", -7, BIPS_META_ORIGIN_32);
  writer.PutUint("seen", 12);
  writer.PutBool("known", true);
  writer.PutText("name", std::string("Ada"));
  writer.PutFraction("rate", 30, 1);
  writer.PutNone("nothing");
  writer.PutOther("shape", "GFlags", "round");
  writer.PutList("ages");
  writer.PutInt(nullptr, 1);
  writer.PutInt(nullptr, 2);
  writer.End();
  writer.PutStructure("inner", "inner");
  writer.PutArray("points");
  writer.End();
  writer.End();
  writer.End();
  writer.BeginStructure("other");
  writer.End();
  writer.EndRecord();
}

static void ValuesInStructuresAreReadAsTheyWereWritten() {
  meta::Writer writer(4096), again(4096);
  int fields = 0, sum = 0, structures = 0;

  WriteRegion(writer);
  meta::Records records(writer.records());
  auto region = records.begin()->Read<meta::Region>();
  CHECK(region.x == 10 && region.height == 40 && region.parent == -1 && meta::View(region.kind) == "face");
  meta::Structure detection = *meta::Find(region.params, "detection");
  CHECK(!meta::Find(region.params, "nobody"));
  CHECK(detection.GetFloat("confidence") == 0.875 && detection.GetInt("track") == -7 && detection.GetInt("seen") == 12);
  CHECK(detection.GetBool("known") == true && detection.GetText("name") == "Ada" && detection.GetFloat("rate") == 30.0);
  CHECK(!detection.GetInt("name") && !detection.GetBool("nobody") && !detection.GetText("track") && !detection.Get("nobody"));
  CHECK(detection.Get("nothing")->kind == BIPS_META_KIND_NONE && meta::View(detection.Get("shape")->as.other.text) == "round");
  for (const meta::Value &age : meta::Each(detection.Get("ages")->as.elements))
    sum += static_cast<int>(age.as.integer);
  CHECK(sum == 3);

  again.Begin(region);
  for (const meta::Structure &structure : meta::Each(region.params)) {
    if (structures++ == 0) { // field by field, and whole
      again.BeginStructure(std::string(meta::View(structure.name)));
      for (const meta::Value &field : meta::Each(structure.fields)) {
        again.PutValue(field);
        fields++;
      }
      again.End();
    } else {
      again.AddStructure(structure);
    }
  }
  again.EndRecord();
  CHECK(structures == 2 && fields == 10);
  CHECK(again.records().size() == writer.records().size());
  CHECK(std::memcmp(again.records().data(), writer.records().data(), writer.records().size()) == 0);
}

static void MetadataCrossWithTheirFrameAndNothingIsAllocated() {
  bips::ProducerOptions options;
  options.slot_size = 64;
  bips::Producer producer("meta", options);
  bips::Consumer consumer("meta");
  meta::Writer writer(producer.meta_size());
  meta::Records records;
  long before = 0;

  for (int i = 0; i < 100; i++) {
    writer.Clear();
    meta::Region region;
    region.id = i;
    writer.Begin(region);
    writer.EndRecord();
    bips::FrameInfo info;
    info.data_size = 64;
    producer.Push(producer.Pull(), info.set_meta(writer.records()));
    bips::Frame frame = consumer.Pull();
    records.Read(frame);
    CHECK(records.begin()->Read<meta::Region>().id == i);
    if (i == 0)
      before = allocations;
  }
  CHECK(allocations == before);
  producer.Push(producer.Pull());
  records.Read(consumer.Pull()); // one without
  CHECK(records.begin() == records.end());
}

static void WhatIsWrongThrowsAndHarmsNothing() {
  const std::uint8_t cut[] = {3, 0, 0, 0, 16, 0, 0, 0}, needed[] = {99, 0, 1, 0, 0, 0, 0, 0}, unknown[] = {99, 0, 0, 0, 0, 0, 0, 0};
  const std::uint8_t damaged[] = {3, 0, 0, 0, 8, 0, 0, 0, 1, 2, 3, 4, 5, 6, 7, 8};
  static const std::uint8_t endless[BIPS_MAX_META_SIZE + 8] = {};
  meta::Writer writer(4096), small(40);
  meta::Records records;

  CHECK(CodeOf([&] { records.Read(cut); }) == BIPS_DAMAGED && records.begin() == records.end());
  CHECK(CodeOf([&] { records.Read(needed); }) == BIPS_OTHER_VERSION && records.begin() == records.end());
  records.Read(unknown);
  CHECK(records.begin() != records.end());
  CHECK(CodeOf([&] { records.Read(endless); }) == BIPS_DAMAGED && records.begin() == records.end()); // nor those before
  records.Read(unknown);
  CHECK(records.begin()->type == 99);
  writer.AddUnknown(*records.begin());
  CHECK(writer.records().size() == 8);
  records.Read(damaged);
  CHECK(CodeOf([&] { records.begin()->Read<meta::Crop>(); }) == BIPS_DAMAGED);
  CHECK(CodeOf([&] { records.begin()->Read<meta::Region>(); }) == BIPS_BAD_OPTION); // it is of another type

  CHECK(CodeOf([&] { small.Add(meta::Crop()); }) == 0 && small.records().size() == 24);
  CHECK(CodeOf([&] { small.Add(meta::Affine()); }) == BIPS_NO_SPACE && small.records().size() == 24);
  writer.Clear(small.records()); // behind others
  writer.Begin(meta::Region());
  writer.PutInt("before a structure", 1);
  CHECK(CodeOf([&] { writer.EndRecord(); }) == BIPS_BAD_OPTION && writer.records().size() == 24);
  writer.Begin(meta::Region());
  writer.CancelRecord();
  writer.Add(meta::Crop());
  CHECK(writer.records().size() == 48);
  CHECK(CodeOf([&] { small.Clear(writer.records()); }) == BIPS_NO_SPACE);
}

int main() {
  begin_test();
  EachTypeIsReadAsItWasWritten();
  ValuesInStructuresAreReadAsTheyWereWritten();
  MetadataCrossWithTheirFrameAndNothingIsAllocated();
  WhatIsWrongThrowsAndHarmsNothing();
  return end_test();
}
