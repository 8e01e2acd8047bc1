/*
 * Reads the golden files of tests/golden/segments that are lists of JSON objects, as Go writes them (an object begins
 * with "  {" and ends with "  }", its fields are indented by four spaces). told.h writes JSON in the same way, so that
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

#endif
