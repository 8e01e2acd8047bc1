/* A peer of tests/peer/README.md on top of libbips: what its files have in common. */
#ifndef PEER_PEER_H
#define PEER_PEER_H

#include <bips/bips.h>
#include <pthread.h>
#include <stdbool.h>
#include <stdint.h>

#include "json.h"
#include "output.h"
#include "payload.h"

#define MICROSECOND INT64_C(1000)

/* ---- Drawing at random */

struct draw {
  uint64_t state;
};

struct draw draw_from(uint64_t seed); /* 0: another each time */
uint64_t draw_number(struct draw *d);
uint64_t draw_below(struct draw *d, uint64_t limit);  /* 0 to limit - 1; limit 0 counts as 1 */
int64_t draw_up_to(struct draw *d, int64_t limit);    /* 0 to limit */
bool draw_one_in(struct draw *d, uint64_t n);         /* never if n is 0 */

int64_t now(void);
void sleep_for(int64_t nanoseconds);

/* ---- Arguments: --name=value, or --name */

struct option {
  const char *name;
  int64_t *number;   /* one of these three is set */
  const char **text;
  bool *flag;
  int64_t unit;      /* of a number that is not negative; 0: 1 */
};

void parse_options(int count, char **arguments, const struct option *options);

/* ---- A shift is the work that a peer does by itself, step by step, and that orders interrupt. */

struct shift {
  pthread_mutex_t mu;
  pthread_cond_t change;
  bool wanted;  /* work */
  bool working; /* a step is being done */
  bool over;    /* no more steps */
};

void shift_init(struct shift *s, bool wanted);
void shift_run(struct shift *s, void (*step)(void *), void *argument); /* until it is over */
void shift_stop(struct shift *s);  /* the step that is being done is the last one. It does not wait */
void shift_pause(struct shift *s, void (*wake)(void *), void *argument); /* stop, and waits until no step is being done */
void shift_resume(struct shift *s);
void shift_end(struct shift *s);
bool shift_is_wanted(struct shift *s);
void shift_sleep(struct shift *s, int64_t nanoseconds); /* not longer than the work is wanted */

/* ---- A queue hands things from one thread to another. */

enum { QUEUE_ROOM = 128 };

struct queue {
  pthread_mutex_t mu;
  pthread_cond_t change;
  void *things[QUEUE_ROOM];
  size_t first, count, limit;
  bool closed;
};

void queue_init(struct queue *q, size_t limit);
void queue_destroy(struct queue *q);
bool queue_put(struct queue *q, void *thing);            /* waits for room; false: it is closed */
bool queue_take(struct queue *q, void **thing);          /* waits; false: it is closed and empty */
bool queue_take_within(struct queue *q, void **thing, int64_t limit); /* false: there is none */
void queue_close(struct queue *q);
bool queue_is_over(struct queue *q);                     /* closed and empty */

/* ---- Orders */

/* An order is answered by the line that it has begun. */
typedef void (*carry_out)(void *role, const char *order, const struct json *fields, struct line *answer);

/* obey carries out orders until the input ends or an order closes the peer; if none did, the end does. After the answer
 * to "go" the shift resumes; at the end it is over. */
void obey(carry_out carry, void *role, struct shift *shift);
void unknown_order(const char *order, struct line *answer);
/* line_records adds what metadata say, and what becomes of them when they are written again; or the error. */
void line_records(struct line *l, const void *bytes, size_t size);
/* order_records reads the metadata of an order, and answers with what they say. */
void order_records(const struct json *fields, struct line *answer);
/* bytes_of reads hexadecimal digits. */
size_t bytes_of(const char *digits, uint8_t *bytes, size_t room);

int produce(const char *pool, int count, char **arguments);
int consume(const char *pool, int count, char **arguments);
int misbehave(const char *pool, int count, char **arguments);

#endif
