/* Writes JSON: as Go's encoder indents it, so that texts can be compared, or in one line. */
#ifndef BIPS_TESTS_TOLD_H
#define BIPS_TESTS_TOLD_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* struct told is a JSON text that grows; all zero before told_start. told_begin opens an object '{' or a list '[',
 * told_end closes it, told_key names the field of an object that follows. */
struct told {
  char *text; /* ends with a zero byte; freed by told_free */
  size_t length, room;
  int level;                /* of the text; TOLD_IN_ONE_LINE */
  int depth;                /* objects and lists that are open */
  bool first, inline_value; /* the first of its object or list; a key was written */
  char closing[32];
};

enum { TOLD_IN_ONE_LINE = -1 };

/* told_start begins a new text, as a value so many levels deep. */
void told_start(struct told *j, int level);
void told_free(struct told *j);
void told_key(struct told *j, const char *key);
void told_begin(struct told *j, char kind);
void told_end(struct told *j);
void told_raw(struct told *j, const char *format, ...) __attribute__((format(printf, 2, 3)));
void told_uint(struct told *j, uint64_t value);
void told_int(struct told *j, int64_t value);
void told_text(struct told *j, const char *text, size_t length);
void told_hex(struct told *j, const void *bytes, size_t length);

#endif
