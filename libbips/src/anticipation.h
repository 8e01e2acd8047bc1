#ifndef BIPS_ANTICIPATION_H
#define BIPS_ANTICIPATION_H

#include <stdint.h>

/* Spinning is of use only while a frame is due, and most of the time none is: between two frames of a camera
 * there are 33 ms. So a consumer that spins, and whose frames come at a steady pace, sleeps until shortly
 * before the next one, and spins then. A consumer that does not spin gains nothing by waking early. */

/* struct pace guesses from the frames that came when the next one is due. The zero pace knows nothing. */
struct pace {
  uint64_t sequence;
  int64_t at; /* when the frame sequence was published, CLOCK_MONOTONIC */
  /* Moving averages over some eight frames; interval 0: unknown. */
  int64_t interval, unsteadiness;
};

/* pace_note takes a frame into account. What it is given comes from shared memory, and may be anything: the
 * guess is then a bad one, and no more. */
void pace_note(struct pace *p, uint64_t sequence, int64_t published);
/* pace_until_anticipation is how long it is from now to the moment to wake in; 0: there is none, because it
 * is over or the pace is not steady. */
int64_t pace_until_anticipation(const struct pace *p, int64_t now);

#endif
