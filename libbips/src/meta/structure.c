#include "meta.h"

#include <string.h>

/* meta_is_letter is of ASCII. */
static bool meta_is_letter(char c) { return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z'); }

bool meta_is_structure_name(const bips_meta_text *name) {
  if (name->length == 0 || name->length > BIPS_LAYOUT_META_MAX_NAME || !meta_is_letter(name->chars[0]))
    return false;
  for (size_t i = 1; i < name->length; i++) {
    char c = name->chars[i];

    if (!meta_is_letter(c) && !(c >= '0' && c <= '9') && (c == 0 || !strchr("-_+/.:", c)))
      return false;
  }
  return true;
}

void meta_in_structure(struct meta_in *in, unsigned depth, bips_meta_structure *structure) {
  *structure = (bips_meta_structure){0};
  meta_in_pad(in);
  uint32_t n = meta_in_count(in, 0, META_MOST_FIELDS, "fields");
  meta_in_text(in, &structure->name);
  meta_in_pad(in);
  if (!in->wrong->is && !meta_is_structure_name(&structure->name))
    meta_in_fail(in, "a structure's name \"%.*s\"", (int)(structure->name.length < 40 ? structure->name.length : 40),
        structure->name.chars);
  if (!in->wrong->is && n > (in->end - in->at) / BIPS_LAYOUT_META_HEAD_SIZE)
    meta_in_fail(in, "%u fields in %zu bytes", (unsigned)n, in->end - in->at);
  if (in->wrong->is)
    return;
  structure->fields = (bips_meta_fields){.record = in->record, .at = in->at, .end = in->end, .left = n, .depth = (uint8_t)depth};
  for (uint32_t i = 0; i < n && !in->wrong->is; i++) {
    bips_meta_value value;
    bool known = meta_in_field(in, depth, &value);

    if (!known || value.key.length == 0)
      in->left = true;
  }
}

bool meta_in_field(struct meta_in *in, unsigned depth, bips_meta_value *value) {
  struct meta_in part;
  uint8_t kind = meta_in_u8(in), origin = meta_in_u8(in);
  uint16_t key_length = meta_in_u16(in);
  uint32_t length = meta_in_u32(in);

  memset(value, 0, sizeof *value);
  if (key_length > BIPS_LAYOUT_META_MAX_KEY)
    meta_in_fail(in, "a key of %u bytes", (unsigned)key_length);
  meta_in_chars(in, key_length, &value->key);
  meta_in_part(in, length, &part);
  bool known = meta_in_value(&part, kind, origin, depth, value);
  meta_in_pad(in);
  in->left = in->left || part.left;
  return known;
}

int bips_meta_next_value(bips_meta_fields *fields, bips_meta_value *value) {
  struct meta_wrong wrong = {0};

  if (!fields || !value)
    return 0;
  while (fields->left > 0) {
    struct meta_in in = {.record = fields->record, .at = fields->at, .end = fields->end, .wrong = &wrong};
    bool known = meta_in_field(&in, fields->depth, value);

    if (wrong.is) { /* only if the bytes have changed since they were checked */
      fields->left = 0;
      break;
    }
    fields->left--;
    fields->at = in.at;
    if (fields->elements) {
      known = known && meta_admits(&fields->kind, &fields->origin, value->kind, value->origin);
      value->key = (bips_meta_text){"", 0};
    } else if (value->key.length == 0) {
      known = false;
    }
    if (known)
      return 1;
  }
  memset(value, 0, sizeof *value);
  return 0;
}

int bips_meta_next_structure(bips_meta_structures *structures, bips_meta_structure *structure) {
  struct meta_wrong wrong = {0};

  if (!structures || !structure)
    return 0;
  *structure = (bips_meta_structure){0};
  if (structures->left == 0)
    return 0;
  struct meta_in in = {.record = structures->record, .at = structures->at, .end = structures->end, .wrong = &wrong};
  meta_in_structure(&in, 1, structure);
  if (wrong.is) { /* only if the bytes have changed since they were checked */
    *structure = (bips_meta_structure){0};
    structures->left = 0;
    return 0;
  }
  structures->left--;
  structures->at = in.at;
  return 1;
}

int bips_meta_find(const bips_meta_structures *structures, const char *name, bips_meta_structure *structure) {
  if (!structures || !name || !structure)
    return 0;
  for (bips_meta_structures all = *structures; bips_meta_next_structure(&all, structure);)
    if (bips_meta_text_is(&structure->name, name))
      return 1;
  return 0;
}

int bips_meta_get(const bips_meta_structure *structure, const char *key, bips_meta_value *value) {
  bips_meta_value found;

  if (!structure || !key || !value)
    return 0;
  for (bips_meta_fields fields = structure->fields; bips_meta_next_value(&fields, &found);)
    if (bips_meta_text_is(&found.key, key)) {
      *value = found;
      return 1;
    }
  return 0;
}

int bips_meta_get_bool(const bips_meta_structure *structure, const char *key, int *value) {
  bips_meta_value found;

  if (!value || !bips_meta_get(structure, key, &found) || found.kind != BIPS_META_KIND_BOOL)
    return 0;
  *value = (int)found.as.boolean;
  return 1;
}

int bips_meta_get_int(const bips_meta_structure *structure, const char *key, int64_t *value) {
  bips_meta_value found;

  if (!value || !bips_meta_get(structure, key, &found))
    return 0;
  if (found.kind == BIPS_META_KIND_INT)
    *value = found.as.integer;
  else if (found.kind == BIPS_META_KIND_UINT && found.as.whole <= INT64_MAX)
    *value = (int64_t)found.as.whole;
  else
    return 0;
  return 1;
}

int bips_meta_get_float(const bips_meta_structure *structure, const char *key, double *value) {
  bips_meta_value found;

  if (!value || !bips_meta_get(structure, key, &found))
    return 0;
  switch (found.kind) {
  case BIPS_META_KIND_FLOAT: *value = found.as.real; return 1;
  case BIPS_META_KIND_INT: *value = (double)found.as.integer; return 1;
  case BIPS_META_KIND_UINT: *value = (double)found.as.whole; return 1;
  case BIPS_META_KIND_FRACTION: *value = (double)found.as.fraction.numerator / found.as.fraction.denominator; return 1;
  }
  return 0;
}

int bips_meta_get_text(const bips_meta_structure *structure, const char *key, bips_meta_text *value) {
  bips_meta_value found;

  if (!value || !bips_meta_get(structure, key, &found) || found.kind != BIPS_META_KIND_TEXT)
    return 0;
  *value = found.as.text;
  return 1;
}
