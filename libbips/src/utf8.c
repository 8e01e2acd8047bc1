#include "utf8.h"

size_t utf8_next(const char *text, size_t length, uint32_t *character) {
  if (length == 0) {
    *character = UTF8_WRONG;
    return 0;
  }
  uint32_t first = (unsigned char)text[0], value, least;
  size_t width;

  if (first < 0x80) {
    *character = first;
    return 1;
  }
  if (first >= 0xf0) {
    width = 4, value = first & 0x07, least = 0x10000;
  } else if (first >= 0xe0) {
    width = 3, value = first & 0x0f, least = 0x800;
  } else {
    width = 2, value = first & 0x1f, least = 0x80;
  }
  bool right = first >= 0xc0 && first < 0xf8 && width <= length;
  for (size_t i = 1; right && i < width; i++) {
    uint32_t next = (unsigned char)text[i];

    right = (next & 0xc0) == 0x80;
    value = value << 6 | (next & 0x3f);
  }
  if (!right || value < least || value > 0x10ffff || (value >= 0xd800 && value <= 0xdfff)) {
    *character = UTF8_WRONG;
    return 1;
  }
  *character = value;
  return width;
}

bool utf8_is_text(const char *text, size_t length) {
  uint32_t character;

  for (size_t at = 0; at < length;) {
    at += utf8_next(text + at, length - at, &character);
    if (character == UTF8_WRONG || character == 0)
      return false;
  }
  return true;
}
