#include "told.h"

#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

static void room_for(struct told *j, size_t size) {
  if (j->room - j->length > size)
    return;
  j->room = 2 * (j->length + size + 1);
  j->text = realloc(j->text, j->room);
  if (!j->text)
    abort();
}

void told_start(struct told *j, int level) {
  j->length = 0;
  j->level = level;
  j->depth = 0;
  j->first = true;
  j->inline_value = true;
  room_for(j, 0);
  j->text[0] = 0;
}

void told_free(struct told *j) {
  free(j->text);
  *j = (struct told){0};
}

static void add(struct told *j, const char *format, ...) __attribute__((format(printf, 2, 3)));
static void add(struct told *j, const char *format, ...) {
  va_list arguments;

  va_start(arguments, format);
  int n = vsnprintf(NULL, 0, format, arguments);
  va_end(arguments);
  if (n < 0)
    abort();
  room_for(j, (size_t)n);
  va_start(arguments, format);
  vsnprintf(j->text + j->length, (size_t)n + 1, format, arguments);
  va_end(arguments);
  j->length += (size_t)n;
}

/* line goes to the next line. */
static void line(struct told *j) {
  if (j->level >= 0)
    add(j, "\n%*s", 2 * (j->level + j->depth), "");
}

/* place goes to where the next value stands. */
static void place(struct told *j) {
  if (j->inline_value) {
    j->inline_value = false;
    return;
  }
  if (!j->first)
    add(j, ",");
  line(j);
  j->first = false;
}

void told_key(struct told *j, const char *key) {
  place(j);
  add(j, j->level >= 0 ? "\"%s\": " : "\"%s\":", key);
  j->inline_value = true;
}

void told_begin(struct told *j, char kind) {
  place(j);
  add(j, "%c", kind);
  j->closing[j->depth++] = kind == '{' ? '}' : ']';
  j->first = true;
}

void told_end(struct told *j) {
  j->depth--;
  if (!j->first)
    line(j);
  add(j, "%c", j->closing[j->depth]);
  j->first = false;
}

void told_raw(struct told *j, const char *format, ...) {
  char text[64];
  va_list arguments;

  va_start(arguments, format);
  vsnprintf(text, sizeof text, format, arguments);
  va_end(arguments);
  place(j);
  add(j, "%s", text);
}

void told_uint(struct told *j, uint64_t value) { told_raw(j, "%" PRIu64, value); }
void told_int(struct told *j, int64_t value) { told_raw(j, "%" PRId64, value); }

void told_text(struct told *j, const char *text, size_t length) {
  place(j);
  add(j, "\"");
  for (size_t i = 0; i < length; i++) {
    unsigned char c = (unsigned char)text[i];
    if (c < 0x20)
      add(j, "\\u%04x", (unsigned)c);
    else
      add(j, c == '"' || c == '\\' ? "\\%c" : "%c", c);
  }
  add(j, "\"");
}

void told_hex(struct told *j, const void *bytes, size_t length) {
  place(j);
  add(j, "\"");
  for (size_t i = 0; i < length; i++)
    add(j, "%02x", ((const unsigned char *)bytes)[i]);
  add(j, "\"");
}
