#include "anticipation.h"

#include <stdbool.h>

#include "deadline.h"

/* ANTICIPATION_LEAD is how long before a frame the consumer wakes. A timer may be late by 50 us (prctl(2),
 * PR_SET_TIMERSLACK), and Linux in a virtual machine keeps an idle processor awake for 50 us and more. */
#define ANTICIPATION_LEAD (60 * MICROSECOND)
/* Between frames that come closer than MIN_PACE the processor does not go to sleep, and with one second
 * between them one wake-up too late is no loss. */
#define MIN_PACE (500 * MICROSECOND)
#define MAX_PACE SECOND
/* MAX_UNSTEADINESS is how far frames may come from when they were due, on average. Beyond it, waking ahead of
 * them would cost time and gain nothing. */
#define MAX_UNSTEADINESS (100 * MICROSECOND)

void pace_note(struct pace *p, uint64_t sequence, int64_t published) {
  uint64_t frames = sequence - p->sequence;
  int64_t since = (int64_t)((uint64_t)published - (uint64_t)p->at), interval, off;
  bool known = p->at != 0 && frames > 0 && frames < 64 && since > 0;

  p->sequence = sequence;
  p->at = published;
  if (!known) {
    p->interval = 0;
    return;
  }
  interval = since / (int64_t)frames;
  if (interval < MIN_PACE || interval > MAX_PACE) {
    p->interval = 0;
  } else if (p->interval == 0) {
    p->interval = interval;
    p->unsteadiness = MAX_UNSTEADINESS;
  } else {
    off = interval - p->interval;
    p->interval += off / 8;
    p->unsteadiness += ((off < 0 ? -off : off) - p->unsteadiness) / 8;
  }
}

int64_t pace_until_anticipation(const struct pace *p, int64_t now) {
  int64_t left;

  if (p->interval == 0 || p->unsteadiness >= MAX_UNSTEADINESS || p->at < 0 || p->at > now)
    return 0;
  left = p->at + p->interval - ANTICIPATION_LEAD - now;
  return left > 0 ? left : 0;
}
