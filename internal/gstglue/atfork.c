#include "atfork.h"

#include <glib.h>
#include <pthread.h>
#include <unistd.h>

/* 0: free; else the descriptor plus one. Read in the child of a fork, where no lock
 * may be taken. */
static gint tracked[1024];

/* Closing, never unlocking: an open file description is shared with the parent, and
 * unlocking it would take the parent's lock away. */
static void
close_in_child (void)
{
  guint i;

  for (i = 0; i < G_N_ELEMENTS (tracked); i++) {
    gint entry = g_atomic_int_get (&tracked[i]);

    if (entry != 0)
      close (entry - 1);
    g_atomic_int_set (&tracked[i], 0);
  }
}

void
gst_bips_atfork_init (void)
{
  static gsize once;

  if (g_once_init_enter (&once)) {
    pthread_atfork (NULL, NULL, close_in_child);
    g_once_init_leave (&once, 1);
  }
}

int
gst_bips_atfork_track (int fd)
{
  guint i;

  for (i = 0; i < G_N_ELEMENTS (tracked); i++) {
    if (g_atomic_int_compare_and_exchange (&tracked[i], 0, fd + 1))
      return TRUE;
  }
  return FALSE;
}

void
gst_bips_atfork_forget (int fd)
{
  guint i;

  for (i = 0; i < G_N_ELEMENTS (tracked); i++) {
    if (g_atomic_int_compare_and_exchange (&tracked[i], fd + 1, 0))
      return;
  }
}
