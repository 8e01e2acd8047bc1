#include "fault.h"

#include <bips/bips.h>
#include <signal.h>
#include <stddef.h>

/* Whoever handled SIGBUS when the elements were registered: the Go runtime of this library, which passes on
 * what does not come from its own code to who was there before it. */
static struct sigaction before;

static void
handle_fault (int number, siginfo_t * info, void *context)
{
  if (info->si_code > 0 && bips_handle_fault (info->si_addr))   /* from the kernel, not from kill() */
    return;
  if (before.sa_flags & SA_SIGINFO)
    before.sa_sigaction (number, info, context);
  else if (before.sa_handler == SIG_DFL || before.sa_handler == SIG_IGN)
    sigaction (number, &before, NULL);  /* the access is made again, and ends the process */
  else
    before.sa_handler (number);
}

void
gst_bips_fault_init (void)
{
  struct sigaction ours;

  if (sigaction (SIGBUS, NULL, &before) < 0)
    return;
  ours = before;
  ours.sa_sigaction = handle_fault;
  ours.sa_flags = SA_SIGINFO | SA_ONSTACK | SA_RESTART;
  sigaction (SIGBUS, &ours, NULL);
}
