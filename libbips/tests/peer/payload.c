#include "payload.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#define GOLDEN UINT64_C(0x9E3779B97F4A7C15)
#define MIXER UINT64_C(0xBF58476D1CE4E5B9)

uint64_t payload_key(const struct payload *p) {
  uint64_t key = (p->token ^ p->sequence * GOLDEN) * MIXER;

  return key ^ key >> 32;
}

const char *payload_caps(const struct payload *p, char caps[CAPS_ROOM]) {
  snprintf(caps, CAPS_ROOM, "application/x-peer,part=%" PRIu64, p->sequence / 97);
  return caps;
}

static size_t put(uint8_t *to, size_t at, const void *bytes, size_t size) {
  memcpy(to + at, bytes, size);
  return at + size;
}
static size_t put32(uint8_t *to, size_t at, uint32_t n) { return put(to, at, &n, sizeof n); }
static size_t put64(uint8_t *to, size_t at, uint64_t n) { return put(to, at, &n, sizeof n); }
static size_t put_text(uint8_t *to, size_t at, const char *text) {
  return put(to, put32(to, at, (uint32_t)strlen(text)), text, strlen(text));
}
/* pad ends at a multiple of 8. */
static size_t pad(uint8_t *to, size_t at) {
  while (at % 8 != 0)
    to[at++] = 0;
  return at;
}

static size_t payload_meta(const struct payload *p, uint8_t meta[META_ROOM]) {
  uint64_t key = payload_key(p);
  size_t at;

  if (key % 2 == 0)
    return 0;
  at = put_text(meta, put64(meta, put64(meta, 8, key >> 1), UINT64_MAX), "timestamp/x-peer");
  put32(meta, put32(meta, 0, 6), (uint32_t)(at - 8));
  return pad(meta, at);
}

size_t payload_tags(const struct payload *p, uint8_t tags[TAGS_ROOM]) {
  char title[32];
  size_t at;

  snprintf(title, sizeof title, "part %" PRIu64, p->sequence / 61);
  at = put64(tags, 8, 0);                               /* of the stream */
  at = put32(tags, at, 1);                              /* one field */
  at = pad(tags, put_text(tags, at, "taglist"));
  at = put(tags, at, "\5\0\5\0", 4);                    /* a text, of origin 0, with a key of 5 bytes */
  at = put32(tags, at, (uint32_t)strlen(title));
  at = pad(tags, put(tags, put(tags, at, "title", 5), title, strlen(title)));
  put32(tags, put32(tags, 0, 12), (uint32_t)(at - 8));
  return at;
}

bips_frame_info payload_info(const struct payload *p, uint8_t meta[META_ROOM]) {
  bips_frame_info info = BIPS_FRAME_INFO_INIT;
  uint64_t key = payload_key(p);

  info.data_size = p->size;
  info.pts = info.offset = p->sequence;
  info.duration = key >> 1;
  info.offset_end = p->token;
  info.flags = (uint32_t)key;
  info.plane_count = 1;
  info.plane_stride[0] = (int32_t)(key >> 33);
  info.meta_size = payload_meta(p, meta);
  info.meta = info.meta_size > 0 ? meta : NULL;
  return info;
}

void payload_write(const struct payload *p, uint8_t *data, size_t size) {
  uint64_t word = payload_key(p), header[4] = {p->token, p->sequence, p->dropped, p->size};
  size_t at = size < PAYLOAD_HEADER ? size : PAYLOAD_HEADER;

  memcpy(data, header, at);
  while (at < size) {
    size_t n = size - at < 8 ? size - at : 8;
    word += GOLDEN;
    memcpy(data + at, &word, n);
    at += n;
  }
}

bool payload_read(struct payload *p, const uint8_t *data, size_t size, char why[256]) {
  uint64_t header[4] = {0}, want, got;

  if (size < PAYLOAD_HEADER) {
    snprintf(why, 256, "%zu bytes, a payload has at least %d", size, PAYLOAD_HEADER);
    return false;
  }
  memcpy(header, data, sizeof header);
  *p = (struct payload){header[0], header[1], header[2], header[3]};
  if (p->size != size) {
    snprintf(why, 256, "%zu bytes, its header says %" PRIu64, size, p->size);
    return false;
  }
  want = payload_key(p);
  for (size_t at = PAYLOAD_HEADER; at < size; at += 8) {
    size_t n = size - at < 8 ? size - at : 8;
    want += GOLDEN;
    got = want;
    memcpy(&got, data + at, n);
    if (got != want) {
      snprintf(why, 256, "byte %zu: %016" PRIx64 ", want %016" PRIx64 " as its header %016" PRIx64 " %" PRIu64 " %" PRIu64 " %" PRIu64 " says",
          at, got, want, p->token, p->sequence, p->dropped, p->size);
      return false;
    }
  }
  return true;
}

bool payload_same(const struct payload *p, const uint8_t *data, size_t size, char why[256]) {
  struct payload now;

  if (!payload_read(&now, data, size, why))
    return false;
  if (memcmp(&now, p, sizeof now) == 0)
    return true;
  snprintf(why, 256, "it was frame %" PRIu64 " and is frame %" PRIu64, p->sequence, now.sequence);
  return false;
}
