/* A pool of files whose words are changed, before a reader attaches and while it reads: whatever is there, each call ends, and what a frame
 * says lies in its pool. With libFuzzer, or with main.c: tools/fuzz.
 *
 * An input is a mode, how many words are changed before the reader comes, and the words: where (4 bytes), and what (8 bytes). */
#include "folder.h"

#include <fcntl.h>
#include <sys/mman.h>
#include <sys/stat.h>

#include "../include/bips/layout.h"
#include "../src/sys/sys.h"

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size);

enum { SLOTS = 4, CHANGE = 12, PULLS = 8 };

/* struct segment is a file of the pool: as it is mapped, and as it is to be. */
struct segment {
  uint8_t *bytes, *original;
  size_t size;
};

static struct segment pool, seats;
static struct lock_file *producers_lock;
static volatile uint64_t sum; /* of all that was read */

static void copy(const char *path, struct segment *s) {
  struct stat st;
  int fd = open(path, O_RDONLY | O_CLOEXEC);

  need(fd >= 0 && fstat(fd, &st) == 0, path);
  s->size = (size_t)st.st_size;
  need((s->original = malloc(s->size)) != NULL && read(fd, s->original, s->size) == (ssize_t)s->size, path);
  close(fd);
}

static void put(const char *path, struct segment *s) {
  int fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0600);

  need(fd >= 0 && write(fd, s->original, s->size) == (ssize_t)s->size, path);
  s->bytes = mmap(NULL, s->size, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
  need(s->bytes != MAP_FAILED, path);
  close(fd);
}

/* publish_some makes a pool with frames in it. */
static void publish_some(void) {
  static const uint8_t meta[16] = {9, 0, 0, 0, 8, 0, 0, 0}, tags[16] = {12, 0, 0, 0, 8, 0, 0, 0};
  bips_producer_options options = BIPS_PRODUCER_OPTIONS_INIT;
  char path[600], other[600];
  bips_producer *producer;

  options.slots = SLOTS;
  options.slot_size = 4096;
  options.max_consumers = 2;
  options.caps = "video/x-raw,format=GRAY8,width=64,height=64";
  need(bips_producer_open("fuzz", &options, &producer) == 0, "open");
  need(bips_producer_set_tags(producer, tags, sizeof tags) == 0, "tags");
  for (int i = 0; i < SLOTS - 1; i++) {
    bips_frame_info info = BIPS_FRAME_INFO_INIT;
    bips_slot *slot;
    need(bips_producer_pull(producer, 0, &slot) == 0, "pull");
    info.data_size = 4096;
    info.meta = meta;
    info.meta_size = sizeof meta;
    info.plane_count = 1;
    info.plane_stride[0] = 64;
    need(bips_producer_push(producer, slot, &info) == 0, "push");
  }
  snprintf(path, sizeof path, "%s/bips.fuzz", folder);
  copy(path, &pool);
  const struct bips_layout_pool_header *header = (const void *)pool.original;
  snprintf(other, sizeof other, "%s/bips.fuzz.%016llx.0.seats", folder, (unsigned long long)header->instance);
  copy(other, &seats);
  bips_producer_close(producer);
  /* A reader that comes finds what it wants granted. */
  for (uint32_t i = 0; i < header->seat_count; i++) {
    struct bips_layout_seat_word *word = (void *)(pool.original + header->seat_words_offset + i * header->seat_word_size);
    word->granted = UINT64_C(1) << 32 | 3;
  }
  put(path, &pool);
  put(other, &seats);
  bool ours;
  need(lock_file_open(path, O_RDWR, &producers_lock) == 0 && lock_file_try(producers_lock, BIPS_LAYOUT_PRODUCER_LOCK, &ours) == 0 && ours, "lock");
}

/* place is where a change leads to: in one of the tables of the pool segment, in the seat segment, or anywhere. */
static uint8_t *place(uint32_t where) {
  const struct bips_layout_pool_header *h = (const void *)pool.original;
  const struct {
    uint64_t offset, size;
  } tables[] = {
      {0, 640}, {h->ring_offset, 8 * h->ring_length}, {h->records_offset, h->slot_count * h->record_size},
      {h->seat_words_offset, h->seat_count * h->seat_word_size}, {h->caps_offset, 64}, {h->meta_offset, 64}, {0, pool.size},
  };
  uint32_t which = where % 8;

  where /= 8;
  if (which == 7)
    return seats.bytes + where % (seats.size - 8);
  return pool.bytes + tables[which].offset + where % (tables[which].size - 7);
}

static void change(const uint8_t *record) {
  uint32_t where;

  memcpy(&where, record, sizeof where);
  memcpy(place(where), record + 4, 8);
}

static void restore(const uint8_t *record) {
  uint32_t where;

  memcpy(&where, record, sizeof where);
  uint8_t *at = place(where);
  if (at >= pool.bytes && at < pool.bytes + pool.size)
    memcpy(at, pool.original + (at - pool.bytes), 8);
}

/* read_all reads each byte that a frame says is its own. */
static void read_all(const bips_frame *frame) {
  bips_frame_info info = BIPS_FRAME_INFO_INIT;
  const uint8_t *data = bips_frame_data(frame), *tags;
  const char *caps = bips_frame_caps(frame);
  size_t tags_size;

  need(bips_frame_get_info(frame, &info) == 0, "info");
  for (size_t i = 0; i < bips_frame_size(frame); i++)
    sum += data[i];
  for (size_t i = 0; i < info.meta_size; i++)
    sum += ((const uint8_t *)info.meta)[i];
  tags = bips_frame_tags(frame, &tags_size);
  for (size_t i = 0; i < tags_size; i++)
    sum += tags[i];
  sum += strlen(caps);
  need(info.plane_count <= BIPS_MAX_PLANES, "planes");
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size) {
  bips_consumer_options options = BIPS_CONSUMER_OPTIONS_INIT;
  bips_consumer *consumer;
  bips_frame *held = NULL;
  size_t changes, done = 0, before;

  if (pool.bytes == NULL) {
    make_folder();
    publish_some();
  }
  if (size < 2)
    return 0;
  changes = (size - 2) / CHANGE;
  before = bytes[1] % (changes + 1);
  options.mode = bytes[0] % 3;
  options.max_held = 2;
  memcpy(seats.bytes, seats.original, seats.size);
  for (; done < before; done++)
    change(bytes + 2 + done * CHANGE);
  need(bips_consumer_open("fuzz", &options, &consumer) == 0, "consumer");
  for (int i = 0; i < PULLS; i++) {
    bips_frame *frame;
    if (bips_consumer_pull(consumer, 0, &frame) == 0) {
      read_all(frame);
      if (held != NULL)
        bips_frame_release(held);
      held = frame;
    }
    if (i == PULLS / 2 && bytes[0] % 5 == 0) {
      bips_consumer_suspend(consumer);
      bips_consumer_resume(consumer);
    }
    if (done < changes)
      change(bytes + 2 + done++ * CHANGE);
  }
  bips_consumer_close(consumer);
  if (held != NULL)
    bips_frame_release(held);
  for (size_t i = 0; i < done; i++)
    restore(bytes + 2 + i * CHANGE);
  return 0;
}
