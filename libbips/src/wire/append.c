#include "wire.h"

#include <string.h>

/* wire_head fills in what each message begins with. */
static void wire_head(struct bips_wire_head *head, uint64_t magic, size_t size) {
  head->magic = magic;
  head->version_major = BIPS_WIRE_VERSION_MAJOR;
  head->version_minor = BIPS_WIRE_VERSION_MINOR;
  head->size = (uint32_t)size;
}

size_t wire_append_hello(uint8_t dst[static BIPS_WIRE_MAX_SIZE], const struct bips_wire_hello *m) {
  struct bips_wire_hello out = *m;

  wire_head(&out.head, BIPS_WIRE_HELLO_MAGIC, sizeof out);
  out.reserved0 = 0;
  memcpy(dst, &out, sizeof out);
  return sizeof out;
}

size_t wire_append_refuse(uint8_t dst[static BIPS_WIRE_MAX_SIZE], const struct bips_wire_refuse *m, const char *text) {
  struct bips_wire_refuse out = *m;
  char clean[BIPS_WIRE_MAX_TEXT + 1];
  size_t length = text ? wire_clean(text, strlen(text), clean, BIPS_WIRE_MAX_TEXT) : 0;

  wire_head(&out.head, BIPS_WIRE_REFUSE_MAGIC, sizeof out + length);
  out.text_length = (uint32_t)length;
  out.reserved0 = 0;
  memcpy(dst, &out, sizeof out);
  memcpy(dst + sizeof out, clean, length);
  return sizeof out + length;
}

size_t wire_append_grant(uint8_t dst[static BIPS_WIRE_MAX_SIZE], const struct bips_wire_grant *m) {
  struct bips_wire_grant out = *m;

  wire_head(&out.head, BIPS_WIRE_GRANT_MAGIC, sizeof out);
  out.descriptors = BIPS_WIRE_DESCRIPTORS;
  memset(out.reserved0, 0, sizeof out.reserved0);
  memcpy(dst, &out, sizeof out);
  return sizeof out;
}

size_t wire_append_ready(uint8_t dst[static BIPS_WIRE_MAX_SIZE], const struct bips_wire_ready *m) {
  struct bips_wire_ready out = *m;

  wire_head(&out.head, BIPS_WIRE_READY_MAGIC, sizeof out);
  out.reserved0 = 0;
  memcpy(dst, &out, sizeof out);
  return sizeof out;
}

size_t wire_append_sits(uint8_t dst[static BIPS_WIRE_MAX_SIZE], const struct bips_wire_sits *m) {
  struct bips_wire_sits out = *m;

  wire_head(&out.head, BIPS_WIRE_SITS_MAGIC, sizeof out);
  out.reserved0 = 0;
  memcpy(dst, &out, sizeof out);
  return sizeof out;
}

size_t wire_append_move(uint8_t dst[static BIPS_WIRE_MAX_SIZE], const struct bips_wire_move *m) {
  struct bips_wire_move out = *m;

  wire_head(&out.head, BIPS_WIRE_MOVE_MAGIC, sizeof out);
  out.descriptors = BIPS_WIRE_DESCRIPTORS;
  memset(out.reserved0, 0, sizeof out.reserved0);
  memcpy(dst, &out, sizeof out);
  return sizeof out;
}

size_t wire_append_knock(uint8_t dst[static BIPS_WIRE_MAX_SIZE]) {
  struct bips_wire_knock out;

  wire_head(&out.head, BIPS_WIRE_KNOCK_MAGIC, sizeof out);
  memcpy(dst, &out, sizeof out);
  return sizeof out;
}
