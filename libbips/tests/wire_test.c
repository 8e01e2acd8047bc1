/* The messages of a memfd pool, against tests/golden/segments/messages.json, which Go's tests read too. */
#include "../src/wire/wire.h"
#include "check.h"
#include "golden.h"
#include "told.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static struct told told;

static void number(const char *key, uint64_t value) {
  told_key(&told, key);
  told_uint(&told, value);
}

static void text(const char *key, const char *value) {
  told_key(&told, key);
  told_text(&told, value, strlen(value));
}

/* A message is read, told as the golden file tells it, and written again to again. */

static enum wire_result hello(const uint8_t *message, size_t size, struct wire_why *why, uint8_t *again, size_t *written) {
  struct bips_wire_hello m, copy;
  char name[BIPS_WIRE_PROGRAM_SIZE + 1];
  enum wire_result result = wire_parse_hello(message, size, &m, why);

  wire_program_name(&m, name);
  number("known", m.known);
  number("layout_major", m.layout_major);
  number("layout_minor", m.layout_minor);
  number("least", m.least);
  number("mode", m.mode);
  number("pid", m.pid);
  text("program", name);
  number("size", m.head.size);
  number("version_minor", m.head.version_minor);
  number("wanted", m.wanted);
  copy = m;
  memset(&copy.head, 0xff, sizeof copy.head);
  wire_set_program(&copy, name);
  *written = wire_append_hello(again, &copy);
  return result;
}

static enum wire_result refuse(const uint8_t *message, size_t size, struct wire_why *why, uint8_t *again, size_t *written) {
  struct bips_wire_refuse m;
  char shown[BIPS_WIRE_MAX_TEXT + 1];
  enum wire_result result = wire_parse_refuse(message, size, &m, shown, why);

  number("again", m.again);
  number("code", m.code);
  number("size", m.head.size);
  text("text", shown);
  number("version_minor", m.head.version_minor);
  m.text_length = 12345;
  *written = wire_append_refuse(again, &m, shown);
  return result;
}

static void tell_grant(const struct bips_wire_grant *m, bool moved, const struct bips_wire_move *move) {
  number("descriptors", m->descriptors);
  if (moved)
    number("first", move->first);
  number("generation", m->generation);
  number("granted", m->granted);
  number("instance", m->instance);
  if (moved)
    number("left", move->left);
  number("pool_size", m->pool_size);
  number("required", m->required);
  number("seat", m->seat);
  number("seat_size", m->seat_size);
  number("size", m->head.size);
  if (!moved)
    number("slots_for_most", m->slots_for_most);
  number("version_minor", m->head.version_minor);
}

static enum wire_result grant(const uint8_t *message, size_t size, struct wire_why *why, uint8_t *again, size_t *written) {
  struct bips_wire_grant m;
  enum wire_result result = wire_parse_grant(message, size, &m, why);

  tell_grant(&m, false, NULL);
  m.descriptors = 7;
  *written = wire_append_grant(again, &m);
  return result;
}

static enum wire_result move(const uint8_t *message, size_t size, struct wire_why *why, uint8_t *again, size_t *written) {
  struct bips_wire_move m;
  struct bips_wire_grant granted;
  enum wire_result result = wire_parse_move(message, size, &m, why);

  wire_grant_of_move(&m, &granted);
  tell_grant(&granted, true, &m);
  m.descriptors = 7;
  *written = wire_append_move(again, &m);
  return result;
}

static enum wire_result ready(const uint8_t *message, size_t size, struct wire_why *why, uint8_t *again, size_t *written) {
  struct bips_wire_ready m;
  enum wire_result result = wire_parse_ready(message, size, &m, why);

  number("instance", m.instance);
  number("seat", m.seat);
  number("size", m.head.size);
  number("version_minor", m.head.version_minor);
  *written = wire_append_ready(again, &m);
  return result;
}

static enum wire_result sits(const uint8_t *message, size_t size, struct wire_why *why, uint8_t *again, size_t *written) {
  struct bips_wire_sits m;
  enum wire_result result = wire_parse_sits(message, size, &m, why);

  number("instance", m.instance);
  number("seat", m.seat);
  number("size", m.head.size);
  number("version_minor", m.head.version_minor);
  *written = wire_append_sits(again, &m);
  return result;
}

static enum wire_result knock(const uint8_t *message, size_t size, struct wire_why *why, uint8_t *again, size_t *written) {
  struct bips_wire_knock m;
  enum wire_result result = wire_parse_knock(message, size, &m, why);

  number("size", m.head.size);
  number("version_minor", m.head.version_minor);
  *written = wire_append_knock(again);
  return result;
}

static const struct kind {
  const char *name;
  enum wire_result (*read)(const uint8_t *message, size_t size, struct wire_why *why, uint8_t *again, size_t *written);
} kinds[] = {
    {"hello", hello}, {"refuse", refuse}, {"grant", grant}, {"ready", ready}, {"sits", sits}, {"move", move}, {"knock", knock},
};

enum { KINDS = sizeof kinds / sizeof kinds[0] };

static const struct kind *kind_of(const struct golden *m) {
  char as[32];

  golden_text(m, "as", as, sizeof as);
  for (size_t i = 0; i < KINDS; i++)
    if (strcmp(kinds[i].name, as) == 0)
      return &kinds[i];
  NEED(false, "a kind of message: %s", as);
  return NULL;
}

static void golden_messages(void) {
  static const char *const errors[] = {[WIRE_OK] = "", [WIRE_MALFORMED] = "malformed", [WIRE_VERSION] = "version"};
  char *file = golden_load(check_argument);
  const char *at = file;
  struct golden m;
  int read = 0, written = 0;

  while (golden_next(&at, &m)) {
    char name[128], error[32], is_written[16];
    uint8_t *bytes, again[BIPS_WIRE_MAX_SIZE];
    size_t size = golden_bytes(&m, "bytes", &bytes), length = 0, wrote;
    struct wire_why why = {""};

    golden_text(&m, "name", name, sizeof name);
    golden_text(&m, "error", error, sizeof error);
    const char *want = golden_value(&m, "written", &length);
    snprintf(is_written, sizeof is_written, "%.*s", (int)length, want);

    told_start(&told, 2);
    told_begin(&told, '{');
    enum wire_result result = kind_of(&m)->read(bytes, size, &why, again, &wrote);
    told_end(&told);
    CHECK(strcmp(errors[result], error) == 0, "%s: the result is \"%s\" (%s), not \"%s\"", name, errors[result], why.text, error);
    CHECK((why.text[0] != 0) == (result != WIRE_OK), "%s: why: \"%s\"", name, why.text);
    if (result == WIRE_OK) {
      want = golden_value(&m, "message", &length);
      CHECK(want && length == told.length && memcmp(want, told.text, length) == 0, "%s: read\n%s\nwant\n%.*s", name, told.text,
          (int)length, want ? want : "");
      read++;
    }
    if (strcmp(is_written, "true") == 0) {
      CHECK(wrote == size && memcmp(again, bytes, size) == 0, "%s: written otherwise than it was read", name);
      written++;
    }
    free(bytes);
  }
  free(file);
  CHECK(read > 40 && written == KINDS, "only %d messages were read, %d written", read, written);
}

static void every_length_and_flipped_bit(void) {
  char *file = golden_load(check_argument);
  const char *at = file;
  struct golden m;

  while (golden_next(&at, &m)) {
    uint8_t *bytes, again[BIPS_WIRE_MAX_SIZE];
    size_t size = golden_bytes(&m, "bytes", &bytes), wrote;
    struct wire_why why;

    for (size_t cut = 0; cut <= size; cut += cut < 128 ? 1 : 37) {
      uint8_t *part = malloc(cut ? cut : 1); /* its own, so that a read behind it is seen */

      NEED(part, "memory");
      memcpy(part, bytes, cut);
      if (cut >= BIPS_WIRE_HEAD_SIZE && cut < 512)
        part[12] = (uint8_t)cut, part[13] = (uint8_t)(cut >> 8);
      for (size_t i = 0; i < KINDS; i++) {
        told_start(&told, 2);
        kinds[i].read(part, cut, &why, again, &wrote);
        CHECK(wrote >= BIPS_WIRE_HEAD_SIZE && wrote <= BIPS_WIRE_MAX_SIZE, "%zu bytes written", wrote);
      }
      free(part);
    }
    for (size_t bit = 0; bit < 8 * size && size <= BIPS_WIRE_MAX_SIZE; bit++) {
      bytes[bit / 8] ^= (uint8_t)(1 << bit % 8);
      told_start(&told, 2);
      kind_of(&m)->read(bytes, size, &why, again, &wrote);
      bytes[bit / 8] ^= (uint8_t)(1 << bit % 8);
    }
    free(bytes);
  }
  free(file);
}

static void refused_messages_leave_nothing(void) {
  uint8_t message[BIPS_WIRE_MAX_SIZE];
  struct bips_wire_grant zero, m = {.instance = 1, .pool_size = 4096, .seat_size = 4096, .generation = 1, .granted = 64};
  struct wire_why why;

  memset(&zero, 0, sizeof zero);
  size_t size = wire_append_grant(message, &m);
  CHECK(wire_parse_grant(message, size, &m, &why) == WIRE_MALFORMED && strcmp(why.text, "it grants 64 frames") == 0, "%s", why.text);
  CHECK(memcmp(&m, &zero, sizeof m) == 0, "fields of a message that was refused");
}

static void texts_that_are_cut(void) {
  char longer[3 * BIPS_WIRE_MAX_TEXT + 1] = "", shown[BIPS_WIRE_MAX_TEXT + 1];
  uint8_t message[BIPS_WIRE_MAX_SIZE];
  struct bips_wire_refuse m = {.code = BIPS_WIRE_CLOSING};
  struct bips_wire_hello h;
  struct wire_why why;
  char name[BIPS_WIRE_PROGRAM_SIZE + 1];

  for (size_t i = 0; i + 3 < sizeof longer; i += 3)
    memcpy(longer + i, "\xe2\x82\xac", 4);
  size_t size = wire_append_refuse(message, &m, longer);
  CHECK(wire_parse_refuse(message, size, &m, shown, &why) == WIRE_OK && m.text_length == 447 && strlen(shown) == 447, "%s", why.text);
  for (int i = 0; i < 1000; i++)
    longer[i] = (char)0x80;
  longer[1000] = 0;
  size = wire_append_refuse(message, &m, longer);
  CHECK(wire_parse_refuse(message, size, &m, shown, &why) == WIRE_OK && m.text_length == 448 && shown[447] == '?', "%s", why.text);
  size = wire_append_refuse(message, &m, NULL);
  CHECK(size == BIPS_WIRE_REFUSE_SIZE, "%zu bytes without a text", size);

  memset(&h, 0xff, sizeof h);
  wire_set_program(&h, "a program \x1b with \xe2\x82\xac\xe2\x82\xac");
  wire_program_name(&h, name);
  CHECK(strcmp(name, "a program ? with") == 0, "the name is \"%s\"", name);
  wire_set_program(&h, "0123456789abcd\xe2\x82\xac");
  wire_program_name(&h, name);
  CHECK(strcmp(name, "0123456789abcd") == 0 && h.program[14] == 0 && h.program[15] == 0, "the name is \"%s\"", name);
}

static void each_code_has_words(void) {
  for (uint32_t code = BIPS_WIRE_SEATS_TAKEN; code <= BIPS_WIRE_CLOSING; code++)
    for (uint32_t other = 0; other < code; other++)
      CHECK(strcmp(wire_code_text(code), wire_code_text(other)) != 0, "codes %u and %u have the same words", code, other);
  CHECK(strstr(wire_code_text(9), "does not know"), "a code that is not known: %s", wire_code_text(9));
}

TESTS({"golden messages are read and written as their JSON says", golden_messages},
    {"messages of every length and with every bit flipped are read within their bounds", every_length_and_flipped_bit},
    {"messages that are refused leave nothing of theirs", refused_messages_leave_nothing},
    {"texts that are too long are cut at a whole character", texts_that_are_cut},
    {"each code of a refusal has its words", each_code_has_words}, )
