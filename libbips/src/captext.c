#include "captext.h"

#include <stdlib.h>
#include <string.h>

#include "atomics.h"
#include "utf8.h"

/* make_valid copies a text. A run of bytes that are none becomes one '?'. It returns the length. */
static size_t make_valid(char *to, const char *text, size_t length) {
  size_t used = 0;
  bool bad = false;

  while (length > 0) {
    uint32_t character;
    size_t n = utf8_next(text, length, &character);
    if (character != UTF8_WRONG && character != 0) {
      memcpy(to + used, text, n);
      used += n;
      bad = false;
    } else if (!bad) {
      to[used++] = '?';
      bad = true;
    }
    text += n;
    length -= n;
  }
  to[used] = 0;
  return used;
}

struct caps_text *caps_text_of(const uint8_t *text, size_t length, const uint8_t *tags, size_t tags_size) {
  /* One copy first: the bytes lie in shared memory and may change, so that what was looked at is what is used. */
  struct caps_text *c = malloc(sizeof *c + length + 1 + tags_size + length);
  char *copy;

  if (c == NULL)
    return NULL;
  copy = c->text + length + 1 + tags_size;
  memcpy(copy, text, length);
  c->references = 1;
  c->length = make_valid(c->text, copy, length);
  c->tags_size = tags_size;
  c->tags = tags_size == 0 ? NULL : (uint8_t *)c->text + length + 1;
  if (tags_size > 0)
    memcpy(c->tags, tags, tags_size);
  return c;
}

struct caps_text *caps_text_ref(struct caps_text *c) {
  add32(&c->references, 1);
  return c;
}

void caps_text_unref(struct caps_text *c) {
  if (c != NULL && add32(&c->references, (uint32_t)-1) == 0)
    free(c);
}
