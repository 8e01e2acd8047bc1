#include "meta.h"

#include "../errors.h"
#include "../utf8.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

int meta_out_wrong(bips_meta_writer *w, const char *format, ...) {
  char why[160];
  va_list arguments;

  if (w->wrong == 0) {
    va_start(arguments, format);
    vsnprintf(why, sizeof why, format, arguments);
    va_end(arguments);
    w->wrong = fail_plain(BIPS_BAD_OPTION, "record at %zu, %s: invalid metadata: %s", w->size, bips_meta_type_name(w->type), why);
  }
  return w->wrong;
}

/* What does not fit is counted and not written: so the error can say how many bytes it takes. More than MOST is
 * counted as MOST, which fits nowhere. */
void meta_out_raw(bips_meta_writer *w, const void *bytes, size_t size) {
  enum { MOST = 1 << 30 };

  if (w->wrong < 0)
    return;
  if (size > MOST || w->at + size > MOST) {
    w->at = MOST;
    return;
  }
  if (size > 0 && bytes && w->at + size <= w->room)
    memcpy(w->area + w->at, bytes, size);
  w->at += size;
}

void meta_out_u8(bips_meta_writer *w, uint8_t value) { meta_out_raw(w, &value, sizeof value); }
void meta_out_u16(bips_meta_writer *w, uint16_t value) { meta_out_raw(w, &value, sizeof value); }
void meta_out_u32(bips_meta_writer *w, uint32_t value) { meta_out_raw(w, &value, sizeof value); }
void meta_out_u64(bips_meta_writer *w, uint64_t value) { meta_out_raw(w, &value, sizeof value); }
void meta_out_f64(bips_meta_writer *w, double value) { meta_out_raw(w, &value, sizeof value); }

void meta_out_u32_at(bips_meta_writer *w, size_t at, uint32_t value) {
  if (w->wrong == 0 && at <= w->room && w->room - at >= sizeof value)
    memcpy(w->area + at, &value, sizeof value);
}

void meta_out_pad(bips_meta_writer *w) {
  static const uint8_t zeros[BIPS_LAYOUT_META_ALIGNMENT];

  meta_out_raw(w, zeros, meta_aligned(w->at - w->size) - (w->at - w->size));
}

void meta_out_chars(bips_meta_writer *w, const bips_meta_text *text) {
  if (text->length > 0 && (!text->chars || !utf8_is_text(text->chars, text->length))) {
    meta_out_wrong(w, "a text of %zu bytes is not UTF-8 without zero bytes", text->length);
    return;
  }
  meta_out_raw(w, text->chars, text->length);
}

void meta_out_text(bips_meta_writer *w, const bips_meta_text *text) {
  if (text->length > UINT32_MAX) {
    meta_out_wrong(w, "a text of %zu bytes", text->length);
    return;
  }
  meta_out_u32(w, (uint32_t)text->length);
  meta_out_chars(w, text);
}

/* ---- Structures and their fields */

/* meta_out_level opens a level of values: those of a structure, an array or a list, whose number is at count_at. */
static void meta_out_level(bips_meta_writer *w, size_t count_at, bool elements, size_t length_at, size_t begin) {
  if (w->wrong < 0)
    return;
  w->levels[w->depth].count_at = count_at;
  w->levels[w->depth].length_at = length_at;
  w->levels[w->depth].begin = begin;
  w->levels[w->depth].count = 0;
  w->levels[w->depth].elements = elements;
  w->levels[w->depth].kind = BIPS_META_KIND_NONE;
  w->levels[w->depth].origin = 0;
  w->depth++;
}

static bool meta_out_too_deep(bips_meta_writer *w) {
  if (w->wrong == 0 && w->depth >= BIPS_META_MAX_DEPTH)
    meta_out_wrong(w, "structures and arrays in one another, deeper than %d", BIPS_META_MAX_DEPTH);
  return w->wrong < 0;
}

/* meta_out_structure writes the beginning of a structure, and opens its level. */
static void meta_out_structure(bips_meta_writer *w, const bips_meta_text *name, size_t length_at, size_t begin) {
  if (meta_out_too_deep(w))
    return;
  if (!name->chars || !meta_is_structure_name(name)) {
    meta_out_wrong(w, "the structure's name \"%.*s\": use a letter, then letters, digits and -_+/.:, %d bytes at most",
        name->chars ? (int)(name->length < 40 ? name->length : 40) : 0, name->chars ? name->chars : "", BIPS_LAYOUT_META_MAX_NAME);
    return;
  }
  meta_out_pad(w);
  size_t count_at = w->at;
  meta_out_u32(w, 0); /* the number of fields, which is not known yet */
  meta_out_text(w, name);
  meta_out_pad(w);
  meta_out_level(w, count_at, false, length_at, begin);
}

/* struct meta_field is where a field that is being written has its length, and where its value begins. */
struct meta_field {
  size_t length_at, begin;
};

/* meta_out_field writes the head and the key of a field or an element. It reports false if that is not allowed. */
static bool meta_out_field(bips_meta_writer *w, const bips_meta_text *key, uint8_t kind, uint8_t origin, struct meta_field *field) {
  if (!w->open && w->wrong == 0)
    w->wrong = fail_plain(BIPS_BAD_OPTION, "write metadata: no record was begun");
  if (w->wrong < 0)
    return false;
  if (w->depth == 0) {
    meta_out_wrong(w, "a value outside of a structure: begin one first");
    return false;
  }
  bool elements = w->levels[w->depth - 1].elements;
  uint8_t *first_kind = &w->levels[w->depth - 1].kind, *first_origin = &w->levels[w->depth - 1].origin;

  if (elements && key->length > 0)
    meta_out_wrong(w, "an element of an array with a key: it has none");
  else if (!elements && (key->length == 0 || !key->chars))
    meta_out_wrong(w, "a field without a key");
  else if (key->length > BIPS_LAYOUT_META_MAX_KEY)
    meta_out_wrong(w, "a key of %zu bytes, at most %d", key->length, BIPS_LAYOUT_META_MAX_KEY);
  else if (elements && !meta_admits(first_kind, first_origin, kind, origin))
    meta_out_wrong(w, "an array of several kinds of values");
  meta_out_u8(w, kind);
  meta_out_u8(w, origin);
  meta_out_u16(w, (uint16_t)key->length);
  field->length_at = w->at;
  meta_out_u32(w, 0); /* the value's length, which is not known yet */
  meta_out_chars(w, key);
  field->begin = w->at;
  w->levels[w->depth - 1].count++;
  return w->wrong == 0;
}

/* meta_out_field_end ends a field. */
static int meta_out_field_end(bips_meta_writer *w, const struct meta_field *field) {
  meta_out_u32_at(w, field->length_at, (uint32_t)(w->at - field->begin));
  meta_out_pad(w);
  return w->wrong;
}

static bips_meta_text meta_text_of(const char *text) {
  bips_meta_text view;

  bips_meta_set_text(&view, text);
  return view;
}

/* meta_writer_null is the error of who gives no writer. */
static int meta_writer_null(void) { return fail_plain(BIPS_BAD_OPTION, "write metadata: the writer is NULL"); }

int bips_meta_begin_structure(bips_meta_writer *writer, const char *name) {
  bips_meta_text view = meta_text_of(name);

  if (!writer)
    return meta_writer_null();
  if (!writer->open && writer->wrong == 0)
    writer->wrong = fail_plain(BIPS_BAD_OPTION, "write metadata: no record was begun");
  if (writer->wrong < 0)
    return writer->wrong;
  if (writer->depth > 0)
    return meta_out_wrong(writer, "a structure in another one: end that first, or use bips_meta_put_structure");
  if (writer->structures == writer->most_structures)
    return meta_out_wrong(writer, "%u structures, at most %u", (unsigned)writer->structures + 1, (unsigned)writer->most_structures);
  writer->structures++;
  meta_out_structure(writer, &view, 0, 0);
  return writer->wrong;
}

/* meta_put_group begins a structure, an array or a list as a value. */
static int meta_put_group(bips_meta_writer *w, const bips_meta_text *key, uint8_t kind, const bips_meta_text *name) {
  struct meta_field field;

  if (meta_out_too_deep(w) || !meta_out_field(w, key, kind, 0, &field))
    return w->wrong;
  if (kind == BIPS_META_KIND_STRUCTURE) {
    meta_out_structure(w, name, field.length_at, field.begin);
  } else {
    meta_out_u32(w, 0); /* the number of elements, which is not known yet */
    meta_out_u32(w, 0);
    meta_out_level(w, field.begin, true, field.length_at, field.begin);
  }
  return w->wrong;
}

int bips_meta_put_structure(bips_meta_writer *writer, const char *key, const char *name) {
  bips_meta_text view = meta_text_of(key), named = meta_text_of(name);
  return writer ? meta_put_group(writer, &view, BIPS_META_KIND_STRUCTURE, &named) : meta_writer_null();
}

int bips_meta_put_array(bips_meta_writer *writer, const char *key) {
  bips_meta_text view = meta_text_of(key);
  return writer ? meta_put_group(writer, &view, BIPS_META_KIND_ARRAY, NULL) : meta_writer_null();
}

int bips_meta_put_list(bips_meta_writer *writer, const char *key) {
  bips_meta_text view = meta_text_of(key);
  return writer ? meta_put_group(writer, &view, BIPS_META_KIND_LIST, NULL) : meta_writer_null();
}

int bips_meta_end(bips_meta_writer *writer) {
  if (!writer)
    return meta_writer_null();
  if (writer->wrong < 0)
    return writer->wrong;
  if (!writer->open || writer->depth == 0)
    return meta_out_wrong(writer, "an end of what was not begun");
  writer->depth--;
  meta_out_u32_at(writer, writer->levels[writer->depth].count_at, writer->levels[writer->depth].count);
  if (writer->depth == 0)
    return 0;
  struct meta_field field = {writer->levels[writer->depth].length_at, writer->levels[writer->depth].begin};
  return meta_out_field_end(writer, &field);
}

/* ---- Values. Each writes its field's value. */

int bips_meta_put_value(bips_meta_writer *writer, const bips_meta_value *value) {
  struct meta_field field;

  if (!writer)
    return meta_writer_null();
  if (!value)
    return meta_out_wrong(writer, "a value is NULL");
  if (value->kind == BIPS_META_KIND_STRUCTURE || value->kind == BIPS_META_KIND_ARRAY || value->kind == BIPS_META_KIND_LIST) {
    bool structure = value->kind == BIPS_META_KIND_STRUCTURE;
    bips_meta_fields inside = structure ? value->as.structure.fields : value->as.elements;
    bips_meta_value next;

    meta_put_group(writer, &value->key, (uint8_t)value->kind, structure ? &value->as.structure.name : NULL);
    while (writer->wrong == 0 && bips_meta_next_value(&inside, &next))
      bips_meta_put_value(writer, &next);
    return bips_meta_end(writer);
  }
  if (value->kind > BIPS_META_KIND_OTHER)
    return meta_out_wrong(writer, "a value of a kind that is not known: %u", (unsigned)value->kind);
  if (!meta_out_field(writer, &value->key, (uint8_t)value->kind, meta_origin(value->kind, value->origin), &field))
    return writer->wrong;
  switch (value->kind) {
  case BIPS_META_KIND_BOOL: meta_out_u8(writer, value->as.boolean != 0); break;
  case BIPS_META_KIND_INT: meta_out_u64(writer, (uint64_t)value->as.integer); break;
  case BIPS_META_KIND_UINT: meta_out_u64(writer, value->as.whole); break;
  case BIPS_META_KIND_FLOAT: meta_out_f64(writer, value->as.real); break;
  case BIPS_META_KIND_TEXT: meta_out_chars(writer, &value->as.text); break;
  case BIPS_META_KIND_BYTES:
    if (value->as.bytes.size > 0 && !value->as.bytes.data)
      meta_out_wrong(writer, "the address of %zu bytes is NULL", value->as.bytes.size);
    meta_out_raw(writer, value->as.bytes.data, value->as.bytes.size);
    break;
  case BIPS_META_KIND_FRACTION:
    if (value->as.fraction.denominator <= 0)
      meta_out_wrong(writer, "the denominator of %d/%d", (int)value->as.fraction.numerator, (int)value->as.fraction.denominator);
    meta_out_u32(writer, (uint32_t)value->as.fraction.numerator);
    meta_out_u32(writer, (uint32_t)value->as.fraction.denominator);
    break;
  case BIPS_META_KIND_OTHER:
    meta_out_text(writer, &value->as.other.type);
    meta_out_chars(writer, &value->as.other.text);
    break;
  }
  return meta_out_field_end(writer, &field);
}

/* meta_put writes a value whose key ends with a zero byte. */
static int meta_put(bips_meta_writer *writer, const char *key, bips_meta_value *value) {
  bips_meta_set_text(&value->key, key);
  return bips_meta_put_value(writer, value);
}

int bips_meta_put_none(bips_meta_writer *writer, const char *key) {
  bips_meta_value value = {.kind = BIPS_META_KIND_NONE};
  return meta_put(writer, key, &value);
}

int bips_meta_put_bool(bips_meta_writer *writer, const char *key, int boolean) {
  bips_meta_value value = {.kind = BIPS_META_KIND_BOOL, .as.boolean = boolean != 0};
  return meta_put(writer, key, &value);
}

int bips_meta_put_int(bips_meta_writer *writer, const char *key, int64_t integer, uint32_t origin) {
  bips_meta_value value = {.kind = BIPS_META_KIND_INT, .origin = origin, .as.integer = integer};
  return meta_put(writer, key, &value);
}

int bips_meta_put_uint(bips_meta_writer *writer, const char *key, uint64_t whole, uint32_t origin) {
  bips_meta_value value = {.kind = BIPS_META_KIND_UINT, .origin = origin, .as.whole = whole};
  return meta_put(writer, key, &value);
}

int bips_meta_put_float(bips_meta_writer *writer, const char *key, double real, uint32_t origin) {
  bips_meta_value value = {.kind = BIPS_META_KIND_FLOAT, .origin = origin, .as.real = real};
  return meta_put(writer, key, &value);
}

int bips_meta_put_text(bips_meta_writer *writer, const char *key, const char *text) {
  bips_meta_value value = {.kind = text ? BIPS_META_KIND_TEXT : BIPS_META_KIND_NONE};

  if (text)
    bips_meta_set_text(&value.as.text, text);
  return meta_put(writer, key, &value);
}

int bips_meta_put_bytes(bips_meta_writer *writer, const char *key, const void *data, size_t size, uint32_t origin) {
  bips_meta_value value = {.kind = BIPS_META_KIND_BYTES, .origin = origin, .as.bytes = {data, size}};
  return meta_put(writer, key, &value);
}

int bips_meta_put_fraction(bips_meta_writer *writer, const char *key, int32_t numerator, int32_t denominator) {
  bips_meta_value value = {.kind = BIPS_META_KIND_FRACTION, .as.fraction = {numerator, denominator}};
  return meta_put(writer, key, &value);
}

int bips_meta_put_other(bips_meta_writer *writer, const char *key, const char *type, const char *text) {
  bips_meta_value value = {.kind = BIPS_META_KIND_OTHER};

  bips_meta_set_text(&value.as.other.type, type);
  bips_meta_set_text(&value.as.other.text, text);
  return meta_put(writer, key, &value);
}

int bips_meta_add_structure(bips_meta_writer *writer, const bips_meta_structure *structure) {
  bips_meta_value next;

  if (!writer)
    return meta_writer_null();
  if (!structure)
    return meta_out_wrong(writer, "a structure is NULL");
  /* Its name is a view, so it cannot be given as one that ends with a zero byte. */
  char name[BIPS_LAYOUT_META_MAX_NAME + 2] = "";
  if (structure->name.length < sizeof name && structure->name.length > 0)
    memcpy(name, structure->name.chars, structure->name.length);
  bips_meta_fields fields = structure->fields;
  bips_meta_begin_structure(writer, name);
  while (writer->wrong == 0 && bips_meta_next_value(&fields, &next))
    bips_meta_put_value(writer, &next);
  return bips_meta_end(writer);
}
