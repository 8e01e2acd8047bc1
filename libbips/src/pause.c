#include "pause.h"

#include "atomics.h"
#include "sys/sys.h"

bool baton_await_until(struct baton *b, const struct deadline *limit, bool (*try)(void *argument), void *argument) {
  int64_t wait;
  bool done;

  add32(&b->waiting, 1); /* before the try that fails: baton_pass looks after what would let it succeed */
  for (;;) {
    uint32_t passed = load32(&b->passed);
    done = try(argument);
    if (done || !deadline_left(limit, 10 * MILLISECOND, &wait))
      break;
    sys_futex_wait(&b->passed, passed, wait);
  }
  add32(&b->waiting, (uint32_t)-1);
  return done;
}

void baton_await(struct baton *b, bool (*try)(void *argument), void *argument) {
  const struct deadline never = {0, false};

  baton_await_until(b, &never, try, argument);
}

void baton_pass(struct baton *b) {
  if (load32(&b->waiting) != 0) {
    add32(&b->passed, 1);
    sys_futex_wake_all(&b->passed);
  }
}
