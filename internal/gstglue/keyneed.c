#include "keyneed.h"

#include <string.h>

void
gst_bips_key_need_begin (GstBipsKeyNeed * need)
{
  *need = (GstBipsKeyNeed) { .needed = TRUE };
}

void
gst_bips_key_need_lost (GstBipsKeyNeed * need)
{
  need->needed = TRUE;
}

gboolean
gst_bips_key_need_asks (GstBipsKeyNeed * need, gboolean delta, guint64 published)
{
  if (!delta)
    need->needed = FALSE;
  if (!need->needed)
    return FALSE;
  if (need->asked && (gint64) (published - need->at) < (gint64) GST_BIPS_KEY_FRAME_REPEAT)
    return FALSE;
  need->asked = TRUE;
  need->at = published;
  return TRUE;
}

GstBipsKeyFrame
gst_bips_key_need_await (GstBipsKeyNeed * need, gboolean delta, guint64 published)
{
  if (!delta) {
    need->awaited_since = 0;
    return GST_BIPS_KEY_FRAME_HERE;
  }
  if (need->awaited_since == 0) {
    gst_bips_key_need_begin (need);
    need->awaited_since = published;
  }
  if ((gint64) (published - need->awaited_since) < (gint64) GST_BIPS_KEY_FRAME_LIMIT)
    return GST_BIPS_KEY_FRAME_AWAITED;
  need->awaited_since = 0;
  return GST_BIPS_KEY_FRAME_GIVEN_UP;
}

/* With mu, but for init. */
static void
update (GstBipsKeyTimes * wanted)
{
  __atomic_store_n (&wanted->next, wanted->n_times > 0 ? wanted->times[0] : G_MAXINT64, __ATOMIC_SEQ_CST);
}

void
gst_bips_key_times_init (GstBipsKeyTimes * wanted)
{
  g_mutex_init (&wanted->mu);
  wanted->n_times = 0;
  update (wanted);
}

void
gst_bips_key_times_clear (GstBipsKeyTimes * wanted)
{
  g_mutex_clear (&wanted->mu);
}

void
gst_bips_key_times_reset (GstBipsKeyTimes * wanted)
{
  g_mutex_lock (&wanted->mu);
  wanted->n_times = 0;
  update (wanted);
  g_mutex_unlock (&wanted->mu);
}

/* How many of the times are before one. With mu. */
static guint
count_before (const GstBipsKeyTimes * wanted, gint64 at)
{
  guint i = 0;

  while (i < wanted->n_times && wanted->times[i] < at)
    i++;
  return i;
}

void
gst_bips_key_times_add (GstBipsKeyTimes * wanted, gint64 at)
{
  guint i, behind;

  g_mutex_lock (&wanted->mu);
  i = count_before (wanted, at);
  if (i < GST_BIPS_MAX_KEY_TIMES && (i == wanted->n_times || wanted->times[i] != at)) {
    wanted->n_times = MIN (wanted->n_times + 1, GST_BIPS_MAX_KEY_TIMES);
    behind = wanted->n_times - 1 - i;
    memmove (&wanted->times[i + 1], &wanted->times[i], behind * sizeof wanted->times[0]);
    wanted->times[i] = at;
  }
  update (wanted);
  g_mutex_unlock (&wanted->mu);
}

gboolean
gst_bips_key_times_due (GstBipsKeyTimes * wanted, gint64 now)
{
  guint due;

  if (now < __atomic_load_n (&wanted->next, __ATOMIC_SEQ_CST))
    return FALSE;
  g_mutex_lock (&wanted->mu);
  due = now == G_MAXINT64 ? wanted->n_times : count_before (wanted, now + 1);
  wanted->n_times -= due;
  memmove (&wanted->times[0], &wanted->times[due], wanted->n_times * sizeof wanted->times[0]);
  update (wanted);
  g_mutex_unlock (&wanted->mu);
  return due > 0;
}
