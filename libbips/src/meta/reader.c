#include "meta.h"

#include "../utf8.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

void meta_in_of(struct meta_in *in, const bips_meta_record *record, struct meta_wrong *wrong) {
  *wrong = (struct meta_wrong){0};
  *in = (struct meta_in){
      .record = (const uint8_t *)record->payload - BIPS_LAYOUT_META_HEAD_SIZE,
      .at = BIPS_LAYOUT_META_HEAD_SIZE,
      .end = BIPS_LAYOUT_META_HEAD_SIZE + record->length,
      .wrong = wrong,
  };
}

void meta_in_fail(struct meta_in *in, const char *format, ...) {
  va_list arguments;

  if (in->wrong->is)
    return;
  in->wrong->is = true;
  va_start(arguments, format);
  vsnprintf(in->wrong->why, sizeof in->wrong->why, format, arguments);
  va_end(arguments);
}

const uint8_t *meta_in_take(struct meta_in *in, size_t n) {
  if (in->wrong->is)
    return NULL;
  if (n > in->end - in->at) {
    meta_in_fail(in, "it ends before %zu bytes that it should have at %zu", n, in->at);
    return NULL;
  }
  const uint8_t *taken = in->record + in->at;
  in->at += n;
  return taken;
}

/* meta_in_number copies a little-endian number; zeros if it is not there. */
static void meta_in_number(struct meta_in *in, void *number, size_t size) {
  const uint8_t *bytes = meta_in_take(in, size);

  if (bytes)
    memcpy(number, bytes, size);
}

uint8_t meta_in_u8(struct meta_in *in) {
  uint8_t n = 0;
  meta_in_number(in, &n, sizeof n);
  return n;
}

uint16_t meta_in_u16(struct meta_in *in) {
  uint16_t n = 0;
  meta_in_number(in, &n, sizeof n);
  return n;
}

uint32_t meta_in_u32(struct meta_in *in) {
  uint32_t n = 0;
  meta_in_number(in, &n, sizeof n);
  return n;
}

uint64_t meta_in_u64(struct meta_in *in) {
  uint64_t n = 0;
  meta_in_number(in, &n, sizeof n);
  return n;
}

double meta_in_f64(struct meta_in *in) {
  double n = 0;
  meta_in_number(in, &n, sizeof n);
  return n;
}

void meta_in_pad(struct meta_in *in) {
  in->at = meta_aligned(in->at);
  if (in->at > in->end)
    in->at = in->end;
}

void meta_in_chars(struct meta_in *in, size_t n, bips_meta_text *text) {
  size_t from = in->at;
  const char *chars = (const char *)meta_in_take(in, n);

  *text = (bips_meta_text){"", 0};
  if (!chars || n == 0)
    return;
  if (!utf8_is_text(chars, n)) {
    meta_in_fail(in, "a text at %zu is not UTF-8 without zero bytes", from);
    return;
  }
  *text = (bips_meta_text){chars, n};
}

void meta_in_text(struct meta_in *in, bips_meta_text *text) {
  uint32_t length = meta_in_u32(in);

  meta_in_chars(in, length, text);
}

void meta_in_rest(struct meta_in *in, bips_meta_bytes *bytes) {
  size_t size = in->end - in->at;
  const uint8_t *data = meta_in_take(in, size);

  *bytes = (bips_meta_bytes){data, data ? size : 0};
}

uint32_t meta_in_count(struct meta_in *in, size_t least, uint32_t most, const char *what) {
  uint32_t n = meta_in_u32(in);

  if (n > most || (uint64_t)n * least > in->end - in->at) {
    meta_in_fail(in, "%u %s", (unsigned)n, what);
    return 0;
  }
  return n;
}

void meta_in_part(struct meta_in *in, size_t n, struct meta_in *part) {
  size_t from = in->at;

  meta_in_take(in, n);
  *part = (struct meta_in){.record = in->record, .at = from, .end = in->at, .wrong = in->wrong};
}
