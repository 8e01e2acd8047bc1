/*
 * Reads the golden files of tests/golden/segments that are lists of JSON objects, as Go writes them (an object begins
 * with "  {" and ends with "  }", its fields are indented by four spaces), and writes JSON in the same way, so that
 * both can be compared as texts. No JSON is parsed beyond that.
 */
#ifndef BIPS_TESTS_GOLDEN_H
#define BIPS_TESTS_GOLDEN_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* golden_load reads a file, ended by a zero byte; free() it. It ends the program if it cannot. */
char *golden_load(const char *path);

/* struct golden is an object: a part of what golden_load read. */
struct golden {
  const char *begin, *end;
};

/* golden_next finds the object at *at or behind, and passes over it. */
bool golden_next(const char **at, struct golden *object);

/* golden_text copies a text that has no escapes; "" if there is no such field. */
void golden_text(const struct golden *object, const char *key, char *text, size_t room);

/* golden_bytes decodes a text of hex digits, and returns how many bytes it is. They are free()d by the caller, and are as
 * many as were asked for: a sanitizer sees who reads behind them. */
size_t golden_bytes(const struct golden *object, const char *key, uint8_t **bytes);

/* golden_value finds the JSON of a field, up to the comma or the end of the line behind it; NULL: there is none. */
const char *golden_value(const struct golden *object, const char *key, size_t *length);

/* struct json is a JSON text that grows. json_begin opens an object '{' or a list '[', json_end closes it, json_key
 * names the field of an object that follows; elements of lists have no key (NULL). */
struct json {
  char text[1 << 16];
  size_t length;
  int level;
  bool first, inline_value; /* the first of its object or list; a key was written */
  char closing[16];
};

void json_start(struct json *j, int level);
void json_key(struct json *j, const char *key);
void json_begin(struct json *j, char kind);
void json_end(struct json *j);
void json_raw(struct json *j, const char *format, ...) __attribute__((format(printf, 2, 3)));
void json_uint(struct json *j, uint64_t value);
void json_int(struct json *j, int64_t value);
void json_text(struct json *j, const char *text, size_t length);
void json_hex(struct json *j, const void *bytes, size_t length);

#endif
