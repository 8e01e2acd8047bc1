/* What a producer of a pool of the backend memfd says to a reader: any messages, with the pool's memory, or with none. Each call of the reader
 * ends, and what a frame says lies in its pool. With libFuzzer, or with main.c: tools/fuzz. */
#include "folder.h"
#include "messages.h"

#include <pthread.h>

#include "../include/bips/layout.h"
#include "../src/sys/memfd.h"
#include "../src/wire/wire.h"

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size);

enum { PULLS = 3 };

/* What a producer that lives handed out once: its memory is sent again and again. */
static struct bips_wire_grant granted;
static int memory[2];
static struct listener *listener;
static volatile uint64_t sum;

/* The input that is being tried, for the thread that is the producer. */
enum { LARGEST = 8192 };
static pthread_mutex_t mu = PTHREAD_MUTEX_INITIALIZER;
static uint8_t input[LARGEST];
static size_t input_size;

static void set_input(const uint8_t *bytes, size_t size) {
  pthread_mutex_lock(&mu);
  input_size = size < LARGEST ? size : LARGEST;
  memcpy(input, bytes, input_size);
  pthread_mutex_unlock(&mu);
}

static size_t get_input(uint8_t bytes[LARGEST]) {
  pthread_mutex_lock(&mu);
  size_t size = input_size;
  memcpy(bytes, input, size);
  pthread_mutex_unlock(&mu);
  return size;
}

static void take_name(char path[600]) { snprintf(path, 600, "%s/bips.fuzz", folder); }

/* get_grant lets a producer hand out a pool with a frame in it. */
static void get_grant(void) {
  bips_producer_options options = BIPS_PRODUCER_OPTIONS_INIT;
  static struct received received;
  uint8_t message[BIPS_WIRE_MAX_SIZE];
  struct bips_wire_hello hello = {.known = BIPS_LAYOUT_KNOWN_REQUIRED, .layout_major = BIPS_LAYOUT_VERSION_MAJOR,
      .mode = BIPS_WIRE_MODE_LATEST, .wanted = 2, .least = 1};
  size_t size = sizeof message;
  bips_frame_info info = BIPS_FRAME_INFO_INIT;
  struct entry entry;
  struct conn *conn = NULL;
  struct wire_why why;
  bips_producer *producer;
  bips_slot *slot;
  char path[600];

  options.backend = BIPS_MEMFD;
  options.slots = 8;
  options.slot_size = 64;
  need(bips_producer_open("fuzz", &options, &producer) == 0, "open");
  need(bips_producer_pull(producer, 0, &slot) == 0, "pull");
  info.data_size = 64;
  need(bips_producer_push(producer, slot, &info) == 0, "push");
  take_name(path);
  need(entry_open(path, &entry) == 0 && entry_connect(&entry, &conn) == 0, path);
  entry_close(&entry);
  need(conn_send(conn, message, wire_append_hello(message, &hello), NULL, 0) == 0, "HELLO");
  need(conn_receive(conn, message, &size, MOST_RIGHTS, 10 * BIPS_SECOND, &received) == 0, "GRANT");
  need(wire_parse_grant(message, size, &granted, &why) == WIRE_OK && received.count == 2, "GRANT");
  memory[0] = dup(received.fds[0]);
  memory[1] = dup(received.fds[1]);
  received_discard(&received);
  conn_close(&conn);
  bips_producer_close(producer);
}

/* as_granted puts the pool and the seat that there are into a message. */
static void as_granted(uint8_t *message, size_t size) {
  if (size >= 96 && (memcmp(message, "BIPSGRNT", 8) == 0 || memcmp(message, "BIPSMOVE", 8) == 0)) {
    memcpy(message + 16, &granted.instance, 8);
    memcpy(message + 24, &granted.pool_size, 8);
    memcpy(message + 32, &granted.seat_size, 8);
  } else if (size >= 32 && memcmp(message, "BIPSSITS", 8) == 0) {
    memcpy(message + 16, &granted.instance, 8);
  }
}

static void answer(struct conn *conn) {
  static struct received received;
  static uint8_t own[LARGEST];
  const uint8_t *bytes = own;
  uint8_t message[LONGEST_MESSAGE];
  size_t size = get_input(own), length = sizeof message;

  if (conn_receive(conn, message, &length, MOST_RIGHTS, BIPS_SECOND, &received) < 0)
    return;
  received_discard(&received);
  for (int i = 0; i < MOST_MESSAGES && size > 0; i++) {
    length = next_message(bytes, size);
    int flags = flags_of(bytes, length);
    memcpy(message, bytes, length);
    if ((flags & AS_GRANTED) != 0)
      as_granted(message, length);
    if (conn_send(conn, message, length, memory, (flags & WITH_DESCRIPTORS) != 0 ? 2 : 0) < 0)
      return;
    bytes += length;
    size -= length;
  }
  conn_wait(conn, BIPS_MILLISECOND); /* the reader's answer, if there is one */
}

/* serve is the producer: it says what the input has to each reader that comes, and lets it go. */
static void *serve(void *unused) {
  struct conn *conn;

  while (listener_accept(listener, &conn) == 0) {
    answer(conn);
    conn_close(&conn);
  }
  return unused;
}

static void begin(void) {
  static pthread_t thread;

  make_folder();
  get_grant();
  need(listener_open(folder, "bips.fuzz", KEEP_GROUP, 0600, &listener) == 0, "listen");
  need(pthread_create(&thread, NULL, serve, NULL) == 0, "a thread");
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size) {
  bips_consumer_options options = BIPS_CONSUMER_OPTIONS_INIT;
  bips_consumer *consumer;
  bips_frame *frame;

  if (listener == NULL)
    begin();
  set_input(bytes, size);
  options.max_held = 2;
  options.min_held = 1;
  need(bips_consumer_open("fuzz", &options, &consumer) == 0, "consumer");
  for (int i = 0; i < PULLS; i++) {
    if (bips_consumer_pull(consumer, 2 * BIPS_MILLISECOND, &frame) < 0)
      continue;
    for (size_t at = 0; at < bips_frame_size(frame); at++)
      sum += ((const uint8_t *)bips_frame_data(frame))[at];
    sum += strlen(bips_frame_caps(frame));
    bips_frame_release(frame);
  }
  bips_consumer_close(consumer);
  return 0;
}
