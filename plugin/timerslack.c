#include "timerslack.h"

#include <sys/prctl.h>

/* The Go runtime has a monitor thread. Each time that C calls Go in an otherwise idle
 * process it polls every 20 microseconds for a while, to see whether Go code is kept
 * waiting: at 300 frames per second that was more than half of a producer's CPU time. No
 * setting changes its pace, but the kernel lets a thread's sleeps be stretched by its
 * timer slack (prctl(2), PR_SET_TIMERSLACK), and threads inherit it. So the slack is
 * raised while the Go runtime starts its threads.
 *
 * 40 ms is more than the monitor's own slowest pace. Each time that it does look, it takes
 * Go's processors away from threads that are in C just then, and the next call of each has to
 * get one again and to wake the monitor for it. What the monitor is there for, to let others
 * run when there are not enough processors, is not needed: package elements sees to it that
 * there are. It is not more because timers of Go's are late by as much, too, and a producer
 * promises to look for dead readers every 100 ms.
 *
 * The constructor has a priority: it runs before that of the Go runtime, which has none. */
#define SLOW_PACE_NS 40000000UL

static int loader_slack_ns = -1;

__attribute__ ((constructor (101)))
static void
slow_go_monitor (void)
{
  loader_slack_ns = prctl (PR_GET_TIMERSLACK, 0, 0, 0, 0);
  if (loader_slack_ns > 0)
    prctl (PR_SET_TIMERSLACK, SLOW_PACE_NS, 0, 0, 0);
}

void
gst_bips_restore_timer_slack (void)
{
  if (loader_slack_ns > 0)
    prctl (PR_SET_TIMERSLACK, (unsigned long) loader_slack_ns, 0, 0, 0);
  loader_slack_ns = -1;
}
