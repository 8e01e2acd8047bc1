/* What a reader says to a producer of a pool of the backend memfd: any messages, with or without descriptors. The producer lives, and an
 * honest reader gets a frame now and then. With libFuzzer, or with main.c: tools/fuzz. */
#include "folder.h"
#include "messages.h"

#include <fcntl.h>

#include "../src/sys/memfd.h"
#include "../src/wire/wire.h"

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size);

enum { HONEST = 256 }; /* how often an honest reader comes */

static bips_producer *producer;
static struct bips_wire_grant granted;
static int descriptor = -1;

static void publish(void) {
  bips_frame_info info = BIPS_FRAME_INFO_INIT;
  bips_slot *slot;

  need(bips_producer_pull(producer, BIPS_SECOND, &slot) == 0, "pull");
  info.data_size = 1;
  need(bips_producer_push(producer, slot, &info) == 0, "push");
}

static void begin(void) {
  bips_producer_options options = BIPS_PRODUCER_OPTIONS_INIT;

  make_folder();
  options.backend = BIPS_MEMFD;
  options.slots = 6;
  options.slot_size = 64;
  options.max_consumers = 3;
  options.block_timeout = BIPS_MILLISECOND;
  need(bips_producer_open("fuzz", &options, &producer) == 0, "open");
  descriptor = open("/dev/null", O_RDWR | O_CLOEXEC);
  publish();
}

/* connect_to_pool is NULL if the producer takes nobody for a moment. */
static struct conn *connect_to_pool(void) {
  struct conn *conn = NULL;
  struct entry entry;
  char path[600];

  snprintf(path, sizeof path, "%s/bips.fuzz", folder);
  need(entry_open(path, &entry) == 0, path);
  if (entry_connect(&entry, &conn) < 0)
    conn = NULL;
  entry_close(&entry);
  return conn;
}

static void take_answers(struct conn *conn, int64_t limit) {
  static struct received received;
  uint8_t message[BIPS_WIRE_MAX_SIZE];
  size_t length = sizeof message;

  while (conn_wait(conn, limit) && conn_receive(conn, message, &length, MOST_RIGHTS, 0, &received) == 0) {
    struct wire_why why;
    wire_parse_grant(message, length, &granted, &why);
    received_discard(&received);
    length = sizeof message;
    limit = 0;
  }
}

/* say sends one message; false: the connection is over. */
static bool say(struct conn *conn, const uint8_t *bytes, size_t size) {
  uint8_t message[LONGEST_MESSAGE];
  int flags = flags_of(bytes, size);

  memcpy(message, bytes, size);
  if ((flags & AS_GRANTED) != 0 && size >= 32 && memcmp(message, "BIPSREDY", 8) == 0) {
    memcpy(message + 16, &granted.instance, 8);
    memcpy(message + 24, &granted.seat, 4);
  }
  if (conn_send(conn, message, size, &descriptor, (flags & WITH_DESCRIPTORS) != 0) < 0)
    return false;
  if ((flags & AWAIT_ANSWER) != 0)
    take_answers(conn, 2 * BIPS_MILLISECOND);
  return true;
}

static void read_honestly(void) {
  bips_consumer_options options = BIPS_CONSUMER_OPTIONS_INIT;
  bips_consumer *consumer;
  bips_frame *frame;

  options.max_held = 1;
  options.mode = BIPS_LATEST;
  need(bips_consumer_open("fuzz", &options, &consumer) == 0, "consumer");
  need(bips_consumer_pull(consumer, 20 * BIPS_SECOND, &frame) == 0, "an honest reader");
  bips_frame_release(frame);
  bips_consumer_close(consumer);
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size) {
  static unsigned inputs;
  struct conn *conn;

  if (producer == NULL)
    begin();
  if (++inputs % HONEST == 0) {
    publish();
    read_honestly();
  }
  if ((conn = connect_to_pool()) == NULL)
    return 0;
  for (int i = 0; i < MOST_MESSAGES && size > 0; i++) {
    size_t length = next_message(bytes, size);
    if (!say(conn, bytes, length))
      break;
    bytes += length;
    size -= length;
  }
  conn_close(&conn);
  return 0;
}
