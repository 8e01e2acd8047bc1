/* What fuzz targets of the handshake have in common. An input is a row of messages: one begins at its first byte, and one at each "BIPS"
 * behind it. The low byte of a message's minor version, which nobody looks at, says how it is sent. */
#ifndef BIPS_FUZZ_MESSAGES_H
#define BIPS_FUZZ_MESSAGES_H

#include <stdint.h>
#include <string.h>

enum {
  WITH_DESCRIPTORS = 1,
  AWAIT_ANSWER = 2, /* for a moment */
  AS_GRANTED = 4,   /* its fields name the pool and the seat that there are */
  FLAGS_AT = 10, MOST_MESSAGES = 16, LONGEST_MESSAGE = 600
};

/* next_message is how many bytes the first message of an input has. */
static inline size_t next_message(const uint8_t *bytes, size_t size) {
  size_t n = size > 0;

  while (n < size && (size - n < 4 || memcmp(bytes + n, "BIPS", 4) != 0))
    n++;
  return n < LONGEST_MESSAGE ? n : LONGEST_MESSAGE;
}

static inline int flags_of(const uint8_t *message, size_t size) { return size > FLAGS_AT ? message[FLAGS_AT] : AWAIT_ANSWER; }

#endif
