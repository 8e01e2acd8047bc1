#include <pthread.h>
#include <sys/prctl.h>

/* The Go runtime has a monitor thread. Each time that C calls Go in an otherwise idle
 * process it polls every 20 microseconds for a while, to see whether Go code is kept
 * waiting: at 300 frames per second that was more than half of a producer's CPU time. No
 * setting changes its pace, but the kernel lets a thread's sleeps be stretched by its
 * timer slack (prctl(2), PR_SET_TIMERSLACK), which a thread has from the one that starts it.
 * So the slack is raised while the runtime starts its monitor.
 *
 * Nobody else may have that slack. The runtime's other threads sleep for microseconds while
 * they hold something that all need: each collection of garbage, and each change of the
 * number of processors, would stop every streaming thread for as long.
 *
 * 40 ms is more than the monitor's own slowest pace. Each time that it does look, it takes
 * Go's processors away from threads that are in C just then, and the next call of each has to
 * get one again and to wake the monitor for it. What the monitor is there for, to let others
 * run when there are not enough processors, is not needed: package elements sees to it that
 * there are. */
#define SLOW_PACE_NS 40000000UL

/* The runtime is started by one thread, whose first act is to start the monitor. */
#define MONITOR 2

int __real_pthread_create (pthread_t *, const pthread_attr_t *, void *(*)(void *), void *);
int __wrap_pthread_create (pthread_t *, const pthread_attr_t *, void *(*)(void *), void *);

/* Called in place of pthread_create by what is linked into the plugin, which is the Go
 * runtime (-Wl,--wrap, main.go). A thread is counted before it is there: it may be quicker to
 * start the next one than this function to return. */
int
__wrap_pthread_create (pthread_t * thread, const pthread_attr_t * attr, void *(*start) (void *),
    void *arg)
{
  static int started;
  int slack = -1, result;

  if (__atomic_add_fetch (&started, 1, __ATOMIC_SEQ_CST) == MONITOR)
    slack = prctl (PR_GET_TIMERSLACK, 0, 0, 0, 0);
  if (slack > 0)
    prctl (PR_SET_TIMERSLACK, SLOW_PACE_NS, 0, 0, 0);
  result = __real_pthread_create (thread, attr, start, arg);
  if (slack > 0)
    prctl (PR_SET_TIMERSLACK, (unsigned long) slack, 0, 0, 0);
  if (result != 0)              /* the runtime tries again */
    __atomic_sub_fetch (&started, 1, __ATOMIC_SEQ_CST);
  return result;
}
