#ifndef BIPS_STALL_H
#define BIPS_STALL_H

#include <stdbool.h>
#include <stdint.h>

/* A stall is a producer that lives and publishes nothing. Consumers look for it only where they have found
 * nothing to read and are about to sleep, so that frames pay nothing for it. */

/* struct stall is what a reader knows of the time in which there was nothing to read. It belongs to the thread
 * that pulls, and begins anew with each attachment and at a resume. The zero stall is none. */
struct stall {
  uint64_t last; /* the sequence delivered last, as of since */
  int64_t since; /* when nothing was found behind it for the first time; 0: that has not happened */
  bool told;     /* pull has told of it */
};

struct reading;

/* stall_look is called when there is nothing to read. *left is how long may be slept until a stall has to be
 * told, at most as before; it reports whether that is now. A stream that has ended is not stalled. */
bool stall_look(struct stall *s, const struct reading *r, int64_t timeout, int64_t *left);
/* stall_slept is told of a sleep that should have taken so long and began at start. If it took much longer,
 * the process was stopped (SIGSTOP, a frozen container), and its producer most likely with it: that is no stall. */
void stall_slept(struct stall *s, int64_t start, int64_t limit);
/* stall_tell is the error that tells of the stall, once. */
int stall_tell(struct stall *s);

#endif
