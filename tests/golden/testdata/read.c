/*
 * Reads a golden pool with the structs of bips/layout.h and prints what it says, a line for the
 * pool, each frame and each seat. It trusts the files: golden_test.go gives it good ones only.
 */
#include <bips/layout.h>

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static unsigned char *load(const char *path) {
  FILE *file = fopen(path, "rb");
  long size;
  unsigned char *memory;
  if (!file || fseek(file, 0, SEEK_END) || (size = ftell(file)) < 0 || fseek(file, 0, SEEK_SET)) {
    perror(path);
    exit(1);
  }
  memory = malloc((size_t)size);
  if (!memory || fread(memory, 1, (size_t)size, file) != (size_t)size) {
    perror(path);
    exit(1);
  }
  fclose(file);
  return memory;
}

static const char *pool_state(uint32_t state) {
  switch (state) {
  case BIPS_LAYOUT_STATE_RUNNING: return "running";
  case BIPS_LAYOUT_STATE_CLOSED: return "closed";
  case BIPS_LAYOUT_STATE_MOVED: return "moved";
  }
  return "?";
}

static const char *seat_state(uint32_t state) {
  switch (state) {
  case BIPS_LAYOUT_SEAT_FREE: return "free";
  case BIPS_LAYOUT_SEAT_LATEST: return "latest";
  case BIPS_LAYOUT_SEAT_EVERY: return "every";
  case BIPS_LAYOUT_SEAT_SUSPENDED: return "suspended";
  case BIPS_LAYOUT_SEAT_DRAINING: return "draining";
  case BIPS_LAYOUT_SEAT_ASKING: return "asking";
  case BIPS_LAYOUT_SEAT_JOINING: return "joining";
  }
  return "?";
}

static void print_time(const char *name, uint64_t time) {
  if (time == BIPS_LAYOUT_NO_TIME)
    printf(" %s -", name);
  else
    printf(" %s %" PRIu64, name, time);
}

static void print_records(const char *name, const unsigned char *bytes, uint32_t length) {
  uint32_t i;
  if (length == 0)
    return;
  printf("%s ", name);
  for (i = 0; i < length; i++)
    printf("%02x", bytes[i]);
  printf("\n");
}

static void print_frame(const unsigned char *pool, uint64_t sequence) {
  const struct bips_layout_pool_header *h = (const void *)pool;
  const struct bips_layout_slot_record *r;
  const struct bips_layout_caps_record *caps;
  uint64_t word;
  uint32_t slot, i;

  memcpy(&word, pool + h->ring_offset + (sequence & (h->ring_length - 1)) * BIPS_LAYOUT_RING_WORD_SIZE, sizeof word);
  slot = word & 0xffff;
  if (word >> 16 != sequence || slot >= h->slot_count)
    return;
  r = (const void *)(pool + h->records_offset + slot * (uint64_t)h->record_size);
  if (r->sequence != sequence)
    return;
  caps = (const void *)(pool + h->caps_offset + r->caps_index * (uint64_t)h->caps_size);
  printf("frame %" PRIu64 " slot %" PRIu32 " stream %" PRIu64 " publish %" PRIu64 " dropped %" PRIu64 " flags %" PRIu32,
    sequence, slot, r->stream, r->publish_time, r->dropped, r->flags);
  print_time("pts", r->pts);
  print_time("dts", r->dts);
  print_time("duration", r->duration);
  print_time("capture", r->capture_time);
  print_time("offset", r->offset);
  print_time("offset_end", r->offset_end);
  for (i = 0; i < r->plane_count; i++)
    printf(" plane %" PRId32 " %" PRIu64, r->plane_stride[i], r->plane_offset[i]);
  printf(" data %.*s", (int)r->size, (const char *)pool + h->slots_offset + slot * h->slot_stride);
  printf(" caps %.*s\n", (int)caps->length, (const char *)caps->text);
  print_records("tags", caps->tags, caps->tags_length);
  print_records("metadata", pool + h->meta_offset + slot * (uint64_t)h->meta_size, r->meta_length);
}

static void print_seat(const unsigned char *pool, const unsigned char *seats, uint32_t i) {
  const struct bips_layout_pool_header *h = (const void *)pool;
  const struct bips_layout_seat_header *d = (const void *)seats;
  const struct bips_layout_seat *s = (const void *)(seats + d->seats_offset + i * (uint64_t)d->seat_size);
  const struct bips_layout_seat_word *w = (const void *)(pool + h->seat_words_offset + i * (uint64_t)h->seat_word_size);

  if (s->generation == 0 && w->reserved == 0)
    return;
  printf("seat %" PRIu32 " %s generation %" PRIu32 " cursor %" PRIu64 " asked %" PRIu32 " %" PRIu32 " pid %" PRIu32 " pins %" PRIx64,
    i, seat_state(s->state), s->generation, s->cursor, s->asked & 0xff, s->asked >> 8, s->pid, s->pins);
  printf(" waiting %" PRIu32 " key_frames %" PRIu32 " received %" PRIu64 " skipped %" PRIu64 " lost %" PRIu64,
    s->waiting, s->key_frames, s->received, s->skipped, s->lost);
  printf(" granted %" PRIx64 " verdict %" PRIx64 " reserved %" PRIx64 "\n", w->granted, w->verdict, w->reserved);
}

int main(int argc, char **argv) {
  const struct bips_layout_pool_header *h;
  unsigned char *pool, *seats;
  uint64_t sequence;
  uint32_t i;

  if (argc != 3) {
    fprintf(stderr, "usage: read POOL SEATS\n");
    return 2;
  }
  pool = load(argv[1]);
  seats = load(argv[2]);
  h = (const void *)pool;
  if (h->magic != BIPS_LAYOUT_POOL_MAGIC || ((const struct bips_layout_seat_header *)(const void *)seats)->magic != BIPS_LAYOUT_SEAT_MAGIC) {
    fprintf(stderr, "no pool, or no seats\n");
    return 1;
  }
  printf("pool %d.%d instance %016" PRIx64 " move %" PRIu32 " first %" PRIu64 " slots %" PRIu32 " slot_size %" PRIu64 " seats %" PRIu32,
    h->version_major, h->version_minor, h->instance, h->move, h->first, h->slot_count, h->slot_size, h->seat_count);
  printf(" pid %" PRIu32 " state %s head %" PRIu64 " ended %" PRIu64 " dropped %" PRIu64 " waiting %" PRIu32,
    h->producer_pid, pool_state(h->state), h->head, h->ended, h->dropped, h->producer_waiting);
  print_time("latency", h->latency);
  printf("\n");
  for (sequence = h->first; sequence <= h->head; sequence++)
    print_frame(pool, sequence);
  for (i = 0; i < h->seat_count; i++)
    print_seat(pool, seats, i);
  free(pool);
  free(seats);
  return 0;
}
