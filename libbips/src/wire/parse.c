#include "wire.h"

#include <bips/layout.h>

#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

/* wire_wrong says why a message is refused. */
__attribute__((format(printf, 3, 4))) static enum wire_result wire_wrong(enum wire_result result, struct wire_why *why,
    const char *format, ...) {
  va_list arguments;

  va_start(arguments, format);
  vsnprintf(why->text, sizeof why->text, format, arguments);
  va_end(arguments);
  return result;
}

/* struct magic_text is a message's magic for people to read: what is no letter is a question mark. */
struct magic_text {
  char letters[9];
};

static struct magic_text magic_text(const void *magic) {
  struct magic_text text = {{0}};

  memcpy(text.letters, magic, 8);
  for (int i = 0; i < 8; i++)
    if (text.letters[i] < ' ' || text.letters[i] > '~')
      text.letters[i] = '?';
  return text;
}

enum wire_result wire_parse_head(const uint8_t *message, size_t size, struct bips_wire_head *head, struct wire_why *why) {
  struct bips_wire_head h;

  memset(head, 0, sizeof *head);
  if (size < BIPS_WIRE_HEAD_SIZE)
    return wire_wrong(WIRE_MALFORMED, why, "%zu bytes, a message has %d at least", size, BIPS_WIRE_HEAD_SIZE);
  memcpy(&h, message, sizeof h);
  switch (h.magic) {
  case BIPS_WIRE_HELLO_MAGIC:
  case BIPS_WIRE_REFUSE_MAGIC:
  case BIPS_WIRE_GRANT_MAGIC:
  case BIPS_WIRE_READY_MAGIC:
  case BIPS_WIRE_SITS_MAGIC:
  case BIPS_WIRE_MOVE_MAGIC:
  case BIPS_WIRE_KNOCK_MAGIC: break;
  default: return wire_wrong(WIRE_MALFORMED, why, "it begins with \"%s\"", magic_text(message).letters);
  }
  if (h.version_major != BIPS_WIRE_VERSION_MAJOR)
    return wire_wrong(WIRE_VERSION, why, "%s has version %u.%u, this program understands %d: use the same version of BIPS on both sides",
        magic_text(message).letters, (unsigned)h.version_major, (unsigned)h.version_minor, BIPS_WIRE_VERSION_MAJOR);
  if (h.size != size || size > BIPS_WIRE_MAX_SIZE)
    return wire_wrong(WIRE_MALFORMED, why, "%s has %zu bytes, says %" PRIu32 ", may have %d", magic_text(message).letters,
        size, h.size, BIPS_WIRE_MAX_SIZE);
  *head = h;
  return WIRE_OK;
}

/* wire_fixed reads a message that must be a certain one into its struct. What is longer is passed by. */
static enum wire_result wire_fixed(const uint8_t *message, size_t size, uint64_t magic, void *into, size_t least,
    struct wire_why *why) {
  struct bips_wire_head head;

  memset(into, 0, least);
  enum wire_result result = wire_parse_head(message, size, &head, why);
  if (result != WIRE_OK)
    return result;
  if (head.magic != magic)
    return wire_wrong(WIRE_MALFORMED, why, "%s came, %s is due", magic_text(message).letters, magic_text(&magic).letters);
  if (size < least)
    return wire_wrong(WIRE_MALFORMED, why, "%s has %zu bytes, not %zu", magic_text(message).letters, size, least);
  memcpy(into, message, least);
  return WIRE_OK;
}

enum wire_result wire_parse_hello(const uint8_t *message, size_t size, struct bips_wire_hello *m, struct wire_why *why) {
  enum wire_result result = wire_fixed(message, size, BIPS_WIRE_HELLO_MAGIC, m, sizeof *m, why);

  if (result != WIRE_OK)
    return result;
  if (m->mode != BIPS_WIRE_MODE_LATEST && m->mode != BIPS_WIRE_MODE_EVERY)
    result = wire_wrong(WIRE_MALFORMED, why, "mode %" PRIu32, m->mode);
  else if (m->wanted < 1 || m->wanted >= BIPS_LAYOUT_MAX_SLOTS)
    result = wire_wrong(WIRE_MALFORMED, why, "it wants %" PRIu32 " frames", m->wanted);
  else if (m->least < 1 || m->least > m->wanted)
    result = wire_wrong(WIRE_MALFORMED, why, "it needs %" PRIu32 " frames of the %" PRIu32 " that it wants", m->least, m->wanted);
  if (result != WIRE_OK)
    memset(m, 0, sizeof *m);
  return result;
}

enum wire_result wire_parse_refuse(const uint8_t *message, size_t size, struct bips_wire_refuse *m,
    char text[static BIPS_WIRE_MAX_TEXT + 1], struct wire_why *why) {
  enum wire_result result = wire_fixed(message, size, BIPS_WIRE_REFUSE_MAGIC, m, sizeof *m, why);

  text[0] = 0;
  if (result != WIRE_OK)
    return result;
  if (m->text_length > BIPS_WIRE_MAX_TEXT || m->text_length > size - sizeof *m) {
    result = wire_wrong(WIRE_MALFORMED, why, "a text of %" PRIu32 " bytes in a message of %zu", m->text_length, size);
    memset(m, 0, sizeof *m);
    return result;
  }
  wire_clean((const char *)message + sizeof *m, m->text_length, text, BIPS_WIRE_MAX_TEXT);
  return WIRE_OK;
}

/* wire_check_grant looks at what GRANT and MOVE have in common. */
static enum wire_result wire_check_grant(const struct bips_wire_grant *m, struct wire_why *why) {
  if (m->instance == 0)
    return wire_wrong(WIRE_MALFORMED, why, "instance 0");
  if (m->pool_size < BIPS_LAYOUT_HEADER_SIZE || m->pool_size > BIPS_LAYOUT_MAX_SEGMENT_SIZE)
    return wire_wrong(WIRE_MALFORMED, why, "a pool of %" PRIu64 " bytes", m->pool_size);
  if (m->seat_size < BIPS_LAYOUT_HEADER_SIZE || m->seat_size > BIPS_LAYOUT_MAX_SEGMENT_SIZE)
    return wire_wrong(WIRE_MALFORMED, why, "a seat of %" PRIu64 " bytes", m->seat_size);
  if (m->seat >= BIPS_LAYOUT_MAX_SEATS)
    return wire_wrong(WIRE_MALFORMED, why, "seat %" PRIu32, m->seat);
  if (m->generation == 0)
    return wire_wrong(WIRE_MALFORMED, why, "generation 0");
  if (m->granted < 1 || m->granted >= BIPS_LAYOUT_MAX_SLOTS)
    return wire_wrong(WIRE_MALFORMED, why, "it grants %" PRIu32 " frames", m->granted);
  if (m->descriptors != BIPS_WIRE_DESCRIPTORS)
    return wire_wrong(WIRE_MALFORMED, why, "%" PRIu32 " descriptors", m->descriptors);
  return WIRE_OK;
}

enum wire_result wire_parse_grant(const uint8_t *message, size_t size, struct bips_wire_grant *m, struct wire_why *why) {
  enum wire_result result = wire_fixed(message, size, BIPS_WIRE_GRANT_MAGIC, m, sizeof *m, why);

  if (result == WIRE_OK)
    result = wire_check_grant(m, why);
  if (result != WIRE_OK)
    memset(m, 0, sizeof *m);
  return result;
}

enum wire_result wire_parse_ready(const uint8_t *message, size_t size, struct bips_wire_ready *m, struct wire_why *why) {
  return wire_fixed(message, size, BIPS_WIRE_READY_MAGIC, m, sizeof *m, why);
}

enum wire_result wire_parse_sits(const uint8_t *message, size_t size, struct bips_wire_sits *m, struct wire_why *why) {
  return wire_fixed(message, size, BIPS_WIRE_SITS_MAGIC, m, sizeof *m, why);
}

enum wire_result wire_parse_move(const uint8_t *message, size_t size, struct bips_wire_move *m, struct wire_why *why) {
  enum wire_result result = wire_fixed(message, size, BIPS_WIRE_MOVE_MAGIC, m, sizeof *m, why);
  struct bips_wire_grant grant;

  if (result == WIRE_OK && m->left == 0)
    result = wire_wrong(WIRE_MALFORMED, why, "it leaves instance 0");
  if (result == WIRE_OK) {
    wire_grant_of_move(m, &grant);
    result = wire_check_grant(&grant, why);
  }
  if (result != WIRE_OK)
    memset(m, 0, sizeof *m);
  return result;
}

void wire_grant_of_move(const struct bips_wire_move *m, struct bips_wire_grant *grant) {
  memset(grant, 0, sizeof *grant);
  grant->head = m->head;
  grant->instance = m->instance;
  grant->pool_size = m->pool_size;
  grant->seat_size = m->seat_size;
  grant->seat = m->seat;
  grant->generation = m->generation;
  grant->granted = m->granted;
  grant->descriptors = m->descriptors;
  grant->required = m->required;
}

enum wire_result wire_parse_knock(const uint8_t *message, size_t size, struct bips_wire_knock *m, struct wire_why *why) {
  return wire_fixed(message, size, BIPS_WIRE_KNOCK_MAGIC, m, sizeof *m, why);
}
