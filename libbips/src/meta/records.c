#include "meta.h"

#include "../errors.h"

#include <string.h>

size_t meta_aligned(size_t n) { return (n + BIPS_LAYOUT_META_ALIGNMENT - 1) & ~(size_t)(BIPS_LAYOUT_META_ALIGNMENT - 1); }

void bips_meta_set_text(bips_meta_text *view, const char *text) {
  if (view)
    *view = text ? (bips_meta_text){text, strlen(text)} : (bips_meta_text){"", 0};
}

int bips_meta_text_is(const bips_meta_text *view, const char *text) {
  return view && text && strlen(text) == view->length && memcmp(view->chars, text, view->length) == 0;
}

int bips_meta_copy(const void *bytes, size_t size, void *area, size_t room) {
  if (size > BIPS_MAX_META_SIZE)
    return fail_plain(BIPS_DAMAGED, "metadata damaged: %zu bytes, at most %d", size, BIPS_MAX_META_SIZE);
  if (size > room)
    return fail_plain(BIPS_NO_SPACE, "copy metadata: they have %zu bytes, there is room for %zu: make the area larger", size, room);
  if (size > 0) {
    if (!bytes || !area)
      return fail_plain(BIPS_BAD_OPTION, "copy metadata: an address is NULL");
    memcpy(area, bytes, size);
  }
  return 0;
}

/* meta_head reads the head of the record at an offset, which must have one there. */
static void meta_head(const bips_meta_records *records, size_t at, bips_meta_record *record) {
  const uint8_t *head = (const uint8_t *)records->bytes + at;
  uint16_t type, flags;
  uint32_t length;

  memcpy(&type, head, sizeof type);
  memcpy(&flags, head + 2, sizeof flags);
  memcpy(&length, head + 4, sizeof length);
  *record = (bips_meta_record){type, flags, at, head + BIPS_LAYOUT_META_HEAD_SIZE, length};
}

/* meta_next_head reads the head at the records' place. It reports false if there is none, or none that fits. */
static bool meta_next_head(const bips_meta_records *records, bips_meta_record *record) {
  if (records->size < BIPS_LAYOUT_META_HEAD_SIZE || records->at > records->size - BIPS_LAYOUT_META_HEAD_SIZE)
    return false;
  meta_head(records, records->at, record);
  return record->length <= records->size - records->at - BIPS_LAYOUT_META_HEAD_SIZE;
}

/* meta_check_heads finds out whether each record ends where the next one begins, the last one at the end, and,
 * if known_only, whether those are known that are needed to read the frame. */
static int meta_check_heads(const void *bytes, size_t size, bool known_only) {
  bips_meta_records all = {bytes, size, 0};
  bips_meta_record record;

  if (size > BIPS_MAX_META_SIZE)
    return fail_plain(BIPS_DAMAGED, "metadata damaged: %zu bytes, at most %d", size, BIPS_MAX_META_SIZE);
  if (size % BIPS_LAYOUT_META_ALIGNMENT != 0)
    return fail_plain(BIPS_DAMAGED, "metadata damaged: %zu bytes are no multiple of %d", size, BIPS_LAYOUT_META_ALIGNMENT);
  while (all.at < size) { /* there are 8 bytes for each head at least */
    meta_head(&all, all.at, &record);
    size_t left = size - all.at - BIPS_LAYOUT_META_HEAD_SIZE;
    if (record.length > left)
      return fail_plain(BIPS_DAMAGED, "record at %zu, %s: metadata damaged: it has %zu bytes, of %zu that are left", all.at,
          bips_meta_type_name(record.type), record.length, left);
    if (known_only && record.flags & BIPS_META_NEEDED && !meta_is_known(record.type))
      return fail_plain(BIPS_OTHER_VERSION,
          "record at %zu, type %u: metadata that is needed to read the frame is of an unknown type: use a later version of this library",
          all.at, (unsigned)record.type);
    all.at += BIPS_LAYOUT_META_HEAD_SIZE + meta_aligned(record.length);
  }
  return 0;
}

int meta_check(const void *bytes, size_t size) { return meta_check_heads(bytes, size, false); }

int bips_meta_begin(const void *bytes, size_t size, bips_meta_records *records) {
  int err;

  if (!records || (!bytes && size > 0))
    return fail_plain(BIPS_BAD_OPTION, "read metadata: an address is NULL");
  *records = (bips_meta_records){0};
  if ((err = meta_check_heads(bytes, size, true)) < 0)
    return err;
  *records = (bips_meta_records){bytes, size, 0};
  return 0;
}

int bips_meta_next(bips_meta_records *records, bips_meta_record *record) {
  if (!records || !record || !meta_next_head(records, record)) {
    if (record)
      *record = (bips_meta_record){0};
    return 0;
  }
  records->at += BIPS_LAYOUT_META_HEAD_SIZE + meta_aligned(record->length);
  return 1;
}

/* What a struct's size may be: less is none of this library's, more is no struct. */
enum { META_LEAST_STRUCT = 2 * sizeof(size_t), META_MOST_STRUCT = 1 << 20 };

/* meta_struct_size returns the size that a struct of the caller's says it has; 0: it cannot be. */
static size_t meta_struct_size(const void *of) {
  size_t size = 0;

  if (of)
    memcpy(&size, of, sizeof size);
  return size >= META_LEAST_STRUCT && size <= META_MOST_STRUCT ? size : 0;
}

int meta_read_begin(const bips_meta_record *record, uint32_t type, const void *into, struct meta_in *in, struct meta_wrong *wrong) {
  if (!record || !record->payload || record->type != type)
    return fail_plain(BIPS_BAD_OPTION, "read a record as %s: it is %s", bips_meta_type_name(type),
        record && record->payload ? bips_meta_type_name(record->type) : "none");
  if (meta_struct_size(into) == 0)
    return fail_plain(BIPS_BAD_OPTION, "read a record as %s: the struct's size is not set: use the macro of its name with _INIT",
        bips_meta_type_name(type));
  meta_in_of(in, record, wrong);
  return 0;
}

int meta_read_end(const bips_meta_record *record, const struct meta_in *in, void *into, const void *from, size_t size) {
  size_t given = meta_struct_size(into);

  if (in->wrong->is)
    return fail_plain(BIPS_DAMAGED, "record at %zu, %s: metadata damaged: %s", record->offset, bips_meta_type_name(record->type),
        in->wrong->why);
  memset((uint8_t *)into + sizeof given, 0, given - sizeof given);
  size_t known = size < given ? size : given;
  memcpy((uint8_t *)into + sizeof given, (const uint8_t *)from + sizeof given, known - sizeof given);
  return 0;
}

uint32_t meta_is_partial(const bips_meta_record *record, const struct meta_in *in) {
  return record->flags & BIPS_META_PARTIAL || in->left;
}

int meta_take_struct(const bips_meta_writer *w, const void *given, void *known, size_t size) {
  size_t has = meta_struct_size(given);

  if (!w)
    return fail_plain(BIPS_BAD_OPTION, "write metadata: the writer is NULL");
  if (has == 0)
    return fail_plain(BIPS_BAD_OPTION, "write metadata: %s",
        given ? "the struct's size is not set: use the macro of its name with _INIT" : "the struct is NULL");
  for (size_t at = size; at < has; at++)
    if (((const uint8_t *)given)[at] != 0)
      return fail_plain(BIPS_BAD_OPTION, "write metadata: the struct has fields that this library does not know: use a later version of it");
  memcpy((uint8_t *)known + sizeof has, (const uint8_t *)given + sizeof has, (has < size ? has : size) - sizeof has);
  return 0;
}
