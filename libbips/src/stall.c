#include "stall.h"

#include "attach.h"
#include "deadline.h"
#include "errors.h"
#include "words.h"

bool stall_look(struct stall *s, const struct reading *r, int64_t timeout, int64_t *left) {
  int64_t until;

  if (timeout <= 0 || r->owed == END_TOLD)
    return false;
  if (s->since == 0 || s->last != r->last)
    *s = (struct stall){r->last, sys_now(), false};
  if (s->told)
    return false;
  until = timeout - (sys_now() - s->since);
  *left = earlier(until, *left);
  return until <= 0;
}

void stall_slept(struct stall *s, int64_t start, int64_t limit) {
  int64_t overslept;

  if (s->since == 0)
    return;
  overslept = sys_now() - start - limit;
  if (overslept > STOPPED_FOR)
    s->since += overslept;
}

int stall_tell(struct stall *s) {
  s->told = true;
  return fail_plain(BIPS_STALLED, "no frame for %lld ms, and its producer lives: %s", (long long)((sys_now() - s->since) / MILLISECOND),
      error_text(BIPS_STALLED));
}
