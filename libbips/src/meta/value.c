#include "meta.h"

uint8_t meta_origin(uint32_t kind, uint32_t origin) {
  switch (kind) {
  case BIPS_META_KIND_INT:
  case BIPS_META_KIND_UINT:
    return origin == BIPS_META_ORIGIN_8 || origin == BIPS_META_ORIGIN_32 || origin == BIPS_META_ORIGIN_LONG ? (uint8_t)origin
                                                                                                           : BIPS_META_ORIGIN_64;
  case BIPS_META_KIND_FLOAT: return origin == BIPS_META_ORIGIN_32 ? BIPS_META_ORIGIN_32 : BIPS_META_ORIGIN_64;
  case BIPS_META_KIND_BYTES: return origin == BIPS_META_ORIGIN_BYTES ? BIPS_META_ORIGIN_BYTES : BIPS_META_ORIGIN_BUFFER;
  }
  return 0;
}

bool meta_admits(uint8_t *kind, uint8_t *origin, uint32_t next_kind, uint32_t next_origin) {
  if (next_kind == BIPS_META_KIND_NONE)
    return true;
  if (*kind == BIPS_META_KIND_NONE) {
    *kind = (uint8_t)next_kind;
    *origin = (uint8_t)next_origin;
    return true;
  }
  return *kind == next_kind && *origin == next_origin;
}

/* meta_in_elements reads what is in an array or a list of a level. */
static void meta_in_elements(struct meta_in *in, unsigned depth, bips_meta_fields *elements) {
  /* The u32 behind the number is no element's, but counts among the bytes that it is compared with. */
  uint32_t n = meta_in_count(in, BIPS_LAYOUT_META_HEAD_SIZE, META_MOST_FIELDS, "elements");
  uint8_t kind = BIPS_META_KIND_NONE, origin = 0;

  meta_in_u32(in);
  *elements = (bips_meta_fields){
      .record = in->record, .at = in->at, .end = in->end, .left = n, .depth = (uint8_t)depth, .elements = 1};
  for (uint32_t i = 0; i < n && !in->wrong->is; i++) {
    bips_meta_value value;

    if (!meta_in_field(in, depth, &value) || !meta_admits(&kind, &origin, value.kind, value.origin))
      in->left = true;
  }
}

bool meta_in_value(struct meta_in *in, uint8_t kind, uint8_t origin, unsigned depth, bips_meta_value *value) {
  value->kind = kind;
  value->origin = meta_origin(kind, origin);
  switch (kind) {
  case BIPS_META_KIND_NONE: return true;
  case BIPS_META_KIND_BOOL: value->as.boolean = meta_in_u8(in) != 0; return true;
  case BIPS_META_KIND_INT: value->as.integer = (int64_t)meta_in_u64(in); return true;
  case BIPS_META_KIND_UINT: value->as.whole = meta_in_u64(in); return true;
  case BIPS_META_KIND_FLOAT: value->as.real = meta_in_f64(in); return true;
  case BIPS_META_KIND_TEXT: meta_in_chars(in, in->end - in->at, &value->as.text); return true;
  case BIPS_META_KIND_BYTES: meta_in_rest(in, &value->as.bytes); return true;
  case BIPS_META_KIND_FRACTION: {
    int32_t numerator = (int32_t)meta_in_u32(in), denominator = (int32_t)meta_in_u32(in);

    value->as.fraction = (bips_meta_fraction){numerator, denominator};
    return denominator > 0;
  }
  case BIPS_META_KIND_STRUCTURE:
    if (depth >= BIPS_LAYOUT_META_MAX_DEPTH)
      return false;
    meta_in_structure(in, depth + 1, &value->as.structure);
    return true;
  case BIPS_META_KIND_ARRAY:
  case BIPS_META_KIND_LIST:
    if (depth >= BIPS_LAYOUT_META_MAX_DEPTH)
      return false;
    meta_in_elements(in, depth + 1, &value->as.elements);
    return true;
  case BIPS_META_KIND_OTHER:
    meta_in_text(in, &value->as.other.type);
    meta_in_chars(in, in->end - in->at, &value->as.other.text);
    return true;
  }
  return false;
}
