#include <errno.h>
#include <sys/mman.h>
#include <unistd.h>

/* The Go runtime reserves address space when it starts, of which it uses little, and ends the
 * process where it gets none: in gst-plugin-scanner, and GStreamer remembers the plugin as one that
 * crashes. Nothing can be done about that here, but to say which limit it was. The constructor has a
 * priority: it runs before the one that starts the runtime, which has none. */

/* Summaries of the heap (600 MiB), its map and its first arenas, and the stacks of a few threads
 * with what the C library's allocator reserves for each. With less it may start, or not. */
#define NEEDED ((size_t) 1 << 30)

static const char too_little[] =
    "bips: a limit leaves this process less than the 1 GiB of address space that the Go runtime in libgstbips.so reserves, "
    "which may end the process: raise it (ulimit -v, RLIMIT_AS, LimitAS=), and remove GStreamer's registry "
    "(~/.cache/gstreamer-1.0), where the plugin may be noted as one that crashes\n";

__attribute__ ((constructor (101)))
static void
check_address_space (void)
{
  void *probe = mmap (NULL, NEEDED, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);

  if (probe != MAP_FAILED)
    munmap (probe, NEEDED);
  else if (errno == ENOMEM && write (STDERR_FILENO, too_little, sizeof too_little - 1) < 0)
    return;                     /* nobody listens */
}
