#include <bips/meta.hpp>

#include <cstdio>
#include <cstdlib>

#include "records.hpp"

namespace peer {

namespace meta = bips::meta;

namespace {

// Json is a piece of JSON that grows.
class Json {
 public:
  Json &Begin(char bracket) {
    Comma();
    text_ += bracket;
    first_ = true;
    return *this;
  }
  Json &End(char bracket) {
    text_ += bracket;
    first_ = false;
    return *this;
  }
  Json &Key(const char *key) {
    Quoted(key);
    text_ += ':';
    first_ = true;
    return *this;
  }
  Json &Quoted(std::string_view text) {
    Comma();
    text_ += '"';
    for (char c : text) {
      if (c == '"' || c == '\\') {
        text_ += '\\';
        text_ += c;
      } else if (static_cast<unsigned char>(c) < 0x20) {
        char escaped[8];
        std::snprintf(escaped, sizeof escaped, "\\u%04x", static_cast<unsigned>(c));
        text_ += escaped;
      } else {
        text_ += c;
      }
    }
    text_ += '"';
    return *this;
  }
  Json &Raw(const std::string &piece) {
    Comma();
    text_ += piece;
    return *this;
  }
  template <class Integer> Json &Number(Integer number) { return Raw(std::to_string(number)); }
  Json &Real(double number) {
    char text[40];
    std::snprintf(text, sizeof text, "%.17g", number);
    return Raw(text);
  }
  Json &Flag(std::uint32_t flag) { return Raw(flag != 0 ? "true" : "false"); }
  Json &Digits(bips::Span<const std::uint8_t> bytes) {
    std::string digits;
    for (std::uint8_t byte : bytes) {
      char pair[3];
      std::snprintf(pair, sizeof pair, "%02x", static_cast<unsigned>(byte));
      digits += pair;
    }
    return Quoted(digits);
  }

  const std::string &text() const { return text_; }

 private:
  void Comma() {
    if (!first_)
      text_ += ',';
    first_ = false;
  }

  std::string text_;
  bool first_ = true;
};

void ShowStructure(Json &json, const bips_meta_structure &structure);

void ShowValue(Json &json, const bips_meta_value &value, bool keyed) {
  static const char *const kinds[] = {"none", "bool", "int", "unsigned", "float", "text", "bytes", "fraction", "structure", "array", "list", "other"};

  json.Begin('{');
  if (keyed)
    json.Key("key").Quoted(meta::View(value.key));
  json.Key("kind").Quoted(kinds[value.kind]).Key("origin").Number(value.origin).Key("value");
  switch (value.kind) {
  case BIPS_META_KIND_NONE: json.Raw("null"); break;
  case BIPS_META_KIND_BOOL: json.Flag(value.as.boolean); break;
  case BIPS_META_KIND_INT: json.Number(value.as.integer); break;
  case BIPS_META_KIND_UINT: json.Number(value.as.whole); break;
  case BIPS_META_KIND_FLOAT: json.Real(value.as.real); break;
  case BIPS_META_KIND_TEXT: json.Quoted(meta::View(value.as.text)); break;
  case BIPS_META_KIND_BYTES: json.Digits(meta::View(value.as.bytes)); break;
  case BIPS_META_KIND_FRACTION:
    json.Begin('[').Number(value.as.fraction.numerator).Number(value.as.fraction.denominator).End(']');
    break;
  case BIPS_META_KIND_STRUCTURE: ShowStructure(json, value.as.structure); break;
  case BIPS_META_KIND_ARRAY:
  case BIPS_META_KIND_LIST:
    json.Begin('[');
    for (const meta::Value &element : meta::Each(value.as.elements))
      ShowValue(json, element, false);
    json.End(']');
    break;
  case BIPS_META_KIND_OTHER:
    json.Begin('{').Key("type").Quoted(meta::View(value.as.other.type)).Key("text").Quoted(meta::View(value.as.other.text)).End('}');
    break;
  }
  json.End('}');
}

void ShowStructure(Json &json, const bips_meta_structure &structure) {
  json.Begin('{').Key("name").Quoted(meta::View(structure.name)).Key("fields").Begin('[');
  for (const meta::Value &field : meta::Each(structure.fields))
    ShowValue(json, field, true);
  json.End(']').End('}');
}

void ShowTime(Json &json, const char *key, std::uint64_t time) {
  json.Key(key);
  if (time == BIPS_NO_TIME)
    json.Raw("null");
  else
    json.Number(time);
}

// Each of these shows what a record says, and writes it again.

void Copy(Json &json, meta::Writer &writer, const meta::Memories &said) {
  json.Key("sizes").Begin('[');
  for (std::uint32_t i = 0; i < said.count; i++)
    json.Number(said.sizes[i]);
  json.End(']');
  writer.Add(said);
}

void Copy(Json &json, meta::Writer &writer, const meta::AudioLayout &said) {
  json.Key("samples").Number(said.samples).Key("planar").Flag(said.planar).Key("offsets").Begin('[');
  for (std::uint32_t i = 0; i < said.count; i++)
    json.Number(said.offsets[i]);
  json.End(']');
  writer.Add(said);
}

void Copy(Json &json, meta::Writer &writer, const meta::Crop &said) {
  json.Key("x").Number(said.x).Key("y").Number(said.y).Key("width").Number(said.width).Key("height").Number(said.height);
  writer.Add(said);
}

void Copy(Json &json, meta::Writer &writer, const meta::Affine &said) {
  json.Key("matrix").Begin('[');
  for (float element : said.matrix)
    json.Real(static_cast<double>(element));
  json.End(']');
  writer.Add(said);
}

void Copy(Json &json, meta::Writer &writer, const meta::TimeCode &said) {
  json.Key("fps_n").Number(said.fps_numerator).Key("fps_d").Number(said.fps_denominator).Key("flags").Number(said.flags);
  json.Key("field_count").Number(said.field_count).Key("hours").Number(said.hours).Key("minutes").Number(said.minutes);
  json.Key("seconds").Number(said.seconds).Key("frames").Number(said.frames).Key("daily_jam");
  if (said.daily_jam == BIPS_META_NO_DAILY_JAM)
    json.Raw("null");
  else
    json.Number(said.daily_jam);
  json.Key("daily_jam_offset").Number(said.daily_jam_offset);
  writer.Add(said);
}

void Copy(Json &json, meta::Writer &writer, const meta::ReferenceTime &said) {
  ShowTime(json, "timestamp", said.timestamp);
  ShowTime(json, "duration", said.duration);
  json.Key("clock").Quoted(meta::View(said.clock));
  writer.Add(said);
}

void Copy(Json &json, meta::Writer &writer, const meta::Caption &said) {
  json.Key("kind").Number(said.kind).Key("data").Digits(meta::View(said.data));
  writer.Add(said);
}

void Copy(Json &json, meta::Writer &writer, const meta::Region &said) {
  json.Key("id").Number(said.id).Key("parent").Number(said.parent).Key("x").Number(said.x).Key("y").Number(said.y);
  json.Key("width").Number(said.width).Key("height").Number(said.height).Key("kind").Quoted(meta::View(said.kind));
  json.Key("analytics").Flag(said.analytics).Key("partial").Flag(said.partial).Key("params").Begin('[');
  writer.Begin(said);
  for (const meta::Structure &params : meta::Each(said.params)) {
    ShowStructure(json, params);
    writer.AddStructure(params);
  }
  json.End(']');
  writer.EndRecord();
}

void CopyStructure(Json &json, meta::Writer &writer, const char *key, const bips_meta_structure &structure, std::uint32_t partial) {
  ShowStructure(json.Key(key), structure);
  json.Key("partial").Flag(partial);
  writer.AddStructure(structure);
  writer.EndRecord();
}

void Copy(Json &json, meta::Writer &writer, const meta::Custom &said) {
  json.Key("name").Quoted(meta::View(said.name)).Key("tags").Begin('[');
  for (std::uint32_t i = 0; i < said.tag_count; i++)
    json.Quoted(meta::View(said.tags[i]));
  json.End(']');
  writer.Begin(said);
  CopyStructure(json, writer, "structure", said.structure, said.partial);
}

void Copy(Json &json, meta::Writer &writer, const meta::Protection &said) {
  writer.Begin(said);
  CopyStructure(json, writer, "structure", said.structure, said.partial);
}

void Copy(Json &json, meta::Writer &writer, const meta::Gst &said) {
  json.Key("name").Quoted(meta::View(said.name)).Key("version").Number(said.version).Key("data").Digits(meta::View(said.data));
  writer.Add(said);
}

void Copy(Json &json, meta::Writer &writer, const meta::Tags &said) {
  json.Key("scope").Number(said.scope);
  writer.Begin(said);
  CopyStructure(json, writer, "list", said.list, said.partial);
}

template <class T> void CopyAs(Json &json, meta::Writer &writer, const meta::Record &record) { Copy(json, writer, record.Read<T>()); }

void CopyRecord(Json &json, meta::Writer &writer, const meta::Record &record) {
  switch (record.type) {
  case BIPS_META_MEMORIES: return CopyAs<meta::Memories>(json, writer, record);
  case BIPS_META_AUDIO_LAYOUT: return CopyAs<meta::AudioLayout>(json, writer, record);
  case BIPS_META_CROP: return CopyAs<meta::Crop>(json, writer, record);
  case BIPS_META_AFFINE: return CopyAs<meta::Affine>(json, writer, record);
  case BIPS_META_TIME_CODE: return CopyAs<meta::TimeCode>(json, writer, record);
  case BIPS_META_REFERENCE_TIME: return CopyAs<meta::ReferenceTime>(json, writer, record);
  case BIPS_META_CAPTION: return CopyAs<meta::Caption>(json, writer, record);
  case BIPS_META_REGION: return CopyAs<meta::Region>(json, writer, record);
  case BIPS_META_CUSTOM: return CopyAs<meta::Custom>(json, writer, record);
  case BIPS_META_PROTECTION: return CopyAs<meta::Protection>(json, writer, record);
  case BIPS_META_GST: return CopyAs<meta::Gst>(json, writer, record);
  case BIPS_META_TAGS: return CopyAs<meta::Tags>(json, writer, record);
  }
  json.Key("number").Number(record.type).Key("payload");
  json.Digits({static_cast<const std::uint8_t *>(record.payload), record.length});
  writer.AddUnknown(record);
}

// ShowRecord shows a record whole, or says that it is damaged, and does not write it then.
void ShowRecord(Json &json, meta::Writer &writer, const meta::Record &record) {
  Json whole = json;

  try {
    whole.Begin('{').Key("type").Quoted(meta::TypeName(record.type));
    CopyRecord(whole, writer, record);
    json = whole.End('}');
  } catch (const bips::Error &error) {
    if (error.code() != BIPS_DAMAGED)
      throw;
    json.Begin('{').Key("type").Quoted(meta::TypeName(record.type)).Key("error").Quoted("damaged").End('}');
  }
}

}  // namespace

std::vector<std::uint8_t> BytesOf(const std::string &digits) {
  std::vector<std::uint8_t> bytes;

  for (std::size_t i = 0; i + 1 < digits.size(); i += 2)
    bytes.push_back(static_cast<std::uint8_t>(std::strtoul(digits.substr(i, 2).c_str(), nullptr, 16)));
  return bytes;
}

void TellRecords(bips::Span<const std::uint8_t> bytes, Line &answer) {
  meta::Writer writer(BIPS_MAX_META_SIZE);
  Json json;

  try {
    meta::Records records(bytes);
    json.Begin('[');
    for (const meta::Record &record : records)
      ShowRecord(json, writer, record);
    answer.Raw(",\"records\":" + json.End(']').text());
    answer.Bytes("meta", writer.records());
  } catch (const bips::Error &error) {
    if (error.code() == BIPS_OTHER_VERSION)
      answer.Text("error", "needed").Text("text", error.what());
    else
      answer.Error(error);
  }
}

void TellOrderedRecords(const std::string &digits, Line &answer) { TellRecords(BytesOf(digits), answer); }

}  // namespace peer
