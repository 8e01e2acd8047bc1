#include "records.h"

#include <string.h>

static void number(struct records *r, const char *key, uint64_t value) {
  told_key(&r->told, key);
  told_uint(&r->told, value);
}

static void text(struct records *r, const char *key, const bips_meta_text *value) {
  told_key(&r->told, key);
  told_text(&r->told, value->chars, value->length);
}

static void word(struct records *r, const char *key, const char *value) {
  told_key(&r->told, key);
  told_text(&r->told, value, strlen(value));
}

static void truth(struct records *r, const char *key, bool value) {
  told_key(&r->told, key);
  told_raw(&r->told, "%s", value ? "true" : "false");
}

static void moment(struct records *r, const char *key, uint64_t value) {
  told_key(&r->told, key);
  if (value == BIPS_NO_TIME)
    told_raw(&r->told, "null");
  else
    told_uint(&r->told, value);
}

static void tell_fields(struct records *r, bips_meta_fields fields);

static void tell_structure(struct records *r, const bips_meta_structure *structure) {
  told_begin(&r->told, '{');
  told_key(&r->told, "fields");
  tell_fields(r, structure->fields);
  text(r, "name", &structure->name);
  told_end(&r->told);
}

static void tell_value(struct records *r, const bips_meta_value *v) {
  static const char *const kinds[] = {
      "none", "bool", "int", "unsigned", "float", "text", "bytes", "fraction", "structure", "array", "list", "other"};

  word(r, "kind", kinds[v->kind]);
  number(r, "origin", v->origin);
  told_key(&r->told, "value");
  switch (v->kind) {
  case BIPS_META_KIND_NONE: told_raw(&r->told, "null"); break;
  case BIPS_META_KIND_BOOL: told_raw(&r->told, "%s", v->as.boolean ? "true" : "false"); break;
  case BIPS_META_KIND_INT: told_int(&r->told, v->as.integer); break;
  case BIPS_META_KIND_UINT: told_uint(&r->told, v->as.whole); break;
  case BIPS_META_KIND_FLOAT: told_raw(&r->told, "%.17g", v->as.real); break;
  case BIPS_META_KIND_TEXT: told_text(&r->told, v->as.text.chars, v->as.text.length); break;
  case BIPS_META_KIND_BYTES: told_hex(&r->told, v->as.bytes.data, v->as.bytes.size); break;
  case BIPS_META_KIND_FRACTION:
    told_begin(&r->told, '[');
    told_int(&r->told, v->as.fraction.numerator);
    told_int(&r->told, v->as.fraction.denominator);
    told_end(&r->told);
    break;
  case BIPS_META_KIND_STRUCTURE: tell_structure(r, &v->as.structure); break;
  case BIPS_META_KIND_ARRAY:
  case BIPS_META_KIND_LIST: tell_fields(r, v->as.elements); break;
  case BIPS_META_KIND_OTHER:
    told_begin(&r->told, '{');
    text(r, "text", &v->as.other.text);
    text(r, "type", &v->as.other.type);
    told_end(&r->told);
    break;
  }
}

static void tell_fields(struct records *r, bips_meta_fields fields) {
  bips_meta_value value;

  told_begin(&r->told, '[');
  while (bips_meta_next_value(&fields, &value)) {
    told_begin(&r->told, '{');
    if (value.key.length > 0)
      text(r, "key", &value.key);
    tell_value(r, &value);
    told_end(&r->told);
  }
  told_end(&r->told);
}

static int memories(struct records *r, const bips_meta_record *record) {
  bips_meta_memories m = BIPS_META_MEMORIES_INIT;
  int err = bips_meta_read_memories(record, &m);

  if (err < 0)
    return err;
  told_key(&r->told, "sizes");
  told_begin(&r->told, '[');
  for (uint32_t i = 0; i < m.count; i++)
    told_uint(&r->told, m.sizes[i]);
  told_end(&r->told);
  word(r, "type", "memories");
  return bips_meta_add_memories(&r->again, &m);
}

static int audio_layout(struct records *r, const bips_meta_record *record) {
  bips_meta_audio_layout a = BIPS_META_AUDIO_LAYOUT_INIT;
  int err = bips_meta_read_audio_layout(record, &a);

  if (err < 0)
    return err;
  told_key(&r->told, "offsets");
  told_begin(&r->told, '[');
  for (uint32_t i = 0; i < a.count; i++)
    told_uint(&r->told, a.offsets[i]);
  told_end(&r->told);
  truth(r, "planar", a.planar);
  number(r, "samples", a.samples);
  word(r, "type", "audio layout");
  return bips_meta_add_audio_layout(&r->again, &a);
}

static int crop(struct records *r, const bips_meta_record *record) {
  bips_meta_crop c = BIPS_META_CROP_INIT;
  int err = bips_meta_read_crop(record, &c);

  if (err < 0)
    return err;
  number(r, "height", c.height);
  word(r, "type", "crop");
  number(r, "width", c.width);
  number(r, "x", c.x);
  number(r, "y", c.y);
  return bips_meta_add_crop(&r->again, &c);
}

static int affine(struct records *r, const bips_meta_record *record) {
  bips_meta_affine a = BIPS_META_AFFINE_INIT;
  int err = bips_meta_read_affine(record, &a);

  if (err < 0)
    return err;
  told_key(&r->told, "matrix");
  told_begin(&r->told, '[');
  for (int i = 0; i < 16; i++)
    told_raw(&r->told, "%.9g", (double)a.matrix[i]);
  told_end(&r->told);
  word(r, "type", "affine");
  return bips_meta_add_affine(&r->again, &a);
}

static int time_code(struct records *r, const bips_meta_record *record) {
  bips_meta_time_code t = BIPS_META_TIME_CODE_INIT;
  int err = bips_meta_read_time_code(record, &t);

  if (err < 0)
    return err;
  told_key(&r->told, "daily_jam");
  if (t.daily_jam == BIPS_META_NO_DAILY_JAM)
    told_raw(&r->told, "null");
  else
    told_int(&r->told, t.daily_jam);
  told_key(&r->told, "daily_jam_offset");
  told_int(&r->told, t.daily_jam_offset);
  number(r, "field_count", t.field_count);
  number(r, "flags", t.flags);
  number(r, "fps_d", t.fps_denominator);
  number(r, "fps_n", t.fps_numerator);
  number(r, "frames", t.frames);
  number(r, "hours", t.hours);
  number(r, "minutes", t.minutes);
  number(r, "seconds", t.seconds);
  word(r, "type", "time code");
  return bips_meta_add_time_code(&r->again, &t);
}

static int reference_time(struct records *r, const bips_meta_record *record) {
  bips_meta_reference_time t = BIPS_META_REFERENCE_TIME_INIT;
  int err = bips_meta_read_reference_time(record, &t);

  if (err < 0)
    return err;
  text(r, "clock", &t.clock);
  moment(r, "duration", t.duration);
  moment(r, "timestamp", t.timestamp);
  word(r, "type", "reference time");
  return bips_meta_add_reference_time(&r->again, &t);
}

static int caption(struct records *r, const bips_meta_record *record) {
  bips_meta_caption c = BIPS_META_CAPTION_INIT;
  int err = bips_meta_read_caption(record, &c);

  if (err < 0)
    return err;
  told_key(&r->told, "data");
  told_hex(&r->told, c.data.data, c.data.size);
  number(r, "kind", c.kind);
  word(r, "type", "caption");
  return bips_meta_add_caption(&r->again, &c);
}

static int region(struct records *r, const bips_meta_record *record) {
  bips_meta_region g = BIPS_META_REGION_INIT;
  bips_meta_structure s;
  int err = bips_meta_read_region(record, &g);

  if (err < 0)
    return err;
  bips_meta_begin_region(&r->again, &g);
  truth(r, "analytics", g.analytics);
  number(r, "height", g.height);
  told_key(&r->told, "id");
  told_int(&r->told, g.id);
  text(r, "kind", &g.kind);
  told_key(&r->told, "params");
  told_begin(&r->told, '[');
  for (bips_meta_structures params = g.params; bips_meta_next_structure(&params, &s);) {
    tell_structure(r, &s);
    bips_meta_add_structure(&r->again, &s);
  }
  told_end(&r->told);
  told_key(&r->told, "parent");
  told_int(&r->told, g.parent);
  truth(r, "partial", g.partial);
  word(r, "type", "region");
  number(r, "width", g.width);
  number(r, "x", g.x);
  number(r, "y", g.y);
  return bips_meta_end_record(&r->again);
}

static int custom(struct records *r, const bips_meta_record *record) {
  bips_meta_custom c = BIPS_META_CUSTOM_INIT;
  int err = bips_meta_read_custom(record, &c);

  if (err < 0)
    return err;
  text(r, "name", &c.name);
  truth(r, "partial", c.partial);
  told_key(&r->told, "structure");
  tell_structure(r, &c.structure);
  told_key(&r->told, "tags");
  told_begin(&r->told, '[');
  for (uint32_t i = 0; i < c.tag_count; i++)
    told_text(&r->told, c.tags[i].chars, c.tags[i].length);
  told_end(&r->told);
  word(r, "type", "custom");
  bips_meta_begin_custom(&r->again, &c);
  bips_meta_add_structure(&r->again, &c.structure);
  return bips_meta_end_record(&r->again);
}

static int protection(struct records *r, const bips_meta_record *record) {
  bips_meta_protection p = BIPS_META_PROTECTION_INIT;
  int err = bips_meta_read_protection(record, &p);

  if (err < 0)
    return err;
  truth(r, "partial", p.partial);
  told_key(&r->told, "structure");
  tell_structure(r, &p.structure);
  word(r, "type", "protection");
  bips_meta_begin_protection(&r->again, &p);
  bips_meta_add_structure(&r->again, &p.structure);
  return bips_meta_end_record(&r->again);
}

static int gst(struct records *r, const bips_meta_record *record) {
  bips_meta_gst g = BIPS_META_GST_INIT;
  int err = bips_meta_read_gst(record, &g);

  if (err < 0)
    return err;
  told_key(&r->told, "data");
  told_hex(&r->told, g.data.data, g.data.size);
  text(r, "name", &g.name);
  word(r, "type", "gst");
  number(r, "version", g.version);
  return bips_meta_add_gst(&r->again, &g);
}

static int tags(struct records *r, const bips_meta_record *record) {
  bips_meta_tags t = BIPS_META_TAGS_INIT;
  int err = bips_meta_read_tags(record, &t);

  if (err < 0)
    return err;
  told_key(&r->told, "list");
  tell_structure(r, &t.list);
  truth(r, "partial", t.partial);
  number(r, "scope", t.scope);
  word(r, "type", "tags");
  bips_meta_begin_tags(&r->again, &t);
  bips_meta_add_structure(&r->again, &t.list);
  return bips_meta_end_record(&r->again);
}

static int unknown(struct records *r, const bips_meta_record *record) {
  number(r, "number", record->type);
  told_key(&r->told, "payload");
  told_hex(&r->told, record->payload, record->length);
  word(r, "type", "unknown");
  return bips_meta_add_unknown(&r->again, record);
}

static int tell_record(struct records *r, const bips_meta_record *record) {
  static int (*const tell[])(struct records *, const bips_meta_record *) = {
      unknown, memories, audio_layout, crop, affine, time_code, reference_time, caption, region, custom, protection, gst, tags};

  return tell[record->type <= BIPS_META_TAGS ? record->type : 0](r, record);
}

int records_tell(struct records *r, const void *bytes, size_t size, int level) {
  bips_meta_records all;
  bips_meta_record record;
  int err = bips_meta_begin(bytes, size, &all);

  r->unnamed = 0;
  told_start(&r->told, level);
  bips_meta_writer_begin(&r->again, r->written, sizeof r->written, 0);
  told_begin(&r->told, '[');
  while (err == 0 && bips_meta_next(&all, &record)) {
    told_begin(&r->told, '{');
    int one = tell_record(r, &record);
    if (one < 0) {
      r->unnamed += strstr(bips_error_message(), bips_meta_type_name(record.type)) == NULL;
      word(r, "error", bips_error_name(one));
      word(r, "type", bips_meta_type_name(record.type));
    }
    told_end(&r->told);
  }
  told_end(&r->told);
  return err;
}
