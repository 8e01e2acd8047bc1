#include "deadline.h"

#include "sys/sys.h"
#include "words.h"

struct deadline deadline_after(int64_t timeout) {
  int64_t now;

  if (timeout < 0)
    return (struct deadline){0, false};
  now = sys_now();
  if (timeout > INT64_MAX - now)
    return (struct deadline){0, false};
  return (struct deadline){now + timeout, true};
}

struct deadline deadline_at_least(struct deadline d, int64_t wait) {
  int64_t soon = sys_now() + wait;

  if (d.limited && d.at < soon)
    d.at = soon;
  return d;
}

bool deadline_left(const struct deadline *d, int64_t limit, int64_t *wait) {
  int64_t left;

  *wait = limit;
  if (!d->limited)
    return true;
  left = d->at - sys_now();
  *wait = earlier(left, limit);
  return left > 0;
}

struct blockade new_blockade(void) {
  int64_t now = sys_now();

  return (struct blockade){now, now};
}

void blockade_look(struct blockade *b, int64_t limit) {
  int64_t now, overslept;

  if (b->since == 0)
    return;
  now = sys_now();
  overslept = now - b->looked - limit;
  if (overslept > STOPPED_FOR)
    b->since += overslept;
  b->looked = now;
}

int64_t blockade_lasted(const struct blockade *b) { return b->looked - b->since; }

bool blockade_left(const struct blockade *b, int64_t timeout, int64_t *left) {
  *left = BELL_LIMIT;
  if (timeout < 0 || b->since == 0)
    return true;
  *left = timeout - (b->looked - b->since);
  return *left > 0;
}
