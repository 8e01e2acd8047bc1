#include "sys.h"

#include <pthread.h>
#include <signal.h>
#include <string.h>

#include "../errors.h"

_Static_assert(sizeof(pthread_t) == sizeof(unsigned long), "pthread_t is a number or a pointer, on glibc and musl");

int sys_start_thread(unsigned long *thread, void *(*run)(void *), void *argument) {
  sigset_t all, before;
  pthread_t started;

  sigfillset(&all);
  sigdelset(&all, SIGBUS); /* a fault of the thread's own: bips_handle_fault */
  pthread_sigmask(SIG_SETMASK, &all, &before);
  int err = pthread_create(&started, NULL, run, argument);
  pthread_sigmask(SIG_SETMASK, &before, NULL);
  if (err != 0)
    return fail_plain(err, "start a thread: %s: raise the limit of processes (ulimit -u, pids.max)", strerror(err));
  *thread = (unsigned long)started;
  return 0;
}

void sys_join_thread(unsigned long thread) { pthread_join((pthread_t)thread, NULL); }
void sys_detach_thread(unsigned long thread) { pthread_detach((pthread_t)thread); }
