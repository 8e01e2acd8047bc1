#include "preempt.h"

#include <errno.h>
#include <signal.h>
#include <stddef.h>

/* The Go runtime interrupts a thread whose goroutine does not yield, for a collection of garbage
 * most of all, with SIGURG. It installs a handler for it when it is loaded, and passes no such
 * signal on to the handler that was there before. Where that was another Go runtime's, the
 * application's for one, that runtime could interrupt nobody any more: a goroutine in a loop would
 * keep all others waiting for as long as it lasts. So both get each signal. A runtime takes one
 * that is not for it for a chance to look, and no more; an application that is told by it of
 * urgent data in a socket has to look whether there is any.
 *
 * SIGSEGV, SIGBUS, SIGFPE and SIGPIPE need nothing: each runtime passes on what does not come from
 * its own code. It handles no others, when it is a guest. */

static struct sigaction before, ours;

/* The constructor has a priority: it runs before that of the Go runtime, which has none. */
__attribute__ ((constructor (101)))
static void
remember_handler (void)
{
  sigaction (SIGURG, NULL, &before);
}

static void
handle_both (int signal, siginfo_t * info, void *context)
{
  int saved = errno;

  if (before.sa_flags & SA_SIGINFO)
    before.sa_sigaction (signal, info, context);
  else
    before.sa_handler (signal);
  ours.sa_sigaction (signal, info, context);
  errno = saved;
}

void
gst_bips_share_preemption (void)
{
  struct sigaction both;

  if (before.sa_handler == SIG_DFL || before.sa_handler == SIG_IGN)
    return;
  sigaction (SIGURG, NULL, &ours);
  if (ours.sa_handler == before.sa_handler || !(ours.sa_flags & SA_SIGINFO))
    return;
  both = ours;
  both.sa_sigaction = handle_both;
  sigaction (SIGURG, &both, NULL);
}
