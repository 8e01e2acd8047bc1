#include "peer.h"

#include "../records.h"

#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

struct draw draw_from(uint64_t seed) {
  if (seed == 0)
    seed = (uint64_t)now() ^ (uint64_t)getpid() << 32;
  return (struct draw){seed};
}

uint64_t draw_number(struct draw *d) { /* splitmix64 */
  uint64_t z = d->state += UINT64_C(0x9E3779B97F4A7C15);

  z = (z ^ z >> 30) * UINT64_C(0xBF58476D1CE4E5B9);
  z = (z ^ z >> 27) * UINT64_C(0x94D049BB133111EB);
  return z ^ z >> 31;
}

uint64_t draw_below(struct draw *d, uint64_t limit) { return limit == 0 ? 0 : draw_number(d) % limit; }
int64_t draw_up_to(struct draw *d, int64_t limit) { return limit <= 0 ? 0 : (int64_t)draw_below(d, (uint64_t)limit + 1); }
bool draw_one_in(struct draw *d, uint64_t n) { return n > 0 && draw_below(d, n) == 0; }

int64_t now(void) {
  struct timespec t;

  clock_gettime(CLOCK_MONOTONIC, &t);
  return (int64_t)t.tv_sec * BIPS_SECOND + t.tv_nsec;
}

void sleep_for(int64_t nanoseconds) {
  struct timespec limit = {(time_t)(nanoseconds / BIPS_SECOND), (long)(nanoseconds % BIPS_SECOND)};

  if (nanoseconds > 0)
    nanosleep(&limit, NULL);
}

static const struct option *find_option(const struct option *options, const char *name, size_t length) {
  for (; options->name != NULL; options++)
    if (strlen(options->name) == length && strncmp(options->name, name, length) == 0)
      return options;
  return NULL;
}

void parse_options(int count, char **arguments, const struct option *options) {
  for (int i = 0; i < count; i++) {
    char *name = arguments[i] + strspn(arguments[i], "-"), *value = strchr(name, '='), *end;
    const struct option *o = find_option(options, name, value == NULL ? strlen(name) : (size_t)(value - name));
    if (name == arguments[i] || o == NULL || (value == NULL && o->flag == NULL))
      die("%s is no option: see tests/peer/README.md", arguments[i]);
    if (o->flag != NULL) {
      *o->flag = value == NULL || strcmp(value, "=true") == 0;
    } else if (o->text != NULL) {
      *o->text = value + 1;
    } else {
      errno = 0;
      *o->number = strncmp(value + 1, "-", 1) == 0 ? strtoll(value + 1, &end, 10) : (int64_t)strtoull(value + 1, &end, 10);
      if (end == value + 1 || *end != 0)
        die("%s: no number", arguments[i]);
      if (o->unit != 0)
        *o->number = *o->number < 0 ? BIPS_FOREVER : *o->number * o->unit;
    }
  }
}

/* ---- Shifts */

static void init_cond(pthread_cond_t *cond) {
  pthread_condattr_t monotonic;

  pthread_condattr_init(&monotonic);
  pthread_condattr_setclock(&monotonic, CLOCK_MONOTONIC);
  pthread_cond_init(cond, &monotonic);
  pthread_condattr_destroy(&monotonic);
}

static struct timespec at(int64_t time) { return (struct timespec){(time_t)(time / BIPS_SECOND), (long)(time % BIPS_SECOND)}; }

void shift_init(struct shift *s, bool wanted) {
  pthread_mutex_init(&s->mu, NULL);
  init_cond(&s->change);
  s->wanted = wanted;
}

static bool begin_step(struct shift *s) {
  pthread_mutex_lock(&s->mu);
  s->working = false;
  pthread_cond_broadcast(&s->change);
  while (!s->wanted && !s->over)
    pthread_cond_wait(&s->change, &s->mu);
  bool working = s->working = s->wanted && !s->over;
  pthread_mutex_unlock(&s->mu);
  return working;
}

void shift_run(struct shift *s, void (*step)(void *), void *argument) {
  while (begin_step(s))
    step(argument);
}

void shift_stop(struct shift *s) {
  pthread_mutex_lock(&s->mu);
  s->wanted = false;
  pthread_cond_broadcast(&s->change);
  pthread_mutex_unlock(&s->mu);
}

void shift_pause(struct shift *s, void (*wake)(void *), void *argument) {
  shift_stop(s);
  wake(argument);
  pthread_mutex_lock(&s->mu);
  while (s->working)
    pthread_cond_wait(&s->change, &s->mu);
  pthread_mutex_unlock(&s->mu);
}

void shift_resume(struct shift *s) {
  pthread_mutex_lock(&s->mu);
  if (!s->over)
    s->wanted = true;
  pthread_cond_broadcast(&s->change);
  pthread_mutex_unlock(&s->mu);
}

void shift_end(struct shift *s) {
  pthread_mutex_lock(&s->mu);
  s->over = true;
  pthread_cond_broadcast(&s->change);
  pthread_mutex_unlock(&s->mu);
}

bool shift_is_wanted(struct shift *s) {
  pthread_mutex_lock(&s->mu);
  bool wanted = s->wanted;
  pthread_mutex_unlock(&s->mu);
  return wanted;
}

void shift_sleep(struct shift *s, int64_t nanoseconds) {
  struct timespec end;

  if (nanoseconds < BIPS_MILLISECOND) {
    sleep_for(nanoseconds);
    return;
  }
  end = at(now() + nanoseconds);
  pthread_mutex_lock(&s->mu);
  while (s->wanted && pthread_cond_timedwait(&s->change, &s->mu, &end) == 0)
    ;
  pthread_mutex_unlock(&s->mu);
}

/* ---- Queues */

void queue_init(struct queue *q, size_t limit) {
  *q = (struct queue){.limit = limit < QUEUE_ROOM ? limit : QUEUE_ROOM};
  pthread_mutex_init(&q->mu, NULL);
  init_cond(&q->change);
}

void queue_destroy(struct queue *q) {
  pthread_mutex_destroy(&q->mu);
  pthread_cond_destroy(&q->change);
}

bool queue_put(struct queue *q, void *thing) {
  pthread_mutex_lock(&q->mu);
  while (q->count == q->limit && !q->closed)
    pthread_cond_wait(&q->change, &q->mu);
  bool open = !q->closed;
  if (open)
    q->things[(q->first + q->count++) % QUEUE_ROOM] = thing;
  pthread_cond_broadcast(&q->change);
  pthread_mutex_unlock(&q->mu);
  return open;
}

static void take(struct queue *q, void **thing) {
  *thing = q->things[q->first];
  q->first = (q->first + 1) % QUEUE_ROOM;
  q->count--;
  pthread_cond_broadcast(&q->change);
}

bool queue_take(struct queue *q, void **thing) {
  pthread_mutex_lock(&q->mu);
  while (q->count == 0 && !q->closed)
    pthread_cond_wait(&q->change, &q->mu);
  bool there = q->count > 0;
  if (there)
    take(q, thing);
  pthread_mutex_unlock(&q->mu);
  return there;
}

bool queue_take_within(struct queue *q, void **thing, int64_t limit) {
  struct timespec end = at(now() + limit);

  pthread_mutex_lock(&q->mu);
  while (limit > 0 && q->count == 0 && !q->closed && pthread_cond_timedwait(&q->change, &q->mu, &end) == 0)
    ;
  bool there = q->count > 0;
  if (there)
    take(q, thing);
  pthread_mutex_unlock(&q->mu);
  return there;
}

void queue_close(struct queue *q) {
  pthread_mutex_lock(&q->mu);
  q->closed = true;
  pthread_cond_broadcast(&q->change);
  pthread_mutex_unlock(&q->mu);
}

bool queue_is_over(struct queue *q) {
  pthread_mutex_lock(&q->mu);
  bool over = q->closed && q->count == 0;
  pthread_mutex_unlock(&q->mu);
  return over;
}

/* ---- Orders */

void unknown_order(const char *order, struct line *answer) {
  line_text(answer, "error", "unknown-order");
  line_text(answer, "text", "this role has no such order");
  (void)order;
}

size_t bytes_of(const char *digits, uint8_t *bytes, size_t room) {
  size_t size = strlen(digits) / 2;

  if (size > room)
    size = room;
  for (size_t i = 0; i < size; i++) {
    char pair[3] = {digits[2 * i], digits[2 * i + 1], 0};
    bytes[i] = (uint8_t)strtoul(pair, NULL, 16);
  }
  return size;
}

void line_records(struct line *l, const void *bytes, size_t size) {
  static struct records said; /* orders come one after the other */
  int err = records_tell(&said, bytes, size, TOLD_IN_ONE_LINE);

  if (err == -BIPS_OTHER_VERSION) {
    line_text(l, "error", "needed");
    line_text(l, "text", bips_error_message());
    return;
  }
  line_error(l, err);
  if (err < 0)
    return;
  line_raw(l, ",\"records\":");
  line_raw(l, said.told.text);
  line_bytes(l, "meta", said.written, said.again.size);
}

void order_records(const struct json *fields, struct line *answer) {
  static uint8_t meta[BIPS_MAX_META_SIZE];

  line_records(answer, meta, bytes_of(json_text(fields, "meta"), meta, sizeof meta));
}

void obey(carry_out carry, void *role, struct shift *shift) {
  bool closed = false;
  char *line = NULL;
  size_t room = 0;
  struct line answer;

  while (getline(&line, &room, stdin) >= 0) {
    struct json *fields = json_parse(line);
    if (fields == NULL)
      die("order %s: it is no object of JSON", line);
    const char *order = json_text(fields, "do");
    if (closed)
      die("order %s after close", order);
    closed = strcmp(order, "close") == 0;
    line_begin(&answer, "done");
    line_text(&answer, "order", order);
    carry(role, order, fields, &answer);
    line_end(&answer);
    if (strcmp(order, "go") == 0)
      shift_resume(shift);
    json_free(fields);
  }
  free(line);
  if (!closed) {
    line_begin(&answer, "done");
    carry(role, "close", NULL, &answer);
    free(answer.text);
  }
  shift_end(shift);
}

/* A pool whose file is cut short is an error, and no death: what the bytes of its frames were is zeros then. */
static void on_bus_error(int number, siginfo_t *info, void *context) {
  (void)context;
  if (!bips_handle_fault(info->si_addr))
    signal(number, SIG_DFL);
}

int main(int count, char **arguments) {
  struct sigaction action = {.sa_sigaction = on_bus_error, .sa_flags = SA_SIGINFO};

  sigaction(SIGBUS, &action, NULL);
  if (count >= 3 && strcmp(arguments[1], "produce") == 0)
    return produce(arguments[2], count - 3, arguments + 3);
  if (count >= 3 && strcmp(arguments[1], "consume") == 0)
    return consume(arguments[2], count - 3, arguments + 3);
  if (count >= 3 && strcmp(arguments[1], "misbehave") == 0)
    return misbehave(arguments[2], count - 3, arguments + 3);
  die("usage: peer produce|consume|misbehave POOL [--OPTION=VALUE]..., see tests/peer/README.md");
}
