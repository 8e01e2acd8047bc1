/*
 * Prints what libbips shows each character as: a line of its code and the bytes in hex. golden_test.go
 * compares that with what Go shows.
 */
#include "../../../libbips/src/wire/wire.h"

#include <stdio.h>

static size_t encode(unsigned c, char *text) {
  if (c < 0x80)
    return text[0] = (char)c, 1;
  if (c < 0x800)
    return text[0] = (char)(0xc0 | c >> 6), text[1] = (char)(0x80 | (c & 63)), 2;
  if (c < 0x10000)
    return text[0] = (char)(0xe0 | c >> 12), text[1] = (char)(0x80 | (c >> 6 & 63)), text[2] = (char)(0x80 | (c & 63)), 3;
  text[0] = (char)(0xf0 | c >> 18), text[1] = (char)(0x80 | (c >> 12 & 63));
  return text[2] = (char)(0x80 | (c >> 6 & 63)), text[3] = (char)(0x80 | (c & 63)), 4;
}

int main(void) {
  for (unsigned c = 0; c <= 0x10ffff; c++) {
    char text[8], clean[8];
    size_t length = wire_clean(text, encode(c, text), clean, sizeof clean - 1);

    printf("%x ", c);
    for (size_t i = 0; i < length; i++)
      printf("%02x", (unsigned char)clean[i]);
    printf("\n");
  }
  return 0;
}
