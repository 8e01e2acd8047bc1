/* Metadata records, against tests/golden/segments/records.json, which the other clients' tests read too. */
#include <bips/meta.h>

#include "check.h"
#include "golden.h"
#include "records.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static struct records said;
static uint8_t written[BIPS_MAX_META_SIZE];
static bips_meta_writer again;

/* tell_records tells all records of an area, and returns what bips_meta_begin said of the whole. */
static int tell_records(const uint8_t *bytes, size_t size) {
  int err = records_tell(&said, bytes, size, 2);

  CHECK(said.unnamed == 0, "%d errors do not name the type of their record: %s", said.unnamed, said.told.text);
  return err;
}

static bool is_one_of(const char *name, const char *const *names) {
  for (; *names; names++)
    if (strcmp(*names, name) == 0)
      return true;
  return false;
}

static void golden_records(void) {
  /* These have what is not written: values that are passed over, origins of no kind, flags that are ignored. */
  static const char *const not_written[] = {"unknown", "origins", "values passed over", NULL};
  char *file = golden_load(check_argument);
  const char *at = file;
  struct golden area;
  int read = 0, rewritten = 0;

  while (golden_next(&at, &area)) {
    char name[128], error[32];
    const char *result = "";
    uint8_t *bytes;
    size_t size = golden_bytes(&area, "bytes", &bytes), length = 0;

    golden_text(&area, "name", name, sizeof name);
    golden_text(&area, "error", error, sizeof error);
    switch (tell_records(bytes, size)) {
    case 0: break;
    case -BIPS_DAMAGED: result = "damaged"; break;
    case -BIPS_OTHER_VERSION: result = "needed"; break;
    default: result = "?";
    }
    CHECK(strcmp(result, error) == 0, "%s: the whole is \"%s\", not \"%s\": %s", name, result, error, bips_error_message());
    const char *want = golden_value(&area, "records", &length);
    if (!want)
      want = "[]", length = 2;
    CHECK(length == said.told.length && memcmp(want, said.told.text, length) == 0, "%s: read\n%s\nwant\n%.*s", name, said.told.text, (int)length, want);
    read++;
    if (error[0] == 0 && !strstr(said.told.text, "\"damaged\"") && !is_one_of(name, not_written)) {
      CHECK(said.again.size == size && (size == 0 || memcmp(said.written, bytes, size) == 0), "%s: written as %zu bytes otherwise than read: %s",
          name, said.again.size, bips_error_message());
      rewritten++;
    }
    free(bytes);
  }
  free(file);
  CHECK(read > 40 && rewritten > 10, "only %d areas were read, %d written", read, rewritten);
}

/* What a broken producer would write. Sanitizers see what is read outside of the bytes. */
static void damaged_records(void) {
  char *file = golden_load(check_argument);
  const char *at = file;
  struct golden area;

  while (golden_next(&at, &area)) {
    uint8_t *bytes;
    size_t size = golden_bytes(&area, "bytes", &bytes);

    for (size_t cut = 0; cut <= size && size <= 128; cut += 4) {
      uint8_t *part = malloc(cut ? cut : 1);
      NEED(part, "memory");
      memcpy(part, bytes, cut);
      tell_records(part, cut);
      free(part);
    }
    for (size_t bit = 0; bit < 8 * size; bit += size > 128 ? 11 : 1) {
      bytes[bit / 8] ^= (uint8_t)(1 << bit % 8);
      if (tell_records(bytes, size) == 0 && said.again.size > 0) {
        /* What was written of it is read as it is, and written again as it is. */
        size_t first = said.again.size;
        uint8_t *copy = malloc(first);
        NEED(copy, "memory");
        memcpy(copy, said.written, first);
        CHECK(tell_records(copy, first) == 0 && !strstr(said.told.text, "\"damaged\""), "said.written, and then not read: %s", said.told.text);
        CHECK(said.again.size == first && memcmp(copy, said.written, first) == 0, "written as %zu bytes, then as %zu others", first, said.again.size);
        free(copy);
      }
      bytes[bit / 8] ^= (uint8_t)(1 << bit % 8);
    }
    free(bytes);
  }
  free(file);
}

/* passed_over has a value of a kind that the writer does not make, with bytes that are all right for it, in a structure so
 * many levels deep. It must be passed over, the record be partial, and the value behind it be found. */
static void passed_over(unsigned depth, uint8_t kind, const char *key, bool known) {
  static const uint8_t mark[48] = {0xee, 0xee, 0xee, 0xee, 0xee, 0xee, 0xee, 0xee}, structure[] = {0, 0, 0, 0, 1, 0, 0, 0, 'a'};
  bips_meta_protection p = BIPS_META_PROTECTION_INIT;
  bips_meta_records records;
  bips_meta_record record;
  bips_meta_value value = {0};
  int behind = 0;

  bips_meta_writer_begin(&again, written, sizeof written, 0);
  bips_meta_begin_protection(&again, &p);
  bips_meta_begin_structure(&again, "level1");
  for (unsigned level = 2; level <= depth; level++)
    bips_meta_put_structure(&again, "in", "level");
  bips_meta_put_bytes(&again, key, mark, sizeof mark, 0);
  bips_meta_put_bool(&again, "behind", 1);
  for (unsigned level = 1; level <= depth; level++)
    bips_meta_end(&again);
  NEED(bips_meta_end_record(&again) == 0, "%s", bips_error_message());
  uint8_t *at = memmem(written, again.size, mark, sizeof mark);
  NEED(at, "the mark");
  at[-(ptrdiff_t)strlen(key) - 8] = kind;
  memset(at, 0, sizeof mark);
  size_t offset = (size_t)(at - written);
  if (kind == BIPS_META_KIND_STRUCTURE)
    memcpy(written + (offset + 7) / 8 * 8, structure, sizeof structure);

  CHECK(bips_meta_begin(written, again.size, &records) == 0 && bips_meta_next(&records, &record) && bips_meta_read_protection(&record, &p) == 0, "%s",
      bips_error_message());
  CHECK(p.partial == !known, "kind %d at level %u: partial is %u", kind, depth, p.partial);
  bips_meta_structure inner = p.structure;
  for (unsigned level = 2; level <= depth; level++)
    if (CHECK(bips_meta_get(&inner, "in", &value) && value.kind == BIPS_META_KIND_STRUCTURE, "level %u", level))
      inner = value.as.structure;
  CHECK(bips_meta_get_bool(&inner, "behind", &behind) && behind == 1, "the value behind it");
  CHECK(bips_meta_get(&inner, key, &value) == known, "kind %d at level %u", kind, depth);
}

static void too_deep_or_unknown(void) {
  static const uint8_t groups[] = {BIPS_META_KIND_STRUCTURE, BIPS_META_KIND_ARRAY, BIPS_META_KIND_LIST};

  for (size_t i = 0; i < sizeof groups; i++) {
    passed_over(BIPS_META_MAX_DEPTH - 1, groups[i], "value", true);
    passed_over(BIPS_META_MAX_DEPTH, groups[i], "value", false);
  }
  passed_over(1, BIPS_META_KIND_OTHER + 1, "value", false);
  passed_over(1, 255, "value", false);
  passed_over(1, BIPS_META_KIND_FRACTION, "value", false); /* its denominator is 0 */
  passed_over(1, BIPS_META_KIND_UINT, "value", true);
}

static void without_key(void) {
  static uint8_t key[] = {5, 0, 1, 0, 0, 0, 0, 0, 'k', 0, 0, 0, 0, 0, 0, 0}; /* a text of no bytes, and its padding */
  bips_meta_protection p = BIPS_META_PROTECTION_INIT;
  bips_meta_records records;
  bips_meta_record record;
  bips_meta_value value;

  bips_meta_writer_begin(&again, written, sizeof written, 0);
  bips_meta_begin_protection(&again, &p);
  bips_meta_begin_structure(&again, "a");
  bips_meta_put_text(&again, "k", "");
  bips_meta_end(&again);
  NEED(bips_meta_end_record(&again) == 0, "%s", bips_error_message());
  uint8_t *at = memmem(written, again.size, key, sizeof key);
  NEED(at, "the field");
  at[2] = 0, at[4] = 1; /* now "k" is the value */
  CHECK(bips_meta_begin(written, again.size, &records) == 0 && bips_meta_next(&records, &record) && bips_meta_read_protection(&record, &p) == 0, "%s",
      bips_error_message());
  CHECK(p.partial && !bips_meta_next_value(&p.structure.fields, &value), "a field without a key");
}

/* ---- Writing */

static void write_detection(bips_meta_writer *w) {
  bips_meta_region g = BIPS_META_REGION_INIT;

  g.id = 1;
  g.x = 10, g.y = 20, g.width = 30, g.height = 40;
  bips_meta_set_text(&g.kind, "face");
  bips_meta_begin_region(w, &g);
  bips_meta_begin_structure(w, "detection");
  bips_meta_put_float(w, "confidence", 0.875, BIPS_META_ORIGIN_64);
  bips_meta_end(w);
}

static void written_by_hand(void) {
  char *file = golden_load(check_argument);
  const char *at = file;
  struct golden area;
  uint8_t *bytes = NULL;
  size_t size = 0;
  char name[64] = "";
  bips_meta_records records;
  bips_meta_record record;
  bips_meta_region g = BIPS_META_REGION_INIT;
  bips_meta_structure detection;
  double confidence = 0;

  while (strcmp(name, "detection") != 0 && golden_next(&at, &area))
    golden_text(&area, "name", name, sizeof name);
  size = golden_bytes(&area, "bytes", &bytes);
  bips_meta_writer_begin(&again, written, sizeof written, 0);
  write_detection(&again);
  CHECK(bips_meta_end_record(&again) == 0, "%s", bips_error_message());
  CHECK(again.size == size && memcmp(written, bytes, size) == 0, "%zu bytes, otherwise than in the document", again.size);
  CHECK(bips_meta_begin(written, again.size, &records) == 0 && bips_meta_next(&records, &record) == 1, "%s", bips_error_message());
  CHECK(bips_meta_read_region(&record, &g) == 0 && bips_meta_text_is(&g.kind, "face") && g.parent == -1, "%s", bips_error_message());
  CHECK(bips_meta_find(&g.params, "detection", &detection) == 1 && !bips_meta_find(&g.params, "detect", &detection), "found it, or another one");
  CHECK(bips_meta_find(&g.params, "detection", &detection) == 1 && bips_meta_get_float(&detection, "confidence", &confidence) == 1 &&
          confidence == 0.875,
      "the confidence is %g", confidence);
  CHECK(bips_meta_next(&records, &record) == 0, "there is one more");
  free(bytes);
  free(file);
}

static void room(void) {
  uint8_t area[104 + 8];
  bips_meta_crop c = BIPS_META_CROP_INIT;
  bips_meta_writer w;

  for (size_t room = 0; room <= sizeof area; room++) {
    uint8_t *exact = malloc(room ? room : 1); /* of this size: a sanitizer sees who writes beyond */
    NEED(exact, "memory");
    bips_meta_writer_begin(&w, exact, room, 0);
    write_detection(&w);
    int err = bips_meta_end_record(&w);
    CHECK(room < 104 ? err == -BIPS_NO_SPACE && w.size == 0 && strstr(bips_error_message(), "104 bytes") : err == 0 && w.size == 104,
        "room for %zu: %d, %zu bytes: %s", room, err, w.size, bips_error_message());
    err = bips_meta_add_crop(&w, &c); /* a smaller one may still find room */
    CHECK((err == 0) == (room - w.size >= 24 || (err == 0 && w.size == 24)), "a crop in %zu: %d", room, err);
    free(exact);
  }
  /* The largest area, and no more. */
  static uint8_t most[BIPS_MAX_META_SIZE + 64], data[BIPS_MAX_META_SIZE];
  bips_meta_caption caption_of = BIPS_META_CAPTION_INIT;
  bips_meta_writer_begin(&w, most, sizeof most, 0);
  caption_of.data.data = data;
  caption_of.data.size = BIPS_MAX_META_SIZE - 16 + 1;
  CHECK(bips_meta_add_caption(&w, &caption_of) == -BIPS_TOO_LARGE && w.size == 0, "%s", bips_error_message());
  caption_of.data.size--;
  CHECK(bips_meta_add_caption(&w, &caption_of) == 0 && w.size == BIPS_MAX_META_SIZE, "%s", bips_error_message());
  caption_of.data.size = (size_t)-1;
  CHECK(bips_meta_add_caption(&w, &caption_of) == -BIPS_TOO_LARGE, "%s", bips_error_message());
}

/* refused checks that a record was not written, that the message says why, and that the writer goes on. */
static void refused(bips_meta_writer *w, int err, const char *why) {
  size_t before = w->size;
  bips_meta_crop c = BIPS_META_CROP_INIT;

  CHECK(err == -BIPS_BAD_OPTION && strstr(bips_error_message(), why), "%d: \"%s\", want one that says \"%s\"", err, bips_error_message(), why);
  CHECK(bips_meta_add_crop(w, &c) == 0 && w->size == before + 24, "a crop after that: %s", bips_error_message());
}

static void wrong_values(void) {
  static uint8_t area[8192];
  bips_meta_writer writer, *w = &writer;
  bips_meta_memories m = BIPS_META_MEMORIES_INIT;
  bips_meta_audio_layout a = BIPS_META_AUDIO_LAYOUT_INIT;
  bips_meta_reference_time t = BIPS_META_REFERENCE_TIME_INIT;
  bips_meta_custom c = BIPS_META_CUSTOM_INIT;
  bips_meta_gst g = BIPS_META_GST_INIT;
  bips_meta_region r = BIPS_META_REGION_INIT;
  bips_meta_protection p = BIPS_META_PROTECTION_INIT;
  char key[258];

  bips_meta_writer_begin(w, area, sizeof area, 0);
  m.count = 1;
  refused(w, bips_meta_add_memories(w, &m), "1 memories");
  m.count = 17;
  refused(w, bips_meta_add_memories(w, &m), "17 memories");
  a.planar = 1;
  refused(w, bips_meta_add_audio_layout(w, &a), "0 planes");
  a.planar = 0, a.count = 2;
  refused(w, bips_meta_add_audio_layout(w, &a), "2 planes");
  a.planar = 1, a.count = 65;
  refused(w, bips_meta_add_audio_layout(w, &a), "65 planes");
  t.clock = (bips_meta_text)BIPS_META_TEXT("a\0b");
  refused(w, bips_meta_add_reference_time(w, &t), "UTF-8");
  t.clock = (bips_meta_text)BIPS_META_TEXT("\xc0\xaf");
  refused(w, bips_meta_add_reference_time(w, &t), "UTF-8");
  t.clock = (bips_meta_text){NULL, 3};
  refused(w, bips_meta_add_reference_time(w, &t), "UTF-8");
  bips_meta_set_text(&g.name, "no");
  refused(w, bips_meta_add_gst(w, &g), "2 bytes");
  bips_meta_set_text(&g.name, "yes");
  g.version = 256;
  refused(w, bips_meta_add_gst(w, &g), "version 256");
  c.tag_count = 9;
  bips_meta_begin_custom(w, &c);
  refused(w, bips_meta_end_record(w), "9 tags");
  c.tag_count = 0;
  bips_meta_begin_custom(w, &c);
  refused(w, bips_meta_end_record(w), "missing");
  bips_meta_begin_custom(w, &c);
  bips_meta_begin_structure(w, "a");
  refused(w, bips_meta_end_record(w), "not ended");
  bips_meta_begin_custom(w, &c);
  bips_meta_begin_structure(w, "a");
  bips_meta_end(w);
  bips_meta_begin_structure(w, "b");
  bips_meta_end(w);
  refused(w, bips_meta_end_record(w), "2 structures");
  bips_meta_begin_region(w, &r);
  for (int i = 0; i < 65; i++) {
    bips_meta_begin_structure(w, "a");
    bips_meta_end(w);
  }
  refused(w, bips_meta_end_record(w), "65 structures");
  for (const char *const *name = (const char *const[]){"", "1a", "a b", "a\xc3\xa4", NULL}; *name; name++) {
    bips_meta_begin_protection(w, &p);
    bips_meta_begin_structure(w, *name);
    refused(w, bips_meta_end_record(w), "structure's name");
  }
  memset(key, 'k', sizeof key);
  key[257] = 0;
  bips_meta_begin_protection(w, &p);
  bips_meta_begin_structure(w, key);
  refused(w, bips_meta_end_record(w), "structure's name");
  for (size_t length = 0; length <= 256; length += 256) {
    key[length] = 0;
    bips_meta_begin_protection(w, &p);
    bips_meta_begin_structure(w, "a");
    bips_meta_put_bool(w, key, 1);
    refused(w, bips_meta_end_record(w), length == 0 ? "without a key" : "a key of 256 bytes");
    key[length] = 'k';
  }
  bips_meta_begin_protection(w, &p);
  bips_meta_begin_structure(w, "a");
  bips_meta_put_fraction(w, "f", 1, 0);
  refused(w, bips_meta_end_record(w), "denominator of 1/0");
  bips_meta_begin_protection(w, &p);
  bips_meta_begin_structure(w, "a");
  bips_meta_put_array(w, "l");
  bips_meta_put_int(w, NULL, 1, BIPS_META_ORIGIN_32);
  bips_meta_put_none(w, NULL);
  bips_meta_put_int(w, NULL, 1, BIPS_META_ORIGIN_64);
  refused(w, bips_meta_end_record(w), "several kinds");
  bips_meta_begin_protection(w, &p);
  bips_meta_begin_structure(w, "a");
  bips_meta_put_list(w, "l");
  bips_meta_put_text(w, "key", "x");
  refused(w, bips_meta_end_record(w), "with a key");
  bips_meta_begin_protection(w, &p);
  bips_meta_begin_structure(w, "a");
  for (int i = 0; i < 4; i++)
    bips_meta_put_array(w, i == 0 ? "l" : NULL);
  refused(w, bips_meta_end_record(w), "deeper than 4");
  bips_meta_begin_protection(w, &p);
  bips_meta_put_bool(w, "b", 1);
  refused(w, bips_meta_end_record(w), "outside of a structure");
  bips_meta_begin_protection(w, &p);
  bips_meta_end(w);
  refused(w, bips_meta_end_record(w), "not begun");
  bips_meta_begin_protection(w, &p);
  bips_meta_begin_protection(w, &p);
  refused(w, bips_meta_end_record(w), "next record");
  bips_meta_put_bool(w, "b", 1);
  refused(w, bips_meta_end_record(w), "no record");
  bips_meta_begin_protection(w, NULL);
  bips_meta_begin_structure(w, "a");
  refused(w, bips_meta_end_record(w), "NULL");
  bips_meta_begin_protection(w, &p);
  bips_meta_begin_structure(w, "a");
  bips_meta_put_bytes(w, "b", NULL, 1, 0);
  refused(w, bips_meta_end_record(w), "NULL");
  bips_meta_record known = {BIPS_META_CROP, 0, 0, "", 0};
  refused(w, bips_meta_add_unknown(w, &known), "unknown record of type 3");

  size_t before = w->size;
  bips_meta_begin_protection(w, &p);
  bips_meta_cancel_record(w);
  CHECK(w->size == before && bips_meta_end_record(w) == -BIPS_BAD_OPTION, "cancelled, and ended");
  bips_meta_records records;
  CHECK(bips_meta_begin(area, w->size, &records) == 0, "all that was written: %s", bips_error_message());
}

static void null_and_garbage(void) {
  bips_meta_records records;
  bips_meta_record record;
  bips_meta_crop c = {0, 1, 2, 3, 4};
  bips_meta_structure s = {0};
  bips_meta_value value;
  bips_meta_writer w;
  int truth_of = 7;

  CHECK(bips_meta_begin(NULL, 8, &records) == -BIPS_BAD_OPTION && bips_meta_begin("", 0, NULL) == -BIPS_BAD_OPTION, "NULL");
  CHECK(bips_meta_begin(NULL, 0, &records) == 0 && bips_meta_next(&records, &record) == 0, "no metadata");
  CHECK(bips_meta_next(NULL, &record) == 0 && bips_meta_next(&records, NULL) == 0, "NULL");
  CHECK(bips_meta_begin(written, BIPS_MAX_META_SIZE + 8, &records) == -BIPS_DAMAGED, "too many bytes");
  CHECK(bips_meta_copy(written, 8, &value, 7) == -BIPS_NO_SPACE && bips_meta_copy(written, BIPS_MAX_META_SIZE + 1, written, 1 << 20) == -BIPS_DAMAGED,
      "no room");
  CHECK(bips_meta_writer_begin(&w, written, 16, 24) == -BIPS_BAD_OPTION && bips_meta_writer_begin(&w, written, 16, 4) == -BIPS_BAD_OPTION &&
          bips_meta_writer_begin(NULL, written, 16, 0) == -BIPS_BAD_OPTION && bips_meta_writer_begin(&w, NULL, 16, 0) == -BIPS_BAD_OPTION,
      "a writer");
  bips_meta_writer_begin(&w, written, sizeof written, 0);
  CHECK(bips_meta_add_crop(&w, &c) == -BIPS_BAD_OPTION && strstr(bips_error_message(), "_INIT"), "%s", bips_error_message());
  c.size = sizeof c;
  CHECK(bips_meta_add_crop(&w, &c) == 0 && bips_meta_add_crop(NULL, &c) == -BIPS_BAD_OPTION, "%s", bips_error_message());
  CHECK(bips_meta_begin(written, w.size, &records) == 0 && bips_meta_next(&records, &record) == 1, "%s", bips_error_message());
  bips_meta_affine affine_of = BIPS_META_AFFINE_INIT;
  CHECK(bips_meta_read_affine(&record, &affine_of) == -BIPS_BAD_OPTION && strstr(bips_error_message(), "it is crop"), "%s", bips_error_message());
  c.size = 0;
  CHECK(bips_meta_read_crop(&record, &c) == -BIPS_BAD_OPTION && bips_meta_read_crop(NULL, &c) == -BIPS_BAD_OPTION &&
          bips_meta_read_crop(&record, NULL) == -BIPS_BAD_OPTION,
      "%s", bips_error_message());
  CHECK(!bips_meta_get(&s, "key", &value) && !bips_meta_get_bool(NULL, "key", &truth_of) && !bips_meta_get_bool(&s, NULL, &truth_of) && truth_of == 7,
      "a structure without fields");
  CHECK(!bips_meta_next_value(NULL, &value) && !bips_meta_next_structure(NULL, &s), "NULL");
  CHECK(bips_meta_put_bool(NULL, "b", 1) == -BIPS_BAD_OPTION && bips_meta_end(NULL) == -BIPS_BAD_OPTION &&
          bips_meta_end_record(NULL) == -BIPS_BAD_OPTION,
      "no writer");
  bips_meta_cancel_record(NULL);
}

/* A program that was compiled with another version of the header. */
static void older_and_newer_structs(void) {
  struct {
    bips_meta_crop crop;
    uint32_t more[4];
  } newer = {BIPS_META_CROP_INIT, {0}};
  struct {
    size_t size;
    uint32_t x, y;
  } older = {sizeof older, 5, 6};
  bips_meta_crop c = BIPS_META_CROP_INIT;
  bips_meta_records records;
  bips_meta_record record;

  bips_meta_writer_begin(&again, written, sizeof written, 0);
  newer.crop.size = sizeof newer;
  newer.crop.height = 9;
  CHECK(bips_meta_add_crop(&again, &newer.crop) == 0, "%s", bips_error_message());
  newer.more[3] = 1;
  CHECK(bips_meta_add_crop(&again, &newer.crop) == -BIPS_BAD_OPTION && strstr(bips_error_message(), "later version"), "%s", bips_error_message());
  CHECK(bips_meta_add_crop(&again, (const void *)&older) == 0 && again.size == 48, "%s", bips_error_message());
  CHECK(bips_meta_begin(written, again.size, &records) == 0 && bips_meta_next(&records, &record) == 1, "%s", bips_error_message());
  CHECK(bips_meta_read_crop(&record, &newer.crop) == 0 && newer.crop.height == 9 && newer.more[3] == 0 && newer.crop.size == sizeof newer,
      "a newer struct: %s", bips_error_message());
  CHECK(bips_meta_next(&records, &record) == 1 && bips_meta_read_crop(&record, &c) == 0 && c.x == 5 && c.y == 6 && c.width == 0, "an older struct");
  older.x = 0;
  CHECK(bips_meta_read_crop(&record, (void *)&older) == 0 && older.x == 5 && older.size == sizeof older, "an older struct, read");
}

static void lookups(void) {
  bips_meta_protection p = BIPS_META_PROTECTION_INIT;
  bips_meta_records records;
  bips_meta_record record;
  bips_meta_text text_of;
  bips_meta_value value;
  int64_t integer = 0;
  double real = 0;
  int boolean = 0;

  bips_meta_writer_begin(&again, written, sizeof written, 0);
  bips_meta_begin_protection(&again, &p);
  bips_meta_begin_structure(&again, "all");
  bips_meta_put_bool(&again, "bool", 1);
  bips_meta_put_int(&again, "int", -3, BIPS_META_ORIGIN_32);
  bips_meta_put_uint(&again, "uint", 3, BIPS_META_ORIGIN_LONG);
  bips_meta_put_uint(&again, "most", UINT64_MAX, BIPS_META_ORIGIN_64);
  bips_meta_put_text(&again, "text", "t");
  bips_meta_put_text(&again, "none", NULL);
  bips_meta_put_fraction(&again, "half", 1, 2);
  bips_meta_put_int(&again, "int", 4, BIPS_META_ORIGIN_32);
  bips_meta_put_structure(&again, "inside", "two");
  bips_meta_put_bool(&again, "deep", 0);
  bips_meta_end(&again);
  bips_meta_end(&again);
  CHECK(bips_meta_end_record(&again) == 0, "%s", bips_error_message());
  CHECK(bips_meta_begin(written, again.size, &records) == 0 && bips_meta_next(&records, &record) == 1 &&
          bips_meta_read_protection(&record, &p) == 0 && !p.partial,
      "%s", bips_error_message());
  const bips_meta_structure *s = &p.structure;
  CHECK(bips_meta_get_bool(s, "bool", &boolean) && boolean == 1 && !bips_meta_get_bool(s, "int", &boolean), "bool");
  CHECK(bips_meta_get_int(s, "int", &integer) && integer == -3, "the first int: %lld", (long long)integer);
  CHECK(bips_meta_get_int(s, "uint", &integer) && integer == 3 && !bips_meta_get_int(s, "most", &integer) && !bips_meta_get_int(s, "text", &integer), "uint");
  CHECK(bips_meta_get_float(s, "half", &real) && real == 0.5 && bips_meta_get_float(s, "int", &real) && real == -3 &&
          bips_meta_get_float(s, "most", &real) && real > 1e19 && !bips_meta_get_float(s, "bool", &real),
      "float: %g", real);
  CHECK(bips_meta_get_text(s, "text", &text_of) && bips_meta_text_is(&text_of, "t") && !bips_meta_get_text(s, "none", &text_of), "text");
  CHECK(!bips_meta_get(s, "deep", &value) && bips_meta_get(s, "inside", &value) && value.kind == BIPS_META_KIND_STRUCTURE &&
          bips_meta_get_bool(&value.as.structure, "deep", &boolean) && boolean == 0,
      "a structure in a structure");
  CHECK(!bips_meta_get(s, "missing", &value), "a key that is missing");
}

TESTS({"golden records are read and written as their JSON says", golden_records},
    {"damaged records are read within their bounds, and what is left of them is written and read again", damaged_records},
    {"values that are too deep or not known are passed over, and what is around them is used", too_deep_or_unknown},
    {"a field without a key is passed over", without_key},
    {"a record written by hand is the one of the document", written_by_hand},
    {"a record that does not fit leaves those before it as they are", room},
    {"values that the format cannot carry are refused, and the writer goes on", wrong_values},
    {"null and garbage arguments are refused", null_and_garbage},
    {"structs of older and newer versions are taken and filled", older_and_newer_structs},
    {"values are found by their keys", lookups}, )
