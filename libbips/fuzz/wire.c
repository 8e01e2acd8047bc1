/* Any bytes as each of the messages of a memfd pool. What is accepted makes sense, and is written again as it was, but
 * for what is not read. With libFuzzer, or with main.c: tools/fuzz. */
#include "../src/wire/wire.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size);

static void need(int condition, const char *what) {
  if (!condition) {
    fprintf(stderr, "fuzz: %s\n", what);
    abort();
  }
}

/* same compares a message that was read with the one that was written of it, its minor version, its size and what is not
 * read apart. */
static void same(const uint8_t *read, const uint8_t *written, size_t size, size_t unread, size_t end) {
  for (size_t i = 0; i < size; i++)
    need((i >= 10 && i < 16) || (i >= unread && i < end) || read[i] == written[i], "written otherwise than it was read");
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size) {
  struct bips_wire_hello hello;
  struct bips_wire_refuse refuse;
  struct bips_wire_grant grant;
  struct bips_wire_ready ready;
  struct bips_wire_sits sits;
  struct bips_wire_move move;
  struct bips_wire_knock knock;
  struct wire_why why;
  uint8_t again[BIPS_WIRE_MAX_SIZE];
  char text[BIPS_WIRE_MAX_TEXT + 1], name[BIPS_WIRE_PROGRAM_SIZE + 1];
  int accepted = 0;

  if (wire_parse_hello(bytes, size, &hello, &why) == WIRE_OK) {
    accepted++;
    need(hello.least >= 1 && hello.wanted >= hello.least && hello.wanted <= 63, "HELLO");
    wire_program_name(&hello, name);
    need(wire_append_hello(again, &hello) == 64, "HELLO's size");
    same(bytes, again, 64, 40, 44);
  }
  if (wire_parse_refuse(bytes, size, &refuse, text, &why) == WIRE_OK) {
    accepted++;
    char clean[BIPS_WIRE_MAX_TEXT + 1];
    wire_clean(text, strlen(text), clean, BIPS_WIRE_MAX_TEXT);
    need(strlen(text) <= refuse.text_length && strcmp(text, clean) == 0, "REFUSE's text");
    need(wire_append_refuse(again, &refuse, text) == 32 + strlen(text), "REFUSE's size");
    same(bytes, again, 32, 24, 32);
  }
  if (wire_parse_grant(bytes, size, &grant, &why) == WIRE_OK) {
    accepted++;
    need(grant.seat < 64 && grant.granted >= 1 && grant.granted <= 63 && grant.generation && grant.instance, "GRANT");
    need(wire_append_grant(again, &grant) == 96, "GRANT's size");
    same(bytes, again, 96, 68, 96);
  }
  if (wire_parse_ready(bytes, size, &ready, &why) == WIRE_OK) {
    accepted++;
    same(bytes, again, wire_append_ready(again, &ready), 28, 32);
  }
  if (wire_parse_sits(bytes, size, &sits, &why) == WIRE_OK) {
    accepted++;
    same(bytes, again, wire_append_sits(again, &sits), 28, 32);
  }
  if (wire_parse_move(bytes, size, &move, &why) == WIRE_OK) {
    accepted++;
    need(move.left != 0 && move.pool_size >= 4096 && move.seat_size >= 4096, "MOVE");
    same(bytes, again, wire_append_move(again, &move), 80, 96);
  }
  if (wire_parse_knock(bytes, size, &knock, &why) == WIRE_OK) {
    accepted++;
    same(bytes, again, wire_append_knock(again), 16, 16);
  }
  need(accepted <= 1, "several messages in one");
  return 0;
}
