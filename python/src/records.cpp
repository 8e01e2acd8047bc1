// Records of metadata: bytes become tuples, which bips.metadata makes its classes of, and tuples become bytes.
#include <memory>

#include "errors.h"
#include "threadend.h"
#include "values.h"

namespace bips_python {

namespace {

nb::object time_or_none(uint64_t time) { return time == BIPS_NO_TIME ? nb::none() : nb::object(nb::int_(time)); }
uint64_t time_of(nb::handle time) { return time.is_none() ? BIPS_NO_TIME : nb::cast<uint64_t>(time); }

template <class Number> nb::tuple numbers(const Number *from, size_t count) {
  nb::list list;

  for (size_t i = 0; i < count; i++)
    list.append(from[i]);
  return nb::tuple(list);
}

nb::tuple region(const bips_meta_record &record) {
  bips_meta_region r = BIPS_META_REGION_INIT;
  bips_meta_structure structure;
  nb::list params;

  check(bips_meta_read_region(&record, &r));
  while (bips_meta_next_structure(&r.params, &structure) > 0)
    params.append(structure_of(structure));
  return nb::make_tuple(r.x, r.y, r.width, r.height, text_of(r.kind), r.id, r.parent, params, r.analytics != 0, r.partial != 0);
}

nb::tuple custom(const bips_meta_record &record) {
  bips_meta_custom c = BIPS_META_CUSTOM_INIT;
  nb::list tags;

  check(bips_meta_read_custom(&record, &c));
  for (uint32_t i = 0; i < c.tag_count; i++)
    tags.append(text_of(c.tags[i]));
  return nb::make_tuple(text_of(c.name), structure_of(c.structure), tags, c.partial != 0);
}

nb::tuple time_code(const bips_meta_record &record) {
  bips_meta_time_code c = BIPS_META_TIME_CODE_INIT;

  check(bips_meta_read_time_code(&record, &c));
  nb::object jam = c.daily_jam == BIPS_META_NO_DAILY_JAM ? nb::none() : nb::object(nb::int_(c.daily_jam));
  return nb::make_tuple(c.hours, c.minutes, c.seconds, c.frames, c.fps_numerator, c.fps_denominator, c.flags, c.field_count, jam, c.daily_jam_offset);
}

// read is what a record says, in the order of the fields of its class in bips.metadata.
nb::tuple read(const bips_meta_record &record) {
  switch (record.type) {
  case BIPS_META_MEMORIES: {
    bips_meta_memories m = BIPS_META_MEMORIES_INIT;
    check(bips_meta_read_memories(&record, &m));
    return nb::make_tuple(numbers(m.sizes, m.count));
  }
  case BIPS_META_AUDIO_LAYOUT: {
    bips_meta_audio_layout l = BIPS_META_AUDIO_LAYOUT_INIT;
    check(bips_meta_read_audio_layout(&record, &l));
    return nb::make_tuple(l.samples, l.planar != 0, numbers(l.offsets, l.count));
  }
  case BIPS_META_CROP: {
    bips_meta_crop c = BIPS_META_CROP_INIT;
    check(bips_meta_read_crop(&record, &c));
    return nb::make_tuple(c.x, c.y, c.width, c.height);
  }
  case BIPS_META_AFFINE: {
    bips_meta_affine a = BIPS_META_AFFINE_INIT;
    check(bips_meta_read_affine(&record, &a));
    return nb::make_tuple(numbers(a.matrix, 16));
  }
  case BIPS_META_TIME_CODE: return time_code(record);
  case BIPS_META_REFERENCE_TIME: {
    bips_meta_reference_time t = BIPS_META_REFERENCE_TIME_INIT;
    check(bips_meta_read_reference_time(&record, &t));
    return nb::make_tuple(text_of(t.clock), time_or_none(t.timestamp), time_or_none(t.duration));
  }
  case BIPS_META_CAPTION: {
    bips_meta_caption c = BIPS_META_CAPTION_INIT;
    check(bips_meta_read_caption(&record, &c));
    return nb::make_tuple(c.kind, bytes_of(c.data));
  }
  case BIPS_META_REGION: return region(record);
  case BIPS_META_CUSTOM: return custom(record);
  case BIPS_META_PROTECTION: {
    bips_meta_protection p = BIPS_META_PROTECTION_INIT;
    check(bips_meta_read_protection(&record, &p));
    return nb::make_tuple(structure_of(p.structure), p.partial != 0);
  }
  case BIPS_META_GST: {
    bips_meta_gst g = BIPS_META_GST_INIT;
    check(bips_meta_read_gst(&record, &g));
    return nb::make_tuple(text_of(g.name), g.version, bytes_of(g.data));
  }
  case BIPS_META_TAGS: {
    bips_meta_tags t = BIPS_META_TAGS_INIT;
    check(bips_meta_read_tags(&record, &t));
    return nb::make_tuple(structure_of(t.list).attr("fields"), t.scope, t.partial != 0);
  }
  }
  return nb::make_tuple(record.type, record.flags, nb::bytes(static_cast<const char *>(record.payload), record.length));
}

// damaged_error is bips._errors.DamagedError.
nb::object damaged_error() { return nb::module_::import_("bips._errors").attr("DamagedError"); }

// read_records turns a row of records into (type, True, what it says) each; of a damaged one (type, False, (type, why, needed)).
nb::list read_records(nb::bytes bytes) {
  bips_meta_records records;
  bips_meta_record record;
  nb::list list;

  check(bips_meta_begin(bytes.c_str(), bytes.size(), &records));
  while (bips_meta_next(&records, &record) > 0)
    try {
      list.append(nb::make_tuple(record.type, true, read(record)));
    } catch (nb::python_error &e) {
      if (!e.matches(damaged_error()))
        throw;
      bool needed = (record.flags & BIPS_META_NEEDED) != 0;
      list.append(nb::make_tuple(record.type, false, nb::make_tuple(record.type, nb::str(e.value()), needed)));
    }
  return list;
}

template <class Number> uint32_t fill(Number *to, size_t most, nb::handle from) {
  uint32_t count = 0;

  for (nb::handle one : from) {
    if (count == most)
      raise_value("at most " + std::to_string(most) + " of these fit in a record");
    to[count++] = nb::cast<Number>(one);
  }
  return count;
}

// text_in is a view of a str, which lives as long as the str.
bips_meta_text text_in(nb::handle text) {
  Py_ssize_t length;
  const char *chars = PyUnicode_AsUTF8AndSize(text.ptr(), &length);

  if (chars == nullptr)
    throw nb::python_error();
  return {chars, static_cast<size_t>(length)};
}

void write_region(bips_meta_writer *writer, nb::tuple f) {
  bips_meta_region r = BIPS_META_REGION_INIT;

  r.x = nb::cast<uint32_t>(f[0]);
  r.y = nb::cast<uint32_t>(f[1]);
  r.width = nb::cast<uint32_t>(f[2]);
  r.height = nb::cast<uint32_t>(f[3]);
  nb::object kind = f[4];
  r.kind = text_in(kind);
  r.id = nb::cast<int32_t>(f[5]);
  r.parent = nb::cast<int32_t>(f[6]);
  r.analytics = nb::cast<bool>(f[8]);
  r.partial = nb::cast<bool>(f[9]);
  bips_meta_begin_region(writer, &r);
  for (nb::handle structure : f[7])
    put_structure(writer, structure);
  check(bips_meta_end_record(writer));
}

void write_custom(bips_meta_writer *writer, nb::tuple f) {
  bips_meta_custom c = BIPS_META_CUSTOM_INIT;
  nb::object name = f[0];

  c.name = text_in(name);
  nb::list tags = nb::cast<nb::list>(f[2]);
  for (nb::handle tag : tags) {
    if (c.tag_count == BIPS_META_MAX_TAGS)
      raise_value("a custom record has at most 8 tags");
    c.tags[c.tag_count++] = text_in(tag);
  }
  c.partial = nb::cast<bool>(f[3]);
  bips_meta_begin_custom(writer, &c);
  put_structure(writer, f[1]);
  check(bips_meta_end_record(writer));
}

void write_time_code(bips_meta_writer *writer, nb::tuple f) {
  bips_meta_time_code c = BIPS_META_TIME_CODE_INIT;

  c.hours = nb::cast<uint32_t>(f[0]);
  c.minutes = nb::cast<uint32_t>(f[1]);
  c.seconds = nb::cast<uint32_t>(f[2]);
  c.frames = nb::cast<uint32_t>(f[3]);
  c.fps_numerator = nb::cast<uint32_t>(f[4]);
  c.fps_denominator = nb::cast<uint32_t>(f[5]);
  c.flags = nb::cast<uint32_t>(f[6]);
  c.field_count = nb::cast<uint32_t>(f[7]);
  nb::object jam = f[8];
  c.daily_jam = jam.is_none() ? BIPS_META_NO_DAILY_JAM : nb::cast<int64_t>(jam);
  c.daily_jam_offset = nb::cast<int32_t>(f[9]);
  check(bips_meta_add_time_code(writer, &c));
}

void write(bips_meta_writer *writer, uint32_t type, nb::tuple f) {
  switch (type) {
  case BIPS_META_MEMORIES: {
    bips_meta_memories m = BIPS_META_MEMORIES_INIT;
    m.count = fill(m.sizes, BIPS_META_MAX_MEMORIES, f[0]);
    check(bips_meta_add_memories(writer, &m));
    return;
  }
  case BIPS_META_AUDIO_LAYOUT: {
    bips_meta_audio_layout l = BIPS_META_AUDIO_LAYOUT_INIT;
    l.samples = nb::cast<uint64_t>(f[0]);
    l.planar = nb::cast<bool>(f[1]);
    l.count = fill(l.offsets, BIPS_META_MAX_CHANNELS, f[2]);
    check(bips_meta_add_audio_layout(writer, &l));
    return;
  }
  case BIPS_META_CROP: {
    bips_meta_crop c = BIPS_META_CROP_INIT;
    c.x = nb::cast<uint32_t>(f[0]);
    c.y = nb::cast<uint32_t>(f[1]);
    c.width = nb::cast<uint32_t>(f[2]);
    c.height = nb::cast<uint32_t>(f[3]);
    check(bips_meta_add_crop(writer, &c));
    return;
  }
  case BIPS_META_AFFINE: {
    bips_meta_affine a = BIPS_META_AFFINE_INIT;
    if (fill(a.matrix, 16, f[0]) != 16)
      raise_value("an affine matrix has 16 numbers");
    check(bips_meta_add_affine(writer, &a));
    return;
  }
  case BIPS_META_TIME_CODE: return write_time_code(writer, f);
  case BIPS_META_REFERENCE_TIME: {
    bips_meta_reference_time t = BIPS_META_REFERENCE_TIME_INIT;
    nb::object clock = f[0];
    t.clock = text_in(clock);
    t.timestamp = time_of(f[1]);
    t.duration = time_of(f[2]);
    check(bips_meta_add_reference_time(writer, &t));
    return;
  }
  case BIPS_META_CAPTION: {
    bips_meta_caption c = BIPS_META_CAPTION_INIT;
    nb::bytes data = nb::bytes(nb::object(f[1]));
    c.kind = nb::cast<uint32_t>(f[0]);
    c.data = {data.c_str(), data.size()};
    check(bips_meta_add_caption(writer, &c));
    return;
  }
  case BIPS_META_REGION: return write_region(writer, f);
  case BIPS_META_CUSTOM: return write_custom(writer, f);
  case BIPS_META_PROTECTION: {
    bips_meta_protection p = BIPS_META_PROTECTION_INIT;
    p.partial = nb::cast<bool>(f[1]);
    bips_meta_begin_protection(writer, &p);
    put_structure(writer, f[0]);
    check(bips_meta_end_record(writer));
    return;
  }
  case BIPS_META_GST: {
    bips_meta_gst g = BIPS_META_GST_INIT;
    nb::object name = f[0];
    nb::bytes data = nb::bytes(nb::object(f[2]));
    g.name = text_in(name);
    g.version = nb::cast<uint32_t>(f[1]);
    g.data = {data.c_str(), data.size()};
    check(bips_meta_add_gst(writer, &g));
    return;
  }
  case BIPS_META_TAGS: {
    bips_meta_tags t = BIPS_META_TAGS_INIT;
    t.scope = nb::cast<uint32_t>(f[1]);
    t.partial = nb::cast<bool>(f[2]);
    bips_meta_begin_tags(writer, &t);
    put_structure(writer, f[0]);
    check(bips_meta_end_record(writer));
    return;
  }
  }
  nb::bytes payload = nb::bytes(nb::object(f[2]));
  bips_meta_record record = {nb::cast<uint32_t>(f[0]), nb::cast<uint32_t>(f[1]), 0, payload.c_str(), payload.size()};
  check(bips_meta_add_unknown(writer, &record));
}

// write_records turns (type, what it says) each into a row of records.
nb::bytes write_records(nb::iterable records) {
  std::unique_ptr<uint8_t[]> area(new uint8_t[BIPS_MAX_META_SIZE]);
  bips_meta_writer writer;

  check(bips_meta_writer_begin(&writer, area.get(), BIPS_MAX_META_SIZE, 0));
  for (nb::handle record : records) {
    nb::object number = record[0];
    try {
      write(&writer, nb::cast<uint32_t>(number), nb::cast<nb::tuple>(record[1]));
    } catch (const std::bad_cast &) {
      raise_type(std::string("a record \"") + bips_meta_type_name(nb::cast<uint32_t>(number)) + "\" with a value of a type or size that it cannot have");
    }
  }
  return nb::bytes(reinterpret_cast<const char *>(area.get()), writer.size);
}

}  // namespace

void add_records(nb::module_ &m) {
  add_values(m);
  m.def("read_records", [](nb::bytes records) { return with_python([&] { return read_records(records); }); }, nb::arg("records"));
  m.def("write_records", [](nb::iterable records) { return with_python([&] { return write_records(records); }); }, nb::arg("records"));
}

}  // namespace bips_python
