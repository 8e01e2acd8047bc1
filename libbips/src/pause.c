#include "pause.h"

#include "atomics.h"
#include "deadline.h"
#include "sys/sys.h"

void baton_await(struct baton *b, bool (*try)(void *argument), void *argument) {
  add32(&b->waiting, 1); /* before the try that fails: baton_pass looks after what would let it succeed */
  for (;;) {
    uint32_t passed = load32(&b->passed);
    if (try(argument))
      break;
    sys_futex_wait(&b->passed, passed, 10 * MILLISECOND);
  }
  add32(&b->waiting, (uint32_t)-1);
}

void baton_pass(struct baton *b) {
  if (load32(&b->waiting) != 0) {
    add32(&b->passed, 1);
    sys_futex_wake_all(&b->passed);
  }
}
