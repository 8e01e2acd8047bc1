#include "atfork.h"

#include <glib.h>
#include <pthread.h>
#include <unistd.h>

/* A bit for each descriptor that there may be (fs.nr_open is 1,048,576 unless somebody raised
 * it). It is read in the child of a fork, where no lock may be taken. Of the memory only pages
 * with bits that were set are used. */
#define MOST_DESCRIPTORS (1 << 20)
#define BITS 32
static guint tracked[MOST_DESCRIPTORS / BITS];

/* Closing, never unlocking or shutting down: an open file description is shared with the parent,
 * and what is done to it is done to the parent's. */
static void
close_in_child (void)
{
  guint i, bit;

  for (i = 0; i < G_N_ELEMENTS (tracked); i++) {
    guint word = (guint) g_atomic_int_get ((gint *) &tracked[i]);

    if (word == 0)
      continue;
    for (bit = 0; bit < BITS; bit++) {
      if (word & 1u << bit)
        close (i * BITS + bit);
    }
    g_atomic_int_set ((gint *) &tracked[i], 0);
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
  if (fd < 0 || fd >= MOST_DESCRIPTORS)
    return FALSE;
  g_atomic_int_or (&tracked[fd / BITS], 1u << fd % BITS);
  return TRUE;
}

void
gst_bips_atfork_forget (int fd)
{
  if (fd >= 0 && fd < MOST_DESCRIPTORS)
    g_atomic_int_and (&tracked[fd / BITS], ~(1u << fd % BITS));
}
