#ifndef BIPS_CAPTEXT_H
#define BIPS_CAPTEXT_H

#include <stddef.h>
#include <stdint.h>

/* struct caps_text is a caps record as it was read: private memory, which frames share. */
struct caps_text {
  uint32_t references; /* atomic */
  size_t length, tags_size;
  uint8_t *tags; /* NULL: none */
  char text[];   /* UTF-8, with a zero byte at its end */
};

/* caps_text_of copies caps and tags; NULL: no memory. Bytes that are no UTF-8, and zero bytes, become '?'. */
struct caps_text *caps_text_of(const uint8_t *text, size_t length, const uint8_t *tags, size_t tags_size);
struct caps_text *caps_text_ref(struct caps_text *c);
void caps_text_unref(struct caps_text *c); /* NULL: nothing */

#endif
