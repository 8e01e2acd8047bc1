#include "wire.h"

#include "../utf8.h"

#include <string.h>

/* Characters that are not shown as they are, in order: those of Unicode 15.0 that are Cc, Cf, Co, Zl, Zp or white
 * space, those that are no characters, and the one that stands for broken ones. (Go's Clean also hides characters that
 * its version of Unicode does not know yet; this shows them.) */
static const struct {
  uint32_t first, last;
  char shown;
} wire_hidden[] = {
    {0x0, 0x8, '?'},
    {0x9, 0x9, ' '},
    {0xa, 0x1f, '?'},
    {0x7f, 0x9f, '?'},
    {0xa0, 0xa0, ' '},
    {0xad, 0xad, '?'},
    {0x600, 0x605, '?'},
    {0x61c, 0x61c, '?'},
    {0x6dd, 0x6dd, '?'},
    {0x70f, 0x70f, '?'},
    {0x890, 0x891, '?'},
    {0x8e2, 0x8e2, '?'},
    {0x1680, 0x1680, ' '},
    {0x180e, 0x180e, '?'},
    {0x2000, 0x200a, ' '},
    {0x200b, 0x200f, '?'},
    {0x2028, 0x202e, '?'},
    {0x202f, 0x202f, ' '},
    {0x205f, 0x205f, ' '},
    {0x2060, 0x2064, '?'},
    {0x2066, 0x206f, '?'},
    {0x3000, 0x3000, ' '},
    {0xe000, 0xf8ff, '?'},
    {0xfdd0, 0xfdef, '?'},
    {0xfeff, 0xfeff, '?'},
    {0xfff9, 0xfffb, '?'},
    {0xfffd, 0xffff, '?'},
    {0x110bd, 0x110bd, '?'},
    {0x110cd, 0x110cd, '?'},
    {0x13430, 0x1343f, '?'},
    {0x1bca0, 0x1bca3, '?'},
    {0x1d173, 0x1d17a, '?'},
    {0xe0001, 0xe0001, '?'},
    {0xe0020, 0xe007f, '?'},
    {0xf0000, 0x10ffff, '?'},
};

/* wire_shown is what a character is shown as; 0: as it is. */
static char wire_shown(uint32_t character) {
  if (character == UTF8_WRONG || (character & 0xfffe) == 0xfffe)
    return '?';
  for (size_t i = 0; i < sizeof wire_hidden / sizeof wire_hidden[0]; i++) {
    if (character < wire_hidden[i].first)
      return 0;
    if (character <= wire_hidden[i].last)
      return wire_hidden[i].shown;
  }
  return 0;
}

size_t wire_clean(const char *text, size_t length, char *clean, size_t most) {
  size_t written = 0;

  for (size_t at = 0; at < length;) {
    uint32_t character;
    size_t width = utf8_next(text + at, length - at, &character);
    char shown = wire_shown(character);

    if (written + (shown ? 1 : width) > most)
      break;
    if (shown) {
      clean[written++] = shown;
    } else {
      memmove(clean + written, text + at, width);
      written += width;
    }
    at += width;
  }
  clean[written] = 0;
  return written;
}

void wire_set_program(struct bips_wire_hello *m, const char *name) {
  char clean[BIPS_WIRE_PROGRAM_SIZE + 1];
  size_t length = wire_clean(name, strlen(name), clean, BIPS_WIRE_PROGRAM_SIZE);

  memset(m->program, 0, sizeof m->program);
  memcpy(m->program, clean, length);
}

void wire_program_name(const struct bips_wire_hello *m, char name[static BIPS_WIRE_PROGRAM_SIZE + 1]) {
  const char *program = (const char *)m->program;

  wire_clean(program, strnlen(program, sizeof m->program), name, BIPS_WIRE_PROGRAM_SIZE);
}
