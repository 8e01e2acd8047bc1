/* Any bytes as metadata records. What is read is written again, and then both say the same. With libFuzzer, or with
 * main.c: tools/fuzz. */
#include <bips/meta.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size);

static void need(int condition, const char *what) {
  if (!condition) {
    fprintf(stderr, "fuzz: %s: %s\n", what, bips_error_message());
    abort();
  }
}

/* read_fields looks at all values, and counts them: there are not more than there are bytes. */
static size_t read_fields(bips_meta_fields fields) {
  bips_meta_value v;
  size_t values = 0;

  while (bips_meta_next_value(&fields, &v)) {
    values++;
    if (v.kind == BIPS_META_KIND_STRUCTURE)
      values += read_fields(v.as.structure.fields);
    if (v.kind == BIPS_META_KIND_ARRAY || v.kind == BIPS_META_KIND_LIST)
      values += read_fields(v.as.elements);
  }
  return values;
}

/* write_again reads a record as what it is, and writes that. 0 or less: it cannot be read. */
static int write_again(const bips_meta_record *record, bips_meta_writer *w, size_t *values) {
  bips_meta_memories memories = BIPS_META_MEMORIES_INIT;
  bips_meta_audio_layout audio = BIPS_META_AUDIO_LAYOUT_INIT;
  bips_meta_crop crop = BIPS_META_CROP_INIT;
  bips_meta_affine affine = BIPS_META_AFFINE_INIT;
  bips_meta_time_code code = BIPS_META_TIME_CODE_INIT;
  bips_meta_reference_time time = BIPS_META_REFERENCE_TIME_INIT;
  bips_meta_caption caption = BIPS_META_CAPTION_INIT;
  bips_meta_region region = BIPS_META_REGION_INIT;
  bips_meta_custom custom = BIPS_META_CUSTOM_INIT;
  bips_meta_protection protection = BIPS_META_PROTECTION_INIT;
  bips_meta_gst gst = BIPS_META_GST_INIT;
  bips_meta_tags tags = BIPS_META_TAGS_INIT;
  bips_meta_structure one;
  int err = 0;

  switch (record->type) {
  case BIPS_META_MEMORIES: return (err = bips_meta_read_memories(record, &memories)) < 0 ? err : bips_meta_add_memories(w, &memories);
  case BIPS_META_AUDIO_LAYOUT: return (err = bips_meta_read_audio_layout(record, &audio)) < 0 ? err : bips_meta_add_audio_layout(w, &audio);
  case BIPS_META_CROP: return (err = bips_meta_read_crop(record, &crop)) < 0 ? err : bips_meta_add_crop(w, &crop);
  case BIPS_META_AFFINE: return (err = bips_meta_read_affine(record, &affine)) < 0 ? err : bips_meta_add_affine(w, &affine);
  case BIPS_META_TIME_CODE: return (err = bips_meta_read_time_code(record, &code)) < 0 ? err : bips_meta_add_time_code(w, &code);
  case BIPS_META_REFERENCE_TIME: return (err = bips_meta_read_reference_time(record, &time)) < 0 ? err : bips_meta_add_reference_time(w, &time);
  case BIPS_META_CAPTION: return (err = bips_meta_read_caption(record, &caption)) < 0 ? err : bips_meta_add_caption(w, &caption);
  case BIPS_META_GST: return (err = bips_meta_read_gst(record, &gst)) < 0 ? err : bips_meta_add_gst(w, &gst);
  case BIPS_META_REGION:
    if ((err = bips_meta_read_region(record, &region)) < 0)
      return err;
    bips_meta_begin_region(w, &region);
    while (bips_meta_next_structure(&region.params, &one)) {
      *values += 1 + read_fields(one.fields);
      bips_meta_add_structure(w, &one);
    }
    return bips_meta_end_record(w);
  case BIPS_META_CUSTOM:
    if ((err = bips_meta_read_custom(record, &custom)) < 0)
      return err;
    bips_meta_begin_custom(w, &custom);
    one = custom.structure;
    break;
  case BIPS_META_PROTECTION:
    if ((err = bips_meta_read_protection(record, &protection)) < 0)
      return err;
    bips_meta_begin_protection(w, &protection);
    one = protection.structure;
    break;
  case BIPS_META_TAGS:
    if ((err = bips_meta_read_tags(record, &tags)) < 0)
      return err;
    bips_meta_begin_tags(w, &tags);
    one = tags.list;
    break;
  default: return bips_meta_add_unknown(w, record);
  }
  *values += read_fields(one.fields);
  bips_meta_add_structure(w, &one);
  return bips_meta_end_record(w);
}

/* pass reads an area, and writes what can be read of it. */
static size_t pass(const uint8_t *bytes, size_t size, uint8_t *to, int all_right) {
  bips_meta_records records;
  bips_meta_record record;
  bips_meta_writer w;
  size_t values = 0;
  int err = bips_meta_begin(bytes, size, &records);

  need(bips_meta_writer_begin(&w, to, BIPS_MAX_META_SIZE, 0) == 0, "a writer");
  need(err == 0 || (!all_right && (err == -BIPS_DAMAGED || err == -BIPS_OTHER_VERSION)), "the whole");
  while (err == 0 && bips_meta_next(&records, &record)) {
    int one = write_again(&record, &w, &values);
    need(one == 0 || one == -BIPS_TOO_LARGE || (!all_right && one == -BIPS_DAMAGED), "a record");
  }
  need(values <= size, "more values than bytes");
  return w.size;
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size) {
  static uint8_t once[BIPS_MAX_META_SIZE], twice[BIPS_MAX_META_SIZE];
  size_t first = pass(bytes, size, once, 0);
  size_t second = pass(once, first, twice, 1);

  /* Padding that was missing at a record's end may make it too large; the second time there is nothing to leave out. */
  need(first == second && memcmp(once, twice, first) == 0, "what was written is read as something else");
  return 0;
}
