/* What a peer's frame is: it follows from four numbers (tests/peer/README.md, What a frame is). */
#ifndef PEER_PAYLOAD_H
#define PEER_PAYLOAD_H

#include <bips/bips.h>
#include <stdbool.h>
#include <stdint.h>

enum { PAYLOAD_HEADER = 32, META_ROOM = 64, TAGS_ROOM = 128, CAPS_ROOM = 64 };

struct payload {
  uint64_t token, sequence, dropped, size;
};

uint64_t payload_key(const struct payload *p);
void payload_write(const struct payload *p, uint8_t *data, size_t size);
/* payload_read reads a payload and compares each byte with what its header says; false: why says what is wrong. */
bool payload_read(struct payload *p, const uint8_t *data, size_t size, char why[256]);
/* payload_same checks that data is still the payload. */
bool payload_same(const struct payload *p, const uint8_t *data, size_t size, char why[256]);
const char *payload_caps(const struct payload *p, char caps[CAPS_ROOM]);
size_t payload_tags(const struct payload *p, uint8_t tags[TAGS_ROOM]);
/* payload_info is what travels with a payload. Its metadata lies in meta. */
bips_frame_info payload_info(const struct payload *p, uint8_t meta[META_ROOM]);

#endif
