// libbips: what libbips costs, without GStreamer around it. The works and the output are those of the other programs
// of this folder, as README.md has them.
#define _GNU_SOURCE
#include <bips/bips.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include "../elements/histogram.h"

enum { MAX_CONSUMERS = 16, BLOCK = 4096, EXCHANGED = 64 };
#define PATIENCE (10 * BIPS_SECOND)

// What a reader tells the producer, which is its parent.
typedef struct {
  uint64_t frames, elapsed_ns, sum;
  Histogram latency;
} Report;

_Noreturn static void fail(const char *doing) {
  fprintf(stderr, "libbips: %s: %s\n", doing, bips_error_message());
  exit(1);
}

static int run; // the parent's process id, so that no two runs meet

typedef struct {
  char text[64];
} Name;

static Name pool_name(const char *what) {
  Name name;
  snprintf(name.text, sizeof name.text, "bench-alone-%d-%s", run, what);
  return name;
}

static Report *share(void) {
  Report *reports = mmap(NULL, sizeof(Report) * MAX_CONSUMERS, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
  if (reports == MAP_FAILED) {
    perror("libbips: mmap");
    exit(1);
  }
  return reports;
}

// In the child it returns 1. Children are made before any handle, and die with their parent.
static int in_child(void) {
  pid_t child = fork();
  if (child < 0) {
    perror("libbips: fork");
    exit(1);
  }
  if (child == 0)
    prctl(PR_SET_PDEATHSIG, SIGKILL);
  return child == 0;
}

// Fails if a child did.
static void await_children(void) {
  int status;
  while (wait(&status) > 0)
    if (!WIFEXITED(status) || WEXITSTATUS(status) != 0)
      exit(1);
}

static bips_producer *open_producer(const char *what, size_t size) {
  bips_producer_options options = BIPS_PRODUCER_OPTIONS_INIT;
  bips_producer *producer;
  options.slot_size = size;
  if (bips_producer_open(pool_name(what).text, &options, &producer) < 0)
    fail("open the producer");
  return producer;
}

static bips_consumer *open_consumer(const char *what, uint32_t mode, int64_t spin) {
  bips_consumer_options options = BIPS_CONSUMER_OPTIONS_INIT;
  bips_consumer *consumer;
  options.mode = mode;
  options.spin = spin;
  if (bips_consumer_open(pool_name(what).text, &options, &consumer) < 0)
    fail("open the consumer");
  return consumer;
}

static void await_consumers(bips_producer *producer, uint32_t count) {
  if (bips_producer_wait_consumers(producer, count, PATIENCE) < 0)
    fail("wait for the consumers");
}

static void end(bips_producer *producer) {
  if (bips_producer_end_of_stream(producer) < 0)
    fail("end the stream");
}

static void send(bips_producer *producer, uint8_t value) {
  bips_slot *slot;
  if (bips_producer_pull(producer, PATIENCE, &slot) < 0)
    fail("pull a slot");
  *(uint8_t *)bips_slot_data(slot) = value;
  if (bips_producer_push(producer, slot, NULL) < 0)
    fail("push a slot");
}

// Returns 0 at the end of the stream.
static int receive(bips_consumer *consumer, uint8_t *value) {
  bips_frame *frame;
  int err = bips_consumer_pull(consumer, PATIENCE, &frame);
  if (err == -BIPS_END_OF_STREAM)
    return 0;
  if (err < 0)
    fail("pull a frame");
  *value = *(const uint8_t *)bips_frame_data(frame);
  bips_frame_release(frame);
  return 1;
}

static void answer(int64_t spin) {
  bips_producer *producer = open_producer("back", EXCHANGED);
  bips_consumer *consumer = open_consumer("there", BIPS_EVERY, spin);
  uint8_t value;
  while (receive(consumer, &value))
    send(producer, value);
  bips_consumer_close(consumer);
  bips_producer_close(producer);
  exit(0);
}

// Attaches, so that the first answer is not missed.
static void attach(bips_consumer *consumer) {
  bips_pool_info pool = BIPS_POOL_INFO_INIT;
  bips_frame *frame;
  uint64_t until = now_ns() + (uint64_t)PATIENCE;
  while (bips_consumer_get_pool(consumer, &pool) < 0)
    if (bips_consumer_pull(consumer, BIPS_MILLISECOND, &frame) != -BIPS_TIMEOUT || now_ns() > until)
      fail("attach to the other side's pool");
}

static void measure_exchange(int64_t spin, double seconds) {
  if (in_child())
    answer(spin);
  bips_producer *producer = open_producer("there", EXCHANGED);
  bips_consumer *consumer = open_consumer("back", BIPS_EVERY, spin);
  await_consumers(producer, 1);
  attach(consumer);
  uint64_t trips = 0, start = now_ns(), now = start;
  for (; now < start + (uint64_t)(seconds * 1e9); now = now_ns(), trips++) {
    uint8_t sent = (uint8_t)trips, got = 0;
    send(producer, sent);
    if (!receive(consumer, &got) || got != sent) {
      fprintf(stderr, "libbips: sent %u, got %u\n", sent, got);
      exit(1);
    }
  }
  end(producer);
  await_children();
  bips_consumer_close(consumer);
  bips_producer_close(producer);
  printf("{\"bench\":\"exchange\",\"round_trips\":%" PRIu64 ",\"elapsed_s\":%.6f}\n", trips, (double)(now - start) / 1e9);
}

// Reads every byte, eight at a time.
static uint64_t sum_of(const void *data, size_t size) {
  uint64_t sum = 0, word;
  for (size_t at = 0; at + sizeof word <= size; at += sizeof word) {
    memcpy(&word, (const char *)data + at, sizeof word);
    sum += word;
  }
  return sum;
}

static void read_flow(Report *report) {
  bips_consumer *consumer = open_consumer("flow", BIPS_EVERY, 0);
  bips_frame *frame;
  uint64_t start = 0;
  int err;
  while ((err = bips_consumer_pull(consumer, PATIENCE, &frame)) == 0) {
    report->sum += sum_of(bips_frame_data(frame), bips_frame_size(frame));
    bips_frame_release(frame);
    uint64_t now = now_ns();
    if (report->frames++ == 0)
      start = now;
    report->elapsed_ns = now - start;
  }
  if (err != -BIPS_END_OF_STREAM)
    fail("pull a frame");
  bips_consumer_close(consumer);
  exit(0);
}

static void measure_flow(size_t size, double seconds) {
  static uint64_t pattern[BLOCK / sizeof(uint64_t)];
  Report *report = share();
  if (in_child())
    read_flow(report);
  bips_producer *producer = open_producer("flow", size);
  await_consumers(producer, 1);
  uint64_t frames = 0, sum = 0, until = now_ns() + (uint64_t)(seconds * 1e9);
  for (; now_ns() < until; frames++) {
    bips_slot *slot;
    if (bips_producer_pull(producer, PATIENCE, &slot) < 0)
      fail("pull a slot");
    pattern[0] = frames;
    for (size_t at = 0; at < size; at += BLOCK)
      memcpy((char *)bips_slot_data(slot) + at, pattern, BLOCK);
    sum += frames * (size / BLOCK);
    if (bips_producer_push(producer, slot, NULL) < 0)
      fail("push a slot");
  }
  end(producer);
  await_children();
  bips_producer_close(producer);
  if (report->frames != frames || report->sum != sum) {
    fprintf(stderr, "libbips: %" PRIu64 " frames were sent and %" PRIu64 " came, or some were damaged\n", frames, report->frames);
    exit(1);
  }
  printf("{\"bench\":\"flow\",\"frames\":%" PRIu64 ",\"elapsed_s\":%.6f}\n", frames, (double)report->elapsed_ns / 1e9);
}

static void read_latency(Report *report, int64_t spin) {
  bips_consumer *consumer = open_consumer("latency", BIPS_LATEST, spin);
  bips_frame *frame;
  int err;
  while ((err = bips_consumer_pull(consumer, PATIENCE, &frame)) == 0) {
    uint64_t stamp;
    memcpy(&stamp, bips_frame_data(frame), sizeof stamp);
    histogram_record(&report->latency, now_ns() - stamp);
    bips_frame_release(frame);
  }
  if (err != -BIPS_END_OF_STREAM)
    fail("pull a frame");
  bips_consumer_close(consumer);
  exit(0);
}

static void measure_latency(int consumers, int64_t spin, double rate, double seconds) {
  Report *reports = share();
  for (int i = 0; i < consumers; i++)
    if (in_child())
      read_latency(&reports[i], spin);
  bips_producer *producer = open_producer("latency", EXCHANGED);
  await_consumers(producer, (uint32_t)consumers);
  uint64_t start = now_ns();
  for (uint64_t i = 1; i <= (uint64_t)(rate * seconds); i++) {
    uint64_t due = start + (uint64_t)((double)i * 1e9 / rate);
    struct timespec until = {(time_t)(due / 1000000000u), (long)(due % 1000000000u)};
    bips_slot *slot;
    clock_nanosleep(CLOCK_MONOTONIC, TIMER_ABSTIME, &until, NULL);
    uint64_t stamp = now_ns();
    if (bips_producer_pull(producer, PATIENCE, &slot) < 0)
      fail("pull a slot");
    memcpy(bips_slot_data(slot), &stamp, sizeof stamp);
    if (bips_producer_push(producer, slot, NULL) < 0)
      fail("push a slot");
  }
  usleep(20000); // else the last frame is the end of the stream's
  end(producer);
  await_children();
  bips_producer_close(producer);
  for (int i = 1; i < consumers; i++)
    for (unsigned b = 0; b < HISTOGRAM_BUCKETS; b++)
      reports[0].latency.counts[b] += reports[i].latency.counts[b];
  printf("{\"bench\":\"latency\",");
  histogram_print(&reports[0].latency, "latency", stdout);
  printf("}\n");
}

int main(int argc, char **argv) {
  run = getpid();
  if (argc == 4 && strcmp(argv[1], "exchange") == 0) {
    measure_exchange(atoll(argv[2]) * 1000, atof(argv[3]));
    return 0;
  }
  if (argc == 4 && strcmp(argv[1], "flow") == 0 && atoll(argv[2]) > 0 && atoll(argv[2]) % BLOCK == 0) {
    measure_flow((size_t)atoll(argv[2]), atof(argv[3]));
    return 0;
  }
  if (argc == 6 && strcmp(argv[1], "latency") == 0) {
    int consumers = atoi(argv[2]);
    double rate = atof(argv[4]);
    if (consumers >= 1 && consumers <= MAX_CONSUMERS && rate > 0) {
      measure_latency(consumers, atoll(argv[3]) * 1000, rate, atof(argv[5]));
      return 0;
    }
  }
  fprintf(stderr, "usage: libbips exchange SPIN_US SECONDS\n"
                  "       libbips flow SIZE SECONDS, with a multiple of 4096 bytes\n"
                  "       libbips latency CONSUMERS SPIN_US RATE SECONDS\n");
  return 1;
}
