/*
 * meta.hpp: the metadata of frames, and the tags of streams, for C++17 and later. All of meta.h.
 *
 * To read them:
 *
 *     bips::meta::Records records;                      (once, for all frames: it keeps its memory)
 *
 *     records.Read(frame);
 *     for (const bips::meta::Record &record : records)
 *       if (record.type == BIPS_META_REGION) {
 *         auto region = record.Read<bips::meta::Region>();
 *         draw(bips::meta::View(region.kind), region.x, region.y, region.width, region.height);
 *         for (const bips::meta::Structure &params : bips::meta::Each(region.params))
 *           tell(params.GetFloat("confidence").value_or(0));
 *       }
 *
 * To write them:
 *
 *     bips::meta::Writer writer(producer.meta_size());  (once)
 *     bips::meta::Region region;
 *
 *     region.x = 10, region.y = 20, region.width = 30, region.height = 40;
 *     region.kind = bips::meta::TextOf("face");
 *     writer.Clear();
 *     writer.Begin(region);
 *     writer.BeginStructure("detection");
 *     writer.PutFloat("confidence", 0.875);
 *     writer.End();
 *     writer.EndRecord();
 *     producer.Push(slot, bips::FrameInfo().set_meta(writer.records()));
 *
 * CONVENTIONS
 *
 * They are those of bips.hpp and meta.h. The types of records are structs of meta.h that begin with their size and the
 * defaults; their fields are documented there. What is read points into the Records that it was read from: it is
 * valid until these read again, or are destroyed.
 */
#ifndef BIPS_META_HPP
#define BIPS_META_HPP

#include <bips/bips.hpp>
#include <bips/meta.h>

#include <vector>

namespace bips {
inline namespace BIPS_DIALECT {
namespace meta {

/* ---- Texts and bytes -------------------------------------------------------------------------- */

/* View shows a text or bytes of meta.h; these are not terminated. */
inline std::string_view View(const bips_meta_text &text) noexcept { return {text.chars, text.length}; }
inline Span<const std::uint8_t> View(const bips_meta_bytes &bytes) noexcept {
  return {static_cast<const std::uint8_t *>(bytes.data), bytes.size};
}

/* TextOf and BytesOf are such a text or bytes, which stay the caller's. */
inline bips_meta_text TextOf(std::string_view text) noexcept { return {text.empty() ? "" : text.data(), text.size()}; }
inline bips_meta_text TextOf(const char *text) noexcept {
  bips_meta_text view;
  bips_meta_set_text(&view, text);
  return view;
}
inline bips_meta_bytes BytesOf(Span<const std::uint8_t> bytes) noexcept { return {bytes.data(), bytes.size()}; }

/* Is reports whether a text of meta.h is this one. */
inline bool Is(const bips_meta_text &text, Text other) noexcept { return bips_meta_text_is(&text, other.c_str()) != 0; }

/* The name of a type of records: "region", "time code"; "unknown" for others. */
inline std::string_view TypeName(std::uint32_t type) noexcept { return bips_meta_type_name(type); }

/* ---- What records say ------------------------------------------------------------------------- */

struct Memories : bips_meta_memories {
  Memories() noexcept : bips_meta_memories BIPS_META_MEMORIES_INIT {}
};
struct AudioLayout : bips_meta_audio_layout {
  AudioLayout() noexcept : bips_meta_audio_layout BIPS_META_AUDIO_LAYOUT_INIT {}
};
struct Crop : bips_meta_crop {
  Crop() noexcept : bips_meta_crop BIPS_META_CROP_INIT {}
};
struct Affine : bips_meta_affine {
  Affine() noexcept : bips_meta_affine BIPS_META_AFFINE_INIT {}
};
struct TimeCode : bips_meta_time_code {
  TimeCode() noexcept : bips_meta_time_code BIPS_META_TIME_CODE_INIT {}
};
struct ReferenceTime : bips_meta_reference_time {
  ReferenceTime() noexcept : bips_meta_reference_time BIPS_META_REFERENCE_TIME_INIT {}
};
struct Caption : bips_meta_caption {
  Caption() noexcept : bips_meta_caption BIPS_META_CAPTION_INIT {}
};
struct Region : bips_meta_region {
  Region() noexcept : bips_meta_region BIPS_META_REGION_INIT {}
};
struct Custom : bips_meta_custom {
  Custom() noexcept : bips_meta_custom BIPS_META_CUSTOM_INIT {}
};
struct Protection : bips_meta_protection {
  Protection() noexcept : bips_meta_protection BIPS_META_PROTECTION_INIT {}
};
struct Gst : bips_meta_gst {
  Gst() noexcept : bips_meta_gst BIPS_META_GST_INIT {}
};
struct Tags : bips_meta_tags {
  Tags() noexcept : bips_meta_tags BIPS_META_TAGS_INIT {}
};

/* ---- Rows ------------------------------------------------------------------------------------- */

/* Row is a row of things that are read one after the other, for a loop. It allocates nothing. A copy of it, and each
 * begin(), goes on from the same place. Next is a function of meta.h: 1: there is one, 0: there is none left. */
template <class Place, class Thing, class Plain, int (*Next)(Place *, Plain *)> class Row {
 public:
  class Iterator {
   public:
    using iterator_category = std::input_iterator_tag;
    using value_type = Thing;
    using difference_type = std::ptrdiff_t;
    using pointer = const Thing *;
    using reference = const Thing &;

    Iterator() noexcept = default; /* the end */
    explicit Iterator(const Place &place) : place_(place) { ++*this; }
    const Thing &operator*() const noexcept { return thing_; }
    const Thing *operator->() const noexcept { return &thing_; }
    Iterator &operator++() {
      there_ = Next(&place_, &thing_) > 0;
      return *this;
    }
    Iterator operator++(int) {
      Iterator before = *this;
      ++*this;
      return before;
    }
    /* Only a comparison with the end tells something. */
    friend bool operator==(const Iterator &a, const Iterator &b) noexcept { return a.there_ == b.there_; }
    friend bool operator!=(const Iterator &a, const Iterator &b) noexcept { return a.there_ != b.there_; }

   private:
    Place place_{};
    Thing thing_{};
    bool there_ = false;
  };

  explicit Row(const Place &place) noexcept : place_(place) {}
  Iterator begin() const { return Iterator(place_); }
  Iterator end() const noexcept { return Iterator(); }

 private:
  Place place_;
};

/* ---- Values in structures --------------------------------------------------------------------- */

struct Value;
/* Each is for a loop over the fields of a structure, or the elements of an array or a list. */
using Values = Row<bips_meta_fields, Value, bips_meta_value, bips_meta_next_value>;
inline Values Each(const bips_meta_fields &fields) noexcept;

/* Structure is fields of a name. What it is asked for and lacks, or has of another kind, is std::nullopt. */
struct Structure : bips_meta_structure {
  Structure() noexcept : bips_meta_structure{} {}
  Structure(const bips_meta_structure &plain) noexcept : bips_meta_structure(plain) {}

  inline std::optional<Value> Get(Text key) const noexcept;
  std::optional<bool> GetBool(Text key) const noexcept {
    int value;
    if (bips_meta_get_bool(this, key.c_str(), &value) == 0)
      return std::nullopt;
    return value != 0;
  }
  /* Of all whole numbers that fit. */
  std::optional<std::int64_t> GetInt(Text key) const noexcept {
    std::int64_t value;
    if (bips_meta_get_int(this, key.c_str(), &value) == 0)
      return std::nullopt;
    return value;
  }
  /* Of all numbers and fractions. */
  std::optional<double> GetFloat(Text key) const noexcept {
    double value;
    if (bips_meta_get_float(this, key.c_str(), &value) == 0)
      return std::nullopt;
    return value;
  }
  std::optional<std::string_view> GetText(Text key) const noexcept {
    bips_meta_text value;
    if (bips_meta_get_text(this, key.c_str(), &value) == 0)
      return std::nullopt;
    return View(value);
  }
};

/* Value is a value, with its key. kind says which field of as it is. */
struct Value : bips_meta_value {
  Value() noexcept : bips_meta_value{} {}
};

inline Values Each(const bips_meta_fields &fields) noexcept { return Values(fields); }

inline std::optional<Value> Structure::Get(Text key) const noexcept {
  Value value;
  if (bips_meta_get(this, key.c_str(), &value) == 0)
    return std::nullopt;
  return value;
}

using Structures = Row<bips_meta_structures, Structure, bips_meta_structure, bips_meta_next_structure>;
inline Structures Each(const bips_meta_structures &structures) noexcept { return Structures(structures); }

/* Find is the first structure of a name. */
inline std::optional<Structure> Find(const bips_meta_structures &structures, Text name) noexcept {
  Structure found;
  if (bips_meta_find(&structures, name.c_str(), &found) == 0)
    return std::nullopt;
  return found;
}

/* ---- Records ---------------------------------------------------------------------------------- */

/* Record is one record: its type (enum bips_meta_type), flags, and what it says. */
struct Record : bips_meta_record {
  Record() noexcept : bips_meta_record{} {}

  /* Read reads it as its type has it: Read<bips::meta::Crop>() of BIPS_META_CROP. It throws BIPS_DAMAGED if nothing of it
   * should be used (if it is BIPS_META_NEEDED, neither should the frame); BIPS_BAD_OPTION: it is of another type. */
  template <class T> T Read() const {
    T said;
    detail::Check(ReadAs(&said));
    return said;
  }

 private:
  int ReadAs(bips_meta_memories *to) const noexcept { return bips_meta_read_memories(this, to); }
  int ReadAs(bips_meta_audio_layout *to) const noexcept { return bips_meta_read_audio_layout(this, to); }
  int ReadAs(bips_meta_crop *to) const noexcept { return bips_meta_read_crop(this, to); }
  int ReadAs(bips_meta_affine *to) const noexcept { return bips_meta_read_affine(this, to); }
  int ReadAs(bips_meta_time_code *to) const noexcept { return bips_meta_read_time_code(this, to); }
  int ReadAs(bips_meta_reference_time *to) const noexcept { return bips_meta_read_reference_time(this, to); }
  int ReadAs(bips_meta_caption *to) const noexcept { return bips_meta_read_caption(this, to); }
  int ReadAs(bips_meta_region *to) const noexcept { return bips_meta_read_region(this, to); }
  int ReadAs(bips_meta_custom *to) const noexcept { return bips_meta_read_custom(this, to); }
  int ReadAs(bips_meta_protection *to) const noexcept { return bips_meta_read_protection(this, to); }
  int ReadAs(bips_meta_gst *to) const noexcept { return bips_meta_read_gst(this, to); }
  int ReadAs(bips_meta_tags *to) const noexcept { return bips_meta_read_tags(this, to); }
};

/* Records are a frame's metadata, or the tags of a stream, copied out of shared memory. Its memory is kept for the next
 * ones, so that who reads each frame's with the same object allocates nothing. */
class Records {
 public:
  using Iterator = Row<bips_meta_records, Record, bips_meta_record, bips_meta_next>::Iterator;

  Records() = default;
  explicit Records(const Frame &frame) { Read(frame); }
  explicit Records(Span<const std::uint8_t> bytes) { Read(bytes); }
  Records(Records &&) noexcept = default;
  Records &operator=(Records &&) noexcept = default;

  /* Read copies the metadata of a frame, or these bytes, and looks at the head of each record. It throws BIPS_DAMAGED: they
   * are no records; BIPS_OTHER_VERSION: one is needed to read the frame, and is of no type that is known. There are
   * none then. */
  void Read(const Frame &frame) { Read(frame.meta()); }
  void Read(Span<const std::uint8_t> bytes) {
    records_ = bips_meta_records{};
    if (bytes.size() > copy_.size())
      copy_.resize(bytes.size());
    detail::Check(bips_meta_copy(bytes.data(), bytes.size(), copy_.data(), copy_.size()));
    detail::Check(bips_meta_begin(copy_.data(), bytes.size(), &records_));
  }

  Iterator begin() const { return Iterator(records_); }
  Iterator end() const noexcept { return Iterator(); }

 private:
  std::vector<std::uint8_t> copy_;
  bips_meta_records records_{};
};

/* ---- Writing ---------------------------------------------------------------------------------- */

/* Writer writes records, into memory that it keeps for the next ones. Memory records come first, then the others in
 * their order. */
class Writer {
 public:
  /* room is for how many bytes; Producer::meta_size() is what a frame may have. */
  explicit Writer(std::size_t room) : area_(room) { Clear(); }
  Writer(Writer &&) noexcept = default;
  Writer &operator=(Writer &&) noexcept = default;

  /* Clear begins anew, without records. */
  void Clear() { detail::Check(bips_meta_writer_begin(&writer_, area_.data(), area_.size(), 0)); }
  /* Clear begins anew behind these records, which are copied. */
  void Clear(Span<const std::uint8_t> before) {
    detail::Check(bips_meta_copy(before.data(), before.size(), area_.data(), area_.size()));
    detail::Check(bips_meta_writer_begin(&writer_, area_.data(), area_.size(), before.size()));
  }
  /* The records that are complete: FrameInfo::set_meta, Producer::SetTags. Valid until the writer goes on. */
  Span<const std::uint8_t> records() const noexcept { return {area_.data(), writer_.size}; }

  /* These write a record whole, or throw: BIPS_BAD_OPTION: a value that the format cannot carry; BIPS_NO_SPACE: it does not
   * fit; BIPS_TOO_LARGE: more than BIPS_MAX_META_SIZE in all. The records before it stay. */
  void Add(const bips_meta_memories &record) { detail::Check(bips_meta_add_memories(&writer_, &record)); }
  void Add(const bips_meta_audio_layout &record) { detail::Check(bips_meta_add_audio_layout(&writer_, &record)); }
  void Add(const bips_meta_crop &record) { detail::Check(bips_meta_add_crop(&writer_, &record)); }
  void Add(const bips_meta_affine &record) { detail::Check(bips_meta_add_affine(&writer_, &record)); }
  void Add(const bips_meta_time_code &record) { detail::Check(bips_meta_add_time_code(&writer_, &record)); }
  void Add(const bips_meta_reference_time &record) { detail::Check(bips_meta_add_reference_time(&writer_, &record)); }
  void Add(const bips_meta_caption &record) { detail::Check(bips_meta_add_caption(&writer_, &record)); }
  void Add(const bips_meta_gst &record) { detail::Check(bips_meta_add_gst(&writer_, &record)); }
  /* Passes on a record of a type that this library does not know. */
  void AddUnknown(const bips_meta_record &record) { detail::Check(bips_meta_add_unknown(&writer_, &record)); }

  /* Records with structures are begun, filled and ended, as meta.h says. What goes wrong in between is remembered, and
   * EndRecord throws it; the record is not written then. */
  void Begin(const bips_meta_region &region) noexcept { bips_meta_begin_region(&writer_, &region); }
  void Begin(const bips_meta_custom &custom) noexcept { bips_meta_begin_custom(&writer_, &custom); }
  void Begin(const bips_meta_protection &protection) noexcept { bips_meta_begin_protection(&writer_, &protection); }
  void Begin(const bips_meta_tags &tags) noexcept { bips_meta_begin_tags(&writer_, &tags); }
  void EndRecord() { detail::Check(bips_meta_end_record(&writer_)); }
  void CancelRecord() noexcept { bips_meta_cancel_record(&writer_); }

  /* A structure of the record's own, field by field up to End; or one that was read, whole. */
  void BeginStructure(Text name) noexcept { bips_meta_begin_structure(&writer_, name.c_str()); }
  void AddStructure(const bips_meta_structure &structure) noexcept { bips_meta_add_structure(&writer_, &structure); }

  /* Fields of the structure that was begun last; or elements, whose key is nullptr, of the array or list. */
  void PutNone(Text key) noexcept { bips_meta_put_none(&writer_, key.c_str()); }
  void PutBool(Text key, bool value) noexcept { bips_meta_put_bool(&writer_, key.c_str(), value); }
  void PutInt(Text key, std::int64_t value, std::uint32_t origin = BIPS_META_ORIGIN_64) noexcept {
    bips_meta_put_int(&writer_, key.c_str(), value, origin);
  }
  void PutUint(Text key, std::uint64_t value, std::uint32_t origin = BIPS_META_ORIGIN_64) noexcept {
    bips_meta_put_uint(&writer_, key.c_str(), value, origin);
  }
  void PutFloat(Text key, double value, std::uint32_t origin = BIPS_META_ORIGIN_64) noexcept {
    bips_meta_put_float(&writer_, key.c_str(), value, origin);
  }
  void PutText(Text key, Text text) noexcept { bips_meta_put_text(&writer_, key.c_str(), text.c_str()); }
  void PutBytes(Text key, Span<const std::uint8_t> bytes, std::uint32_t origin = BIPS_META_ORIGIN_BUFFER) noexcept {
    bips_meta_put_bytes(&writer_, key.c_str(), bytes.data(), bytes.size(), origin);
  }
  void PutFraction(Text key, std::int32_t numerator, std::int32_t denominator) noexcept {
    bips_meta_put_fraction(&writer_, key.c_str(), numerator, denominator);
  }
  void PutOther(Text key, Text type, Text text) noexcept { bips_meta_put_other(&writer_, key.c_str(), type.c_str(), text.c_str()); }
  /* A value that was read, with its key and all that is in it. */
  void PutValue(const bips_meta_value &value) noexcept { bips_meta_put_value(&writer_, &value); }
  /* Values that consist of others, up to End. */
  void PutStructure(Text key, Text name) noexcept { bips_meta_put_structure(&writer_, key.c_str(), name.c_str()); }
  void PutArray(Text key) noexcept { bips_meta_put_array(&writer_, key.c_str()); }
  void PutList(Text key) noexcept { bips_meta_put_list(&writer_, key.c_str()); }
  /* End ends what was begun last. */
  void End() noexcept { bips_meta_end(&writer_); }

 private:
  std::vector<std::uint8_t> area_;
  bips_meta_writer writer_{};
};

}  // namespace meta
}  // inline namespace BIPS_DIALECT
}  // namespace bips

#endif /* BIPS_META_HPP */
