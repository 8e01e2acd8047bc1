#include "output.h"

#include <errno.h>
#include <inttypes.h>
#include <pthread.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "../../src/sys/sys.h"

static pthread_mutex_t writing = PTHREAD_MUTEX_INITIALIZER;

static void add(struct line *l, const char *text, size_t size) {
  if (l->length + size + 1 > l->room) {
    l->room = 2 * (l->length + size + 1);
    l->text = realloc(l->text, l->room);
  }
  memcpy(l->text + l->length, text, size);
  l->length += size;
  l->text[l->length] = 0;
}

void line_raw(struct line *l, const char *text) { add(l, text, strlen(text)); }

static void add_quoted(struct line *l, const char *text) {
  char escape[8];

  line_raw(l, "\"");
  for (; *text != 0; text++) {
    if (*text == '"' || *text == '\\') {
      snprintf(escape, sizeof escape, "\\%c", *text);
      line_raw(l, escape);
    } else if ((unsigned char)*text < 0x20) {
      snprintf(escape, sizeof escape, "\\u%04x", (unsigned)*text);
      line_raw(l, escape);
    } else {
      add(l, text, 1);
    }
  }
  line_raw(l, "\"");
}

static void add_name(struct line *l, const char *name) {
  if (l->length > 0 && l->text[l->length - 1] != '{')
    line_raw(l, ",");
  add_quoted(l, name);
  line_raw(l, ":");
}

void line_begin(struct line *l, const char *event) {
  *l = (struct line){NULL, 0, 0};
  line_raw(l, "{");
  line_text(l, "event", event);
}

void line_signed(struct line *l, const char *name, int64_t number) {
  char text[32];

  add_name(l, name);
  snprintf(text, sizeof text, "%" PRId64, number);
  line_raw(l, text);
}

void line_number(struct line *l, const char *name, uint64_t number) {
  if (number != 0)
    line_signed(l, name, (int64_t)number);
}

void line_text(struct line *l, const char *name, const char *text) {
  if (text[0] == 0)
    return;
  add_name(l, name);
  add_quoted(l, text);
}

void line_hex(struct line *l, const char *name, uint64_t number) {
  char text[20];

  snprintf(text, sizeof text, "%016" PRIx64, number);
  line_text(l, name, text);
}

void line_bytes(struct line *l, const char *name, const void *bytes, size_t size) {
  char *digits = malloc(2 * size + 1);

  digits[0] = 0;
  for (size_t i = 0; i < size; i++)
    snprintf(digits + 2 * i, 3, "%02x", ((const uint8_t *)bytes)[i]);
  line_text(l, name, digits);
  free(digits);
}

void line_sum(struct line *l, const char *name, const void *bytes, size_t size) {
  uint8_t hash[32];

  sha256(bytes, size, hash);
  line_bytes(l, name, hash, sizeof hash);
}

void line_flag(struct line *l, const char *name, bool flag) {
  if (!flag)
    return;
  add_name(l, name);
  line_raw(l, "true");
}

const char *peer_error_name(int error) {
  if (error == -BIPS_NAME_TAKEN)
    return "names-deleted";
  return bips_error_name(error);
}

void line_error(struct line *l, int error) {
  if (error >= 0)
    return;
  line_text(l, "error", peer_error_name(error));
  line_text(l, "text", bips_error_message());
}

void line_end(struct line *l) {
  line_raw(l, "}\n");
  pthread_mutex_lock(&writing);
  ssize_t written = write(STDOUT_FILENO, l->text, l->length);
  pthread_mutex_unlock(&writing);
  if (written != (ssize_t)l->length) {
    fprintf(stderr, "peer: nobody reads my lines: %s\n", strerror(errno));
    _exit(1);
  }
  free(l->text);
}

void wrong(const char *what, const char *format, ...) {
  char text[1024];
  va_list arguments;
  struct line l;

  va_start(arguments, format);
  vsnprintf(text, sizeof text, format, arguments);
  va_end(arguments);
  line_begin(&l, "wrong");
  line_text(&l, "what", what);
  line_text(&l, "text", text);
  line_end(&l);
}

void wrong_call(const char *call, int error) {
  char text[2100];
  struct line l;

  snprintf(text, sizeof text, "%s: %s", call, bips_error_message());
  line_begin(&l, "wrong");
  line_text(&l, "what", "call");
  line_text(&l, "error", peer_error_name(error));
  line_text(&l, "text", text);
  line_end(&l);
}

void die(const char *format, ...) {
  va_list arguments;

  va_start(arguments, format);
  fputs("peer: ", stderr);
  vfprintf(stderr, format, arguments);
  fputs("\n", stderr);
  va_end(arguments);
  _exit(1);
}
