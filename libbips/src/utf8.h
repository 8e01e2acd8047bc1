/*
 * UTF-8 as it was meant: no overlong forms, no surrogates, nothing beyond U+10FFFF.
 */
#ifndef BIPS_UTF8_H
#define BIPS_UTF8_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define UTF8_WRONG UINT32_MAX /* bytes that are no character */

/* utf8_next reads the character that a text begins with, and returns how many bytes it has: 0 at the end. Of bytes
 * that are no character it takes one, as UTF8_WRONG. */
size_t utf8_next(const char *text, size_t length, uint32_t *character);

/* utf8_is_text reports whether all of the bytes are UTF-8, and none is zero. */
bool utf8_is_text(const char *text, size_t length);

#endif
